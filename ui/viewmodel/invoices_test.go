package viewmodel

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/tax"
)

// A shelf is an invoice list over a real store.
type shelf struct {
	*Invoices
	*bench
	asked *asked
}

// asked counts the rows that the list reads.
type asked struct {
	InvoiceStore
	rows, pages atomic.Int64
}

func (a *asked) List(ctx context.Context, f books.Filter, o books.Order, after string, limit int) (books.Page, error) {
	p, err := a.InvoiceStore.List(ctx, f, o, after, limit)
	a.rows.Add(int64(len(p.Rows)))
	a.pages.Add(1)
	return p, err
}

func (a *asked) ListBack(ctx context.Context, f books.Filter, o books.Order, before string, limit int) (books.Page, error) {
	p, err := a.InvoiceStore.ListBack(ctx, f, o, before, limit)
	a.rows.Add(int64(len(p.Rows)))
	a.pages.Add(1)
	return p, err
}

func newShelf(t *testing.T) *shelf {
	b := newBench(t)
	a := &asked{InvoiceStore: b.db}
	return &shelf{Invoices: NewInvoices(b.Editor.setup, a), bench: b, asked: a}
}

// draft stores an invoice over price yuan; a price of 0 leaves it without lines.
func (s *shelf) draft(buyer string, price int64) string {
	s.t.Helper()
	inv := invoice.Invoice{Kind: invoice.Ordinary, Basis: invoice.Inclusive}
	inv.Buyer.Name = buyer
	if price > 0 {
		one, p := decimal.New(1, 0), decimal.New(price, 0)
		inv.Lines = []invoice.Line{{Name: "法兰", Qty: &one, Price: &p, Rate: tax.Rate{Value: decimal.New(13, -2)}}}
	}
	st, _, err := s.desk.Draft(context.Background(), inv)
	if err != nil {
		s.t.Fatal(err)
	}
	return st.Invoice.ID
}

// read waits for a reading to end.
func (s *shelf) read() {
	s.t.Helper()
	s.w.until("the list", func() bool { return !s.loading && !s.counting })
}

func (s *shelf) buyers() string {
	var out []string
	for _, r := range s.Rows() {
		out = append(out, r.BuyerName)
	}
	return strings.Join(out, " ")
}

func TestListSearchSortAndCounts(t *testing.T) {
	s := newShelf(t)
	ming := s.draft("苏州明远", 300)
	s.draft("北京华业", 100)
	s.draft("上海远东", 200)
	if _, err := s.desk.Submit(context.Background(), ming); err != nil {
		t.Fatal(err)
	}
	s.Load()
	s.read()
	if s.buyers() != "上海远东 北京华业 苏州明远" {
		t.Errorf("newest first: %s", s.buyers())
	}
	for chip, want := range map[string]int{"all": 3, "draft": 2, "waiting": 1, "issued": 0, "rejected": 0, "conflict": 0, "red": 0} {
		if s.Count(chip) != want {
			t.Errorf("%s counts %d, want %d", chip, s.Count(chip), want)
		}
	}
	if g := s.Counts().Gross.String(); g != "600" {
		t.Errorf("the sum is %s", g)
	}
	s.SortBy("gross")
	s.read()
	if s.buyers() != "北京华业 上海远东 苏州明远" {
		t.Errorf("by sum: %s", s.buyers())
	}
	s.SortBy("gross")
	s.read()
	if s.buyers() != "苏州明远 上海远东 北京华业" {
		t.Errorf("by sum, turned round: %s", s.buyers())
	}
	for search, want := range map[string]string{"远": "苏州明远 上海远东", "bjhy": "北京华业", "法兰": "苏州明远 上海远东 北京华业", "nobody": ""} {
		s.SetSearch(search)
		s.read()
		if s.buyers() != want {
			t.Errorf("%q finds %q, want %q", search, s.buyers(), want)
		}
	}
	s.SetSearch("远")
	s.SetChip("waiting") // while the search is read
	s.read()
	if s.buyers() != "苏州明远" || s.Count("draft") != 1 || s.Count("all") != 2 {
		t.Errorf("%s, %d drafts of %d", s.buyers(), s.Count("draft"), s.Count("all"))
	}
}

