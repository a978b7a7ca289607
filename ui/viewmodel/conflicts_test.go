package viewmodel

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// window is the window's goroutine in tests: the test drains it.
type window struct {
	t testing.TB
	q chan func()
}

func newWindow(t testing.TB) (*window, Setup) {
	w := &window{t: t, q: make(chan func(), 1000)}
	return w, Setup{Post: func(f func()) { w.q <- f }, Now: func() time.Time { return noon }, Words: plain{}}
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// until runs what is posted until the condition holds.
func (w *window) until(what string, ok func() bool) {
	w.t.Helper()
	limit := time.After(5 * time.Second)
	for !ok() {
		select {
		case f := <-w.q:
			f()
		case <-limit:
			w.t.Fatalf("%s never came", what)
		}
	}
}

// plain writes keys and arguments.
type plain struct{}

func (plain) T(key string, args ...any) string {
	if len(args) == 0 {
		return key
	}
	return fmt.Sprintf("%s%v", key, any(args))
}

type desk struct {
	list    []books.Conflict
	choices map[string]books.Side
	side    books.Side
	both    string
	err     error
}

func (d *desk) Conflicts(context.Context) ([]books.Conflict, error) { return d.list, nil }
func (d *desk) Resolve(_ context.Context, _ document.Key, c map[string]books.Side) (books.Record, error) {
	d.choices = c
	return books.Record{}, d.settle()
}
func (d *desk) ResolveSide(_ context.Context, _ document.Key, s books.Side) (books.Record, error) {
	d.side = s
	return books.Record{}, d.settle()
}
func (d *desk) KeepBoth(_ context.Context, k document.Key) (books.Record, error) {
	d.both = k.ID
	return books.Record{}, d.settle()
}
func (d *desk) settle() error {
	if d.err == nil {
		d.list = d.list[1:]
	}
	return d.err
}

func conflictOf(id string) books.Conflict {
	line := func(price int64) []invoice.Line {
		q, p := decimal.NewFromInt(2), decimal.NewFromInt(price)
		return []invoice.Line{{ID: "l", Order: "a", Name: "paper", Qty: &q, Price: &p}}
	}
	mine := invoice.Invoice{ID: id, Reference: "R-" + id, State: invoice.Draft, Basis: invoice.Exclusive, Remark: "mine", Date: "2026-11-23", Lines: line(1000)}
	theirs := mine
	theirs.Lines, theirs.Remark, theirs.Branch = line(3000), "theirs", "HQ"
	return books.Conflict{Type: invoice.Type, DocumentID: id, Mine: mine, Theirs: theirs, Diffs: []books.FieldDiff{
		{Path: "line/l/amounts", Line: 1, Mine: "1000", Theirs: "3000"}, {Path: "remark", Mine: "mine", Theirs: "theirs"},
	}, Merged: []books.FieldDiff{{Path: "email", Theirs: "a@b.c", Side: books.Theirs}}}
}

func mergeFake(_, mine, theirs document.Document, c map[string]books.Side) books.Merge {
	out := mine.(invoice.Invoice)
	if c["line/l/amounts"] == books.Theirs {
		out.Lines = theirs.(invoice.Invoice).Lines
	}
	return books.Merge{Result: out}
}

func TestConflictsChooseAndAccept(t *testing.T) {
	w, s := newWindow(t)
	d := &desk{list: []books.Conflict{conflictOf("a"), conflictOf("b")}}
	m := NewConflicts(s, d, d, mergeFake)
	ctx := context.Background()
	m.Load(ctx)
	w.until("list", func() bool { return len(m.Cards()) == 2 })
	if c, _ := m.Current(); c.Key.ID != "a" || c.Branch != "HQ" {
		t.Fatalf("open: %+v", c)
	}
	if m.Ready() || m.Missing() != 2 {
		t.Fatalf("ready before choosing, %d missing", m.Missing())
	}
	if got := m.Totals(); got.Result != "2,000.00" || got.Theirs != "6,000.00" {
		t.Fatalf("totals %+v", got)
	}
	m.Choose("line/l/amounts", books.Theirs)
	m.Choose("remark", books.Mine)
	if got := m.Totals(); got.Result != "6,000.00" || !m.Ready() {
		t.Fatalf("totals %+v, ready %v", got, m.Ready())
	}
	if rows := m.Rows(); len(rows) != 2 || !strings.HasPrefix(rows[0].Label, "conflicts.line") || rows[0].Side != books.Theirs {
		t.Fatalf("rows %+v", rows)
	}
	m.ShowAll(true)
	if len(m.Rows()) <= 2 || len(m.MergedRows()) != 1 {
		t.Fatal("show all adds no row")
	}
	m.Accept(ctx)
	m.Accept(ctx) // busy: nothing happens
	w.until("next conflict", func() bool { c, _ := m.Current(); return c.Key.ID == "b" })
	if d.choices["line/l/amounts"] != books.Theirs || d.choices["remark"] != books.Mine {
		t.Fatalf("choices %v", d.choices)
	}
	m.KeepBoth(ctx)
	w.until("empty list", func() bool { return len(m.Cards()) == 0 })
	if d.both != "b" || m.Ready() || m.Totals() != (ConflictTotals{}) {
		t.Fatalf("both %q", d.both)
	}
}

func TestConflictsOneSideAndError(t *testing.T) {
	w, s := newWindow(t)
	c := conflictOf("a")
	c.Deleted = true
	d := &desk{list: []books.Conflict{c}, err: &books.Error{Code: "x", Text: "bad", Hint: "try"}}
	m := NewConflicts(s, d, d, mergeFake)
	m.Load(context.Background())
	w.until("list", func() bool { return len(m.Cards()) == 1 })
	m.Choose("remark", books.Theirs)
	if !m.OneSideOnly() || !m.Ready() {
		t.Fatal("one row did not choose the whole side")
	}
	m.Accept(context.Background())
	w.until("error", func() bool { return m.Message() != "" && !m.Busy() })
	if m.Message() != "bad — try" || d.side != books.Theirs {
		t.Fatalf("message %q side %q", m.Message(), d.side)
	}
	if Sentence(plain{}, errors.New("raw")) != "raw" || grouped(decimal.RequireFromString("1234567.5")) != "1,234,567.50" {
		t.Fatal("texts")
	}
}
