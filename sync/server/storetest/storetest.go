// Package storetest holds a storage to the contract of server.Store. Run is its
// suite; Twice and Refuses wrap a storage, so that a suite above it shows that a
// transaction which is run again does no harm.
//
// Words: a place is where a storage keeps its data, a file or a database; it is
// opened, closed and opened again.
//
// The package refuses to know any storage: what is true of one alone is tested there.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"counterfoil/sync/server"
)

// A Maker makes a new, empty place that lasts as long as the test, and returns
// what opens it. A place is opened by one at a time.
type Maker func(t *testing.T) (open func() (server.Store, error))

// Run holds the storage to the contract, each part in a place of its own.
func Run(t *testing.T, place Maker) {
	for name, part := range map[string]func(*testing.T, *box){
		"New":          isNew,
		"Written":      written,
		"Undone":       undone,
		"Panic":        panics,
		"Again":        again,
		"OwnWrites":    ownWrites,
		"Prefetch":     prefetch,
		"Ledger":       ledger,
		"Counters":     counters,
		"Numbers":      numbers,
		"Claims":       claims,
		"Receipts":     receipts,
		"Lists":        lists,
		"Devices":      devices,
		"Cancelled":    cancelled,
		"Concurrent":   concurrent,
		"Snapshots":    snapshots,
		"Pages":        pages,
		"Unreadable":   unreadable,
		"Chain":        chain,
		"OpenedAgain":  openedAgain,
		"AfterClosing": afterClosing,
	} {
		t.Run(name, func(t *testing.T) {
			b := &box{t: t, reopen: place(t)}
			b.open()
			t.Cleanup(func() { _ = b.Close() })
			part(t, b)
		})
	}
}

// A box is an open storage and its place.
type box struct {
	server.Store
	t      *testing.T
	reopen func() (server.Store, error)
}

func (b *box) open() {
	b.t.Helper()
	var err error
	if b.Store, err = b.reopen(); err != nil {
		b.t.Fatal(err)
	}
}

// do runs fn in a transaction that must be committed.
func (b *box) do(fn func(server.Tx) error) {
	b.t.Helper()
	if err := b.try(fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b *box) try(fn func(server.Tx) error) error {
	_, err := server.Do(context.Background(), b.Store, func(tx server.Tx) (struct{}, error) { return struct{}{}, fn(tx) })
	return err
}

// doc is an invoice whose body says what it is.
func doc(id string, revision int64) server.Document {
	return server.Document{Type: "invoice", ID: id, Revision: revision, State: "draft", Branch: "West", Device: "device", Body: fmt.Appendf(nil, `{"id":%q,"revision":%d}`, id, revision)}
}

// write gives a document the next seq and writes it.
func write(tx server.Tx, d server.Document) (server.Document, error) {
	var err error
	if d.Seq, err = tx.NextSeq(); err != nil {
		return d, err
	}
	return d, tx.Write(d)
}

// put writes documents in one transaction and returns them with their seqs.
func (b *box) put(docs ...server.Document) []server.Document {
	b.t.Helper()
	out, err := server.Do(context.Background(), b.Store, func(tx server.Tx) ([]server.Document, error) {
		var out []server.Document
		for _, d := range docs {
			d, err := write(tx, d)
			if err != nil {
				return nil, err
			}
			out = append(out, d)
		}
		return out, nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// all is everything in one page.
func (b *box) all() server.Page {
	b.t.Helper()
	p, err := b.Page(context.Background(), server.PageQuery{Limit: 1 << 20, Bytes: 1 << 30})
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *box) head() server.Head {
	b.t.Helper()
	h, err := b.Head(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	return h
}

// found reads a document that must be there.
func (b *box) found(id string) server.Document {
	b.t.Helper()
	var d server.Document
	b.do(func(tx server.Tx) (err error) {
		found := false
		if d, found, err = tx.Document("invoice", id); err == nil && !found {
			err = errors.New(id + " is not there")
		}
		return err
	})
	return d
}

// same compares what the contract promises to keep.
func same(t *testing.T, got, want server.Document) {
	t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("read\n%s, want\n%s", g, w)
	}
}

var (
	errOurs = errors.New("the function's own")
	// Three series: two of a company, one of another.
	first, second, others = server.Series{Company: "A", Name: "first"}, server.Series{Company: "A", Name: "second"}, server.Series{Company: "B", Name: "first"}
	noon                  = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
)
