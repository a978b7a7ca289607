package viewmodel

import (
	"context"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// An invoice that is held back says so when it is opened, until it is changed.
func TestParkedInvoiceSaysSo(t *testing.T) {
	ctx := context.Background()
	b := newBench(t)
	st, _, err := b.desk.Draft(ctx, invoice.Invoice{Kind: invoice.Ordinary, Basis: invoice.Exclusive})
	if err != nil {
		t.Fatal(err)
	}
	ops, err := b.db.Outbox(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.db.Update(ctx, func(tx books.SyncTx) error { return tx.Park(ops[0].ID, "malformed") }); err != nil {
		t.Fatal(err)
	}
	b.Open(st.Invoice.ID)
	b.w.until("the invoice", func() bool { return b.Invoice().ID == st.Invoice.ID })
	if b.Message() == "" || b.Message() != Sentence(b.setup.Words, errParked) {
		t.Errorf("%q", b.Message())
	}
	b.Set("remark", "changed")
	b.settle()
	if got := b.stored(); b.Message() != "" || got.Pending != books.Unsent {
		t.Errorf("%q, pending %q", b.Message(), got.Pending)
	}
}
