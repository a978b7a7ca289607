package localdb

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"encoding/json"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
	"counterfoil/app/party"
)

func TestSaveAndRead(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	v, _ := sample(1, 3)
	v.Extra = map[string]json.RawMessage{"x": json.RawMessage(`{"a":1}`)}
	v.Lines[0].Discount = &invoice.Discount{Percent: dec("10")}
	v.Rejection = &invoice.Rejection{Code: "c", Fields: map[string]string{"f": "g"}}
	if n := mustSave(t, d, v, 0, books.Put); n != 1 {
		t.Fatalf("version %d", n)
	}
	got, err := d.Invoice(ctx, v.ID)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := document.Encode(v)
	b, _ := document.Encode(got.Invoice)
	if string(a) != string(b) || got.Version != 1 || got.Base != nil || got.Pending != books.Unsent || got.Conflict {
		t.Fatalf("got %s\n%+v", b, got)
	}
	if _, err := d.SaveInvoice(ctx, v, 0, books.Put, books.HistoryEntry{}); !errors.Is(err, books.ErrStale) {
		t.Fatalf("stale save: %v", err)
	}
	if _, err := d.Invoice(ctx, "none"); !errors.Is(err, books.ErrNotFound) {
		t.Fatalf("missing: %v", err)
	}
	v.Remark = "changed"
	mustSave(t, d, v, 1, books.Put)
	h, err := d.History(ctx, document.Key{Type: invoice.Type, ID: v.ID})
	if err != nil || len(h) != 2 || h[0].Before != nil || h[1].Before == nil || h[1].Before.(invoice.Invoice).Remark != "合同 1" {
		t.Fatalf("history %+v %v", h, err)
	}
	if err := errors.Join(d.Check(ctx), d.IntegrityCheck(ctx)); err != nil {
		t.Fatal(err)
	}
}

// kindOf returns the kinds in the outbox, oldest first.
func kindsOf(t *testing.T, d *DB) []books.OperationKind {
	t.Helper()
	all, err := d.Outbox(context.Background(), 100)
	if err != nil {
		t.Fatal(err)
	}
	var k []books.OperationKind
	for _, o := range all {
		k = append(k, o.Kind)
	}
	return k
}

