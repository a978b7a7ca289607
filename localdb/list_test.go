package localdb

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/tax"
)

func TestKeysetComplete(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	const n = 300
	searchBounds(t, 50, 80, 100, countBound) // each way of a search is taken
	load(t, d, n)
	for _, f := range []books.Filter{{}, {State: invoice.Draft}, {From: "2026-06-01", To: "2026-08-31"}, {Search: "公司"}, {Search: "打印纸 contract"}, {Search: "hqbl"}} {
		for by := range orders {
			for _, desc := range []bool{false, true} {
				whole, err := d.List(ctx, f, books.Order{By: by, Desc: desc}, "", n+1)
				if err != nil || whole.Next != "" {
					t.Fatal(err)
				}
				var pages []books.Row
				for after, more := "", true; more; {
					p, err := d.List(ctx, f, books.Order{By: by, Desc: desc}, after, 37)
					if err != nil {
						t.Fatal(err)
					}
					pages = append(pages, p.Rows...)
					after, more = p.Next, p.Next != ""
				}
				if len(pages) != len(whole.Rows) {
					t.Fatalf("%+v by %q desc %v: %d rows in pages, %d in one", f, by, desc, len(pages), len(whole.Rows))
				}
				for i := range pages {
					if pages[i].ID != whole.Rows[i].ID {
						t.Fatalf("%+v by %q desc %v: row %d differs", f, by, desc, i)
					}
				}
				var back []books.Row
				for before, more := "", true; more; {
					p, err := d.ListBack(ctx, f, books.Order{By: by, Desc: desc}, before, 41)
					if err != nil {
						t.Fatal(err)
					}
					back = append(p.Rows, back...)
					before, more = p.Next, p.Next != ""
				}
				if !reflect.DeepEqual(back, whole.Rows) {
					t.Fatalf("%+v by %q desc %v: %d rows from the end, %d from the top", f, by, desc, len(back), len(whole.Rows))
				}
				o := books.Order{By: by, Desc: desc}
				if !slices.IsSortedFunc(back, func(a, b books.Row) int { return o.Compare(a.Place, b.Place) }) {
					t.Fatalf("%+v by %q desc %v: the places do not rise", f, by, desc)
				}
				c, err := d.Counts(ctx, f)
				if err != nil || c.All != len(pages) {
					t.Fatalf("%+v: counted %d, listed %d, %v", f, c.All, len(pages), err)
				}
			}
		}
	}
	if _, err := d.List(ctx, books.Filter{}, books.Order{}, "nonsense", 5); err == nil {
		t.Fatal("a place that is none")
	}
	if _, err := d.List(ctx, books.Filter{}, books.Order{By: "x"}, "", 5); err == nil {
		t.Fatal("an order that is none")
	}
}

func TestSearch(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	for i := range 10 {
		v, _ := sample(i, 2)
		if i == 7 {
			v.Number, v.Remark = "12345678", `50% off_a\b "quoted" 鑫`
		}
		mustSave(t, d, v, 0, books.Put)
	}
	for q, want := range map[string]int{
		"长": 2, "长江": 2, "长江科": 2, "长江科技有限公司": 2, "ABC电": 2, "abc电子": 2, "ａｂｃ": 2, "zjkj": 2, "cjkj": 2, "BJCJKJ": 2,
		"cysssmh": 0, "shzys": 2, "shcyd": 2, "hqbl": 2, "hqbi": 0, "%": 3, "_": 3, "100%": 2, "50%": 1, "%50": 0, `\`: 1, `"quoted"`: 1, `"`: 1,
		"鑫": 1, "鑫鑫": 0, "12345678": 1, "5678": 1, "78": 1, "合同 3": 9, "3 合同": 9, "  ": 10, "ü": 2, "müller": 2, "ddyz": 0, "dyz": 4,
		"AB000007": 1, "9131": 10, "*": 10, "公司 打印": 2, "NEAR(": 0, "a*": 0,
	} {
		p, err := d.List(ctx, books.Filter{Search: q}, books.Order{}, "", 100)
		if err != nil {
			t.Errorf("%q: %v", q, err)
			continue
		}
		c, err := d.Counts(ctx, books.Filter{Search: q})
		if len(p.Rows) != want || c.All != want || err != nil {
			t.Errorf("%q: %d rows, counted %d, want %d %v", q, len(p.Rows), c.All, want, err)
		}
	}
}

