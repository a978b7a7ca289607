package viewmodel

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// saveAfter is how long after the last change the draft goes to disk, retryAfter
// how long after the disk refused it.
const (
	saveAfter  = 300 * time.Millisecond
	retryAfter = 5 * time.Second
)

// A document is one invoice under edit. What it saves stays its own when the
// editor shows another meanwhile.
type document struct {
	editor  *Editor
	inv     invoice.Invoice
	base    invoice.Invoice // as it is on disk
	version int64
	raw     map[cellKey]string // texts that do not parse
	sheet   invoice.Sheet
	issues  []invoice.Issue
	undo    []stage
	redo    []stage
	dirty   bool
	saving  bool
	missed  bool // sync brought something while a save was under way
	savedAt time.Time
	cancel  func()
	then    []func() // run when nothing is unsaved
}

// A stage is what one step of undo goes back to.
type stage struct {
	inv invoice.Invoice
	raw map[cellKey]string
}

type cellKey struct {
	line string
	col  int
}

// show turns to another document; the one before is brought to disk.
func (e *Editor) show(d *document) {
	old := e.document
	e.document, e.message = d, ""
	e.asked++
	e.left = slices.DeleteFunc(e.left, func(l *document) bool { return l == d })
	if old != nil && old != d && old.Unsaved() && !old.empty() {
		e.left = append(e.left, old)
		old.Save()
	}
}

// rejoin lays what was typed over what sync brought meanwhile, and saves again.
func (d *document) rejoin() {
	e, id := d.editor, d.inv.ID
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) { return e.store.Invoice(ctx, id) },
		func(st books.Stored, err error) {
			if err == nil && (!st.Invoice.State.Editable() || st.Conflict) {
				err = &books.Error{Code: "stale", Text: "the invoice changed meanwhile"}
			}
			if err != nil {
				d.refused(err)
				d.tell()
				return
			}
			result := d.inv
			if e.Merge != nil {
				m := e.Merge(&d.base, d.inv, st.Invoice, nil)
				result = m.Result
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
func (d *document) rebase(theirs invoice.Invoice) {
	if d.editor.Merge == nil || !theirs.State.Editable() {
		return
	}
	for _, steps := range [][]stage{d.undo, d.redo} {
		for i := range steps {
			steps[i].inv = d.editor.Merge(&d.base, steps[i].inv, theirs, nil).Result
		}
	}
}

// tell redraws when the document is the one shown.
func (d *document) tell() {
	if d.editor.document == d {
		d.editor.tell()
	}
}

// say shows an error; it names an invoice that is no longer shown.
func (d *document) say(err error) {
	e := d.editor
	e.message = Sentence(e.setup.Words, err)
	if e.document != d {
		e.message += " — " + strings.TrimSpace(d.inv.Reference+" "+d.inv.Buyer.Name)
		e.tell()
	}
}

// Unsaved reports whether the invoice shown holds what is not on disk.
func (d *document) Unsaved() bool { return d.dirty || d.saving }

func (d *document) compute() {
	if s, err := invoice.Compute(d.inv); err == nil {
		d.sheet = s
	}
	d.issues = invoice.Validate(d.inv, invoice.StageSubmit)
	for n, l := range d.inv.Lines {
		for col, name := range cellNames {
			text, bad := d.raw[cellKey{l.ID, col}]
			if !bad {
				continue
			}
			code := "number_malformed"
			if col == ColRate {
				code = "rate_malformed"
			}
			d.issues = append(d.issues, invoice.Issue{Field: fmt.Sprintf("lines[%d].%s", n+1, name), Code: code, Severity: invoice.SeverityError, Text: text})
		}
	}
}

// unread reports whether a text of a line that is there is no number.
func (d *document) unread() bool {
	return slices.ContainsFunc(d.inv.Lines, func(l invoice.Line) bool {
		for k := range d.raw {
			if k.line == l.ID {
				return true
			}
		}
		return false
	})
}

func (d *document) stage() stage { return stage{clone(d.inv), maps.Clone(d.raw)} }

func (d *document) touched() {
	d.dirty = true
	d.compute()
	d.saveIn(saveAfter)
	d.tell()
}

func (d *document) saveIn(wait time.Duration) {
	if d.cancel != nil {
		d.cancel()
	}
	d.cancel = d.editor.later(wait, d.Save)
}

func clone(i invoice.Invoice) invoice.Invoice {
	i.Lines = slices.Clone(i.Lines)
	return i
}

// empty reports whether nothing worth keeping was typed.
func (d *document) empty() bool {
	return d.inv.ID == "" && d.inv.Buyer.Name == "" && d.inv.Buyer.TaxNo == "" && d.inv.Remark == "" && len(d.inv.Lines) == 0
}

// Save brings the draft to disk now.
func (d *document) Save() {
	if d.cancel != nil {
		d.cancel()
		d.cancel = nil
	}
	if !d.dirty || d.saving || d.empty() {
		return
	}
	d.saving, d.dirty = true, false
	e, inv, version := d.editor, clone(d.inv), d.version
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) {
		if inv.ID == "" {
			st, _, err := e.desk.Draft(ctx, inv)
			return st, err
		}
		st, _, err := e.desk.Edit(ctx, inv.ID, version, inv)
		return st, err
	}, d.saved)
}

