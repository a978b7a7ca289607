package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/sync/server"
)

// ownWrites: a transaction sees what it wrote itself, by every way of asking.
func ownWrites(t *testing.T, b *box) {
	blue := doc("blue", 1)
	blue.Number, blue.Series, blue.State = "00000005", first, "issued"
	b.put(blue)
	b.do(func(tx server.Tx) error {
		red := doc("red", 1)
		red.Reverses, red.State = "blue", "waiting"
		in, err := write(tx, red)
		if err != nil {
			return err
		}
		d, found, err := tx.Document("invoice", "red")
		if err != nil || !found {
			t.Errorf("%v %v", found, err)
		}
		same(t, d, in)
		reds, err := tx.Reds("blue")
		waits, err2 := tx.Waiting(0, 9)
		if len(reds) != 1 || len(waits) != 1 || reds[0].ID != "red" || waits[0].ID != "red" {
			t.Errorf("reds %+v, waiting %+v", reds, waits)
		}
		red.State, red.Number, red.Series, red.Revision = "issued", "00000006", first, 2
		_, err3 := write(tx, red)
		waits, err4 := tx.Waiting(0, 9)
		holder, err5 := tx.ByNumber(first, "00000006")
		if len(waits) != 0 || holder != "red" {
			t.Errorf("waiting %+v, the number is %q's", waits, holder)
		}
		h, err6 := tx.Head()
		hash, err7 := tx.HashAt(h.Seq)
		if h.Seq != 3 || !bytes.Equal(hash, h.Hash) || len(hash) == 0 {
			t.Errorf("head %+v, hash %x", h, hash)
		}
		err8 := tx.SetEpoch("e2")
		if h, err := tx.Head(); err != nil || h.Epoch != "e2" {
			t.Errorf("%+v %v", h, err)
		}
		return errors.Join(err, err2, err3, err4, err5, err6, err7, err8)
	})
}

// prefetch: it changes nothing but speed, whatever was written before it.
func prefetch(t *testing.T, b *box) {
	b.put(doc("a", 1), doc("b", 1))
	b.do(func(tx server.Tx) error { return tx.Record("device:1", "one", []byte("1"), noon) })
	item := server.Document{Type: "item", ID: "a", Revision: 9, Body: []byte("{}")}
	b.put(item)
	b.do(func(tx server.Tx) error {
		_, err := write(tx, doc("b", 2))
		err2 := tx.Record("device:2", "two", []byte("2"), noon)
		err3 := tx.Prefetch([]server.Key{{Type: "invoice", ID: "a"}, {Type: "invoice", ID: "b"}, {Type: "invoice", ID: "none"}, {Type: "item", ID: "a"}, {Type: "invoice", ID: "a"}}, []string{"device:1", "device:2", "device:3", "device:1"})
		_, err4 := write(tx, doc("none", 1))
		for id, want := range map[string]int64{"a": 1, "b": 2, "none": 1, "other": 0} {
			if d, found, err := tx.Document("invoice", id); err != nil || d.Revision != want || found != (want > 0) {
				t.Errorf("%s: %+v %v %v", id, d, found, err)
			}
		}
		if d, found, err := tx.Document("item", "a"); err != nil || d.Revision != 9 || !found {
			t.Errorf("item a: %+v %v %v", d, found, err)
		}
		for op, want := range map[string]string{"device:1": "one", "device:2": "two", "device:3": "", "device:4": ""} {
			if hash, _, found, err := tx.Answer(op); err != nil || hash != want || found != (want != "") {
				t.Errorf("%s: %q %v %v", op, hash, found, err)
			}
		}
		return errors.Join(err, err2, err3, err4, tx.Prefetch(nil, nil))
	})
}

