package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/sync/wire"
)

// What a clerk may do with a draft that another clerk works on as well.
var deeds = []struct {
	name string
	do   func(t *testing.T, b *branch, id, word string)
}{
	{"edits the head", func(t *testing.T, b *branch, id, word string) {
		b.edit(t, id, func(i *invoice.Invoice) { i.Remark = word })
	}},
	{"edits a line", func(t *testing.T, b *branch, id, word string) {
		b.edit(t, id, func(i *invoice.Invoice) { i.Lines[0].Spec = word })
	}},
	{"edits another place", func(t *testing.T, b *branch, id, word string) {
		b.edit(t, id, func(i *invoice.Invoice) { i.Payee = word })
	}},
	{"deletes", func(t *testing.T, b *branch, id, _ string) { b.delete(t, id) }},
	{"submits", func(t *testing.T, b *branch, id, _ string) {
		if _, err := b.books.Submit(context.Background(), id); err != nil {
			t.Fatal(err)
		}
	}},
	{"edits and submits", func(t *testing.T, b *branch, id, word string) {
		b.edit(t, id, func(i *invoice.Invoice) { i.Remark = word })
		if _, err := b.books.Submit(context.Background(), id); err != nil {
			t.Fatal(err)
		}
	}},
}

// came reports whether what b did ended applied, or is visible at its desk as a
// conflict or a refusal.
func came(t *testing.T, b *branch, server map[string]invoice.Invoice, id, deed, word string) bool {
	t.Helper()
	st, err := b.db.Invoice(context.Background(), id)
	if err == nil && (st.Conflict || st.Invoice.State == invoice.Rejected) {
		return true
	}
	if err != nil && !errors.Is(err, books.ErrNotFound) {
		t.Fatal(err)
	}
	inv, there := server[id]
	switch {
	case deed == "deletes":
		return !there
	case !there:
		return false
	case strings.Contains(deed, "submits") && inv.State != invoice.Issued:
		return false
	}
	return !strings.Contains(deed, "edits") || inv.Remark == word || inv.Payee == word || inv.Lines[0].Spec == word
}

// onServer reads what the server holds with a desk of its own.
func onServer(t *testing.T, b *branch) map[string]invoice.Invoice {
	t.Helper()
	b.sync(t)
	page, err := b.db.List(context.Background(), books.Filter{}, books.Order{By: "created"}, "", 500)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]invoice.Invoice{}
	for _, r := range page.Rows {
		out[r.ID] = b.get(t, r.ID).Invoice
	}
	return out
}

// Two clerks meet in one draft, in every pair of deeds, whoever syncs first and
// whether the change comes before the push or between push and pull. Nothing of
// what they did goes unseen, and when conflicts are settled all come to the same.
func TestPairs(t *testing.T) {
	ctx := context.Background()
	for _, way := range []string{"a first", "b first", "a between push and pull", "b between push and pull"} {
		for _, side := range []books.Side{books.Mine, books.Theirs} {
			p := startServer(t)
			a, b, watch := newBranch(t, p), newBranch(t, p), newBranch(t, p)
			type pair struct {
				id           string
				mine, theirs int
			}
			var pairs []pair
			for m := range deeds {
				for th := range deeds {
					pairs = append(pairs, pair{a.draft(t, fmt.Sprint("draft ", m, th)), m, th})
				}
			}
			a.sync(t)
			b.sync(t)
			word := func(d *branch, id string) string {
				if d == a {
					return "a" + id[24:]
				}
				return "b" + id[24:]
			}
			deed := func(d *branch, x pair) string {
				if d == a {
					return deeds[x.mine].name
				}
				return deeds[x.theirs].name
			}
			acts := func(d *branch) {
				for _, x := range pairs {
					n := x.mine
					if d == b {
						n = x.theirs
					}
					deeds[n].do(t, d, x.id, word(d, x.id))
				}
			}
			first, second := a, b
			if strings.HasPrefix(way, "b") {
				first, second = b, a
			}
			if strings.HasSuffix(way, "first") {
				acts(first)
				acts(second)
				first.sync(t)
				second.sync(t)
			} else {
				// The second has pushed nothing yet when it changes, and then pulls what the first did.
				acts(first)
				first.sync(t)
				done := false
				e := second.through(&liar{pull: func(_ wire.PullQuery, next func() (wire.PullAnswer, error)) (wire.PullAnswer, error) {
					if !done {
						done = true
						acts(second)
					}
					return next()
				}})
				if _, err := e.Once(ctx); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				first.sync(t)
				second.sync(t)
			}
			check := func(when string) {
				server := onServer(t, watch)
				for _, x := range pairs {
					for _, d := range []*branch{a, b} {
						if !came(t, d, server, x.id, deed(d, x), word(d, x.id)) {
							t.Errorf("%s, %s: %q here met %q there: what %s did came to nothing", way, when, deeds[x.mine].name, deeds[x.theirs].name, word(d, x.id)[:1])
						}
					}
				}
			}
			check("at rest")
			for _, d := range []*branch{a, b} {
				for _, o := range d.outbox(t) {
					if st := d.get(t, o.DocumentID); !st.Conflict {
						t.Errorf("%s: %s waits for nothing: %+v", way, o.DocumentID, o)
					}
				}
			}
			// Settled by persons, all come to the same.
			for range 4 {
				for _, d := range []*branch{a, b} {
					all, err := d.db.Conflicts(ctx)
					if err != nil {
						t.Fatal(err)
					}
					for _, c := range all {
						_, err := d.books.ResolveSide(ctx, c.Key(), side)
						var be *books.Error
						if errors.As(err, &be) && be.Code == "theirs_is_final" {
							_, err = d.books.ResolveSide(ctx, c.Key(), books.Theirs)
						}
						if err != nil {
							t.Fatal(way, err)
						}
					}
					d.sync(t)
				}
			}
			server := onServer(t, watch)
			for _, d := range []*branch{a, b} {
				here := onServer(t, d)
				ids := map[string]bool{}
				for id := range here {
					ids[id] = true
				}
				for id := range server {
					ids[id] = true
				}
				for id := range ids {
					x, y := here[id], server[id]
					if x.Revision != y.Revision || x.State != y.State || x.Number != y.Number || x.Remark != y.Remark {
						n := slices.IndexFunc(pairs, func(p pair) bool { return p.id == id })
						t.Errorf("%s, %s chosen: pair %d: %+v here, %+v on the server", way, side, n, x, y)
					}
				}
			}
		}
	}
}

