package localdb

import (
	"context"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

func settle(t *testing.T, d *DB, v invoice.Invoice) bool {
	t.Helper()
	var done bool
	err := d.Update(context.Background(), func(x books.SyncTx) (err error) {
		done, err = x.Settle(v, books.HistoryEntry{Event: "issued"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestSettle(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	v, _ := sample(1, 3)
	if settle(t, d, v) {
		t.Fatal("settled an invoice that is not here")
	}
	version := mustSave(t, d, v, 0, books.Put)
	issued := v
	issued.State, issued.Number, issued.Revision = invoice.Issued, "26110000000000000042", 3
	if settle(t, d, issued) {
		t.Fatal("settled an invoice that has an operation")
	}
	err := d.Update(ctx, func(x books.SyncTx) error { return x.Answered(1, `{"result":"applied"}`, day0) })
	if err != nil {
		t.Fatal(err)
	}
	if !settle(t, d, issued) {
		t.Fatal("not settled")
	}
	got, err := d.Invoice(ctx, v.ID)
	if err != nil || got.Version != version+1 || got.Invoice.Number != issued.Number || got.Base == nil || got.Base.Revision != 3 || got.Base.State != invoice.Issued {
		t.Fatalf("%+v %v", got, err)
	}
	page, err := d.List(ctx, books.Filter{Search: "0000042"}, books.Order{By: "created"}, "", 9)
	if err != nil || len(page.Rows) != 1 || page.Rows[0].Number != issued.Number || page.Rows[0].State != invoice.Issued {
		t.Fatalf("by number: %+v %v", page, err)
	}
	all, err := d.History(ctx, document.Key{Type: invoice.Type, ID: v.ID})
	if err != nil || len(all) != 2 || all[1].Event != "issued" || all[1].Before != nil {
		t.Fatalf("%+v %v", all, err)
	}
	old := issued
	old.Revision = 2
	if settle(t, d, old) {
		t.Fatal("settled back to an older revision")
	}
	c := books.Conflict{ID: "c", Type: invoice.Type, DocumentID: v.ID, Mine: v, Theirs: issued, OpenedAt: day0}
	if err := d.Update(ctx, func(x books.SyncTx) error { return x.OpenConflict(c, books.HistoryEntry{}) }); err != nil {
		t.Fatal(err)
	}
	if settle(t, d, issued) {
		t.Fatal("settled an invoice in conflict")
	}
}

// A batch ends with the document that fills it, and always has one.
func TestReadyStopsAtTheSize(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	for i := range 4 {
		v, _ := sample(i, 1)
		mustSave(t, d, v, 0, books.Put)
	}
	one := readyOf(t, d)
	if len(one) != 4 || one[0].Document == nil || one[0].Document.Meta().ID != one[0].DocumentID {
		t.Fatalf("%+v", one)
	}
	for _, c := range []struct{ limit, size, want int }{{10, 1, 1}, {10, 1 << 20, 4}, {3, 1 << 20, 3}} {
		var got []books.Ready
		err := d.Update(ctx, func(x books.SyncTx) (err error) {
			got, err = x.Ready(c.limit, c.size, true)
			return err
		})
		if err != nil || len(got) != c.want {
			t.Errorf("%+v: %d %v", c, len(got), err)
		}
	}
}
