package viewmodel

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// saveAfter is how long after the last change what is typed goes to disk,
// retryAfter how long after the disk refused it.
const (
	saveAfter  = 300 * time.Millisecond
	saveAtMost = time.Second // after the first change, however fast the typing goes on
	retryAfter = 5 * time.Second
)

// A document is one invoice under edit. What it saves stays its own when the
// editor shows another meanwhile.
type document struct {
	editor  *Editor
	inv     invoice.Invoice // as it is shown
	base    invoice.Invoice // as it is on disk
	version int64
	raw     map[cellKey]string // texts of cells that cannot be read; inv holds the last that could
	pending *pendingCell       // typed and not left yet; nil when none is
	kept    invoice.Invoice    // inv as far as it can be stored; shares its lines where all can
	held    books.Typed        // what of inv cannot
	most    int                // lines that the desk takes, where it said that they are too many; 0 for all
	sheet   invoice.Sheet
	issues  []invoice.Issue
	undo    []stage
	redo    []stage
	field   string    // of the head, whose typing is one step of undo
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

// ask runs work on a goroutine of its own, and done on the window's, where
// Flush may be the one who waits for it.
func ask[T any](d *document, work func(context.Context) (T, error), done func(T, error)) {
	answers := d.answers
	go func() {
		v, err := work(context.Background())
		answers <- func() { done(v, err) }
		d.editor.setup.Post(func() {
			select {
			case f := <-answers:
				f()
			default: // Flush was faster
			}
		})
	}()
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
	if old != nil {
		old.fold()
	}
	e.document, e.message = d, ""
	e.asked++
	e.turn++
	e.left = slices.DeleteFunc(e.left, func(l *document) bool { return l == d })
	if old != nil && old != d && old.Unsaved() && !old.empty() {
		e.left = append(e.left, old)
		old.leave()
		old.Save()
	}
}

// fold takes the cell that was being typed into the invoice.
func (d *document) fold() {
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
func (d *document) leave() bool {
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
func (d *document) rejoin() {
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
func (d *document) Unsaved() bool { return d.dirty || d.loose || d.saving }

func (d *document) stage() stage { return stage{clone(d.inv), maps.Clone(d.raw)} }

func (d *document) touched() {
	d.dirty = true
	d.compute()
	d.saveSoon()
	d.tell()
}

// loosen notes that what is beside the invoice changed.
func (d *document) loosen() {
	d.loose = true
	d.saveSoon()
}

// saveSoon saves a little after the last change, and not long after the first.
func (d *document) saveSoon() {
	now := d.editor.setup.Now()
	if d.since.IsZero() {
		d.since = now
	}
	wait := min(saveAfter, d.since.Add(saveAtMost-saveAfter).Sub(now))
	if wait <= 0 {
		// What is posted may wait behind many strokes: a timer, or the end of a save.
		d.collect()
		d.Save()
		return
	}
	d.saveIn(wait)
}

// collect takes over the answers that are there.
func (d *document) collect() {
	for {
		select {
		case f := <-d.answers:
			f()
		default:
			return
		}
	}
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
	return d.inv.ID == "" && d.inv.Buyer.Name == "" && d.inv.Buyer.TaxNo == "" && d.inv.Remark == "" && len(d.inv.Lines) == 0 && d.pending == nil
}

// Save brings what is typed to disk now. Where the invoice is there and only
// what is beside it changed, only that is written.
func (d *document) Save() {
	if d.cancel != nil {
		d.cancel()
		d.cancel = nil
	}
	if !d.dirty && !d.loose || d.saving || d.empty() {
		return
	}
	whole := d.dirty || d.inv.ID == ""
	e, inv, version, typed := d.editor, clone(d.kept), d.version, d.texts()
	d.saving, d.dirty, d.loose, d.since = true, false, false, time.Time{}
	if whole {
		ask(d, func(ctx context.Context) (books.Stored, error) {
			st, _, err := e.desk.Keep(ctx, version, inv, typed)
			return st, err
		}, d.saved)
		return
	}
	ask(d, func(ctx context.Context) (struct{}, error) { return struct{}{}, e.desk.KeepTyped(ctx, inv.ID, typed) }, d.savedTyped)
}

// savedTyped ends the saving of what is beside the invoice.
func (d *document) savedTyped(_ struct{}, err error) {
	d.saving = false
	if err != nil {
		d.refused(err)
		d.dirty, d.loose = d.inv.ID == "", true
	} else {
		d.failed, d.savedAt = nil, d.editor.setup.Now()
		d.next()
	}
	d.tell()
}

// aside keeps what the desk does not take into the invoice beside it, and says why.
func (d *document) aside(why error) {
	e, id, typed := d.editor, d.inv.ID, d.differing()
	d.saving, d.dirty, d.loose = true, false, false
	ask(d, func(ctx context.Context) (struct{}, error) { return struct{}{}, e.desk.KeepTyped(ctx, id, typed) },
		func(_ struct{}, err error) {
			d.saving, d.then = false, nil
			if err != nil {
				d.refused(err)
			} else {
				d.failed = nil
				d.say(why)
				e.left = slices.DeleteFunc(e.left, func(l *document) bool { return l == d && !l.Unsaved() })
			}
			d.tell()
		})
}

func (d *document) saved(st books.Stored, err error) {
	e := d.editor
	d.saving = false
	var told *books.Error
	errors.As(err, &told)
	switch {
	case errors.Is(err, books.ErrStale):
		// Sync changed it meanwhile.
		d.dirty = true
		d.rejoin()
	case told != nil && told.Code == "in_conflict":
		d.aside(err)
	case told != nil && (told.Code == "too_large" || told.Code == "document_too_large") && len(d.kept.Lines) > 1:
		// The last lines wait as texts until there is room for them.
		d.dirty, d.most = true, len(d.kept.Lines)*3/4
		d.compute()
		d.Save()
	case err != nil:
		d.final = told != nil && (told.Code == "not_editable" || told.Code == "not_found")
		d.refused(err)
	default:
		if e.document == d {
			e.message = ""
		}
		d.failed, d.final = nil, false
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
	if d.dirty || d.loose {
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
	d.dirty, d.failed, d.then = true, err, nil
	d.say(err)
	var told *books.Error
	if !errors.As(err, &told) || strings.HasPrefix(told.Code, "localdb_") {
		d.saveIn(retryAfter)
	}
}

// adopt takes what the desk gave, leaving what was typed since.
func (d *document) adopt(st invoice.Invoice) {
	d.inv.ID, d.inv.Reference, d.inv.State, d.inv.Rejection = st.ID, st.Reference, st.State, st.Rejection
	d.inv.CreatedAt, d.inv.Revision = st.CreatedAt, st.Revision
	d.base = clone(st)
	d.compute()
}

// whenSaved runs f after everything typed is on disk; never when that fails or
// there is nothing to save yet.
func (d *document) whenSaved(f func()) {
	if !d.Unsaved() {
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
	ask(d, func(ctx context.Context) (books.Stored, error) { return f(ctx, id) },
		func(st books.Stored, err error) {
			if err != nil {
				d.say(err)
				e.Reload(id) // what is stored may say why
			} else {
				if e.document == d {
					e.reset(st)
				}
				if e.Saved != nil {
					e.Saved(id)
				}
			}
			e.tell()
		})
}

// flush returns when all is on disk, or with what keeps it from being there.
func (d *document) flush(ctx context.Context) error {
	d.failed = nil
	for d.Unsaved() && !d.empty() {
		if !d.saving && d.failed != nil {
			if !d.leave() {
				return d.failed
			}
			d.failed = nil
		}
		d.Save()
		select {
		case f := <-d.answers:
			f()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