// A deletion that met an edit stays a conflict until a person settles it, also
// when still newer versions come; chosen, it is carried out.
func TestDeletionAgainstEdit(t *testing.T) {
	ctx := context.Background()
	for _, side := range []books.Side{books.Mine, books.Theirs} {
		p := startServer(t)
		a, b := newBranch(t, p), newBranch(t, p)
		id := a.draft(t, "r")
		a.sync(t)
		b.sync(t)
		b.edit(t, id, func(i *invoice.Invoice) { i.Remark = "b" })
		b.sync(t)
		a.delete(t, id)
		a.sync(t)
		b.edit(t, id, func(i *invoice.Invoice) { i.Remark = "b again" })
		b.sync(t)
		a.sync(t)
		c, err := a.db.Conflict(ctx, document.Key{Type: invoice.Type, ID: id})
		if err != nil || !c.Deleting() || c.Theirs.(invoice.Invoice).Remark != "b again" {
			t.Fatalf("%+v %v", c, err)
		}
		if _, err := a.books.Resolve(ctx, document.Key{Type: invoice.Type, ID: id}, map[string]books.Side{"state": side}); err != nil {
			t.Fatal(err)
		}
		a.sync(t)
		b.sync(t)
		for _, d := range []*branch{a, b} {
			if d.missing(t, id) != (side == books.Mine) {
				t.Errorf("%s was chosen, and it is not so", side)
			}
		}
		if n := len(a.outbox(t)); n != 0 {
			t.Errorf("%d in the outbox", n)
		}
	}
}

// A draft into which something is typed that it does not hold is not deleted
// unseen: what is typed goes into the copy of mine.
func TestDeletionAgainstTyping(t *testing.T) {
	ctx := context.Background()
	p := startServer(t)
	a, b := newBranch(t, p), newBranch(t, p)
	id := a.draft(t, "r")
	a.sync(t)
	b.sync(t)
	typed := books.Typed{books.LineField(b.get(t, id).Invoice.Lines[0].ID, "price"): "12O"}
	if err := b.db.PutTyped(ctx, id, typed); err != nil {
		t.Fatal(err)
	}
	a.delete(t, id)
	a.sync(t)
	b.sync(t)
	if c, err := b.db.Conflict(ctx, document.Key{Type: invoice.Type, ID: id}); err != nil || !c.Deleted {
		t.Fatalf("%+v %v", c, err)
	}
	st, err := b.books.ResolveSide(ctx, document.Key{Type: invoice.Type, ID: id}, books.Mine)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.get(t, st.Document.Meta().ID); got.Typed[books.LineField(got.Invoice.Lines[0].ID, "price")] != "12O" {
		t.Errorf("%+v", got.Typed)
	}
}

// A conflict over lines that a person settled wholly for one side needs no review,
// on neither desk; one that rules merged needs one, and it can be ticked.
func TestReviewOnTwoDesks(t *testing.T) {
	ctx := context.Background()
	for _, side := range []books.Side{books.Mine, books.Theirs} {
		p := startServer(t)
		a, b := newBranch(t, p), newBranch(t, p)
		id := a.draft(t, "r")
		a.sync(t)
		b.sync(t)
		a.edit(t, id, func(i *invoice.Invoice) { i.Lines[0].Spec = "a" })
		b.edit(t, id, func(i *invoice.Invoice) { i.Lines[0].Spec = "b" })
		a.sync(t)
		b.sync(t)
		if _, err := b.books.ResolveSide(ctx, document.Key{Type: invoice.Type, ID: id}, side); err != nil {
			t.Fatal(err)
		}
		b.sync(t)
		a.sync(t)
		for _, d := range []*branch{a, b} {
			st := d.get(t, id)
			if bad := invoice.Errors(invoice.Validate(st.Invoice, invoice.StageSubmit)); st.Invoice.ReviewNeeded || len(bad) > 0 {
				t.Errorf("%s chosen: review %v, %v", side, st.Invoice.ReviewNeeded, bad)
			}
		}
		if _, err := a.books.Submit(ctx, id); err != nil {
			t.Error(err)
		}
	}
	p := startServer(t)
	a, b := newBranch(t, p), newBranch(t, p)
	id := a.draft(t, "r")
	a.sync(t)
	b.sync(t)
	a.edit(t, id, func(i *invoice.Invoice) { i.Lines[0].Spec = "a" })
	b.edit(t, id, func(i *invoice.Invoice) { i.Lines[1].Spec = "b" })
	a.sync(t)
	b.sync(t)
	a.sync(t)
	if _, err := a.books.Reviewed(ctx, id); err != nil {
		t.Fatal(err)
	}
	a.sync(t)
	b.sync(t)
	if _, err := b.books.Submit(ctx, id); err != nil {
		t.Error(err)
	}
}