func TestCoalescing(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	v, _ := sample(1, 1)
	var version int64
	step := func(state invoice.State, kind books.OperationKind, want ...books.OperationKind) {
		t.Helper()
		v.State = state
		version = mustSave(t, d, v, version, kind)
		if got := kindsOf(t, d); !reflect.DeepEqual(got, want) {
			t.Fatalf("%s/%s: outbox %v, want %v", state, kind, got, want)
		}
	}
	step(invoice.Draft, books.Put, books.Put)
	step(invoice.Waiting, books.Transition, books.Transition)
	step(invoice.Draft, books.Transition, books.Put) // recall of an unsent submit
	step(invoice.Waiting, books.Transition, books.Transition)
	var seq int64
	err := d.Update(ctx, func(x books.SyncTx) (err error) {
		seq, err = x.Freeze(1, []byte("bytes"), "hash", 0, day0)
		return err
	})
	if err != nil || seq != 1 {
		t.Fatal(seq, err)
	}
	step(invoice.Draft, books.Transition, books.Transition, books.Transition) // recall of a sent one travels
	step(invoice.Draft, books.Put, books.Transition, books.Transition)        // and an edit does not undo it
	ready := readyOf(t, d)
	if len(ready) != 1 || ready[0].State != books.Sent || string(ready[0].Bytes) != "bytes" || !ready[0].SentAt.Equal(day0) {
		t.Fatalf("ready %+v", ready)
	}
	err = d.Update(ctx, func(x books.SyncTx) error {
		if _, err := x.Freeze(1, nil, "", 0, day0); !errors.Is(err, books.ErrNotFound) {
			return fmt.Errorf("froze twice: %w", err)
		}
		base := v
		base.State, base.Revision = invoice.Waiting, 1
		v.Revision = 1
		return errors.Join(x.Answered(1, `{"result":"applied"}`, day0), x.SetBase(v, base, "", books.HistoryEntry{Event: "received"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := d.Invoice(ctx, v.ID)
	if got.Base == nil || got.Base.State != invoice.Waiting || got.Pending != books.Unsent || got.Version != 7 {
		t.Fatalf("%+v", got)
	}
	var n int
	err = d.Update(ctx, func(x books.SyncTx) (err error) { n, err = x.Reoffer(); return err })
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if ready = readyOf(t, d); len(ready) != 1 || ready[0].Seq != 1 || ready[0].State != books.Sent {
		t.Fatalf("reoffered %+v", ready)
	}
	if err := d.RenewDevice(ctx, "new"); err != nil {
		t.Fatal(err)
	}
	if ready = readyOf(t, d); len(ready) != 1 || ready[0].Seq != 0 || ready[0].State != books.Unsent || ready[0].Bytes != nil {
		t.Fatalf("renewed %+v", ready)
	}
	if dev, _ := d.Device(ctx); dev.ID != "new" {
		t.Fatal(dev)
	}
}

func TestConflict(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	v, _ := sample(1, 1)
	mustSave(t, d, v, 0, books.Put)
	theirs := v
	theirs.Remark, theirs.Revision = "theirs", 5
	c := books.Conflict{ID: "c1", Type: invoice.Type, DocumentID: v.ID, Base: v, Mine: v, Theirs: theirs, Diffs: []books.FieldDiff{{Path: "remark", Mine: "a", Theirs: "b"}}, OpenedAt: day0}
	err := d.Update(ctx, func(x books.SyncTx) error { return x.OpenConflict(c, books.HistoryEntry{Event: "conflict"}) })
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Conflict(ctx, document.Key{Type: invoice.Type, ID: v.ID})
	if err != nil || got.Theirs.(invoice.Invoice).Remark != "theirs" || len(got.Diffs) != 1 || !got.OpenedAt.Equal(day0) || got.Base == nil {
		t.Fatalf("%+v %v", got, err)
	}
	st, _ := d.Invoice(ctx, v.ID)
	if !st.Conflict || st.Pending != "" || len(kindsOf(t, d)) != 0 {
		t.Fatalf("%+v", st)
	}
	mustSave(t, d, v, st.Version, books.Put)
	if ready := readyOf(t, d); len(ready) != 0 {
		t.Fatal("an operation under an open conflict is ready")
	}
	counts, err := d.Counts(ctx, books.Filter{})
	if err != nil || counts.Conflict != 1 || counts.All != 1 {
		t.Fatalf("%+v %v", counts, err)
	}
	stale := c
	stale.ID = "other"
	if err := d.Resolve(ctx, stale, v, books.Put, books.HistoryEntry{}); !errors.Is(err, books.ErrStale) {
		t.Fatal(err)
	}
	if err := d.Resolve(ctx, c, v, books.Put, books.HistoryEntry{Event: "resolved"}); err != nil {
		t.Fatal(err)
	}
	st, _ = d.Invoice(ctx, v.ID)
	if st.Conflict || st.Invoice.Revision != 5 || st.Base == nil || st.Base.Remark != "theirs" || st.Pending != books.Unsent {
		t.Fatalf("%+v", st)
	}
	h, _ := d.History(ctx, document.Key{Type: invoice.Type, ID: v.ID})
	if last := h[len(h)-1]; last.Before == nil || last.Before.(invoice.Invoice).Remark != "theirs" {
		t.Fatalf("the side not chosen is not in history: %+v", last)
	}
	if _, err := d.Conflict(ctx, document.Key{Type: invoice.Type, ID: v.ID}); !errors.Is(err, books.ErrNotFound) {
		t.Fatal(err)
	}
	// A newer version of theirs that leaves nothing to choose closes one as well.
	err = d.Update(ctx, func(x books.SyncTx) error {
		return errors.Join(x.OpenConflict(c, books.HistoryEntry{}), x.SetBase(v, theirs, books.Put, books.HistoryEntry{}))
	})
	if st, _ = d.Invoice(ctx, v.ID); err != nil || st.Conflict || st.Pending != books.Unsent {
		t.Fatalf("%+v %v", st, err)
	}
	// Taking their deletion removes the invoice and keeps its history.
	c.Deleted = true
	err = d.Update(ctx, func(x books.SyncTx) error { return x.OpenConflict(c, books.HistoryEntry{}) })
	if err := errors.Join(err, d.Resolve(ctx, c, theirs, "", books.HistoryEntry{Event: "resolved"})); err != nil {
		t.Fatal(err)
	}
	after, _ := d.History(ctx, document.Key{Type: invoice.Type, ID: v.ID})
	if _, err := d.Invoice(ctx, v.ID); !errors.Is(err, books.ErrNotFound) || len(after) != len(h)+1 || after[len(h)].Before == nil {
		t.Fatal(err, after)
	}
}

func TestSyncPrimitives(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	v, _ := sample(1, 1)
	mustSave(t, d, v, 0, books.Put)
	rolled := errors.New("rolled back")
	err := d.Update(ctx, func(x books.SyncTx) error {
		if err := x.SetCursor(books.Cursor{Epoch: "e", Seq: 9, Scope: "s"}); err != nil {
			return err
		}
		return rolled
	})
	if c, _ := d.Cursor(ctx); !errors.Is(err, rolled) || c != (books.Cursor{}) {
		t.Fatal(err, c)
	}
	v.Revision, v.Number, v.State = 3, "00000001", invoice.Issued
	err = d.Update(ctx, func(x books.SyncTx) error {
		return errors.Join(x.SetClean(v, nil, books.HistoryEntry{Event: "issued"}), x.SetCursor(books.Cursor{Epoch: "e", Seq: 9}),
			x.SetClean(customer.Customer{ID: "c", Party: party.Party{Name: "北京银行"}}, nil, books.HistoryEntry{}), x.SetClean(item.Item{ID: "i", Name: "*餐饮服务*餐费", Price: dec("1.5")}, nil, books.HistoryEntry{}))
	})
	if err != nil {
		t.Fatal(err)
	}
	st, _ := d.Invoice(ctx, v.ID)
	if st.Base == nil || st.Pending != "" || st.Invoice.Number != "00000001" || st.Version != 2 {
		t.Fatalf("%+v", st)
	}
	for _, q := range []string{"", "bjyh", "BJYX", "银行", "银"} { // 行 is read hang and xing
		if c, err := d.Find(ctx, customer.Type, q, 5); err != nil || len(c) != 1 {
			t.Fatalf("customers %q: %v %v", q, c, err)
		}
	}
	if i, err := books.Find[item.Item](ctx, d, "cyfw", 5); err != nil || len(i) != 1 || !i[0].Price.Equal(decimal.RequireFromString("1.5")) {
		t.Fatal(i, err)
	}
	err = d.Update(ctx, func(x books.SyncTx) error {
		return errors.Join(x.Remove(document.Key{Type: invoice.Type, ID: v.ID}, books.HistoryEntry{Event: "received"}), x.Remove(document.Key{Type: invoice.Type, ID: "never there"}, books.HistoryEntry{}))
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Invoice(ctx, v.ID); !errors.Is(err, books.ErrNotFound) {
		t.Fatal(err)
	}
	if c, err := d.Counts(ctx, books.Filter{}); err != nil || c.All != 0 || !c.Gross.IsZero() {
		t.Fatalf("%+v %v", c, err)
	}
}

func TestSettings(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	if v, err := d.Setting(ctx, "x"); v != "" || err != nil {
		t.Fatal(v, err)
	}
	if err := errors.Join(d.SetSetting(ctx, "x", "1"), d.SetSetting(ctx, "x", "2")); err != nil {
		t.Fatal(err)
	}
	if v, _ := d.Setting(ctx, "x"); v != "2" {
		t.Fatal(v)
	}
	cancelled, cancel := context.WithTimeout(ctx, time.Nanosecond)
	defer cancel()
	<-cancelled.Done()
	if err := d.SetSetting(cancelled, "x", "3"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

// TestTooLarge refuses a document above the cap and keeps the stored one; one of
// an older version opens and may shrink step by step.
func TestTooLarge(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	v, _ := sample(1, 1)
	version := mustSave(t, d, v, 0, books.Put)
	grown := v
	grown.Remark = strings.Repeat("长", books.MaxDocument/3)
	wantLarge := func(v invoice.Invoice, version int64) {
		t.Helper()
		var be *books.Error
		if _, err := d.SaveInvoice(ctx, v, version, books.Put, books.HistoryEntry{}); !errors.As(err, &be) || be.Code != "document_too_large" || be.Hint == "" {
			t.Fatal(err)
		}
	}
	wantLarge(grown, version)
	if st, err := d.Invoice(ctx, v.ID); err != nil || st.Invoice.Remark != v.Remark || st.Version != version {
		t.Fatal(st, err)
	}
	// As older versions stored it.
	grown.Remark = strings.Repeat("长", books.MaxDocument)
	err := d.Update(ctx, func(x books.SyncTx) error { return x.SetClean(grown, nil, books.HistoryEntry{}) })
	if err != nil {
		t.Fatal(err)
	}
	st, err := d.Invoice(ctx, v.ID)
	if err != nil || st.Invoice.Remark != grown.Remark {
		t.Fatal(err)
	}
	less := st.Invoice
	less.Remark = less.Remark[:len(less.Remark)-3]
	version = mustSave(t, d, less, st.Version, books.Put)
	wantLarge(grown, version)
	mustSave(t, d, v, version, books.Put)
}
