package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"counterfoil/sync/server"
)

// snapshots: readers beside writers never see half a transaction.
func snapshots(t *testing.T, b *box) {
	const turns = 40
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		defer close(done)
		for i := range int64(turns) {
			_ = b.try(func(tx server.Tx) error { // two documents of one revision
				_, err := write(tx, doc("a", i+1))
				_, err2 := write(tx, doc("b", i+1))
				return errors.Join(err, err2, tx.LiftNumber(first, i+1))
			})
		}
	})
	for range 3 {
		all.Go(func() {
			for last := false; !last; {
				select {
				case <-done:
					last = true
				default:
				}
				p, err := b.Page(context.Background(), server.PageQuery{Limit: 9, Bytes: 1 << 20})
				if err != nil {
					t.Error(err)
					return
				}
				want := p.Head.Seq / 2
				if p.Head.Seq%2 != 0 || p.Head.Numbers[first] != want || len(p.Changes) != int(min(2, p.Head.Seq)) {
					t.Errorf("half a transaction: %+v", p)
				}
				for _, d := range p.Changes {
					if d.Revision != want || d.Seq > p.Head.Seq {
						t.Errorf("%s has revision %d, the head %+v", d.ID, d.Revision, p.Head)
					}
				}
			}
		})
	}
	all.Wait()
	if h := b.head(); h.Seq != 2*turns {
		t.Errorf("%+v", h)
	}
}

// pages: seq order, the latest version alone, and the limits of what is asked.
func pages(t *testing.T, b *box) {
	ctx := context.Background()
	for i := range 6 {
		d := doc(string(rune('a'+i)), 1)
		d.Branch = []string{"West", "East", ""}[i%3]
		d.Device = []string{"d1", "d2"}[i%2]
		d.Body = []byte(`"` + strings.Repeat("x", 98) + `"`)
		b.put(d)
	}
	b.put(doc("a", 2))
	b.put(server.Document{Type: "invoice", ID: "b", Revision: 2, Deleted: true, Branch: "East", Device: "d2"})
	for name, c := range map[string]struct {
		q    server.PageQuery
		want string
		more bool
	}{
		"all":           {server.PageQuery{Limit: 9, Bytes: 1 << 20}, "cdefab", false},
		"after":         {server.PageQuery{After: 6, Limit: 9, Bytes: 1 << 20}, "ab", false},
		"past the end":  {server.PageQuery{After: 99, Limit: 9, Bytes: 1 << 20}, "", false},
		"limit":         {server.PageQuery{Limit: 3, Bytes: 1 << 20}, "cde", true},
		"exactly":       {server.PageQuery{Limit: 6, Bytes: 1 << 20}, "cdefab", false},
		"bytes":         {server.PageQuery{Limit: 9, Bytes: 250}, "cd", true},
		"one at least":  {server.PageQuery{Limit: 9, Bytes: 1}, "c", true},
		"a branch's":    {server.PageQuery{Limit: 9, Bytes: 1 << 20, Branch: "West"}, "cdfa", false},
		"without bytes": {server.PageQuery{Limit: 9, Bytes: 250, Without: "d1"}, "cdefab", false},
	} {
		p, err := b.Page(ctx, c.q)
		got := ""
		for _, d := range p.Changes {
			got += d.ID
			if none := d.Deleted || c.q.Without != "" && d.Device == c.q.Without; none != (d.Body == nil) {
				t.Errorf("%s: %s has %d bytes", name, d.ID, len(d.Body))
			}
		}
		if err != nil || got != c.want || p.More != c.more || p.Head.Seq != 8 {
			t.Errorf("%s: %q more %v %v, want %q more %v; head %d", name, got, p.More, err, c.want, c.more, p.Head.Seq)
		}
	}
}

// unreadable: a body that is no JSON or over the cap is named, and holds up nothing.
func unreadable(t *testing.T, b *box) {
	large, damaged := doc("a", 1), doc("b", 1)
	large.Body, damaged.Body = fmt.Appendf(nil, `"%s"`, strings.Repeat("x", server.MaxKept)), []byte(`{"cut`)
	b.put(large, damaged, doc("c", 1))
	p := b.all()
	if len(p.Changes) != 3 {
		t.Fatalf("%d changes", len(p.Changes))
	}
	for i, want := range []string{"too_large", "damaged", ""} {
		if d := p.Changes[i]; d.Unreadable != want || (d.Body == nil) != (want != "") {
			t.Errorf("%s is %q with %d bytes", d.ID, d.Unreadable, len(d.Body))
		}
	}
	if d := b.found("a"); d.Body != nil {
		t.Errorf("%d bytes were brought into memory", len(d.Body))
	}
}

// chain: the running hash is there for every change, deletions included.
func chain(t *testing.T, b *box) {
	var hash []byte
	var want [][]byte
	for _, d := range [][]server.Document{{doc("a", 1), doc("b", 1)}, {doc("a", 2)}, {{Type: "invoice", ID: "b", Revision: 2, Deleted: true}}} {
		for _, in := range b.put(d...) {
			hash = server.Extend(hash, in)
			want = append(want, hash)
		}
	}
	for i, w := range want {
		if got, err := b.HashAt(context.Background(), int64(i+1)); err != nil || !bytes.Equal(got, w) {
			t.Errorf("at %d: %x %v, want %x", i+1, got, err, w)
		}
	}
	if h := b.head(); !bytes.Equal(h.Hash, hash) || h.Seq != int64(len(want)) {
		t.Errorf("%+v, want %x", h, hash)
	}
}