// TestSearchFollowsEdits looks for the old and the new words of an edited invoice.
func TestSearchFollowsEdits(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	v, _ := sample(1, 1)
	version := mustSave(t, d, v, 0, books.Put)
	v.Buyer.Name = "杭州西湖茶叶"
	version = mustSave(t, d, v, version, books.Put)
	for q, want := range map[string]int{"西湖": 1, "西湖茶": 1, "重阳": 0, "重阳单": 0, "xhcy": 1, "湖": 1} {
		candidates, args := candidatesOf(searchWords(q))
		var n int
		if err := d.one(ctx, `SELECT count(*) FROM (`+candidates+`)`, args, &n); err != nil || n != want {
			t.Errorf("%q: %d candidates, want %d, %v", q, n, want, err)
		}
	}
	err := d.Update(ctx, func(x books.SyncTx) error {
		return x.Remove(document.Key{Type: invoice.Type, ID: v.ID}, books.HistoryEntry{})
	})
	if err != nil || version != 2 {
		t.Fatal(err, version)
	}
	if p, err := d.List(ctx, books.Filter{Search: "湖"}, books.Order{}, "", 5); err != nil || len(p.Rows) != 0 {
		t.Fatal(p, err)
	}
	if err := d.IntegrityCheck(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestCounts(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	huge := decimal.RequireFromString("19999999999999.98") // more than the sort key holds
	var sum decimal.Decimal
	for i, state := range []invoice.State{invoice.Draft, invoice.Waiting, invoice.Waiting, invoice.Issued, invoice.Rejected} {
		v, s := sample(i, 1)
		v.State = state
		if i == 2 {
			one := invoice.Line{ID: "l0", Order: "a0", Name: "x", Amount: dec("9999999999999.99"), Rate: tax.Rate{Status: tax.Exempt}}
			two := one
			two.ID = "l1"
			v.Lines = []invoice.Line{one, two}
			s.Gross = huge
		}
		if i == 3 {
			v.Reverses = "other"
		}
		sum = sum.Add(s.Gross)
		mustSave(t, d, v, 0, books.Put)
	}
	c, err := d.Counts(ctx, books.Filter{})
	if err != nil || c.All != 5 || c.Draft != 1 || c.Waiting != 2 || c.Issued != 1 || c.Rejected != 1 || c.Red != 1 || c.Unsynced != 5 || c.UnsyncedInvoices != 5 ||
		!c.Gross.Equal(sum) || !c.OldestUnsynced.Equal(day0) || !c.UnsyncedGross.GreaterThan(huge) {
		t.Fatalf("%+v %v, want %s", c, err, sum)
	}
	p, err := d.List(ctx, books.Filter{}, books.Order{By: "gross", Desc: true}, "", 1)
	if err != nil || !p.Rows[0].Gross.Equal(huge) || p.Rows[0].Pending != books.Unsent {
		t.Fatalf("%+v %v", p, err)
	}
	if c, _ := d.Counts(ctx, books.Filter{State: invoice.Waiting, From: "2026-11-22"}); c.All != 1 || c.Waiting != 1 || c.Draft != 0 {
		t.Fatalf("%+v", c)
	}
}

// TestReadersBesideWriter is for the race detector: a reader sees whole saves only.
func TestReadersBesideWriter(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				p, err := d.List(ctx, books.Filter{Search: "公司"}, books.Order{Desc: true}, "", 20)
				if err != nil {
					t.Error(err)
					return
				}
				for _, r := range p.Rows {
					if s, err := d.Invoice(ctx, r.ID); err != nil || s.Pending != books.Unsent {
						t.Error(fmt.Errorf("half a save: %+v %w", s, err))
						return
					}
				}
				if _, err := d.Outbox(ctx, 5); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for w := range 2 {
		wg.Go(func() {
			for i := range 100 {
				v, _ := sample(w*1000+i, 2)
				mustSave(t, d, v, 0, books.Put)
			}
			if w == 0 {
				close(done)
			}
		})
	}
	wg.Wait()
	if c, err := d.Counts(ctx, books.Filter{}); err != nil || c.All != 200 {
		t.Fatalf("%+v %v", c, err)
	}
}

// searchBounds sets the bounds of a search for one test.
func searchBounds(t *testing.T, a, b, c, n int) {
	was := [...]int{near, many, far, countBound}
	t.Cleanup(func() { near, many, far, countBound = was[0], was[1], was[2], was[3] })
	near, many, far, countBound = a, b, c, n
}

// TestSparseSearch looks for words that are common and never meet: each page is
// found in bounded work, and the list still ends complete.
func TestSparseSearch(t *testing.T) {
	searchBounds(t, 10, 20, 50, 100)
	d, ctx := openTemp(t), context.Background()
	load(t, d, 1000)
	v, _ := sample(5, 1)
	v.ID, v.Remark = "01900000-0000-7000-8000-00000000ffff", "重阳"
	mustSave(t, d, v, 0, books.Put)
	f, pages, found := books.Filter{Search: "长江 重阳"}, 0, 0
	for after, more := "", true; more; pages++ {
		p, err := d.List(ctx, f, books.Order{By: "gross"}, after, 10)
		if err != nil {
			t.Fatal(err)
		}
		found += len(p.Rows)
		after, more = p.Next, p.Next != ""
	}
	if found != 1 || pages < 1000/(near+far) {
		t.Errorf("%d found in %d pages", found, pages)
	}
	c, err := d.Counts(ctx, books.Filter{Search: "公司"})
	if err != nil || !c.AtLeast || c.All != countBound {
		t.Errorf("%+v %v", c, err)
	}
	if c, err := d.Counts(ctx, books.Filter{Search: "0000007919"}); err != nil || c.AtLeast || c.All == 0 || c.All > 9 {
		t.Errorf("%+v %v", c, err)
	}
}

// TestRows reads rows by their ids through a filter.
func TestRows(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	var ids []string
	for i := range 10 {
		v, _ := sample(i, 1)
		if i == 3 {
			v.State = invoice.Waiting
		}
		mustSave(t, d, v, 0, books.Put)
		ids = append(ids, v.ID)
	}
	for _, c := range []struct {
		f    books.Filter
		want int
	}{{books.Filter{}, 3}, {books.Filter{State: invoice.Waiting}, 1}, {books.Filter{Search: "重阳"}, 0}, {books.Filter{Search: "müller"}, 1}} {
		rows, err := d.Rows(ctx, c.f, books.Order{By: "buyer"}, append(ids[2:5:5], "none"))
		if err != nil || len(rows) != c.want {
			t.Errorf("%+v: %+v %v", c.f, rows, err)
		}
	}
	all, err := d.List(ctx, books.Filter{}, books.Order{By: "buyer"}, "", 20)
	rows, err2 := d.Rows(ctx, books.Filter{}, books.Order{By: "buyer"}, ids[:1])
	if err != nil || err2 != nil || !slices.ContainsFunc(all.Rows, func(r books.Row) bool { return reflect.DeepEqual(r, rows[0]) }) {
		t.Errorf("%+v is not as it is listed", rows)
	}
}
