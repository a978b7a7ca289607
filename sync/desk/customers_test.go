package desk_test

import (
	"context"
	"path/filepath"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/sync/desk"
	"counterfoil/sync/trust"
)

// enrolled is a desk of its own folder, connected to the reference server.
func enrolled(t *testing.T, address string, ca []byte) *desk.Desk {
	t.Helper()
	ctx := context.Background()
	d := must[*desk.Desk](t)(desk.Open(ctx, desk.Config{Dir: filepath.Join(t.TempDir(), "desk"), Use: desk.Window, Version: "test", Keys: &trust.Store{Keyring: trust.Memory(), Profile: "p"}}))
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Trust(ctx, must[*trust.Bundle](t)(trust.ParseBundle(ca))); err != nil {
		t.Fatal(err)
	}
	if err := d.Connect(ctx, address, token); err != nil {
		t.Fatal(err)
	}
	return d
}

func round(t *testing.T, d *desk.Desk) {
	t.Helper()
	if _, err := d.Engine().Once(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// buyer is the customer of this name as a desk has it.
func buyer(t *testing.T, d *desk.Desk, k document.Key) (customer.Customer, books.Record) {
	t.Helper()
	r, err := d.Store.Document(context.Background(), k)
	if err != nil {
		t.Fatal(err)
	}
	return r.Document.(customer.Customer), r
}

// Two desks edit one customer without a line: what only one of them changed is
// merged, what both did is a conflict that a person settles; the invoice that was
// drafted for the customer meanwhile is issued, and both desks end alike.
func TestACustomerOfTwoDesks(t *testing.T) {
	ctx := context.Background()
	address, ca := reference(t)
	a, b := enrolled(t, address, ca), enrolled(t, address, ca)
	made := must[books.Record](t)(a.Books.SaveDocument(ctx, customer.Customer{Party: party.Party{Name: "苏州明远", Phone: "0512-1"}}, 0))
	k := document.KeyOf(made.Document)
	round(t, a)
	round(t, b)

	edit := func(d *desk.Desk, f func(*customer.Customer)) {
		t.Helper()
		c, r := buyer(t, d, k)
		f(&c)
		if _, err := d.Books.SaveDocument(ctx, c, r.Version); err != nil {
			t.Fatal(err)
		}
	}
	edit(a, func(c *customer.Customer) { c.Phone, c.Bank = "0512-2", "工商银行" })
	edit(b, func(c *customer.Customer) { c.Phone, c.Email = "0512-3", "ap@example.com" })
	// An invoice for the customer, as b knows it now.
	mine, _ := buyer(t, b, k)
	inv := bill("for the customer")
	inv.Buyer, inv.Email = mine.Party, mine.Email
	st, _, err := b.Books.Draft(ctx, inv)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Books.Submit(ctx, st.Invoice.ID); err != nil {
		t.Fatal(err)
	}
	round(t, a)
	round(t, b)

	_, r := buyer(t, b, k)
	c, err := b.Store.Conflict(ctx, k)
	if err != nil || !r.Conflict || len(c.Diffs) != 1 || c.Diffs[0].Path != "party.phone" || c.Diffs[0].Mine != "0512-3" || c.Diffs[0].Theirs != "0512-2" {
		t.Fatalf("%+v %v", c, err)
	}
	issued, err := b.Store.Invoice(ctx, st.Invoice.ID)
	if err != nil || issued.Invoice.State != invoice.Issued || issued.Invoice.Buyer.Phone != "0512-3" || issued.Invoice.Email != "ap@example.com" {
		t.Errorf("the conflict held up the invoice: %+v %v", issued, err)
	}
	if _, err := b.Books.Resolve(ctx, k, map[string]books.Side{"party.phone": books.Mine}); err != nil {
		t.Fatal(err)
	}
	round(t, b)
	round(t, a)
	for _, d := range []*desk.Desk{a, b} {
		got, r := buyer(t, d, k)
		if got.Phone != "0512-3" || got.Bank != "工商银行" || got.Email != "ap@example.com" || r.Pending != "" || r.Conflict {
			t.Errorf("%+v", r)
		}
	}
	// One deletes it while the other edits it: a person is asked, and the edit lives
	// on as a new customer.
	if err := a.Books.RemoveDocument(ctx, k); err != nil {
		t.Fatal(err)
	}
	edit(b, func(c *customer.Customer) { c.Address = "高新区" })
	round(t, a)
	round(t, b)
	if c, err := b.Store.Conflict(ctx, k); err != nil || !c.Deleted {
		t.Fatalf("%+v %v", c, err)
	}
	kept := must[books.Record](t)(b.Books.ResolveSide(ctx, k, books.Mine))
	round(t, b)
	round(t, a)
	if found, err := books.Find[customer.Customer](ctx, a.Store, "高新区", 9); err != nil || len(found) != 1 || found[0].ID != kept.Document.Meta().ID {
		t.Errorf("%+v %v", found, err)
	}
}
