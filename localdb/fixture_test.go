package localdb

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
)

// unzip lays a kept folder out in a new one.
func unzip(t testing.TB, file string) string {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	dir := t.TempDir()
	if err := os.CopyFS(dir, z); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestFoldersOfOlderVersions opens the data folders that older versions left:
// everything in them can be read, and written again.
func TestFoldersOfOlderVersions(t *testing.T) {
	for _, of := range []string{"v1", "v2"} {
		t.Run(of, func(t *testing.T) { whole(t, of) })
	}
}

func whole(t *testing.T, of string) {
	path := filepath.Join(unzip(t, "testdata/"+of+"/desk.zip"), "counterfoil.db")
	d, ctx := openAt(t, path), context.Background()
	p, err := d.List(ctx, books.Filter{}, books.Order{}, "", 100)
	if err != nil || len(p.Rows) != 9 {
		t.Fatalf("%d rows, %v", len(p.Rows), err)
	}
	states := map[invoice.State]int{}
	for _, r := range p.Rows {
		st, err := d.Invoice(ctx, r.ID)
		if err != nil || st.Invoice.Reference != r.Reference || st.Invoice.Number != r.Number || st.Conflict != r.Conflict || st.Pending != r.Pending {
			t.Errorf("%s: %+v %v", r.Reference, st, err)
		}
		sheet, err := invoice.Compute(st.Invoice)
		if err != nil || !sheet.Gross.Equal(r.Gross) {
			t.Errorf("%s: computes to %s, listed with %s, %v", r.Reference, sheet.Gross, r.Gross, err)
		}
		if h, err := d.History(ctx, document.Key{Type: invoice.Type, ID: r.ID}); err != nil || len(h) == 0 {
			t.Errorf("%s: history %v %v", r.Reference, h, err)
		}
		states[r.State]++
	}
	if states[invoice.Draft] != 2 || states[invoice.Waiting] != 2 || states[invoice.Issued] != 4 || states[invoice.Reversed] != 1 {
		t.Errorf("states %v", states)
	}
	c, err := d.Conflicts(ctx)
	if err != nil || len(c) != 1 || len(c[0].Diffs) != 2 || c[0].Base == nil {
		t.Fatalf("%+v %v", c, err)
	}
	if ops, err := d.Outbox(ctx, 100); err != nil || len(ops) != 2 {
		t.Errorf("outbox %+v %v", ops, err)
	}
	customers, err := d.Find(ctx, customer.Type, "", 100)
	items, err2 := d.Find(ctx, item.Type, "", 100)
	if err != nil || err2 != nil || len(customers) == 0 || len(items) == 0 {
		t.Errorf("%d customers %v, %d items %v", len(customers), err, len(items), err2)
	}
	if p, err := d.List(ctx, books.Filter{Search: "重阳"}, books.Order{}, "", 100); err != nil || len(p.Rows) != 2 {
		t.Errorf("search: %+v %v", p, err)
	}
	if err := d.Check(ctx); err != nil {
		t.Error(err)
	}
	if err := d.IntegrityCheck(ctx); err != nil {
		t.Error(err)
	}
	// The draft never sent is edited, the conflict resolved; old references stay.
	st, err := d.Invoice(ctx, p.Rows[8].ID)
	if err != nil {
		t.Fatal(err)
	}
	st.Invoice.Remark = "edited"
	mustSave(t, d, st.Invoice, st.Version, books.Put)
	if err := d.Resolve(ctx, c[0], c[0].Mine, books.Put, books.HistoryEntry{Event: "resolved"}); err != nil {
		t.Fatal(err)
	}
	again, err := d.Invoice(ctx, st.Invoice.ID)
	if err != nil || again.Invoice.Remark != "edited" || again.Invoice.Reference != p.Rows[8].Reference {
		t.Errorf("%+v %v", again, err)
	}
	if p, err := d.List(ctx, books.Filter{Search: again.Invoice.Reference}, books.Order{}, "", 100); err != nil || len(p.Rows) != 1 {
		t.Errorf("by its old reference: %+v %v", p, err)
	}
}

// A body of the older form is brought to today's: nothing in it is lost, and no
// text is taken for another.
func TestBody8(t *testing.T) {
	old := `{"id":"i","kind":"ordinary","buyer":{"name":"甲","extra":{"zz":{"extra":{"a":1.50}}}},"lines":[{"id":"l","rate":"0.13","discount":{"amount":"1","extra":{"d":12345678901234567890}},"extra":{"unit":"taken","c":[1,2]},"unit":"个"}],"review":true,"remark":"the \"extra\": and \"review\": of it","extra":{"yy":null}}`
	d, err := decode(invoice.Type, body8([]byte(old)))
	if err != nil {
		t.Fatal(err)
	}
	v := d.(invoice.Invoice)
	l := v.Lines[0]
	if !v.ReviewNeeded || v.Remark != `the "extra": and "review": of it` || string(v.Extra["yy"]) != "null" || string(v.Buyer.Extra["zz"]) != `{"extra":{"a":1.50}}` ||
		l.Unit != "个" || string(l.Extra["c"]) != "[1,2]" || l.Extra["unit"] != nil || string(l.Discount.Extra["d"]) != "12345678901234567890" {
		t.Errorf("%+v", v)
	}
	for _, kept := range []string{`{"id":"i","lines":[]}`, `no JSON "extra": at all`, ``} {
		if string(body8([]byte(kept))) != kept {
			t.Errorf("%q became %q", kept, body8([]byte(kept)))
		}
	}
}
