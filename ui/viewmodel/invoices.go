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
	Counts(ctx context.Context, f books.Filter) (books.Counts, error)
}

// Chips are the filters in their order on the screen.
var Chips = []string{"all", "draft", "waiting", "issued", "rejected", "conflict", "red"}

const listPage = 100

// Invoices is the invoice list. Its methods and Changed run on the window's
// goroutine; the store is asked on another one.
type Invoices struct {
	Changed func()

	setup    Setup
	store    InvoiceStore
	chip     string
	search   string
	order    books.Order
	rows     []books.Row
	next     string
	counts   books.Counts
	loading  bool
	again    bool // a change came while loading
	turn     int  // of the filter; older answers are dropped
	selected string
	marks    map[string]bool
	message  string
	notice   string
}

// NewInvoices makes the list; Load fills it.
func NewInvoices(s Setup, store InvoiceStore) *Invoices {
	return &Invoices{setup: s, store: store, chip: "all", marks: map[string]bool{}, order: books.Order{By: "created", Desc: true}}
}

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

// SetChip and SetSearch filter; SortBy sorts and turns the direction round.
func (v *Invoices) SetChip(chip string) {
	v.chip = chip
	v.turn++
	v.Load()
}

// SetSearch filters by any part of number, buyer, tax number, item or initials.
func (v *Invoices) SetSearch(s string) {
	if s != v.search {
		v.search = s
		v.turn++
		v.Load()
	}
}

// SortBy sorts by a column, turning the direction round the second time.
func (v *Invoices) SortBy(by string) {
	if v.order.By == by {
		v.order.Desc = !v.order.Desc
	} else {
		v.order = books.Order{By: by}
	}
	v.turn++
	v.Load()
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

type listed struct {
	turn   int
	page   books.Page
	counts books.Counts
	wanted int
}

// Load reads the rows shown so far again.
func (v *Invoices) Load() { v.read(max(len(v.rows), listPage)) }

func (v *Invoices) read(wanted int) {
	if v.loading {
		v.again = true
		return
	}
	v.loading = true
	f, o, turn := v.filter(), v.order, v.turn
	away(v.setup, context.Background(), func(ctx context.Context) (listed, error) {
		out := listed{turn: turn, wanted: wanted}
		for after := ""; ; {
			p, err := v.store.List(ctx, f, o, after, listPage)
			if err != nil {
				return out, err
			}
			out.page.Rows = append(out.page.Rows, p.Rows...)
			out.page.Next = p.Next
			if after = p.Next; after == "" || len(out.page.Rows) >= wanted {
				break
			}
		}
		var err error
		out.counts, err = v.store.Counts(ctx, books.Filter{Search: f.Search})
		return out, err
	}, func(l listed, err error) {
		v.loading = false
		v.message = sentence(v.setup.Words, err)
		if err == nil && l.turn == v.turn {
			v.rows, v.next, v.counts = l.page.Rows, l.page.Next, l.counts
		}
		v.tell()
		if v.again {
			v.again = false
			v.Load()
		}
	})
}

func (v *Invoices) tell() {
	if v.Changed != nil {
		v.Changed()
	}
}

// Near is called when row i comes into sight: it reads on before the end.
func (v *Invoices) Near(i int) {
	if v.next != "" && !v.loading && i >= len(v.rows)-listPage/2 {
		v.read(len(v.rows) + listPage)
	}
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
