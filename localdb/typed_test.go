package localdb

import (
	"context"
	"errors"
	"maps"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// What is typed beside a draft is kept with it, replaced by the next save that
// brings some, left alone by all others, and gone with the invoice.
func TestTypedBesideADraft(t *testing.T) {
	d := openTemp(t)
	ctx := context.Background()
	v, _ := sample(1, 2)
	typed := books.Typed{"line/" + v.Lines[0].ID + "/price": "¥28.32 x", "date": "2026-1"}
	saved, err := d.SaveTyped(ctx, v, 0, books.Put, books.HistoryEntry{Event: "drafted"}, typed)
	if err != nil {
		t.Fatal(err)
	}
	want := func(what string, texts books.Typed) {
		t.Helper()
		st, err := d.Invoice(ctx, v.ID)
		if err != nil || !maps.Equal(st.Typed, texts) {
			t.Errorf("%s: %v %v, want %v", what, st.Typed, err, texts)
		}
	}
	want("saved", typed)
	if _, err = d.SaveInvoice(ctx, v, saved.Version, books.Put, books.HistoryEntry{Event: "edited"}); err != nil {
		t.Fatal(err)
	}
	want("saved by a script", typed)
	if err := d.Update(ctx, func(tx books.SyncTx) error {
		v.Revision = 1
		return tx.SetClean(v, nil, books.HistoryEntry{Event: "received"})
	}); err != nil {
		t.Fatal(err)
	}
	want("pulled", typed)
	before, _ := d.Invoice(ctx, v.ID)
	other := books.Typed{"remark": "x"}
	if err := d.PutTyped(ctx, v.ID, other); err != nil {
		t.Fatal(err)
	}
	want("typed on", other)
	if st, _ := d.Invoice(ctx, v.ID); st.Version != before.Version || st.Pending != before.Pending {
		t.Errorf("typing changed the document: version %d → %d, pending %q", before.Version, st.Version, st.Pending)
	}
	if err := d.PutTyped(ctx, "none", other); !errors.Is(err, books.ErrNotFound) {
		t.Errorf("beside no invoice: %v", err)
	}
	// A save that fails leaves what was typed as it was.
	if _, err := d.SaveTyped(ctx, v, 99, books.Put, books.HistoryEntry{}, books.Typed{}); !errors.Is(err, books.ErrStale) {
		t.Error(err)
	}
	want("after a stale save", other)
	if _, err := d.SaveTyped(ctx, v, before.Version, books.Put, books.HistoryEntry{}, books.Typed{}); err != nil {
		t.Fatal(err)
	}
	want("corrected", nil)
	if err := d.PutTyped(ctx, v.ID, other); err != nil {
		t.Fatal(err)
	}
	if err := d.Update(ctx, func(tx books.SyncTx) error {
		return tx.Remove(document.Key{Type: invoice.Type, ID: v.ID}, books.HistoryEntry{})
	}); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := d.one(ctx, `SELECT count(*) FROM typed`, nil, &left); err != nil || left != 0 {
		t.Errorf("%d texts outlive their invoice, %v", left, err)
	}
}
