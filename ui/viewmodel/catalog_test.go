package viewmodel

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/item"
	"counterfoil/app/party"
	"counterfoil/app/tax"
)

// finder answers a search with what find makes of it.
type finder func(search string) ([]books.Record, error)

func (f finder) Find(_ context.Context, _ document.Type, search string, _ int) ([]books.Record, error) {
	return f(search)
}

func (finder) Document(context.Context, document.Key) (books.Record, error) {
	return books.Record{}, books.ErrNotFound
}

func named(name string) books.Record {
	return books.Record{Document: customer.Customer{ID: name, Party: party.Party{Name: name}}}
}

func (c *Catalog) names() string {
	var out []string
	for _, r := range c.Rows() {
		out = append(out, c.kind.Name(r.Document))
	}
	return strings.Join(out, " ")
}

// The list shows what was searched for last, whichever answer comes last.
func TestCatalogAnswersOutOfOrder(t *testing.T) {
	w, setup := newWindow(t)
	hold := map[string]chan struct{}{"a": make(chan struct{}), "ab": make(chan struct{})}
	c := NewCatalog(setup, customer.Kind, finder(func(search string) ([]books.Record, error) {
		<-hold[search]
		return []books.Record{named(search)}, nil
	}), nil, nil)
	told := 0
	c.Changed = func() { told++ }
	c.Find("a")
	c.Find("ab")
	close(hold["ab"])
	w.until("the later answer", func() bool { return len(c.Rows()) == 1 })
	close(hold["a"])
	(<-w.q)() // the earlier answer
	if c.names() != "ab" || told != 1 {
		t.Errorf("%v, told %d times", c.names(), told)
	}
}

// What cannot be read leaves what is shown and is said, and the next reading works.
func TestCatalogError(t *testing.T) {
	w, setup := newWindow(t)
	var fail error
	c := NewCatalog(setup, customer.Kind, finder(func(search string) ([]books.Record, error) { return []books.Record{named("row " + search)}, fail }), nil, nil)
	c.Find("x")
	w.until("rows", func() bool { return len(c.Rows()) == 1 })
	fail = errors.New("locked")
	c.Find("y")
	(<-w.q)()
	if c.names() != "row x" || c.Message() != "locked" {
		t.Errorf("%v %q", c.names(), c.Message())
	}
	fail = nil
	c.Load()
	w.until("rows again", func() bool { return c.names() == "row y" && c.Message() == "" })
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
	c := NewCatalog(b.Editor.setup, item.Kind, b.db, b.desk, b.desk.Merge)
	c.Load()
	b.w.until("all", func() bool { return len(c.Rows()) == 2 })
	if r := c.Rows()[0]; c.Cell(r, "spec") != "DN50" || c.Cell(r, "rate") != "免税" || c.Cell(r, "no such field") != "" {
		t.Errorf("%q %q", c.Cell(r, "spec"), c.Cell(r, "rate"))
	}
	for search, want := range map[string]string{"法兰": "不锈钢法兰", "mfdp": "密封垫片", "nothing like it": ""} {
		c.Find(search)
		b.w.until(search, func() bool { return c.names() == want })
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

// Two hundred rows are shown, and that there are more; a search narrows them down.
func TestCatalogIsBounded(t *testing.T) {
	b := newBench(t)
	err := b.db.Update(context.Background(), func(tx books.SyncTx) error {
		for i := range listed + 1 {
			if err := tx.SetClean(customer.Customer{ID: fmt.Sprint(i), Party: party.Party{Name: fmt.Sprintf("buyer %03d", i)}}, nil, books.HistoryEntry{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c := NewCatalog(b.Editor.setup, customer.Kind, b.db, b.desk, b.desk.Merge)
	c.Load()
	b.w.until("rows", c.Read)
	if len(c.Rows()) != listed || !c.More() {
		t.Errorf("%d rows, more %v", len(c.Rows()), c.More())
	}
	if c.Move(1) != 0 || c.Move(1<<30) != listed-1 || c.Move(-1) != listed-2 || c.Selected() != "198" {
		t.Errorf("selected %s", c.Selected())
	}
	c.Find("buyer 007")
	b.w.until("one", func() bool { return len(c.Rows()) == 1 })
	if c.More() || c.Selected() != "" {
		t.Errorf("more %v, %q is selected and not shown", c.More(), c.Selected())
	}
}