// ledger: an answer stands until it is pruned; an operation has one.
func ledger(t *testing.T, b *box) {
	b.do(func(tx server.Tx) error {
		return errors.Join(tx.Record("d:1", "h1", []byte("old"), noon), tx.Record("d:2", "h2", []byte("new"), noon.Add(time.Hour)))
	})
	if err := b.try(func(tx server.Tx) error { return tx.Record("d:2", "h3", []byte("other"), noon) }); err == nil {
		t.Error("an operation was answered twice")
	}
	if n, err := b.Prune(context.Background(), noon.Add(time.Minute)); n != 1 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	b.do(func(tx server.Tx) error {
		_, _, old, err := tx.Answer("d:1")
		hash, answer, found, err2 := tx.Answer("d:2")
		if old || !found || hash != "h2" || string(answer) != "new" {
			t.Errorf("%v; %q %q %v", old, hash, answer, found)
		}
		return errors.Join(err, err2)
	})
}

// counters: they rise by one, and go nowhere when a transaction is undone.
func counters(t *testing.T, b *box) {
	next := func(tx server.Tx) [2]int64 {
		seq, err := tx.NextSeq()
		n, err2 := tx.NextNumber(first)
		if err != nil || err2 != nil {
			t.Error(err, err2)
		}
		return [2]int64{seq, n}
	}
	b.do(func(tx server.Tx) error {
		if a, c := next(tx), next(tx); a != [2]int64{1, 1} || c != [2]int64{2, 2} {
			t.Errorf("%v %v", a, c)
		}
		return nil
	})
	_ = b.try(func(tx server.Tx) error { next(tx); return errors.Join(tx.LiftNumber(first, 50), errOurs) })
	b.do(func(tx server.Tx) error {
		if a := next(tx); a != [2]int64{3, 3} {
			t.Errorf("%v", a)
		}
		return errors.Join(tx.LiftNumber(first, 10), tx.LiftNumber(first, 2))
	})
	b.do(func(tx server.Tx) error {
		if a := next(tx); a != [2]int64{4, 11} {
			t.Errorf("%v", a)
		}
		return nil
	})
}

// numbers: one has one holder in its series, and a series goes its own way.
func numbers(t *testing.T, b *box) {
	numbered := func(id string, s server.Series, number string) server.Document {
		d := doc(id, 1)
		d.Series, d.Number = s, number
		return d
	}
	b.put(numbered("a", first, "00000001"))
	if err := b.try(func(tx server.Tx) error { _, err := write(tx, numbered("b", first, "00000001")); return err }); err == nil {
		t.Error("a number was given twice")
	}
	b.put(numbered("a", first, "00000001"), numbered("c", second, "00000001"), numbered("d", others, "00000001"), doc("e", 1), doc("f", 1))
	if d := b.found("c"); d.Series != second {
		t.Errorf("%+v", d)
	}
	b.do(func(tx server.Tx) error {
		for s, want := range map[server.Series]string{first: "a", second: "c", others: "d"} {
			id, err := tx.ByNumber(s, "00000001")
			none, err2 := tx.ByNumber(s, "00000002")
			if id != want || none != "" || err != nil || err2 != nil {
				t.Errorf("%v: %q %q %v %v", s, id, none, err, err2)
			}
		}
		var got []int64
		for _, s := range []server.Series{first, second, first, others} {
			n, err := tx.NextNumber(s)
			if err != nil {
				return err
			}
			got = append(got, n)
		}
		if !slices.Equal(got, []int64{1, 1, 2, 1}) {
			t.Errorf("%v", got)
		}
		return tx.LiftNumber(second, 40)
	})
	if h := b.head(); len(h.Numbers) != 3 || h.Numbers[first] != 2 || h.Numbers[second] != 40 || h.Numbers[others] != 1 {
		t.Errorf("%+v", h)
	}
}

