package viewmodel

import (
	"context"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
	"counterfoil/app/seller"
)

// EditorDesk is what the editor needs of the use cases.
type EditorDesk interface {
	Keep(ctx context.Context, version int64, inv invoice.Invoice, typed books.Typed) (books.Stored, invoice.Sheet, error)
	KeepTyped(ctx context.Context, id string, typed books.Typed) error
	Submit(ctx context.Context, id string) (books.Stored, error)
	Recall(ctx context.Context, id string) (books.Stored, error)
	Duplicate(ctx context.Context, id string) (books.Stored, error)
	Reverse(ctx context.Context, id string) (books.Stored, error)
}

// EditorStore is what the editor reads.
type EditorStore interface {
	Invoice(ctx context.Context, id string) (books.Stored, error)
	books.Finder
	// Setting and SetSetting remember the seller that was chosen last.
	Setting(ctx context.Context, name string) (string, error)
	SetSetting(ctx context.Context, name, value string) error
}

// Editor edits one invoice. Text that is no number stays in its cell, beside a
// message, and is never lost; the last good number computes meanwhile. All that
// is typed goes to disk, what the invoice cannot hold beside it.
type Editor struct {
	Changed func()
	Saved   func(id string) // a change is on disk
	Merge   books.Merger    // brings typing and what sync brought meanwhile together; nil keeps the typing

	setup   Setup
	desk    EditorDesk
	store   EditorStore
	later   func(time.Duration, func()) (cancel func()) // runs on the window's goroutine
	message string
	asked   int      // of Open and New; older answers are dropped
	turn    int      // counts the documents shown
	left    []*draft // no longer shown, not yet on disk

	sellers  []seller.Seller
	usual    string // the tax number of the seller that was chosen last
	unfolded *bool  // whether the clerk opened or folded the part of the head that folds; nil: neither

	*draft // the one shown
}

// NewEditor makes an editor with a new, empty draft.
func NewEditor(s Setup, desk EditorDesk, store EditorStore, later func(time.Duration, func()) func()) *Editor {
	e := &Editor{setup: s, desk: desk, store: store, later: later}
	e.New()
	e.LoadSellers()
	return e
}

// New begins an empty draft; it reaches the store with its first content.
func (e *Editor) New() {
	e.reset(books.Stored{Invoice: invoice.Invoice{Kind: invoice.Ordinary, Basis: invoice.Exclusive, State: invoice.Draft, Date: e.setup.Now().Format("2006-01-02")}})
}

// reset shows an invoice as it is on disk, with what was typed beside it.
func (e *Editor) reset(st books.Stored) {
	d := &draft{editor: e, inv: st.Invoice, base: clone(st.Invoice), version: st.Version, answers: make(chan func(), 16)}
	if st.Version > 0 {
		d.savedAt = st.Invoice.UpdatedAt
	}
	d.dirty = d.restore(st.Typed)
	d.unfold()
	e.show(d)
	e.chooseUsual()
	if d.dirty {
		d.saveSoon()
	}
}

// Open shows a stored invoice, with what is typed into it and not yet on disk.
func (e *Editor) Open(id string) {
	for _, d := range append([]*draft{e.draft}, e.left...) {
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
				e.reset(st)
				if st.Pending == books.Parked {
					e.message = Sentence(e.setup.Words, errParked)
				}
			}
			e.tell()
		})
}

// errParked is shown over an invoice that is held back until it is changed.
var errParked = &books.Error{Code: "parked", Text: "the server refuses this invoice, so it is held back and the others go on", Hint: "change it, or tell IT"}

