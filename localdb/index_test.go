package localdb

import (
	"context"
	"fmt"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

// pulled writes n invoices in one transaction, as a page of a pull does.
func pulled(t *testing.T, d *DB, from, n int) {
	t.Helper()
	err := d.Update(context.Background(), func(x books.SyncTx) error {
		for i := from; i < from+n; i++ {
			v, _ := sample(i, 2)
			v.Remark = fmt.Sprintf("批量 %d", i)
			if err := x.SetClean(v, nil, books.HistoryEntry{Event: "received"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func waiting(t *testing.T, d *DB) (n int) {
	t.Helper()
	if err := d.one(context.Background(), `SELECT count(*) FROM search_later`, nil, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// What a bulk brought is found at once, edited and dropped meanwhile, and is found
// the same after it was indexed.
func TestSearchedBeforeIndexed(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	pulled(t, d, 0, bulk*3)
	if n := waiting(t, d); n != bulk*3 {
		t.Fatalf("%d wait", n)
	}
	edited, _ := sample(7, 1)
	edited.Buyer.Name = "杭州西湖茶叶"
	mustSave(t, d, edited, 1, books.Put)
	gone, _ := sample(8, 1)
	if err := d.Update(ctx, func(x books.SyncTx) error { return x.Remove(document.KeyOf(gone), books.HistoryEntry{}) }); err != nil {
		t.Fatal(err)
	}
	look := func(when string) {
		t.Helper()
		for _, q := range []string{"批量 9", "批量 149", "西湖", "xhcy", "批量 8", "批量", "量", "批量 7"} {
			p, err := d.List(ctx, books.Filter{Search: q}, books.Order{}, "", bulk*3)
			c, err2 := d.Counts(ctx, books.Filter{Search: q})
			n := 0
			if err3 := d.one(ctx, `SELECT count(*) FROM search WHERE instr(text, ?) > 0 AND instr(text, ?) > 0`, []any{searchWords(q)[0], searchWords(q)[len(searchWords(q))-1]}, &n); err3 != nil {
				t.Fatal(err3)
			}
			if n == 0 || err != nil || err2 != nil || len(p.Rows) != n || c.All != n {
				t.Errorf("%s, %q: %d rows %v, counted %d %v, there are %d", when, q, len(p.Rows), err, c.All, err2, n)
			}
		}
	}
	look("before")
	if more, err := d.indexSome(ctx, bulk); err != nil || !more {
		t.Fatal(more, err)
	}
	look("half")
	indexAll(t, d)
	if n := waiting(t, d); n != 0 {
		t.Fatalf("%d wait", n)
	}
	look("after")
	again, _ := sample(7, 1)
	again.Buyer.Name = "宁波港"
	mustSave(t, d, again, 2, books.Put)
	if p, err := d.List(ctx, books.Filter{Search: "西湖"}, books.Order{}, "", 9); err != nil || len(p.Rows) != 0 {
		t.Errorf("the old name: %+v %v", p, err)
	}
	if err := d.IntegrityCheck(ctx); err != nil {
		t.Error(err)
	}
}

// A file that is closed while rows wait has them indexed by the next program, and
// more than a search can look through are indexed at once.
func TestIndexedLater(t *testing.T) {
	was := mostLater
	t.Cleanup(func() { mostLater = was })
	mostLater = bulk * 6
	path := t.TempDir() + "/counterfoil.db"
	d := openAt(t, path)
	pulled(t, d, 0, bulk+1)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = openAt(t, path)
	d.indexer.mu.Lock()
	planned := d.indexer.timer != nil
	d.indexer.mu.Unlock()
	if !planned {
		t.Error("nothing is planned")
	}
	d.indexLater() // what the timer does
	if n := waiting(t, d); n != 0 {
		t.Errorf("%d wait", n)
	}
	if p, err := d.List(context.Background(), books.Filter{Search: "批量"}, books.Order{}, "", 100); err != nil || len(p.Rows) != bulk+1 {
		t.Errorf("%d found %v", len(p.Rows), err)
	}
	for from := bulk + 1; ; from += bulk * 2 {
		pulled(t, d, from, bulk*2)
		if n := waiting(t, d); n > mostLater {
			t.Fatalf("%d wait", n)
		} else if from > mostLater {
			break
		}
	}
}