func (d *document) saved(st books.Stored, err error) {
	e := d.editor
	d.saving = false
	switch {
	case errors.Is(err, books.ErrStale):
		// Sync changed it meanwhile.
		d.dirty = true
		d.rejoin()
	case err != nil:
		d.refused(err)
	default:
		if e.document == d {
			e.message = ""
		}
		d.version, d.savedAt = st.Version, e.setup.Now()
		d.adopt(st.Invoice)
		if e.Saved != nil {
			e.Saved(st.Invoice.ID)
		}
		d.next()
	}
	d.tell()
}

// next goes on after a save: with what was typed meanwhile, with what sync
// brought, with what waits for the save.
func (d *document) next() {
	e := d.editor
	if d.dirty {
		d.Save()
		return
	}
	e.left = slices.DeleteFunc(e.left, func(l *document) bool { return l == d })
	if d.missed {
		d.missed = false
		e.Reload(d.inv.ID)
	}
	todo := d.then
	d.then = nil
	for _, f := range todo {
		f()
	}
}

// refused keeps what could not be saved, and what waited for it does not happen.
// What the disk refused is tried again; what the desk refused waits for a change.
func (d *document) refused(err error) {
	d.dirty, d.then = true, nil
	d.say(err)
	var told *books.Error
	if !errors.As(err, &told) || strings.HasPrefix(told.Code, "localdb_") {
		d.saveIn(retryAfter)
	}
}

// adopt takes ids and orders that the desk gave, leaving what was typed since.
func (d *document) adopt(st invoice.Invoice) {
	d.inv.ID, d.inv.Reference, d.inv.State, d.inv.Rejection = st.ID, st.Reference, st.State, st.Rejection
	d.inv.CreatedAt, d.inv.Revision = st.CreatedAt, st.Revision
	d.base = clone(st)
	if !d.dirty {
		d.inv.Lines = slices.Clone(st.Lines)
	}
	d.compute()
}

// whenSaved runs f after everything typed is on disk; never when that fails or
// there is nothing to save yet.
func (d *document) whenSaved(f func()) {
	if !d.dirty && !d.saving {
		f()
		return
	}
	if d.empty() {
		return
	}
	d.then = append(d.then, f)
	d.Save()
}

// step does something to the stored invoice and shows the outcome, unless
// another invoice is shown by then.
func (d *document) step(f func(context.Context, string) (books.Stored, error)) {
	e, id := d.editor, d.inv.ID
	if id == "" {
		return
	}
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) { return f(ctx, id) },
		func(st books.Stored, err error) {
			if err != nil {
				d.say(err)
			} else {
				if e.document == d {
					e.reset(st.Invoice, st.Version)
				}
				if e.Saved != nil {
					e.Saved(id)
				}
			}
			e.tell()
		})
}
