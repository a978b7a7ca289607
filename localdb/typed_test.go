package localdb

import (
	"context"
	"errors"
	"maps"
	"testing"

	"counterfoil/app/books"
)

// What is typed beside a draft is kept with it, replaced by the next save that
// brings some, left alone by all others, and gone with the invoice.
func TestTypedBesideADraft(t *testing.T) {
	d := openTemp(t)
	ctx := context.Background()
	v, s := sample(1, 2)
	typed := books.Typed{"line/" + v.Lines[0].ID + "/price": "¥28.32 x", "date": "2026-1"}
	saved, err := d.SaveTyped(ctx, v, s, 0, books.Put, books.HistoryEntry{Event: "drafted"}, typed)
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
	if _, err = d.SaveInvoice(ctx, v, s, saved.Version, books.Put, books.HistoryEntry{Event: "edited"}); err != nil {
		t.Fatal(err)
	}
	want("saved by a script", typed)
	if err := d.Update(ctx, func(tx books.SyncTx) error {
		v.Revision = 1
		return tx.SetClean(v, s, books.HistoryEntry{Event: "received"})
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
	if _, err := d.SaveTyped(ctx, v, s, 99, books.Put, books.HistoryEntry{}, books.Typed{}); !errors.Is(err, books.ErrStale) {
		t.Error(err)
	}
	want("after a stale save", other)
	if _, err := d.SaveTyped(ctx, v, s, before.Version, books.Put, books.HistoryEntry{}, books.Typed{}); err != nil {
		t.Fatal(err)
	}
	want("corrected", nil)
	if err := d.PutTyped(ctx, v.ID, other); err != nil {
		t.Fatal(err)
	}
	if err := d.Update(ctx, func(tx books.SyncTx) error { return tx.DeleteInvoice(v.ID, books.HistoryEntry{}) }); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := d.one(ctx, `SELECT count(*) FROM typed`, nil, &left); err != nil || left != 0 {
		t.Errorf("%d texts outlive their invoice, %v", left, err)
	}
}
