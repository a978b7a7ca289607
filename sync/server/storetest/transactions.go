package storetest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"

	"counterfoil/sync/server"
)

func isNew(t *testing.T, b *box) {
	ctx := context.Background()
	h := b.head()
	if h.Epoch == "" || h.Seq != 0 || len(h.Hash) != 0 || len(h.Numbers) != 0 {
		t.Errorf("the head of nothing is %+v", h)
	}
	seed, err := b.Seed(ctx)
	if err != nil || len(seed) != 32 {
		t.Fatalf("a seed of %d bytes, %v", len(seed), err)
	}
	if again, err := b.Seed(ctx); err != nil || string(again) != string(seed) {
		t.Errorf("another seed the second time, %v", err)
	}
	if p := b.all(); len(p.Changes) != 0 || p.More || p.Head.Epoch != h.Epoch {
		t.Errorf("%+v", p)
	}
	b.do(func(tx server.Tx) error {
		d, found, err := tx.Document("invoice", "a")
		if found || d.ID != "" {
			t.Errorf("%+v", d)
		}
		return err
	})
	if hash, err := b.HashAt(ctx, 1); hash != nil || err != nil {
		t.Errorf("%x %v", hash, err)
	}
	if n, err := b.Prune(ctx, noon); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
}

// written: what Update returned from is there, as it was written.
func written(t *testing.T, b *box) {
	a := doc("a", 1)
	a.Reverses, a.Number, a.Series, a.State, a.Receipt = "blue", "00000001", second, "issued", []byte(`{"signed":"中文"}`)
	gone := server.Document{Type: "invoice", ID: "gone", Revision: 2, Deleted: true}
	in := b.put(a, doc("gone", 1), gone, server.Document{Type: "item", ID: "a", Revision: 1, Body: []byte(`{}`)})
	same(t, b.found("a"), in[0])
	same(t, b.found("gone"), in[2])
	b.do(func(tx server.Tx) error {
		d, found, err := tx.Document("item", "a")
		if !found || d.Seq != 4 || d.Type != "item" {
			t.Errorf("%+v %v", d, found)
		}
		return err
	})
	if in[0].Seq != 1 || in[3].Seq != 4 || b.head().Seq != 4 {
		t.Errorf("seqs %d to %d, head %d", in[0].Seq, in[3].Seq, b.head().Seq)
	}
}

// everything writes into every part of the storage.
func everything(tx server.Tx) error {
	d := doc("new", 1)
	n, err := tx.NextNumber(first)
	if err != nil {
		return err
	}
	d.Number, d.Series, d.Receipt = fmt.Sprintf("%08d", n), first, []byte(`{}`)
	_, err = write(tx, d)
	return errors.Join(err,
		tx.Record("device:9", "hash", []byte(`{}`), noon),
		tx.Enrol("device 9", "West", noon),
		tx.LiftNumber(first, 77),
		tx.SetEpoch("another epoch"))
}