// Reload takes what sync brought. What is typed and not saved stays: the next
// save meets it. Texts that are no numbers stay with their lines.
func (e *Editor) Reload(id string) {
	d := e.draft
	if id != d.inv.ID || id == "" {
		return
	}
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) { return e.store.Invoice(ctx, id) },
		func(st books.Stored, err error) {
			if err != nil || d != e.draft || st.Version < d.version {
				return
			}
			if d.Unsaved() {
				d.missed = true
				return
			}
			d.rebase(st.Invoice)
			d.inv, d.base, d.version = st.Invoice, clone(st.Invoice), st.Version
			if d.restore(st.Typed) {
				d.dirty = true
				d.saveSoon()
			}
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

// Turn counts the documents that were shown: another value, another document.
func (e *Editor) Turn() int { return e.turn }

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

// change edits the invoice as one step of undo. field is what is edited, by its key,
// empty for cells and whole lines; typing on in one text is one step.
func (e *Editor) change(field string, f func(*invoice.Invoice)) {
	if !e.Editable() {
		return
	}
	if field == "" || field != e.field || !typedOn(field) {
		e.undo = append(e.undo, e.stage())
		for len(e.undo) > 500 || len(e.undo) > 1 && len(e.undo)*len(e.inv.Lines) > 100_000 {
			e.undo = e.undo[1:] // each holds its lines
		}
	}
	f(&e.inv)
	e.redo, e.field = nil, field
	if field == "" {
		e.pending = nil // it is in the lines now
	}
	e.touched()
}

// typedOn reports whether a field is one that is typed letter by letter.
func typedOn(field string) bool {
	all, key := invoice.Fields, field
	if id, name := books.Typed(nil).Line(field); id != "" {
		all, key = invoice.LineFields, name
	}
	f, ok := all.Find(key)
	return ok && f.Choices("") == nil
}

// Pause ends a step of undo: a field was left.
func (e *Editor) Pause() { e.field = "" }

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
	e.inv, e.raw, e.pending, e.field = now.inv, now.raw, nil, ""
	// What the desk and the server gave is not undone.
	e.inv.ID, e.inv.Reference, e.inv.State, e.inv.Rejection = was.ID, was.Reference, was.State, was.Rejection
	e.inv.CreatedAt, e.inv.Revision = was.CreatedAt, was.Revision
	e.touched()
}

// SetCustomer fills in a customer of the master data.
func (e *Editor) SetCustomer(c customer.Customer) {
	e.change("buyer", func(i *invoice.Invoice) { i.Buyer, i.Email = c.Party.Known(), c.Email })
}

// Reviewed ticks that merged lines were looked at.
func (e *Editor) Reviewed() { e.change("review", func(i *invoice.Invoice) { i.ReviewNeeded = false }) }

// Submit saves and hands in.
func (e *Editor) Submit() {
	if !e.Editable() {
		return
	}
	d := e.draft
	d.fold()
	d.whenSaved(func() { d.step(e.desk.Submit) })
}

// Recall takes a waiting invoice back.
func (e *Editor) Recall() { e.step(e.desk.Recall) }

// Duplicate drafts a copy and shows it.
func (e *Editor) Duplicate() {
	d := e.draft
	d.whenSaved(func() { d.step(e.desk.Duplicate) })
}

// Reverse drafts the red-letter invoice of an issued one and shows it.
func (e *Editor) Reverse() { e.step(e.desk.Reverse) }

// Fixed reports whether the lines cannot be edited: handed in, or red-letter.
func (e *Editor) Fixed() bool { return !e.Editable() || e.inv.RedRows != nil }

// Flush brings all that is typed to disk, also into invoices that are no longer
// shown, and returns when it is there. It runs on the window's goroutine and
// waits; the error says what is not on disk.
func (e *Editor) Flush(ctx context.Context) error {
	for _, d := range append([]*draft{e.draft}, e.left...) {
		if err := d.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Customers and Items are completions of what is typed.
func (e *Editor) Customers() *Offers[customer.Customer] {
	return newOffers(e.setup, func(ctx context.Context, s string) ([]customer.Customer, error) {
		return books.Find[customer.Customer](ctx, e.store, s, 8)
	})
}

// Items completes an item's name.
func (e *Editor) Items() *Offers[item.Item] {
	return newOffers(e.setup, func(ctx context.Context, s string) ([]item.Item, error) {
		return books.Find[item.Item](ctx, e.store, s, 8)
	})
}
