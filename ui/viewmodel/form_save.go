package viewmodel

import (
	"context"
	"errors"

	"counterfoil/app/books"
)

// Save brings what is typed to disk, from where it is sent. Submit closes the form
// after it.
func (f *Form) Save()   { f.save(false) }
func (f *Form) Submit() { f.save(true) }

func (f *Form) save(closes bool) {
	if f.busy || !f.Editable() {
		return
	}
	f.asks, f.typing, f.notice = "", "", ""
	if !f.New() && !f.gone && !f.Unsaved() {
		if closes {
			f.close()
		}
		return
	}
	f.tried = true
	if first := f.First(); first != "" {
		f.message = f.setup.Words.T("form.fix", fieldLabel(f.setup.Words, string(f.kind.Type), first))
		f.changed()
		return
	}
	doc, version := f.doc, f.was.Version
	if f.gone {
		doc, version = f.kind.Copied(doc), 0
	}
	f.again = func() { f.save(closes) }
	f.step(func(ctx context.Context) (books.Record, error) { return f.desk.SaveDocument(ctx, doc, version) }, func(r books.Record) {
		f.was, f.doc, f.gone, f.theirs, f.again = r, f.kind.Edited(r.Document, f.doc), false, nil, nil
		f.notice = f.setup.Words.T("form.saved")
		if closes && !f.Unsaved() {
			f.close()
		}
	})
}

// step asks the desk for something; done takes over what is stored then.
func (f *Form) step(work func(context.Context) (books.Record, error), done func(books.Record)) {
	f.busy, f.message, f.asks = true, "", ""
	f.changed()
	away(f.setup, context.Background(), work, func(r books.Record, err error) {
		f.busy = false
		var told *books.Error
		switch {
		case err == nil:
			if f.Wrote != nil {
				f.Wrote()
			}
			done(r)
		case errors.As(err, &told) && (told.Code == "stale" || told.Code == "document_not_found" || told.Code == "in_conflict"):
			f.message = Sentence(f.setup.Words, err)
			f.missed = true // what is stored says more
		default:
			f.message, f.again = Sentence(f.setup.Words, err), nil
		}
		if f.missed {
			f.missed = false
			f.Reload()
		}
		f.changed()
	})
}

// Reload takes what sync brought.
func (f *Form) Reload() {
	if f.New() {
		return
	}
	if f.busy {
		f.missed = true
		return
	}
	k := f.Key()
	away(f.setup, context.Background(), func(ctx context.Context) (books.Record, error) { return f.store.Document(ctx, k) }, func(r books.Record, err error) {
		switch {
		case f.busy:
			f.missed = true
			return
		case errors.Is(err, books.ErrNotFound):
			f.gone = true
			f.was.Status = books.Status{}
			f.message = f.setup.Words.T("form.gone")
		case err != nil:
			f.message = Sentence(f.setup.Words, err)
		case r.Version >= f.was.Version:
			f.rebase(r)
		}
		again := f.again
		f.again = nil
		f.changed()
		if again != nil && err == nil && len(f.theirs) == 0 {
			again() // nobody has to look
		}
	})
}

// rebase brings what is typed onto a newer version. A group that was changed here
// and there keeps the typing.
func (f *Form) rebase(r books.Record) {
	was, typed := f.was.Document, f.Unsaved()
	f.was, f.gone = r, false
	if f.kind.Fields.Equal(was, r.Document) {
		f.doc = f.kind.Edited(r.Document, f.doc) // its revision alone is another
		if f.notice == f.setup.Words.T("form.saved") && f.Standing() == "" {
			f.notice = "" // it is sent
		}
		return
	}
	f.turn++
	f.notice, f.theirs = "", map[string]string{}
	if !typed {
		f.doc = r.Document
		f.notice = f.setup.Words.T("form.updated")
		return
	}
	m := f.merge(was, f.doc, r.Document, nil)
	f.doc = f.kind.Edited(r.Document, m.Result)
	for _, x := range f.kind.Fields {
		other := x.Text(r.Document)
		if other != x.Text(was) && other != f.text(x) {
			f.theirs[x.Key] = other
		}
	}
	f.message = ""
	f.notice = f.setup.Words.T("form.merged")
	if len(f.theirs) > 0 {
		f.notice = f.setup.Words.T("form.differs")
	}
}

// Close closes the form; where something would be lost it asks first.
func (f *Form) Close() {
	if f.Unsaved() {
		f.ask(AskClose)
		return
	}
	f.close()
}

func (f *Form) close() {
	f.asks = ""
	if f.Closed != nil {
		f.Closed()
	}
}

// Delete and Revert ask first.
func (f *Form) Delete() { f.ask(AskDelete) }
func (f *Form) Revert() { f.ask(AskRevert) }

func (f *Form) ask(q Question) {
	if !f.busy {
		f.asks, f.typing = q, ""
		f.changed()
	}
}

// No takes the question back.
func (f *Form) No() { f.ask("") }

// Yes does what was asked.
func (f *Form) Yes() {
	k := f.Key()
	switch f.asks {
	case AskClose:
		f.close()
	case AskDelete:
		if f.New() || f.gone {
			f.close()
			return
		}
		f.after(func(ctx context.Context) error { return f.desk.RemoveDocument(ctx, k) }, true)
	case AskRevert:
		f.after(func(ctx context.Context) error { return f.desk.Revert(ctx, k) }, true)
	}
}

// Retry sends what the server refused again, as it is on disk.
func (f *Form) Retry() {
	k := f.Key()
	f.after(func(ctx context.Context) error { return f.desk.RetryDocument(ctx, k) }, false)
}

// Undelete takes a deletion back that the server has not heard of yet, or drafts
// it against it.
func (f *Form) Undelete() {
	if f.Standing() != StandsDeleting {
		return
	}
	f.step(func(ctx context.Context) (books.Record, error) {
		return f.desk.SaveDocument(ctx, f.was.Document, f.was.Version)
	}, func(r books.Record) {
		f.was, f.doc = r, r.Document
		f.notice = f.setup.Words.T("form.undeleted")
	})
}

// after does something to the stored document, and closes or reads it again.
func (f *Form) after(work func(context.Context) error, closes bool) {
	f.step(func(ctx context.Context) (books.Record, error) { return books.Record{}, work(ctx) }, func(books.Record) {
		if closes {
			f.close()
			return
		}
		f.missed = true
	})
}