// The list reads on before its end comes into sight, each row once.
func TestListPages(t *testing.T) {
	s := newShelf(t)
	for i := range 250 {
		s.draft(fmt.Sprintf("buyer %03d", i), 0)
	}
	s.Load()
	s.read()
	if len(s.Rows()) != 100 {
		t.Fatalf("%d rows at first", len(s.Rows()))
	}
	s.Near(10)
	if s.loading {
		t.Error("it reads on although the end is far")
	}
	for len(s.Rows()) < 250 {
		had := len(s.Rows())
		s.Near(had - 1)
		s.read()
		if len(s.Rows()) == had {
			t.Fatalf("it stays at %d rows", had)
		}
	}
	if s.asked.rows.Load() != 250 {
		t.Errorf("%d rows were read to show 250", s.asked.rows.Load())
	}
	for i, r := range s.Rows() {
		if want := fmt.Sprintf("buyer %03d", 249-i); r.BuyerName != want {
			t.Fatalf("row %d is %s, want %s", i, r.BuyerName, want)
		}
	}
	s.Near(249)
	if s.loading {
		t.Error("it reads beyond the end")
	}
	// A change reads all that is shown again, and a new filter starts small.
	s.draft("late", 0)
	s.Load()
	s.read()
	if len(s.Rows()) < 250 || s.Rows()[0].BuyerName != "late" {
		t.Errorf("%d rows, first %s", len(s.Rows()), s.Rows()[0].BuyerName)
	}
	s.asked.rows.Store(0)
	s.SetChip("draft")
	s.read()
	if s.asked.rows.Load() != 100 || len(s.Rows()) != 100 {
		t.Errorf("a new filter reads %d rows and shows %d", s.asked.rows.Load(), len(s.Rows()))
	}
}

// A change that comes while a page is read is not lost.
func TestListChangesWhileReading(t *testing.T) {
	s := newShelf(t)
	s.draft("first", 0)
	s.Load()
	s.draft("second", 0)
	s.Load()
	s.read()
	if s.buyers() != "second first" {
		t.Errorf("%s", s.buyers())
	}
}

// Keys and Enter act on what is shown only: a row that the search took away is
// no longer selected.
func TestListSelection(t *testing.T) {
	s := newShelf(t)
	a, b := s.draft("aa", 0), s.draft("bb", 0)
	s.Load()
	s.read()
	if s.Move(1) != 0 || s.Invoices.Selected() != b || s.Move(1) != 1 || s.Invoices.Selected() != a || s.Move(1) != 1 {
		t.Errorf("down selects %s", s.Invoices.Selected())
	}
	if s.Move(-1<<30) != 0 || s.Move(1<<30) != 1 {
		t.Error("Home and End")
	}
	s.SetSearch("bb")
	s.read()
	if s.Invoices.Selected() != "" {
		t.Errorf("%s is selected and not shown", s.Invoices.Selected())
	}
	if s.Move(1<<30) != 0 || s.Invoices.Selected() != b {
		t.Error("End with nothing selected")
	}
	s.SetSearch("nobody")
	s.read()
	if s.Move(1) != -1 || s.Invoices.Selected() != "" {
		t.Error("an empty list has a selection")
	}
}

