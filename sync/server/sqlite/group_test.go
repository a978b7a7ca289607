package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"counterfoil/sync/server"
)

// together runs transactions that share one commit: the writer is held until all wait.
func together(t *testing.T, s *Store, fns ...func(server.Tx) error) []error {
	t.Helper()
	w := s.writer
	w.turn <- struct{}{}
	errs := make([]error, len(fns))
	var all sync.WaitGroup
	for i, fn := range fns {
		all.Go(func() {
			_, errs[i] = server.Do(context.Background(), s, func(tx server.Tx) (struct{}, error) { return struct{}{}, fn(tx) })
		})
		for waiting := 0; waiting <= i; runtime.Gosched() {
			w.mu.Lock()
			waiting = len(w.queue)
			w.mu.Unlock()
		}
	}
	<-w.turn
	all.Wait()
	return errs
}

func put(id string) func(server.Tx) error {
	return func(tx server.Tx) error {
		seq, err := tx.NextSeq()
		if err != nil {
			return err
		}
		return tx.Write(server.Document{Type: "invoice", ID: id, Revision: 1, Seq: seq, Body: []byte("{}")})
	}
}

// Those that share a commit stand for themselves: in order, and without what failed.
// Where the database undoes all of it, the others run again.
func TestShared(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, filepath.Join(t.TempDir(), "server.db"), "e")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	no := errors.New("no")
	undo := 0
	errs := together(t, s, put("a"),
		func(tx server.Tx) error { return errors.Join(put("never")(tx), no) },
		put("b"),
		func(x server.Tx) error { // as a full disk does
			if undo++; undo > 1 {
				return no
			}
			return x.(*tx).g.exec("ROLLBACK")
		},
		put("c"))
	if fmt.Sprint(errs) != fmt.Sprint([]error{nil, no, nil, no, nil}) || undo != 2 {
		t.Errorf("%v, undone %d times", errs, undo)
	}
	p, err := s.Page(ctx, server.PageQuery{Limit: 9, Bytes: 1 << 20})
	seen := map[string]bool{}
	for i, d := range p.Changes {
		if d.Seq != int64(i+1) {
			t.Errorf("%s has seq %d", d.ID, d.Seq)
		}
		seen[d.ID] = true
	}
	if err != nil || len(seen) != 3 || seen["never"] || p.Head.Seq != 3 {
		t.Errorf("%v %v %v", seen, p.Head, err)
	}
}

// What is longer than a commit may be is left for the next one.
func TestLimit(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "server.db"), "e")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.writer.limit = 2
	var groups []*group
	var fns []func(server.Tx) error
	for i := range 5 {
		fns = append(fns, func(x server.Tx) error {
			if g := x.(*tx).g; len(groups) == 0 || groups[len(groups)-1] != g {
				groups = append(groups, g)
			}
			return put(fmt.Sprint(i))(x)
		})
	}
	for _, err := range together(t, s, fns...) {
		if err != nil {
			t.Error(err)
		}
	}
	if len(groups) != 3 || len(groups[0].batch) != 2 || len(groups[2].batch) != 1 {
		t.Errorf("%d commits", len(groups))
	}
}
