package engine_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/tax"
	"counterfoil/localdb"
	"counterfoil/sync/desk"
	"counterfoil/sync/practice"
	"counterfoil/sync/trust"
)

// A branch is one desk with a real database, over real TLS.
type branch struct {
	db     *localdb.DB
	books  *books.Desk
	client *desk.Desk
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func startServer(t *testing.T) *practice.Practice {
	t.Helper()
	p, err := practice.Start(context.Background(), practice.Config{Dir: t.TempDir(), Version: "test", Empty: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	return p
}

func newBranch(t *testing.T, p *practice.Practice) *branch {
	t.Helper()
	return newBranchAt(t, p, filepath.Join(t.TempDir(), localdb.FileName))
}

func newBranchAt(t *testing.T, p *practice.Practice, path string) *branch {
	t.Helper()
	return branchThrough(t, p, path, p.URL())
}

// branchThrough is a branch with its data file at path that reaches p under an address.
func branchThrough(tb testing.TB, p *practice.Practice, path, address string) *branch {
	tb.Helper()
	ctx := context.Background()
	keys := &trust.Store{Keyring: trust.Memory(), Profile: "p"}
	d, err := desk.Open(ctx, desk.Config{Dir: filepath.Dir(path), Use: desk.Sync, Keys: keys, Version: "test"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = d.Close() })
	ca, err := trust.ParseBundle(p.CAPEM())
	if err == nil {
		err = d.Trust(ctx, ca)
	}
	if err == nil {
		err = d.Connect(ctx, address, p.Token())
	}
	if err != nil {
		tb.Fatal(err)
	}
	return &branch{db: d.Store, client: d, books: d.Books}
}

func draft(remark string) invoice.Invoice {
	q, p := decimal.New(3, 0), decimal.RequireFromString("33.333")
	l := invoice.Line{Name: "*金属制品*法兰", Qty: &q, Price: &p, Rate: tax.Rate{Value: decimal.New(13, -2)}}
	m := l
	m.Name = "b"
	return invoice.Invoice{Kind: invoice.Ordinary, Basis: invoice.Exclusive, Buyer: party.Party{Name: "苏州"}, Remark: remark, Lines: []invoice.Line{l, m}}
}

func (b *branch) draft(t *testing.T, remark string) string {
	t.Helper()
	st, _, err := b.books.Draft(context.Background(), draft(remark))
	if err != nil {
		t.Fatal(err)
	}
	return st.Invoice.ID
}

func (b *branch) edit(t *testing.T, id string, f func(*invoice.Invoice)) {
	t.Helper()
	ctx := context.Background()
	st := b.get(t, id)
	inv := st.Invoice
	inv.Lines = append([]invoice.Line(nil), inv.Lines...)
	f(&inv)
	if _, _, err := b.books.Edit(ctx, id, st.Version, inv); err != nil {
		t.Fatal(err)
	}
}

func (b *branch) get(t *testing.T, id string) books.Stored {
	t.Helper()
	st, err := b.db.Invoice(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func (b *branch) sync(t *testing.T) {
	t.Helper()
	if _, err := b.client.Engine().Once(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestDifferentLinesMerge(t *testing.T) {
	p := startServer(t)
	a, b := newBranch(t, p), newBranch(t, p)
	id := a.draft(t, "r")
	a.sync(t)
	b.sync(t)
	one, five := decimal.New(1, 0), decimal.New(5, 0)
	a.edit(t, id, func(i *invoice.Invoice) { i.Lines[0].Qty = &one })
	b.edit(t, id, func(i *invoice.Invoice) { i.Lines[1].Qty = &five })
	a.sync(t)
	b.sync(t)
	a.sync(t)
	for _, d := range []*branch{a, b} {
		st := d.get(t, id)
		s, err := invoice.Compute(st.Invoice)
		if err != nil || st.Conflict || st.Pending != "" || s.Net.String() != "200" || !st.Invoice.ReviewNeeded {
			t.Errorf("net %s, conflict %v, pending %q, review %v, %v", s.Net, st.Conflict, st.Pending, st.Invoice.ReviewNeeded, err)
		}
	}
	if _, err := b.books.Submit(context.Background(), id); err == nil {
		t.Error("merged lines were submitted without a review")
	}
}

func TestConflictIsShownAndResolved(t *testing.T) {
	ctx := context.Background()
	for _, side := range []books.Side{books.Mine, books.Theirs} {
		p := startServer(t)
		a, b := newBranch(t, p), newBranch(t, p)
		id := a.draft(t, "r")
		a.sync(t)
		b.sync(t)
		a.edit(t, id, func(i *invoice.Invoice) { i.Remark = "a" })
		b.edit(t, id, func(i *invoice.Invoice) { i.Remark = "b" })
		a.sync(t)
		b.sync(t)
		if !b.get(t, id).Conflict {
			t.Fatal("no conflict is shown")
		}
		if _, err := b.books.ResolveSide(ctx, document.Key{Type: invoice.Type, ID: id}, side); err != nil {
			t.Fatal(err)
		}
		b.sync(t)
		a.sync(t)
		want := map[books.Side]string{books.Mine: "b", books.Theirs: "a"}[side]
		for _, d := range []*branch{a, b} {
			if st := d.get(t, id); st.Invoice.Remark != want || st.Conflict || st.Pending != "" {
				t.Errorf("%s: %q conflict %v pending %q", side, st.Invoice.Remark, st.Conflict, st.Pending)
			}
		}
	}
}

// An edit that loses a race with an issue is kept visible, never written over.
func TestIssuedWhileEditing(t *testing.T) {
	ctx := context.Background()
	p := startServer(t)
	a, b := newBranch(t, p), newBranch(t, p)
	id := a.draft(t, "r")
	a.sync(t)
	b.sync(t)
	if _, err := a.books.Submit(ctx, id); err != nil {
		t.Fatal(err)
	}
	b.edit(t, id, func(i *invoice.Invoice) { i.Remark = "late" })
	a.sync(t)
	b.sync(t)
	st := b.get(t, id)
	if !st.Conflict || st.Invoice.Remark != "late" {
		t.Fatalf("%+v", st)
	}
	copied, err := b.books.KeepBoth(ctx, document.Key{Type: invoice.Type, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	b.sync(t)
	if st := b.get(t, id); st.Invoice.State != invoice.Issued || st.Conflict {
		t.Errorf("%+v", st)
	}
	if st := b.get(t, copied.Document.Meta().ID); st.Invoice.Remark != "late" || st.Invoice.State != invoice.Draft {
		t.Errorf("%+v", st)
	}
}

// Whatever the line does, in the end every invoice is on the server once and the
// numbers have no gap.
func TestBadLinesConverge(t *testing.T) {
	ctx := context.Background()
	seed := time.Now().UnixNano()
	rnd := rand.New(rand.NewSource(seed))
	p := startServer(t)
	desks := []*branch{newBranch(t, p), newBranch(t, p)}
	const each = 15
	faults := []string{"H11", "H19", "H24", "H27", "H17", "T01"}
	for i := 0; i < each; i++ {
		f := faults[rnd.Intn(len(faults))]
		if err := p.Set(f, true); err != nil {
			t.Fatal(err)
		}
		for _, d := range desks {
			id := d.draft(t, fmt.Sprint(i))
			if _, err := d.books.Submit(ctx, id); err != nil {
				t.Fatal(err)
			}
			// It fails or works, as the fault will have it; nothing may be lost.
			_, _ = d.client.Engine().Once(ctx)
		}
		if err := p.Set(f, false); err != nil {
			t.Fatal(err)
		}
	}
	for turn := 0; turn < 3; turn++ {
		for _, d := range desks {
			d.sync(t)
		}
	}
	for n, d := range desks {
		page, err := d.db.List(ctx, books.Filter{}, books.Order{By: "created"}, "", 500)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, r := range page.Rows {
			if r.State != invoice.Issued || r.Pending != "" || seen[r.Number] {
				t.Errorf("seed %d: desk %d: %s %s %q pending %q", seed, n, r.ID, r.State, r.Number, r.Pending)
			}
			seen[r.Number] = true
		}
		for i := 1; i <= 2*each; i++ {
			if !seen[fmt.Sprintf("练习%08d", i)] {
				t.Errorf("seed %d: desk %d: number %d is missing of %d", seed, n, i, len(seen))
			}
		}
		if len(page.Rows) != 2*each {
			t.Errorf("seed %d: desk %d has %d invoices, want %d", seed, n, len(page.Rows), 2*each)
		}
	}
}

// A server restored from an old backup is offered everything again.
func TestNewEpoch(t *testing.T) {
	p := startServer(t)
	a := newBranch(t, p)
	id := a.draft(t, "r")
	a.sync(t)
	if err := p.Server().NewEpoch(context.Background()); err != nil {
		t.Fatal(err)
	}
	a.edit(t, id, func(i *invoice.Invoice) { i.Remark = "after" })
	a.sync(t)
	b := newBranch(t, p)
	b.sync(t)
	for _, d := range []*branch{a, b} {
		if st := d.get(t, id); st.Invoice.Remark != "after" || st.Pending != "" || st.Conflict {
			t.Errorf("%+v", st)
		}
	}
}

// An invoice that the disk spoilt stays and is named; the others go.
func TestSpoiltInvoiceHoldsUpNoOther(t *testing.T) {
	p := startServer(t)
	ctx, path := context.Background(), filepath.Join(t.TempDir(), localdb.FileName)
	d := newBranchAt(t, p, path)
	bad, good := d.draft(t, "spoilt"), d.draft(t, "whole")
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Exec(`UPDATE body SET doc = x'7b7b' WHERE n = (SELECT n FROM invoice WHERE id = ?)`, bad); err != nil {
		t.Fatal(err)
	}
	d.sync(t)
	if st := d.get(t, good); st.Pending != "" || st.Base == nil {
		t.Errorf("the whole one did not go: %+v", st)
	}
	ops, err := d.db.Outbox(ctx, 10)
	if err != nil || len(ops) != 1 || ops[0].DocumentID != bad || ops[0].LastError != "invoice_unreadable" {
		t.Errorf("%+v %v", ops, err)
	}
}