// Marked invoices go at once; those that cannot stay marked, with the reason.
func TestListSubmitsMarked(t *testing.T) {
	s := newShelf(t)
	good, bare, other := s.draft("good", 10), s.draft("bare", 0), s.draft("other", 20)
	s.Load()
	s.read()
	s.MarkAll()
	if s.Marks() != 3 || !slices.Equal(s.Chosen(), []string{good, bare, other}) {
		t.Fatalf("%d marks, chosen %v", s.Marks(), s.Chosen())
	}
	calls := 0
	s.SubmitMarked(s.desk, func() { calls++ })
	s.SubmitMarked(s.desk, func() { calls++ }) // a second press meanwhile
	s.w.until("the submit", func() bool { return calls > 0 && s.Notice() != "" && !s.loading && !s.counting })
	state := func(id string) invoice.State {
		st, err := s.db.Invoice(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		return st.Invoice.State
	}
	if state(good) != invoice.Waiting || state(other) != invoice.Waiting || state(bare) != invoice.Draft {
		t.Errorf("%s %s %s", state(good), state(other), state(bare))
	}
	if s.Marks() != 1 || !s.Marked(bare) || !strings.HasPrefix(s.Notice(), "invoices.submitted.some[2 1 ") || calls != 1 {
		t.Errorf("%d marks, %q, done %d times", s.Marks(), s.Notice(), calls)
	}
	if s.Count("waiting") != 2 {
		t.Errorf("%d are waiting", s.Count("waiting"))
	}
	s.MarkAll()
	s.MarkAll()
	if s.Marks() != 0 || len(s.Chosen()) != 0 {
		t.Errorf("marked and unmarked: %d, chosen %v", s.Marks(), s.Chosen())
	}
	s.Select(other)
	if !slices.Equal(s.Chosen(), []string{other}) {
		t.Errorf("selected, chosen %v", s.Chosen())
	}
}

// One change reads one row: the others stay, with place and marks.
func TestListTouch(t *testing.T) {
	s := newShelf(t)
	var ids []string
	for i := range 250 {
		ids = append(ids, s.draft(fmt.Sprintf("buyer %03d", i), 0))
	}
	s.Load()
	s.read()
	for len(s.Rows()) < 200 {
		s.Near(len(s.Rows()) - 1)
		s.read()
	}
	s.Mark(ids[100])
	s.Select(ids[100])
	s.asked.rows.Store(0)
	s.asked.pages.Store(0)
	changed := func(id, buyer string) {
		t.Helper()
		st, err := s.db.Invoice(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		st.Invoice.Buyer.Name = buyer
		if _, _, err := s.desk.Edit(context.Background(), id, st.Version, st.Invoice); err != nil {
			t.Fatal(err)
		}
		s.Touch(id)
		s.read()
	}
	changed(ids[120], "another name")
	if s.Rows()[129].BuyerName != "another name" || len(s.Rows()) != 200 {
		t.Errorf("%d rows, %q", len(s.Rows()), s.Rows()[129].BuyerName)
	}
	late := s.draft("late", 0)
	s.Touch(late)
	s.read()
	if s.Rows()[0].ID != late || len(s.Rows()) != 201 || s.Count("all") != 251 {
		t.Errorf("%d rows, first %q, %d counted", len(s.Rows()), s.Rows()[0].BuyerName, s.Count("all"))
	}
	changed(ids[10], "below what was read") // not in the stretch yet
	if len(s.Rows()) != 201 || s.Rows()[200].BuyerName != "buyer 050" {
		t.Errorf("%d rows, last %q", len(s.Rows()), s.Rows()[len(s.Rows())-1].BuyerName)
	}
	if s.asked.rows.Load() != 0 {
		t.Errorf("%d rows of the list were read", s.asked.rows.Load())
	}
	if !s.Marked(ids[100]) || s.Invoices.Selected() != ids[100] {
		t.Error("mark and selection are gone")
	}
	// What no longer passes the filter goes.
	s.SetSearch("another")
	s.read()
	changed(ids[120], "buyer again")
	if len(s.Rows()) != 0 || s.Count("all") != 0 {
		t.Errorf("%d rows, %d counted", len(s.Rows()), s.Count("all"))
	}
	// A row moves to its place in the order.
	s.SetSearch("")
	s.SortBy("buyer")
	s.read()
	changed(ids[200], "aaa")
	if s.Rows()[0].BuyerName != "aaa" {
		t.Errorf("first %q", s.Rows()[0].BuyerName)
	}
	// Very many changes read what is shown, and the begin.
	s.asked.rows.Store(0)
	many := slices.Clone(ids)
	for len(many) <= touchable {
		many = append(many, ids...)
	}
	s.Touch(many...)
	s.read()
	if s.asked.rows.Load() > reloaded || len(s.Rows()) < 100 {
		t.Errorf("%d rows read, %d shown", s.asked.rows.Load(), len(s.Rows()))
	}
}

// End reads the last page only, back from there; Home comes back to the first.
func TestListEnds(t *testing.T) {
	s := newShelf(t)
	for i := range 350 {
		s.draft(fmt.Sprintf("buyer %03d", i), 0)
	}
	s.Load()
	s.read()
	s.asked.rows.Store(0)
	if s.End() != -1 {
		t.Error("the last row was not read yet")
	}
	s.read()
	rows := s.Rows()
	if s.asked.rows.Load() != 100 || len(rows) != 100 || rows[99].BuyerName != "buyer 000" || s.Invoices.Selected() != rows[99].ID {
		t.Fatalf("%d rows read, %d shown, last %q", s.asked.rows.Load(), len(rows), rows[len(rows)-1].BuyerName)
	}
	if s.Move(-1) != 98 || s.End() != 99 {
		t.Error("the end is here")
	}
	for len(s.Rows()) < 350 {
		had := len(s.Rows())
		s.Near(0)
		s.read()
		if len(s.Rows()) == had {
			t.Fatalf("it stays at %d rows", had)
		}
	}
	for i, r := range s.Rows() {
		if want := fmt.Sprintf("buyer %03d", 349-i); r.BuyerName != want {
			t.Fatalf("row %d is %s, want %s", i, r.BuyerName, want)
		}
	}
	if s.asked.rows.Load() != 350 {
		t.Errorf("%d rows were read to show 350", s.asked.rows.Load())
	}
	s.SortBy("created") // turned round: the oldest first
	s.read()
	s.End()
	s.read()
	s.asked.rows.Store(0)
	if s.Home() != -1 {
		t.Error("the first row was not read yet")
	}
	s.read()
	if s.asked.rows.Load() != 100 || s.Rows()[0].BuyerName != "buyer 000" || s.Invoices.Selected() != s.Rows()[0].ID {
		t.Errorf("%d rows read, first %q", s.asked.rows.Load(), s.Rows()[0].BuyerName)
	}
	// At the end, what changes elsewhere is not put between.
	s.End()
	s.read()
	s.Load()
	s.read()
	if n := len(s.Rows()); n != 100 || s.Rows()[99].BuyerName != "buyer 349" {
		t.Errorf("%d rows after a reload", n)
	}
}

// slow holds the counts until it is let go, or until they are given up.
type slow struct {
	InvoiceStore
	asked chan string
	let   chan struct{}
	gone  chan string
}

func (s *slow) Counts(ctx context.Context, f books.Filter) (books.Counts, error) {
	s.asked <- f.Search
	select {
	case <-s.let:
		return s.InvoiceStore.Counts(ctx, f)
	case <-ctx.Done():
		s.gone <- f.Search
		return books.Counts{}, ctx.Err()
	}
}

// The rows are there before the sums, and a new search ends the sums of the old.
func TestRowsBeforeSums(t *testing.T) {
	s := newShelf(t)
	s.draft("aa", 0)
	s.draft("bb", 0)
	store := &slow{InvoiceStore: s.asked, asked: make(chan string, 9), let: make(chan struct{}), gone: make(chan string, 9)}
	s.Invoices.store = store
	s.SetSearch("aa")
	s.w.until("the rows", func() bool { return s.buyers() == "aa" })
	if <-store.asked != "aa" || s.Counted() {
		t.Error("the sums came first")
	}
	s.SetSearch("bb")
	s.w.until("the rows", func() bool { return s.buyers() == "bb" })
	if g := <-store.gone; g != "aa" {
		t.Errorf("%q was given up", g)
	}
	if s.Counted() || s.Message() != "" {
		t.Error("the sums of another search are shown", s.Message())
	}
	close(store.let)
	s.read()
	if !s.Counted() || s.Count("all") != 1 {
		t.Errorf("%d counted", s.Count("all"))
	}
}
