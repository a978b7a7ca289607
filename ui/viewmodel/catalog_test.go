package viewmodel

import (
	"context"
	"errors"
	"strings"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/item"
	"counterfoil/app/tax"
)

// The list shows what was searched for last, whichever answer comes last.
func TestCatalogAnswersOutOfOrder(t *testing.T) {
	w, setup := newWindow(t)
	hold := map[string]chan struct{}{"a": make(chan struct{}), "ab": make(chan struct{})}
	c := NewCatalog(setup, func(_ context.Context, search string) ([][3]string, error) {
		<-hold[search]
		return [][3]string{{search}}, nil
	})
	told := 0
	c.Changed = func() { told++ }
	c.Find("a")
	c.Find("ab")
	close(hold["ab"])
	w.until("the later answer", func() bool { return len(c.Rows()) == 1 })
	close(hold["a"])
	(<-w.q)() // the earlier answer
	if c.Rows()[0][0] != "ab" || told != 1 {
		t.Errorf("%v, told %d times", c.Rows(), told)
	}
}

// What cannot be read leaves what is shown, and the next reading works.
func TestCatalogError(t *testing.T) {
	w, setup := newWindow(t)
	var fail error
	c := NewCatalog(setup, func(_ context.Context, search string) ([][3]string, error) {
		return [][3]string{{"row " + search}}, fail
	})
	c.Find("x")
	w.until("rows", func() bool { return len(c.Rows()) == 1 })
	fail = errors.New("locked")
	c.Find("y")
	(<-w.q)()
	if len(c.Rows()) != 1 || c.Rows()[0][0] != "row x" {
		t.Errorf("%v", c.Rows())
	}
	fail = nil
	c.Load()
	w.until("rows again", func() bool { return c.Rows()[0][0] == "row y" })
}

// The items of a real store, by name and by pinyin initials.
func TestCatalogOverStore(t *testing.T) {
	b := newBench(t)
	err := b.db.Update(context.Background(), func(tx books.SyncTx) error {
		if err := tx.SetClean(item.Item{ID: "1", Name: "不锈钢法兰", Spec: "DN50", Unit: "个", Rate: tax.Rate{Status: tax.Exempt}}, nil, books.HistoryEntry{}); err != nil {
			return err
		}
		return tx.SetClean(item.Item{ID: "2", Name: "密封垫片", Unit: "片"}, nil, books.HistoryEntry{})
	})
	if err != nil {
		t.Fatal(err)
	}
	c := NewCatalog(b.Editor.setup, func(ctx context.Context, search string) ([][3]string, error) {
		all, err := books.Find[item.Item](ctx, b.db, search, 200)
		var out [][3]string
		for _, i := range all {
			out = append(out, [3]string{i.Name, i.Spec, i.Unit})
		}
		return out, err
	})
	names := func() string {
		var out []string
		for _, r := range c.Rows() {
			out = append(out, r[0])
		}
		return strings.Join(out, " ")
	}
	c.Load()
	b.w.until("all", func() bool { return len(c.Rows()) == 2 })
	for search, want := range map[string]string{"法兰": "不锈钢法兰", "mfdp": "密封垫片", "nothing like it": ""} {
		c.Find(search)
		b.w.until(search, func() bool { return names() == want })
	}
	// What completes a line comes from the same place.
	items := b.Items()
	items.Ask("法兰")
	b.w.until("completions", func() bool { return len(items.Of("法兰")) == 1 })
	b.SetItem(0, items.Of("法兰")[0])
	if b.Cell(0, ColName) != "不锈钢法兰" || b.Cell(0, ColSpec) != "DN50" || b.Cell(0, ColRate) != "免税" {
		t.Errorf("%+v", b.Invoice().Lines)
	}
}
