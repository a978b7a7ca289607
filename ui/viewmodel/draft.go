package viewmodel

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// saveAfter is how long after the last change what is typed goes to disk,
// retryAfter how long after the disk refused it.
const (
	saveAfter  = 300 * time.Millisecond
	saveAtMost = time.Second // after the first change, however fast the typing goes on
	retryAfter = 5 * time.Second
)

// A draft is one invoice under edit. What it saves stays its own when the
// editor shows another meanwhile.
type draft struct {
	editor  *Editor
	inv     invoice.Invoice // as it is shown
	base    invoice.Invoice // as it is on disk
	version int64
	raw     map[string]string // texts that cannot be read, by their keys in books.Typed; inv holds the last that could
	pending *pendingCell      // typed and not left yet; nil when none is
	kept    invoice.Invoice   // inv as far as it can be stored; shares its lines where all can
	held    books.Typed       // what of inv cannot
	beside  books.Typed       // what was typed into one that is read-only now
	most    int               // lines that the desk takes, where it said that they are too many; 0 for all
	sheet   invoice.Sheet
	issues  []invoice.Issue
	undo    []stage
	redo    []stage
	open    bool      // the part of the head that folds is
	field   string    // whose typing is one step of undo
	dirty   bool      // the invoice is not on disk
	loose   bool      // what is beside it is not
	since   time.Time // of the first change that is not on disk
	saving  bool
	final   bool  // the stored invoice takes no edit any more
	missed  bool  // sync brought something while a save was under way
	failed  error // of the last save
	savedAt time.Time
	cancel  func()
	then    []func()    // run when nothing is unsaved
	answers chan func() // of what was asked on another goroutine; each is run once, on the window's
}

// A stage is what one step of undo goes back to.
type stage struct {
	inv invoice.Invoice
	raw map[string]string
}

// show turns to another document; the one before is brought to disk.
func (e *Editor) show(d *draft) {
	old := e.draft
	if old != nil {
		old.fold()
	}
	e.draft, e.message = d, ""
	e.asked++
	e.turn++
	e.left = slices.DeleteFunc(e.left, func(l *draft) bool { return l == d })
	if old != nil && old != d && old.Unsaved() && !old.empty() {
		e.left = append(e.left, old)
		old.leave()
		old.Save()
	}
}

// fold takes the cell that was being typed into the invoice.
func (d *draft) fold() {
	p := d.pending
	if p == nil || !d.inv.State.Editable() {
		return
	}
	d.undo = append(d.undo, d.stage())
	row := d.lineAt(p.line.ID)
	if row < 0 {
		row = len(d.inv.Lines)
	}
	d.setCell(&d.inv, row, p.col, strings.TrimSpace(p.text))
	d.pending, d.dirty = nil, true
	d.compute()
}

// leave makes what was typed into an invoice that became final meanwhile a draft
// of its own; false when there is nothing to make.
func (d *draft) leave() bool {
	if !d.final || !d.dirty {
		return false
	}
	inv := clone(d.inv)
	inv.ID, inv.Reference, inv.Number, inv.Revision = "", "", "", 0
	inv.State, inv.Rejection, inv.CreatedAt, inv.IssuedAt = invoice.Draft, nil, time.Time{}, time.Time{}
	d.inv, d.base, d.version, d.final = inv, invoice.Invoice{Date: inv.Date}, 0, false
	d.compute()
	return true
}

// rejoin lays what was typed over what sync brought meanwhile, and saves again.
func (d *draft) rejoin() {
	e, id := d.editor, d.inv.ID
	d.saving = true
	ask(d, func(ctx context.Context) (books.Stored, error) { return e.store.Invoice(ctx, id) },
		func(st books.Stored, err error) {
			d.saving = false
			switch {
			case err == nil && st.Conflict:
				d.aside(&books.Error{Code: "in_conflict", Text: "the invoice has an open conflict", Hint: "resolve it first, under Conflicts"})
				return
			case errors.Is(err, books.ErrNotFound), err == nil && !st.Invoice.State.Editable():
				d.final = true
				err = &books.Error{Code: "stale", Text: "the invoice changed meanwhile", Hint: "what was typed becomes a new draft when you leave it"}
			}
			if err != nil {
				d.refused(err)
				d.tell()
				return
			}
			result := d.inv
			if e.Merge != nil {
				m := e.Merge(d.base, d.inv, st.Invoice, nil)
				result = m.Result.(invoice.Invoice)
				// Mine stands where both changed the same; the clerk looks at it before it is handed in.
				result.ReviewNeeded = result.ReviewNeeded || len(m.Diffs) > 0
			}
			d.rebase(st.Invoice)
			d.inv, d.base, d.version, d.dirty, d.missed = result, clone(st.Invoice), st.Version, true, false
			d.compute()
			d.tell()
			d.Save()
		})
}

// rebase brings what sync brought into the steps of undo: going back takes back
// what was typed here, never what another branch wrote.
func (d *draft) rebase(theirs invoice.Invoice) {
	if d.editor.Merge == nil || !theirs.State.Editable() {
		return
	}
	for _, steps := range [][]stage{d.undo, d.redo} {
		for i := range steps {
			steps[i].inv = d.editor.Merge(d.base, steps[i].inv, theirs, nil).Result.(invoice.Invoice)
		}
	}
}

// tell redraws when the document is the one shown.
func (d *draft) tell() {
	if d.editor.draft == d {
		d.editor.tell()
	}
}

// say shows an error; it names an invoice that is no longer shown.
func (d *draft) say(err error) {
	e := d.editor
	e.message = Sentence(e.setup.Words, err)
	if e.draft != d {
		e.message += " — " + strings.TrimSpace(d.inv.Reference+" "+d.inv.Buyer.Name)
		e.tell()
	}
}

// Unsaved reports whether the invoice shown holds what is not on disk.
func (d *draft) Unsaved() bool { return d.dirty || d.loose || d.saving }

func (d *draft) stage() stage { return stage{clone(d.inv), maps.Clone(d.raw)} }

func (d *draft) touched() {
	d.dirty = true
	d.compute()
	d.saveSoon()
	d.tell()
}

func clone(i invoice.Invoice) invoice.Invoice {
	i.Lines = slices.Clone(i.Lines)
	return i
}

// empty reports whether nothing worth keeping was typed.
func (d *draft) empty() bool {
	chosen := func(f document.Field) bool {
		return f.Key == "date" || f.Group == "seller" || f.Choices(d.inv.Date) != nil
	}
	typed := func(f document.Field) bool { return !chosen(f) && d.says(f) }
	return d.inv.ID == "" && len(d.inv.Lines) == 0 && d.pending == nil && !slices.ContainsFunc(invoice.Fields, typed)
}

// adopt takes what the desk gave, leaving what was typed since.
func (d *draft) adopt(st invoice.Invoice) {
	d.inv.ID, d.inv.Reference, d.inv.State, d.inv.Rejection = st.ID, st.Reference, st.State, st.Rejection
	d.inv.CreatedAt, d.inv.Revision = st.CreatedAt, st.Revision
	d.base = clone(st)
	d.compute()
}