// state is everything that a transaction can change, as text.
func (b *box) state() string {
	b.t.Helper()
	out := ""
	err := b.Update(context.Background(), func(tx server.Tx) error {
		_, answer, _, err := tx.Answer("device:9")
		branch, _, err2 := tx.Owner("device 9")
		h, err3 := tx.Head()
		out = fmt.Sprintf("answer %q, owner %q, head %+v", answer, branch, h)
		return errors.Join(err, err2, err3)
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return fmt.Sprintf("%s, all %+v", out, b.all())
}

// undone: an error of the function comes back, and nothing of it is there.
func undone(t *testing.T, b *box) {
	b.put(doc("a", 1), doc("b", 1))
	before := b.state()
	err := b.try(func(tx server.Tx) error { return errors.Join(everything(tx), errOurs) })
	if !errors.Is(err, errOurs) || errors.Is(err, server.ErrRetry) {
		t.Errorf("the error that came back is %v", err)
	}
	if after := b.state(); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	b.do(everything)
	if h := b.head(); h.Seq != 3 || h.Numbers[first] != 77 || h.Epoch != "another epoch" || b.state() == before {
		t.Errorf("%+v", h)
	}
}

// panics: a panic undoes the transaction, reaches the caller and leaves the
// storage in order.
func panics(t *testing.T, b *box) {
	b.put(doc("a", 1))
	before := b.state()
	func() {
		defer func() {
			if p := recover(); p != errOurs {
				t.Errorf("recovered %v", p)
			}
		}()
		err := b.Update(context.Background(), func(tx server.Tx) error {
			if err := everything(tx); err != nil {
				return err
			}
			panic(errOurs)
		})
		t.Errorf("Update returned %v", err)
	}()
	if after := b.state(); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	b.put(doc("b", 1))
}

// again: a function that is run again finds nothing of the run before.
func again(t *testing.T, b *box) {
	b.Store = Twice(Refuses(b.Store, 2))
	for i := range 3 {
		b.do(func(tx server.Tx) error {
			h, err := tx.Head()
			if err == nil && (h.Seq != int64(i) || h.Numbers[first] != int64(i)) {
				t.Errorf("transaction %d begins at %+v", i, h)
			}
			if _, _, found, err := tx.Answer(fmt.Sprint("device:", i)); found || err != nil {
				t.Errorf("answered %v, %v", found, err)
			}
			n, err2 := tx.NextNumber(first)
			d := doc(fmt.Sprint(i), 1)
			d.Number, d.Series = fmt.Sprint(n), first
			_, err3 := write(tx, d)
			return errors.Join(err, err2, err3, tx.Record(fmt.Sprint("device:", i), "h", []byte("1"), noon))
		})
	}
	if h := b.head(); h.Seq != 3 || h.Numbers[first] != 3 {
		t.Errorf("%+v", h)
	}
	b.Store = Refuses(b.Store, 1000)
	runs := 0
	err := b.try(func(tx server.Tx) error { runs++; _, err := write(tx, doc("never", 1)); return err })
	if !errors.Is(err, server.ErrRetry) || runs < 2 || runs > 100 {
		t.Errorf("%d runs end in %v", runs, err)
	}
	if h := b.head(); h.Seq != 3 {
		t.Errorf("%+v", h)
	}
}

// cancelled: what is cancelled before it began is not run.
func cancelled(t *testing.T, b *box) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := b.Update(ctx, func(tx server.Tx) error { _, err := write(tx, doc("a", 1)); return err })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if h := b.head(); h.Seq != 0 {
		t.Errorf("%+v", h)
	}
}

// concurrent: transactions of many stand one after the other; those that fail or
// panic among them undo nothing of another.
func concurrent(t *testing.T, b *box) {
	const writers, each = 16, 12
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d", w, i)
				err := b.one(id, (w+i)%3)
				if wrong := (w+i)%3 != 0; wrong != errors.Is(err, errOurs) {
					t.Errorf("%s: %v", id, err)
				}
			}
		})
	}
	all.Wait()
	p := b.all()
	want := int64(writers * each / 3)
	if p.Head.Seq != want || p.Head.Numbers[first] != want || int64(len(p.Changes)) != want {
		t.Errorf("%d changes, head %+v, want %d", len(p.Changes), p.Head, want)
	}
	var hash []byte
	for i, d := range p.Changes {
		hash = server.Extend(hash, d)
		if d.Seq != int64(i+1) || d.Number != fmt.Sprintf("%08d", d.Seq) {
			t.Errorf("change %d has seq %d and number %s", i+1, d.Seq, d.Number)
		}
	}
	if hex.EncodeToString(hash) != hex.EncodeToString(p.Head.Hash) {
		t.Errorf("the running hash is %x, want %x", p.Head.Hash, hash)
	}
}

// one writes an invoice with the next number; end 1 fails after that, 2 panics.
func (b *box) one(id string, end int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = p.(error)
		}
	}()
	return b.try(func(tx server.Tx) error {
		n, err := tx.NextNumber(first)
		if err != nil {
			return err
		}
		d := doc(id, 1)
		d.Number, d.Series = fmt.Sprintf("%08d", n), first
		if _, err := write(tx, d); err != nil {
			return err
		}
		switch end {
		case 1:
			return errOurs
		case 2:
			panic(errOurs)
		}
		return nil
	})
}

// openedAgain: what is committed is there when the place is opened again, the key
// included, and counters go on.
func openedAgain(t *testing.T, b *box) {
	ctx := context.Background()
	b.do(everything)
	seed, err := b.Seed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	before := b.state()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.open()
	if after := b.state(); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	if again, err := b.Seed(ctx); err != nil || string(again) != string(seed) {
		t.Errorf("another seed, %v", err)
	}
	b.do(func(tx server.Tx) error {
		n, err := tx.NextNumber(first)
		seq, err2 := tx.NextSeq()
		if n != 78 || seq != 2 {
			t.Errorf("number %d and seq %d", n, seq)
		}
		return errors.Join(err, err2)
	})
}

func afterClosing(t *testing.T, b *box) {
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	_, err1 := b.Head(ctx)
	_, err2 := b.Page(ctx, server.PageQuery{Limit: 1, Bytes: 1})
	err3 := b.Update(ctx, func(server.Tx) error { return nil })
	if err1 == nil || err2 == nil || err3 == nil {
		t.Errorf("%v %v %v", err1, err2, err3)
	}
}
