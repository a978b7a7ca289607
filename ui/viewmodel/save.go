package viewmodel

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"counterfoil/app/books"
)

// ask runs work on a goroutine of its own, and done on the window's, where
// Flush may be the one who waits for it.
func ask[T any](d *draft, work func(context.Context) (T, error), done func(T, error)) {
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

// loosen notes that what is beside the invoice changed.
func (d *draft) loosen() {
	d.loose = true
	d.saveSoon()
}

// saveSoon saves a little after the last change, and not long after the first.
func (d *draft) saveSoon() {
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
func (d *draft) collect() {
	for {
		select {
		case f := <-d.answers:
			f()
		default:
			return
		}
	}
}

func (d *draft) saveIn(wait time.Duration) {
	if d.cancel != nil {
		d.cancel()
	}
	d.cancel = d.editor.later(wait, d.Save)
}

// Save brings what is typed to disk now. Where the invoice is there and only
// what is beside it changed, only that is written.
func (d *draft) Save() {
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
func (d *draft) savedTyped(_ struct{}, err error) {
	d.saving = false
	if err != nil {
		var told *books.Error
		d.final = errors.As(err, &told) && told.Code == "not_found"
		d.refused(err)
		d.dirty, d.loose = d.final, true
	} else {
		d.failed, d.savedAt = nil, d.editor.setup.Now()
		d.next()
	}
	d.tell()
}

// aside keeps what the desk does not take into the invoice beside it, and says why.
func (d *draft) aside(why error) {
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
				e.left = slices.DeleteFunc(e.left, func(l *draft) bool { return l == d && !l.Unsaved() })
			}
			d.tell()
		})
}

func (d *draft) saved(st books.Stored, err error) {
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
		if e.draft == d {
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
func (d *draft) next() {
	e := d.editor
	if d.dirty || d.loose {
		d.Save()
		return
	}
	e.left = slices.DeleteFunc(e.left, func(l *draft) bool { return l == d })
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
func (d *draft) refused(err error) {
	d.dirty, d.failed, d.then = true, err, nil
	d.say(err)
	var told *books.Error
	if !errors.As(err, &told) || strings.HasPrefix(told.Code, "localdb_") {
		d.saveIn(retryAfter)
	}
}

// whenSaved runs f after everything typed is on disk; never when that fails or
// there is nothing to save yet.
func (d *draft) whenSaved(f func()) {
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
func (d *draft) step(f func(context.Context, string) (books.Stored, error)) {
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
				if e.draft == d {
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
func (d *draft) flush(ctx context.Context) error {
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
