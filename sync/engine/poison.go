package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"counterfoil/app/books"
	"counterfoil/sync/remote"
)

// A suspicion is the search for the one operation for which the server refuses
// whole batches: batches are halved down to one, without growing and without a
// second one on the way, until it is parked or all that were suspected are
// answered.
type suspicion struct {
	left  int            // operations of the refused batch without an answer; 0: none is suspected
	alone map[int64]int  // how often an operation was refused alone
	later map[int64]bool // refused alone in this round: the others go first
	cause error          // why they were
}

// anew begins a round: what was left for later is asked again.
func (s *suspicion) anew() { s.later, s.cause = map[int64]bool{}, nil }

func (s *suspicion) open() bool { return s.left > 0 }

// limit is the number of operations to send, at most n.
func (s *suspicion) limit(n int) int {
	if s.left == 0 {
		return n
	}
	return max(min(n, s.left/2), 1)
}

func (s *suspicion) cleared(ops []operation) {
	s.left = max(s.left-len(ops), 0)
	for _, o := range ops {
		delete(s.alone, o.ID)
	}
}

// patience is how often an operation is refused alone before it is parked; 0
// when the error says nothing about what was sent. Only what the server answered
// counts: a line that breaks, a wrong token or a busy server refuse everything.
func patience(err error) int {
	var r *remote.Error
	if !errors.As(err, &r) || r.Op != "push" || r.NotOurs {
		return 0
	}
	switch r.Status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity:
		return 1
	case http.StatusInternalServerError, http.StatusRequestEntityTooLarge:
		return 3
	}
	return 0
}

// refused notes a batch that had no answers. It returns nil when the search for
// the operation that is to blame goes on at once, else the error of the batch.
func (e *Engine) refused(ctx context.Context, b *batch, sum *Summary) error {
	if err := e.attempted(ctx, b.ops, b.err); err != nil {
		return err
	}
	times := patience(b.err)
	if times != 1 {
		e.size.halve(len(b.ops))
	}
	switch {
	case times == 0:
		return b.err
	case len(b.ops) > 1:
		e.doubt.left = len(b.ops)
		return nil
	}
	o := b.ops[0]
	if e.doubt.alone[o.ID]++; e.doubt.alone[o.ID] < times {
		e.doubt.left, e.doubt.later[o.ID], e.doubt.cause = 0, true, b.err
		return nil
	}
	// If the server refuses a push of nothing as well, it is not the document.
	if _, err := e.cfg.Remote.Push(ctx, request(b.device, b.cur)); err != nil {
		return cmp.Or(err, b.err)
	}
	e.doubt.left = 0
	delete(e.doubt.alone, o.ID)
	err := e.cfg.Store.Update(context.WithoutCancel(ctx), func(tx books.SyncTx) error {
		if err := tx.Park(o.ID, codeOf(b.err)); !errors.Is(err, books.ErrNotFound) {
			return err
		}
		return nil
	})
	if err == nil {
		sum.Parked++
		e.cfg.Notify(Event{Kind: "parked", Key: o.Key(), Err: b.err})
	}
	return err
}

// codeOf is a stable code for an error: the server's or the program's own, else
// the status, else that there was no answer.
func codeOf(err error) string {
	var b *books.Error
	var r *remote.Error
	switch {
	case errors.As(err, &b):
		return b.Code
	case !errors.As(err, &r) || r.Status == 0:
		return "no_answer"
	case r.NotOurs:
		return "not_the_server"
	case r.Problem.Code != "":
		return r.Problem.Code
	}
	return fmt.Sprintf("status_%d", r.Status)
}
