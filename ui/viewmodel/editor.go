package viewmodel

import (
	"context"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
)

// EditorDesk is what the editor needs of the use cases.
type EditorDesk interface {
	Draft(ctx context.Context, inv invoice.Invoice) (books.Stored, invoice.Sheet, error)
	Edit(ctx context.Context, id string, version int64, inv invoice.Invoice) (books.Stored, invoice.Sheet, error)
	Submit(ctx context.Context, id string) (books.Stored, error)
	Recall(ctx context.Context, id string) (books.Stored, error)
	Duplicate(ctx context.Context, id string) (books.Stored, error)
	Reverse(ctx context.Context, id string) (books.Stored, error)
}

// EditorStore is what the editor reads.
type EditorStore interface {
	Invoice(ctx context.Context, id string) (books.Stored, error)
	Customers(ctx context.Context, search string, limit int) ([]party.Customer, error)
	Items(ctx context.Context, search string, limit int) ([]invoice.Item, error)
}

// Editor edits one invoice. Text that is no number stays in its cell, beside a
// message, and is never lost; the last good number computes meanwhile.
type Editor struct {
	Changed func()
	Saved   func(id string) // a change is on disk
	Merge   books.Merger    // brings typing and what sync brought meanwhile together; nil keeps the typing

	setup   Setup
	desk    EditorDesk
	store   EditorStore
	later   func(time.Duration, func()) (cancel func()) // runs on the window's goroutine
	message string
	asked   int         // of Open and New; older answers are dropped
	left    []*document // no longer shown, not yet on disk

	*document // the one shown
}

// NewEditor makes an editor with a new, empty draft.
func NewEditor(s Setup, desk EditorDesk, store EditorStore, later func(time.Duration, func()) func()) *Editor {
	e := &Editor{setup: s, desk: desk, store: store, later: later}
	e.New()
	return e
}

// New begins an empty draft; it reaches the store with its first content.
func (e *Editor) New() {
	e.reset(invoice.Invoice{Kind: invoice.Ordinary, Basis: invoice.Exclusive, State: invoice.Draft, Date: e.setup.Now().Format("2006-01-02")}, 0)
}

// reset shows an invoice as it is on disk.
func (e *Editor) reset(inv invoice.Invoice, version int64) {
	d := &document{editor: e, inv: inv, base: clone(inv), version: version, raw: map[cellKey]string{}}
	if version > 0 {
		d.savedAt = inv.UpdatedAt
	}
	d.compute()
	e.show(d)
}

// Open shows a stored invoice, with what is typed into it and not yet on disk.
func (e *Editor) Open(id string) {
	for _, d := range append([]*document{e.document}, e.left...) {
		if d.inv.ID == id && d.Unsaved() {
			e.show(d)
			e.tell()
			return
		}
	}
	e.asked++
	asked := e.asked
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) { return e.store.Invoice(ctx, id) },
		func(st books.Stored, err error) {
			if asked != e.asked {
				return
			}
			if err != nil {
				e.message = Sentence(e.setup.Words, err)
			} else {
				e.reset(st.Invoice, st.Version)
			}
			e.tell()
		})
}

// Reload takes what sync brought. What is typed and not saved stays: the next
// save meets it. Texts that are no numbers stay with their lines.
func (e *Editor) Reload(id string) {
	d := e.document
	if id != d.inv.ID || id == "" {
		return
	}
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) { return e.store.Invoice(ctx, id) },
		func(st books.Stored, err error) {
			if err != nil || d != e.document || st.Version < d.version {
				return
			}
			if d.Unsaved() {
				d.missed = true
				return
			}
			d.rebase(st.Invoice)
			d.inv, d.base, d.version = st.Invoice, clone(st.Invoice), st.Version
			d.compute()
			d.tell()
		})
}

func (e *Editor) tell() {
	if e.Changed != nil {
		e.Changed()
	}
}

// What the screen shows.
func (e *Editor) Invoice() invoice.Invoice { return e.inv }
func (e *Editor) Sheet() invoice.Sheet     { return e.sheet }
func (e *Editor) Issues() []invoice.Issue  { return e.issues }
func (e *Editor) Message() string          { return e.message }
func (e *Editor) SavedAt() time.Time       { return e.savedAt }

// SavedText is when it was saved, of another day with its date.
func (e *Editor) SavedText() string {
	at := e.savedAt.Local()
	if at.Format(time.DateOnly) != e.setup.Now().Local().Format(time.DateOnly) {
		return at.Format("01-02 15:04")
	}
	return at.Format("15:04:05")
}

func (e *Editor) Editable() bool { return e.inv.State.Editable() }

