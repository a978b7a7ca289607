package engine

import (
	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/sync/merge"
	"counterfoil/sync/wire"
)

// theirs brings the server's version to a document with local edits.
func (e *Engine) theirs(tx books.SyncTx, st books.Stored, theirs invoice.Invoice, deleted, answered bool, s *Summary) ([]Event, error) {
	mine := st.Invoice
	if st.Base != nil && theirs.Revision <= st.Base.Revision && !answered {
		return nil, nil // older than what is known
	}
	if st.Deleting && !st.Conflict {
		return e.deleting(tx, st, theirs, deleted, s)
	}
	if !deleted && st.Pending != books.Sent && handedIn(mine, theirs) {
		sheet, err := invoice.Compute(theirs)
		if err != nil {
			return nil, err
		}
		return []Event{{Kind: "pulled", InvoiceID: mine.ID}}, tx.SetClean(theirs, sheet, e.history(mine.ID, "received"))
	}
	base := st.Base
	m := merge.Three(base, mine, theirs, nil)
	if mine.State == invoice.Rejected {
		mine.State = invoice.Draft
	}
	open := deleted || len(m.Diffs) > 0
	sheet, err := invoice.Compute(m.Result)
	if !open && (err != nil || !sendable(m.Result, theirs)) {
		open = true // a person has to look
	}
	if open {
		s.Conflicts++
		if deleted && len(m.Diffs) == 0 {
			m.Diffs = []books.FieldDiff{{Path: "state", Mine: string(mine.State), Theirs: books.DeletedState}}
		}
		c := books.Conflict{
			ID: e.cfg.NewID(), InvoiceID: mine.ID, Base: base, Mine: mine, Theirs: theirs, Deleted: deleted,
			Diffs: m.Diffs, Merged: m.Merged, OpenedAt: e.cfg.Now(),
		}
		return []Event{{Kind: "conflict", InvoiceID: mine.ID}}, tx.OpenConflict(c, e.history(mine.ID, "conflict"))
	}
	s.Merged++
	h := e.history(mine.ID, "merged")
	h.Before = &mine
	same, err := equal(m.Result, theirs)
	if err != nil {
		return nil, err
	}
	if same {
		return []Event{{Kind: "pulled", InvoiceID: mine.ID}}, tx.SetClean(theirs, sheet, h)
	}
	return []Event{{Kind: "pulled", InvoiceID: mine.ID}}, tx.SetBase(m.Result, sheet, theirs, kindOf(m.Result), h)
}

// sendable reports whether a merge may go out by itself: of two drafts, or of a
// draft with the same content handed in.
func sendable(result, theirs invoice.Invoice) bool {
	return (result.State.Editable() || result.State == invoice.Waiting) && theirs.State.Editable()
}

// handedIn reports whether theirs is what became of mine: it was handed in with
// this very content, and the answer to that was lost or not understood.
func handedIn(mine, theirs invoice.Invoice) bool {
	if mine.State != invoice.Waiting || !final(theirs.State) {
		return false
	}
	theirs.State, theirs.Number, theirs.IssuedAt = mine.State, mine.Number, mine.IssuedAt
	same, err := equal(mine, theirs)
	return same && err == nil
}

// equal compares content: everything but revision, branch and times of change.
func equal(a, b invoice.Invoice) (bool, error) {
	x, err := wire.EncodeInvoice(content(a))
	if err != nil {
		return false, err
	}
	y, err := wire.EncodeInvoice(content(b))
	return string(x) == string(y), err
}

func content(i invoice.Invoice) invoice.Invoice {
	i.Revision, i.Branch = 0, ""
	i.UpdatedAt, i.CreatedAt = i.IssuedAt, i.IssuedAt
	return i
}

// deleting shows a deletion that met a newer version: a person chooses between
// that version and having it gone.
func (e *Engine) deleting(tx books.SyncTx, st books.Stored, theirs invoice.Invoice, deleted bool, s *Summary) ([]Event, error) {
	if deleted {
		h := e.history(st.Invoice.ID, "deleted")
		h.Before = &st.Invoice
		return []Event{{Kind: "pulled", InvoiceID: st.Invoice.ID}}, tx.DeleteInvoice(st.Invoice.ID, h)
	}
	s.Conflicts++
	c := books.Conflict{
		ID: e.cfg.NewID(), InvoiceID: st.Invoice.ID, Base: st.Base, Mine: st.Invoice, Theirs: theirs, OpenedAt: e.cfg.Now(),
		Diffs: []books.FieldDiff{{Path: "state", Mine: books.DeletedState, Theirs: string(theirs.State)}},
	}
	return []Event{{Kind: "conflict", InvoiceID: c.InvoiceID}}, tx.OpenConflict(c, e.history(c.InvoiceID, "conflict"))
}

// kindOf is the operation that brings a local document to the server.
func kindOf(doc invoice.Invoice) books.OperationKind {
	if doc.State == invoice.Waiting {
		return books.Transition
	}
	return books.Put
}

func (e *Engine) history(id, event string) books.HistoryEntry {
	return books.HistoryEntry{InvoiceID: id, At: e.cfg.Now(), Event: event}
}
