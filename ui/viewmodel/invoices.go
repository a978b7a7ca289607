package viewmodel

import (
	"context"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// InvoiceStore is what the list needs of the local store.
type InvoiceStore interface {
	List(ctx context.Context, f books.Filter, o books.Order, after string, limit int) (books.Page, error)
	ListBack(ctx context.Context, f books.Filter, o books.Order, before string, limit int) (books.Page, error)
	Rows(ctx context.Context, f books.Filter, o books.Order, ids []string) ([]books.Row, error)
	Counts(ctx context.Context, f books.Filter) (books.Counts, error)
}

// Chips are the filters in their order on the screen.
var Chips = []string{"all", "draft", "waiting", "issued", "rejected", "conflict", "red"}

const listPage = 100

// Invoices is the invoice list. Its methods and Changed run on the window's
// goroutine; the store is asked on another one.
type Invoices struct {
	Changed func()

	setup  Setup
	store  InvoiceStore
	chip   string
	search string
	order  books.Order

	// rows are a stretch of the list; prev and next are the marks of what comes
	// before and after it, empty at the list's ends.
	rows       []books.Row
	prev, next string
	loading    bool
	stuck      bool     // the last reading failed: a redraw would ask again at once, the next Load does
	again      bool     // a reload was asked for while reading
	touched    []string // changed while reading
	turn       turn     // of filter and order

	counts   books.Counts
	counted  bool // counts are of this search
	counting bool
	recount  bool
	tally    turn // of the search

	selected string
	marks    map[string]bool
	message  string
	notice   string

	submitting bool // the marked ones are on their way
}

// NewInvoices makes the list; Load fills it.
func NewInvoices(s Setup, store InvoiceStore) *Invoices {
	v := &Invoices{setup: s, store: store, chip: "all", marks: map[string]bool{}, order: books.Order{By: "created", Desc: true}}
	v.turn.next()
	v.tally.next()
	return v
}

// Counted reports whether Counts speak of the search that is shown; they come
// after the rows. Searching reports whether rows are still being looked for.
func (v *Invoices) Counted() bool   { return v.counted }
func (v *Invoices) Searching() bool { return v.loading }

// Rows, Counts, Chip, Search, Selected and Message are what the screen shows.
func (v *Invoices) Rows() []books.Row    { return v.rows }
func (v *Invoices) Counts() books.Counts { return v.counts }
func (v *Invoices) Chip() string         { return v.chip }
func (v *Invoices) Search() string       { return v.search }
func (v *Invoices) Selected() string     { return v.selected }
func (v *Invoices) Message() string      { return v.message }
func (v *Invoices) Order() books.Order   { return v.order }

// Count is the number on a chip.
func (v *Invoices) Count(chip string) int {
	c := v.counts
	switch chip {
	case "draft":
		return c.Draft
	case "waiting":
		return c.Waiting
	case "issued":
		return c.Issued
	case "rejected":
		return c.Rejected
	case "conflict":
		return c.Conflict
	case "red":
		return c.Red
	}
	return c.All
}

// SetChip shows the invoices of one chip.
func (v *Invoices) SetChip(chip string) {
	v.chip = chip
	v.refilter()
}

// SetSearch filters by any part of number, buyer, tax number, item or initials.
func (v *Invoices) SetSearch(s string) {
	if s == v.search {
		return
	}
	v.search = s
	v.tally.next()
	v.counted, v.counting, v.recount = false, false, false
	v.refilter()
}

// SortBy sorts by a column, turning the direction round the second time.
func (v *Invoices) SortBy(by string) {
	if v.order.By == by {
		v.order.Desc = !v.order.Desc
	} else {
		v.order = books.Order{By: by}
	}
	v.refilter()
}

// Select marks a row.
func (v *Invoices) Select(id string) { v.selected = id }

func (v *Invoices) filter() books.Filter {
	f := books.Filter{Search: v.search}
	switch v.chip {
	case "all":
	case "conflict":
		f.Conflict = true
	case "red":
		f.Red = true
	default:
		f.State = invoice.State(v.chip)
	}
	return f
}

// Ago is how long ago something was, in words.
func Ago(p Phrases, now, t time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return "—"
	case d < time.Minute:
		return p.T("ago.now")
	case d < time.Hour:
		return p.T("ago.minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return p.T("ago.hours", int(d.Hours()))
	default:
		return p.T("ago.days", int(d.Hours()/24))
	}
}
