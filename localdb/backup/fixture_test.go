package backup

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/tax"
	"counterfoil/localdb"
)

var day0 = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// now moves on by a minute a call.
func clock() func() time.Time {
	t := day0
	return func() time.Time {
		t = t.Add(time.Minute)
		return t
	}
}

func shelf(t *testing.T) Shelf {
	t.Helper()
	return Shelf{Data: t.TempDir(), Version: "test", Now: clock(), Free: func(string) (uint64, error) { return 1 << 40, nil }}
}

func (s Shelf) open(t testing.TB) *localdb.DB {
	t.Helper()
	d, err := localdb.Open(context.Background(), filepath.Join(s.Data, localdb.FileName), localdb.Options{Now: s.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func (s Shelf) plan() Plan {
	n := 0
	return Plan{Shelf: s, NewID: func() string { n++; return fmt.Sprint("device after a restore ", n) }}
}

func dec(s string) *decimal.Decimal { v := decimal.RequireFromString(s); return &v }

func bill(i int, remark string) invoice.Invoice {
	at := day0.Add(time.Duration(i) * time.Minute)
	v := invoice.Invoice{
		ID: fmt.Sprintf("01900000-0000-7000-8000-%012d", i), Reference: fmt.Sprintf("20261123-AB%06d", i),
		Kind: invoice.Ordinary, Basis: invoice.Exclusive, Date: "2026-11-23", State: invoice.Draft, Remark: remark,
		Buyer: party.Party{Name: fmt.Sprint("北京长江科技有限公司", i), TaxNo: fmt.Sprintf("91310000%010d", i)}, CreatedAt: at, UpdatedAt: at,
	}
	for l := range 6 { // so that a page holds few
		v.Lines = append(v.Lines, invoice.Line{ID: fmt.Sprint("l", l), Order: fmt.Sprint("a", l), Name: "*信息技术服务*软件开发", TaxCode: "3070401000000000000",
			Unit: "次", Qty: dec(fmt.Sprint(i + l + 1)), Price: dec("10.5"), Rate: tax.Rate{Value: decimal.New(6, -2)}})
	}
	return v
}

type rig struct {
	t testing.TB
	d *localdb.DB
}

func (r rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// draft saves a new draft, edit changes the remark of one.
func (r rig) draft(i int, remark string) {
	r.t.Helper()
	_, err := r.d.SaveInvoice(context.Background(), bill(i, remark), 0, books.Put, books.HistoryEntry{Event: "drafted"})
	r.must(err)
}

func key(i int) document.Key { return document.Key{Type: invoice.Type, ID: bill(i, "").ID} }

func (r rig) edit(i int, remark string, kind books.OperationKind) {
	r.t.Helper()
	st, err := r.d.Invoice(context.Background(), key(i).ID)
	r.must(err)
	v := st.Invoice
	v.Remark, v.UpdatedAt = remark, v.UpdatedAt.Add(time.Hour)
	if kind == books.Transition {
		v.State = invoice.Waiting
	}
	_, err = r.d.SaveInvoice(context.Background(), v, st.Version, kind, books.HistoryEntry{Event: "edited"})
	r.must(err)
}

// issued is what the server says of an invoice.
func (r rig) issued(i int, number string) {
	r.t.Helper()
	r.must(r.d.Update(context.Background(), func(tx books.SyncTx) error {
		v := bill(i, "issued")
		v.State, v.Number, v.Revision = invoice.Issued, number, 2
		if err := tx.SetClean(v, nil, books.HistoryEntry{Event: "issued"}); err != nil {
			return err
		}
		return tx.KeepReceipt(key(i), int64(i), []byte(`{"number":"`+number+`"}`))
	}))
}

// fill makes a desk of every kind of document: 0–39 drafts (those divisible by 5
// handed in, by 7 with what was typed), 40–69 issued, 70 in conflict, ten customers.
func fill(t testing.TB, d *localdb.DB) rig {
	t.Helper()
	r, ctx := rig{t, d}, context.Background()
	for i := range 40 {
		r.draft(i, "draft")
		if i%5 == 0 {
			r.edit(i, "handed in", books.Transition)
		}
		if i%7 == 0 {
			r.must(d.PutTyped(ctx, key(i).ID, books.Typed{"lines[0].qty": "三"}))
		}
	}
	for i := 40; i < 71; i++ {
		r.issued(i, fmt.Sprintf("2611%016d", i))
	}
	r.must(d.Update(ctx, func(tx books.SyncTx) error {
		theirs := bill(70, "theirs")
		return tx.OpenConflict(books.Conflict{ID: "c", Type: invoice.Type, DocumentID: key(70).ID, Mine: bill(70, "mine"), Theirs: theirs, OpenedAt: day0}, books.HistoryEntry{Event: "conflict"})
	}))
	for i := range 10 {
		c := customer.Customer{ID: fmt.Sprint("customer ", i), Party: party.Party{Name: fmt.Sprint("广州ABC电子", i)}}
		_, err := d.Save(ctx, c, 0, books.Put, books.HistoryEntry{Event: "drafted"})
		r.must(err)
	}
	r.must(d.SetSetting(ctx, "server_url", "https://invoices.example"))
	return r
}

// state is everything that people would miss, by document.
func state(t testing.TB, d *localdb.DB) map[string]string {
	t.Helper()
	ctx, out := context.Background(), map[string]string{}
	ops := map[document.Key]string{}
	all, err := d.Outbox(ctx, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		ops[o.Key()] += fmt.Sprint(" ", o.Kind, " ", o.State)
	}
	note := func(k document.Key) {
		st, err := d.Document(ctx, k)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := document.Encode(st.Document)
		if err != nil {
			t.Fatal(err)
		}
		base := []byte("none")
		if st.Base != nil {
			if base, err = document.Encode(st.Base); err != nil {
				t.Fatal(err)
			}
		}
		out[k.ID] = fmt.Sprintf("%s base %s typed %v conflict %v%s", doc, base, st.Typed, st.Conflict, ops[k])
	}
	for after, more := "", true; more; {
		p, err := d.List(ctx, books.Filter{}, books.Order{By: "created"}, after, 500)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range p.Rows {
			note(document.Key{Type: invoice.Type, ID: row.ID})
		}
		after, more = p.Next, p.Next != ""
	}
	records, err := d.Find(ctx, customer.Type, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range records {
		note(document.KeyOf(rec.Document))
	}
	return out
}

// differ names what is not the same.
func differ(a, b map[string]string) (out []string) {
	names := maps.Clone(a)
	maps.Copy(names, b)
	for id := range names {
		if a[id] != b[id] {
			out = append(out, fmt.Sprintf("%s:\n  %s\n  %s", id, a[id], b[id]))
		}
	}
	return out
}
