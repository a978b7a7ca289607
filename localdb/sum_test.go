package localdb

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
	"counterfoil/app/party"
)

// spoil changes rows behind the sums, as a failing disk does.
func spoil(t *testing.T, d *DB, table, change string) {
	t.Helper()
	ctx := context.Background()
	var triggers []string
	err := d.each(ctx, `SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? AND name LIKE '%sum%'`, []any{table}, func(r *sql.Rows) error {
		var text string
		err := r.Scan(&text)
		triggers = append(triggers, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = d.inTx(ctx, func(x *tx) error {
		for _, text := range triggers {
			if _, err := x.w.conn.ExecContext(ctx, `DROP TRIGGER `+strings.Fields(text)[2]); err != nil {
				return err
			}
		}
		if _, err := x.w.conn.ExecContext(ctx, `UPDATE `+table+` SET `+change); err != nil {
			return err
		}
		for _, text := range triggers {
			if _, err := x.w.conn.ExecContext(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func wantDamaged(t *testing.T, err error) {
	t.Helper()
	var be *books.Error
	if !errors.Is(err, books.ErrDamaged) || !errors.As(err, &be) || be.Code != "row_damaged" || be.Hint == "" || troubleCode(err) != "localdb_corrupt" {
		t.Fatalf("%v, want a damaged row", err)
	}
}

// wantCheck wants the data check to name name.
func wantCheck(t *testing.T, d *DB, name string) {
	t.Helper()
	if err := d.Check(context.Background()); !errors.Is(err, ErrCorrupt) || !strings.Contains(errors.Unwrap(err).Error(), name) {
		t.Fatalf("the check says %v, want %s", err, name)
	}
}

// TestDamagedInvoice spoils each part of an invoice: it is named, never shown or
// sent, and holds up no other; the server's version makes it whole.
func TestDamagedInvoice(t *testing.T) {
	for what, c := range map[string]struct{ table, change string }{
		"amount in the list": {"invoice", `gross_fen = gross_fen + 64 WHERE reference = '20261123-AB000002'`},
		"sort key":           {"invoice", `created = created + 1 WHERE reference = '20261123-AB000002'`},
		"content":            {"body", `doc = replace(doc, '10.5', '18.5') WHERE n = 2`},
		"base":               {"body", `base = doc WHERE n = 2`},
		"content of another": {"body", `doc = (SELECT doc FROM body WHERE n = 1), doc_sum = (SELECT doc_sum FROM body WHERE n = 1) WHERE n = 2`},
		"operation's state":  {"outbox", `state = 'parked' WHERE id = 2`},
		"typed text":         {"typed", `texts = replace(texts, 'x', 'y')`},
	} {
		t.Run(what, func(t *testing.T) {
			d, ctx := openTemp(t), context.Background()
			for i := range 3 {
				v, _ := sample(i+1, 2)
				mustSave(t, d, v, 0, books.Put)
			}
			bad, _ := sample(2, 2)
			if err := d.PutTyped(ctx, bad.ID, books.Typed{"price": "x"}); err != nil {
				t.Fatal(err)
			}
			if err := d.Check(ctx); err != nil {
				t.Fatal(err)
			}
			spoil(t, d, c.table, c.change)
			_, err := d.Invoice(ctx, bad.ID)
			wantDamaged(t, err)
			p, err := d.List(ctx, books.Filter{}, books.Order{By: "number"}, "", 9)
			if err != nil || len(p.Rows) != 3 {
				t.Fatal(p, err)
			}
			for _, r := range p.Rows {
				if r.Damaged && (r.ID != bad.ID || r.Reference != bad.Reference || !r.Gross.IsZero() || r.BuyerName != "") {
					t.Errorf("listed as %+v", r)
				}
				if inList := c.table == "invoice" || c.table == "outbox"; r.ID == bad.ID && r.Damaged != inList {
					t.Errorf("damaged in the list: %v", r.Damaged)
				}
			}
			if c.table != "body" || what != "content of another" { // a body at another's place has a right sum
				wantCheck(t, d, "")
			}
			for _, r := range readyOf(t, d) {
				if r.DocumentID == bad.ID && r.Err == nil && c.table == "body" && what != "base" {
					t.Error("it would be sent")
				}
				if r.DocumentID != bad.ID && (r.Err != nil || r.Document == nil) {
					t.Error("another is held up", r.Err)
				}
			}
			if _, err := d.SaveInvoice(ctx, bad, 1, books.Put, books.HistoryEntry{Event: "edited"}); err != nil {
				t.Fatal(err) // what is open in an editor is written whole, but damage elsewhere stays
			}
			err = d.Update(ctx, func(x books.SyncTx) error { return x.SetClean(bad, nil, books.HistoryEntry{Event: "received"}) })
			if err != nil {
				t.Fatal(err)
			}
			if c.table != "outbox" {
				if st, err := d.Invoice(ctx, bad.ID); err != nil || st.Invoice.Lines[0].Price.String() != "10.5" {
					t.Errorf("after the server's version came: %+v %v", st, err)
				}
			}
		})
	}
}

// Damage stays through a change of another column.
func TestDamageSticks(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	v, _ := sample(1, 1)
	mustSave(t, d, v, 0, books.Put)
	spoil(t, d, "invoice", `gross_fen = gross_fen + 64`)
	c := books.Conflict{ID: "c1", Type: invoice.Type, DocumentID: v.ID, Mine: v, Theirs: v}
	if err := d.Update(ctx, func(x books.SyncTx) error { return x.OpenConflict(c, books.HistoryEntry{Event: "conflict"}) }); err != nil {
		t.Fatal(err)
	}
	if p, err := d.List(ctx, books.Filter{}, books.Order{}, "", 9); err != nil || !p.Rows[0].Damaged {
		t.Fatal(p, err)
	}
}

// A damaged body that goes into the history is not taken for whole there.
func TestDamagedHistory(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	v, _ := sample(1, 1)
	version := mustSave(t, d, v, 0, books.Put)
	spoil(t, d, "body", `doc = replace(doc, '10.5', '18.5')`)
	mustSave(t, d, v, version, books.Put)
	h, err := d.History(ctx, document.Key{Type: invoice.Type, ID: v.ID})
	wantDamaged(t, err)
	if len(h) != 1 {
		t.Fatalf("%+v", h)
	}
	wantCheck(t, d, "history")
}

func TestDamagedConflictAndMaster(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	for i := range 2 {
		v, _ := sample(i, 1)
		mustSave(t, d, v, 0, books.Put)
		c := books.Conflict{ID: v.ID, Type: invoice.Type, DocumentID: v.ID, Mine: v, Theirs: v}
		err := d.Update(ctx, func(x books.SyncTx) error {
			return errors.Join(x.OpenConflict(c, books.HistoryEntry{Event: "conflict"}),
				x.SetClean(customer.Customer{ID: v.ID, Party: party.Party{Name: "某某"}}, nil, books.HistoryEntry{}), x.SetClean(item.Item{ID: v.ID, Name: "某物"}, nil, books.HistoryEntry{}))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	spoil(t, d, "conflict", `body = replace(body, '10.5', '18.5') WHERE rowid = 1`)
	all, err := d.Conflicts(ctx)
	wantDamaged(t, err)
	if len(all) != 1 {
		t.Errorf("%d whole conflicts", len(all))
	}
	v, _ := sample(0, 1)
	_, err = d.Conflict(ctx, document.Key{Type: invoice.Type, ID: v.ID})
	wantDamaged(t, err)
	spoil(t, d, "record", `doc = replace(doc, '某', '木') WHERE id = '`+v.ID+`'`)
	customers, err := d.Find(ctx, customer.Type, "", 9)
	items, err2 := d.Find(ctx, item.Type, "", 9)
	if err != nil || err2 != nil || len(customers) != 1 || len(items) != 1 || customers[0].Document.(customer.Customer).Name != "某某" {
		t.Error(customers, err, items, err2)
	}
	wantCheck(t, d, "customer")
}

// Frozen bytes that changed are not sent again, nor offered after an answer.
func TestDamagedOperation(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	v, _ := sample(1, 1)
	mustSave(t, d, v, 0, books.Put)
	err := d.Update(ctx, func(x books.SyncTx) error {
		_, err := x.Freeze(1, []byte("frozen"), "hash", 0, day0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if ready := readyOf(t, d); len(ready) != 1 || ready[0].Err != nil {
		t.Fatalf("%+v", ready)
	}
	spoil(t, d, "outbox", `bytes = replace(bytes, 'z', 'r')`)
	if ready := readyOf(t, d); len(ready) != 1 || ready[0].Err == nil {
		t.Fatalf("%+v", ready)
	}
	if ops, err := d.Outbox(ctx, 9); len(ops) != 0 || !errors.Is(err, books.ErrDamaged) {
		t.Fatal(ops, err)
	}
	n := 1
	err = d.Update(ctx, func(x books.SyncTx) (err error) {
		if err := x.Answered(1, `{"result":"applied"}`, day0); err != nil {
			return err
		}
		n, err = x.Reoffer()
		return err
	})
	if err != nil || n != 0 {
		t.Fatalf("%d offered again, %v", n, err)
	}
}
