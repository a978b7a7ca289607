package engine

import (
	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/sync/merge"
)

// theirs brings the server's version to a document with local edits.
func (e *Engine) theirs(tx books.SyncTx, st books.Record, theirs document.Document, deleted, answered bool, s *Summary) ([]Event, error) {
	mine := st.Document
	k := document.KeyOf(mine)
	if st.Base != nil && theirs.Meta().Revision <= st.Base.Meta().Revision && !answered {
		return nil, nil // older than what is known
	}
	if st.Deleting && !st.Conflict {
		return e.deleting(tx, st, theirs, deleted, s)
	}
	if !deleted && st.Pending != books.Sent && handedIn(mine, theirs) {
		return []Event{{Kind: "pulled", Key: k}}, tx.SetClean(theirs, nil, e.history("received"))
	}
	m := merge.Three(st.Base, mine, theirs, nil)
	if mine.Meta().State == document.Rejected {
		mine = document.WithState(mine, document.Draft)
	}
	open := deleted || len(m.Diffs) > 0 || !sendable(m.Result, theirs) || computable(m.Result) != nil // then a person has to look
	if open {
		s.Conflicts++
		if deleted && len(m.Diffs) == 0 {
			m.Diffs = []books.FieldDiff{{Path: "state", Mine: string(mine.Meta().State), Theirs: books.DeletedState}}
		}
		c := books.Conflict{
			ID: e.cfg.NewID(), Type: k.Type, DocumentID: k.ID, Base: st.Base, Mine: mine, Theirs: theirs, Deleted: deleted,
			Diffs: m.Diffs, Merged: m.Merged, OpenedAt: e.cfg.Now(),
		}
		return []Event{{Kind: "conflict", Key: k}}, tx.OpenConflict(c, e.history("conflict"))
	}
	s.Merged++
	h := e.history("merged")
	h.Before = mine
	same, err := equal(m.Result, theirs)
	if err != nil {
		return nil, err
	}
	if same {
		return []Event{{Kind: "pulled", Key: k}}, tx.SetClean(theirs, nil, h)
	}
	return []Event{{Kind: "pulled", Key: k}}, tx.SetBase(m.Result, theirs, kindOf(m.Result), h)
}

// computable returns why a document cannot be added up; what has no amounts can.
func computable(d document.Document) error {
	inv, ok := d.(invoice.Invoice)
	if !ok {
		return nil
	}
	_, err := invoice.Compute(inv)
	return err
}

// sendable reports whether a merge may go out by itself: of two drafts, or of a
// draft with the same content handed in.
func sendable(result, theirs document.Document) bool {
	s := result.Meta().State
	return (s.Editable() || s == document.Waiting) && theirs.Meta().State.Editable()
}

// handedIn reports whether theirs is what became of mine: it was handed in with
// this very content, and the answer to that was lost or not understood.
func handedIn(mine, theirs document.Document) bool {
	my, th := mine.Meta(), theirs.Meta()
	if my.State != document.Waiting || !th.State.Final() {
		return false
	}
	th.State, th.Number, th.IssuedAt = my.State, my.Number, my.IssuedAt
	same, err := equal(mine, theirs.WithMeta(th))
	return same && err == nil
}

// equal compares content: everything but revision, branch and times of change.
func equal(a, b document.Document) (bool, error) {
	x, err := document.Encode(content(a))
	if err != nil {
		return false, err
	}
	y, err := document.Encode(content(b))
	return string(x) == string(y), err
}

// exactly reports whether documents are one to the letter, times and all.
func exactly(d document.Document, others ...document.Document) (bool, error) {
	want, err := document.Encode(d)
	if err != nil {
		return false, err
	}
	for _, o := range others {
		if have, err := document.Encode(o); err != nil || string(have) != string(want) {
			return false, err
		}
	}
	return true, nil
}

func content(d document.Document) document.Document {
	m := d.Meta()
	m.Revision, m.Branch = 0, ""
	m.Updated, m.Created = m.IssuedAt, m.IssuedAt
	return d.WithMeta(m)
}

// deleting shows a deletion that met a newer version: a person chooses between
// that version and having it gone.
func (e *Engine) deleting(tx books.SyncTx, st books.Record, theirs document.Document, deleted bool, s *Summary) ([]Event, error) {
	k := document.KeyOf(st.Document)
	if deleted {
		h := e.history("deleted")
		h.Before = st.Document
		return []Event{{Kind: "pulled", Key: k}}, tx.Remove(k, h)
	}
	s.Conflicts++
	c := books.Conflict{
		ID: e.cfg.NewID(), Type: k.Type, DocumentID: k.ID, Base: st.Base, Mine: st.Document, Theirs: theirs, OpenedAt: e.cfg.Now(),
		Diffs: []books.FieldDiff{{Path: "state", Mine: books.DeletedState, Theirs: string(theirs.Meta().State)}},
	}
	return []Event{{Kind: "conflict", Key: k}}, tx.OpenConflict(c, e.history("conflict"))
}

// kindOf is the operation that brings a local document to the server.
func kindOf(d document.Document) books.OperationKind {
	if d.Meta().State == document.Waiting {
		return books.Transition
	}
	return books.Put
}

func (e *Engine) history(event string) books.HistoryEntry {
	return books.HistoryEntry{At: e.cfg.Now(), Event: event}
}