// Rows is the number of grid rows: the lines and an empty one to type into.
func (e *Editor) Rows() int {
	if e.inv.RedRows != nil {
		return len(e.inv.RedRows)
	}
	if e.Editable() {
		return len(e.inv.Lines) + 1
	}
	return len(e.inv.Lines)
}

// change edits the invoice as one step of undo.
func (e *Editor) change(f func(*invoice.Invoice)) {
	if !e.Editable() {
		return
	}
	before := e.stage()
	f(&e.inv)
	e.undo = append(e.undo, before)
	for len(e.undo) > 500 || len(e.undo) > 1 && len(e.undo)*len(e.inv.Lines) > 100_000 {
		e.undo = e.undo[1:] // each holds its lines
	}
	e.redo = nil
	e.touched()
}

// Undo and Redo span the whole edit.
func (e *Editor) Undo() { e.travel(&e.undo, &e.redo) }
func (e *Editor) Redo() { e.travel(&e.redo, &e.undo) }

func (e *Editor) travel(from, to *[]stage) {
	if len(*from) == 0 || !e.Editable() {
		return
	}
	*to = append(*to, e.stage())
	was, now := e.inv, (*from)[len(*from)-1]
	*from = (*from)[:len(*from)-1]
	e.inv, e.raw = now.inv, now.raw
	// What the desk and the server gave is not undone.
	e.inv.ID, e.inv.Reference, e.inv.State, e.inv.Rejection = was.ID, was.Reference, was.State, was.Rejection
	e.inv.CreatedAt, e.inv.Revision = was.CreatedAt, was.Revision
	e.touched()
}

// SetBuyer, SetTaxNo, SetRemark, SetKind and SetBasis edit the head.
func (e *Editor) SetBuyer(s string) {
	if s != e.inv.Buyer.Name {
		e.change(func(i *invoice.Invoice) { i.Buyer.Name = s })
	}
}

// SetTaxNo edits the buyer's tax number.
func (e *Editor) SetTaxNo(s string) {
	if s = party.NormalizeTaxNo(s); s != e.inv.Buyer.TaxNo {
		e.change(func(i *invoice.Invoice) { i.Buyer.TaxNo = s })
	}
}

// SetRemark edits the remark.
func (e *Editor) SetRemark(s string) {
	if s != e.inv.Remark {
		e.change(func(i *invoice.Invoice) { i.Remark = s })
	}
}

// SetDate changes the business date, YYYY-MM-DD.
func (e *Editor) SetDate(s string) {
	if s != e.inv.Date {
		e.change(func(i *invoice.Invoice) { i.Date = s })
	}
}

// SetKind chooses 专票 or 普票.
func (e *Editor) SetKind(k invoice.Kind) {
	if k != e.inv.Kind {
		e.change(func(i *invoice.Invoice) { i.Kind = k })
	}
}

// SetBasis chooses prices with or without tax.
func (e *Editor) SetBasis(b invoice.Basis) {
	if b != e.inv.Basis {
		e.change(func(i *invoice.Invoice) { i.Basis = b })
	}
}

// SetCustomer fills in a customer of the master data.
func (e *Editor) SetCustomer(c party.Customer) {
	e.change(func(i *invoice.Invoice) { i.Buyer = c.Party })
}

// Reviewed ticks that merged lines were looked at.
func (e *Editor) Reviewed() { e.change(func(i *invoice.Invoice) { i.ReviewNeeded = false }) }

// Submit saves and hands in.
func (e *Editor) Submit() {
	if e.unread() || !e.Editable() {
		return
	}
	d := e.document
	d.whenSaved(func() { d.step(e.desk.Submit) })
}

// Recall takes a waiting invoice back.
func (e *Editor) Recall() { e.step(e.desk.Recall) }

// Duplicate drafts a copy and shows it.
func (e *Editor) Duplicate() {
	d := e.document
	d.whenSaved(func() { d.step(e.desk.Duplicate) })
}

// Reverse drafts the red-letter invoice of an issued one and shows it.
func (e *Editor) Reverse() { e.step(e.desk.Reverse) }

// Fixed reports whether the lines cannot be edited: handed in, or red-letter.
func (e *Editor) Fixed() bool { return !e.Editable() || e.inv.RedRows != nil }

// FindCustomers and FindItems complete what is typed; got runs on the window's goroutine.
func (e *Editor) FindCustomers(s string, got func([]party.Customer)) {
	away(e.setup, context.Background(), func(ctx context.Context) ([]party.Customer, error) { return e.store.Customers(ctx, s, 8) },
		func(c []party.Customer, _ error) { got(c) })
}

// FindItems completes an item's name.
func (e *Editor) FindItems(s string, got func([]invoice.Item)) {
	away(e.setup, context.Background(), func(ctx context.Context) ([]invoice.Item, error) { return e.store.Items(ctx, s, 8) },
		func(c []invoice.Item, _ error) { got(c) })
}
