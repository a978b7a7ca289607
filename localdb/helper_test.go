package localdb

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/tax"
)

var day0 = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// openTemp opens a new file whose path holds what breaks careless URIs.
func openTemp(t testing.TB) *DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "存根 #1?x=%41.db"))
}

func openAt(t testing.TB, path string) *DB {
	t.Helper()
	d, err := Open(context.Background(), path, Options{Now: func() time.Time { return day0 }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func dec(s string) *decimal.Decimal { v := decimal.RequireFromString(s); return &v }

// sample returns invoice i with n lines, and its sheet.
func sample(i, n int) (invoice.Invoice, invoice.Sheet) {
	names := []string{"北京长江科技有限公司", "上海重阳单氏商贸行", "广州ABC电子", "Müller 100%_Co", "深圳市南山区华强北路发展中心"}
	at := day0.Add(time.Duration(i) * time.Minute)
	v := invoice.Invoice{
		ID: fmt.Sprintf("01900000-0000-7000-8000-%012d", i), Reference: fmt.Sprintf("20261123-AB%06d", i),
		Kind: invoice.Ordinary, Basis: invoice.Exclusive, Date: day0.AddDate(0, 0, -(i % 365)).Format("2006-01-02"),
		Buyer: party.Party{Name: fmt.Sprintf("%s%d", names[i%len(names)], i%997), TaxNo: fmt.Sprintf("91310000%010d", i*7919)},
		State: invoice.Draft, Remark: fmt.Sprintf("合同 %d", i), CreatedAt: at, UpdatedAt: at,
	}
	for l := range n {
		v.Lines = append(v.Lines, invoice.Line{ID: fmt.Sprint("l", l), Order: fmt.Sprint("a", l), Name: []string{"*餐饮服务*餐费", "*办公用品*打印纸", "*信息技术服务*软件开发", "*运输服务*运费", "*住宿服务*住宿费"}[(i+l)%5],
			TaxCode: "3070401000000000000", Unit: "次", Qty: dec("2"), Price: dec("10.5"), Rate: tax.Rate{Value: decimal.New(6, -2)}})
	}
	if n > 0 { // so that amounts differ
		v.Lines[0].Qty = dec(fmt.Sprint(i*37%100000 + 2))
	}
	s, err := invoice.Compute(v)
	if err != nil {
		panic(err)
	}
	return v, s
}

func mustSave(t testing.TB, d *DB, v invoice.Invoice, version int64, kind books.OperationKind) int64 {
	t.Helper()
	got, err := d.SaveInvoice(context.Background(), v, version, kind, books.HistoryEntry{Event: "edited"})
	if err != nil {
		t.Fatal(err)
	}
	return got.Version
}

// load writes n invoices in large transactions, every fifth issued.
func load(t testing.TB, d *DB, n int) {
	t.Helper()
	for i := 0; i < n; {
		err := d.inTx(context.Background(), func(x *tx) error {
			for end := min(n, i+5000); i < end; i++ {
				v, _ := sample(i, 5)
				if i%5 != 0 {
					v.State, v.Number = invoice.Issued, fmt.Sprintf("%08d", i)
				}
				if _, err := x.put(head{}, v, nil, docIsBase, nil); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	indexAll(t, d)
}

// indexAll indexes what waits.
func indexAll(t testing.TB, d *DB) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = d.indexSome(context.Background(), 5000); err != nil {
			t.Fatal(err)
		}
	}
}

// readyOf lists what may be sent.
func readyOf(t *testing.T, d *DB) (ready []books.Ready) {
	t.Helper()
	err := d.Update(context.Background(), func(x books.SyncTx) (err error) {
		ready, err = x.Ready(10, 1<<20, true)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ready
}
