package viewmodel

import (
	"context"
	"slices"
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
	wanted   int  // rows to read: as many as were come to
	selected string
	marks    map[string]bool
	message  string
	notice   string

	submitting bool // the marked ones are on their way
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
	v.refilter()
}

// SetSearch filters by any part of number, buyer, tax number, item or initials.
func (v *Invoices) SetSearch(s string) {
	if s != v.search {
		v.search = s
		v.refilter()
	}
}

// refilter reads from the top for another filter or order.
func (v *Invoices) refilter() {
	v.turn++
	v.wanted = listPage
	v.Load()
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

type listed struct {
	page   books.Page
	counts books.Counts
}

// Load reads the rows shown so far again.
func (v *Invoices) Load() {
	if v.loading {
		v.again = true
		return
	}
	v.loading = true
	f, o, turn, wanted := v.filter(), v.order, v.turn, max(v.wanted, listPage)
	away(v.setup, context.Background(), func(ctx context.Context) (listed, error) {
		var out listed
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
		if err == nil && turn == v.turn {
			v.rows, v.next, v.counts = l.page.Rows, l.page.Next, l.counts
			// Keys act on what is seen, never on a row that the filter took away.
			if !slices.ContainsFunc(v.rows, func(r books.Row) bool { return r.ID == v.selected }) {
				v.selected = ""
			}
		}
		v.finish(err)
	})
}

// more reads the page after the last row. It does not read the rows before it
// again: far down a long list that would take longer with every page.
func (v *Invoices) more() {
	v.loading = true
	f, o, turn, after := v.filter(), v.order, v.turn, v.next
	away(v.setup, context.Background(), func(ctx context.Context) (books.Page, error) {
		return v.store.List(ctx, f, o, after, listPage)
	}, func(p books.Page, err error) {
		if err == nil && turn == v.turn {
			v.rows, v.next = append(v.rows, p.Rows...), p.Next
			v.wanted = len(v.rows)
		} else if err != nil {
			v.next = "" // a redraw would ask again at once; the next Load does
		}
		v.finish(err)
	})
}

// finish ends a reading and begins the one that came meanwhile.
func (v *Invoices) finish(err error) {
	v.loading = false
	v.message = Sentence(v.setup.Words, err)
	v.tell()
	if v.again {
		v.again = false
		v.Load()
	}
}

func (v *Invoices) tell() {
	if v.Changed != nil {
		v.Changed()
	}
}

// Near is called when row i comes into sight: it reads on before the end.
func (v *Invoices) Near(i int) {
	if v.next != "" && !v.loading && i >= len(v.rows)-listPage/2 {
		v.more()
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