// claims: the first company's name stays, and has what was begun without one.
func claims(t *testing.T, b *box) {
	ctx := context.Background()
	none := server.Series{Name: "first"}
	d := doc("a", 1)
	d.Number, d.Series = "00000001", none
	b.put(d, doc("b", 1))
	b.do(func(tx server.Tx) error { return tx.LiftNumber(none, 7) })
	if err := b.Claim(ctx, ""); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := b.Claim(ctx, first.Company); err != nil {
			t.Fatal(err)
		}
	}
	for _, company := range []string{"", others.Company} {
		if err := b.Claim(ctx, company); !errors.Is(err, server.ErrOtherCompany) {
			t.Errorf("claimed for %q: %v", company, err)
		}
	}
	if got := b.found("a"); got.Series != first || b.found("b").Series != (server.Series{}) {
		t.Errorf("%+v", got)
	}
	b.do(func(tx server.Tx) error {
		id, err := tx.ByNumber(first, "00000001")
		n, err2 := tx.NextNumber(first)
		if id != "a" || n != 8 {
			t.Errorf("%q %d", id, n)
		}
		return errors.Join(err, err2)
	})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.open()
	if h := b.head(); len(h.Numbers) != 1 || h.Numbers[first] != 8 {
		t.Errorf("%+v", h)
	}
}

// receipts: one stays until another comes.
func receipts(t *testing.T, b *box) {
	a := doc("a", 1)
	a.Receipt = []byte(`{"n":1}`)
	b.put(a, doc("a", 2))
	if d := b.found("a"); string(d.Receipt) != `{"n":1}` || d.Revision != 2 {
		t.Errorf("%+v", d)
	}
	a = doc("a", 3)
	a.Receipt = []byte(`{"n":2}`)
	b.put(a)
	if p := b.all(); len(p.Changes) != 1 || string(p.Changes[0].Receipt) != `{"n":2}` {
		t.Errorf("%+v", p.Changes)
	}
}

// lists: by type, waiting ones oldest first, red ones by what they reverse.
func lists(t *testing.T, b *box) {
	in := func(id, state, reverses string) server.Document {
		d := doc(id, 1)
		d.State, d.Reverses = state, reverses
		return d
	}
	b.put(in("a", "waiting", ""), in("b", "issued", "blue"), in("c", "waiting", "blue"), in("d", "draft", "blue"), in("e", "waiting", "other"))
	b.put(server.Document{Type: "invoice", ID: "e", Revision: 2, Deleted: true})
	b.put(server.Document{Type: "item", ID: "i", Revision: 1, Body: []byte("{}")}, server.Document{Type: "item", ID: "h", Revision: 1, Body: []byte("{}")})
	ids := func(docs []server.Document, err error) string {
		if err != nil {
			t.Error(err)
		}
		var out []string
		for _, d := range docs {
			if len(d.Body) == 0 || d.Type != "invoice" && d.State != "" {
				t.Errorf("%+v", d)
			}
			out = append(out, d.ID)
		}
		return strings.Join(out, "")
	}
	b.do(func(tx server.Tx) error {
		reds, err := tx.Reds("blue")
		slices.SortFunc(reds, func(x, y server.Document) int { return int(x.Seq - y.Seq) })
		if got := ids(reds, err); got != "bc" {
			t.Errorf("reds %q", got)
		}
		for after, want := range []string{"ac", "c", "c", ""} {
			if got := ids(tx.Waiting(int64(after), 9)); got != want {
				t.Errorf("waiting after %d: %q", after, got)
			}
		}
		if got := ids(tx.List("invoice")) + " " + ids(tx.List("item")) + " " + ids(tx.List("none")); got != "abcd ih " {
			t.Errorf("by type: %q", got)
		}
		if got := ids(tx.Waiting(0, 1)); got != "a" {
			t.Errorf("the first waiting: %q", got)
		}
		return nil
	})
}

func devices(t *testing.T, b *box) {
	b.do(func(tx server.Tx) error {
		if branch, found, err := tx.Owner("d"); found || branch != "" || err != nil {
			t.Errorf("%q %v %v", branch, found, err)
		}
		return errors.Join(tx.Enrol("d", "West", noon), tx.Enrol("d", "East", noon))
	})
	b.do(func(tx server.Tx) error {
		branch, found, err := tx.Owner("d")
		if branch != "East" || !found {
			t.Errorf("%q %v", branch, found)
		}
		return err
	})
}
