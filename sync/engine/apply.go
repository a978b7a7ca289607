package engine

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/sync/wire"
)

// answers applies the answers of a batch. A desk that has read nothing yet notes
// whose answers they are, to notice when that server is restored.
func (e *Engine) answers(tx books.SyncTx, b *batch, s *Summary) (events []Event, reused bool, err error) {
	s.Pushed = len(b.ops)
	for i, o := range b.ops {
		a := b.ans.Answers[i]
		if a.Result == wire.Rejected && a.Code == "operation_reused" {
			reused = true
			continue
		}
		ev, err := e.answer(tx, o, a, s)
		if err == nil {
			// However the answer was taken: it is the server's word that it issued this.
			err = keepReceipt(tx, o.Key(), a.Seq, a.Receipt)
		}
		if err != nil {
			return nil, false, fmt.Errorf("answer to %s: %w", a.OperationID, err)
		}
		events = append(events, ev...)
	}
	if cur := b.cur; cur.Epoch == "" {
		cur.Epoch = b.ans.Epoch
		if err := tx.SetCursor(cur); err != nil {
			return nil, false, err
		}
	}
	if wire.Newer(b.cur.Mark, b.ans.Mark) {
		if err := tx.SetMark(b.ans.Mark); err != nil {
			return nil, false, err
		}
	}
	return events, reused, tx.Forget(e.cfg.Now().Add(-answeredFor))
}

func (e *Engine) answer(tx books.SyncTx, o operation, a wire.Answer, s *Summary) ([]Event, error) {
	if held, err := heldBack(tx, o, a); err != nil {
		return nil, err
	} else if held {
		s.Rejected++
		err := tx.Park(o.ID, a.Code)
		if errors.Is(err, books.ErrNotFound) {
			err = nil
		}
		return []Event{{Kind: "parked", Key: o.Key()}}, err
	}
	if ev, done, err := e.unreadable(tx, o, &a, s); done || err != nil {
		return ev, err
	}
	confirms := a.Result == wire.Applied && o.Kind != books.Delete
	// As it is while the operation still stands in the outbox.
	var stored books.Record
	gone := false
	if !confirms {
		var err error
		stored, err = tx.Document(o.Key())
		if gone = errors.Is(err, books.ErrNotFound) || errors.Is(err, books.ErrDamaged); err != nil && !gone {
			return nil, err
		}
	}
	text, err := wire.Marshal(a)
	if err != nil {
		return nil, err
	}
	if err := tx.Answered(o.ID, string(text), e.cfg.Now()); errors.Is(err, books.ErrNotFound) {
		return nil, nil // another process handled the very same answer
	} else if err != nil {
		return nil, err
	}
	switch {
	case confirms:
		s.Applied++
		return e.applied(tx, o, a, s)
	case gone:
		// Offered again after it was deleted here; what the server has, a pull brings.
		return nil, nil
	case stale(o.Operation, a, stored.Base):
		return nil, nil
	case a.Result == wire.Applied:
		s.Applied++
		return e.deleted(tx, o.Operation, a, s)
	case a.Result == wire.Conflict || len(a.Body) > 0:
		theirs := stored.Document
		if !a.Deleted {
			if theirs, err = document.Decode(o.DocumentType, a.Body); err != nil {
				return nil, err
			}
		}
		return e.theirs(tx, stored, document.WithRevision(theirs, a.Revision), a.Deleted, true, s)
	case a.Result == wire.Rejected && o.Kind == books.Put && stored.Document.Meta().State == "":
		return nil, nil // see heldBack
	case a.Result == wire.Rejected:
		s.Rejected++
		return e.rejected(tx, o.Operation, a, stored)
	}
	return nil, fmt.Errorf("the server answered %q", a.Result)
}

// heldBack reports whether a refusal is parked for a person: of what was issued,
// which stays as it is, and of what has no life-cycle to say that it was refused. An
// unchanged document that was only offered to a restored server is not worth one.
func heldBack(tx books.SyncTx, o operation, a wire.Answer) (bool, error) {
	kind, known := document.Lookup(o.DocumentType)
	if a.Result != wire.Rejected || len(a.Body) > 0 || o.Kind != books.Present && known && kind.Issued {
		return false, nil
	}
	if o.Kind != books.Put {
		return true, nil
	}
	st, err := tx.Document(o.Key())
	if errors.Is(err, books.ErrNotFound) || errors.Is(err, books.ErrDamaged) || err == nil && st.Base == nil {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	same, err := equal(st.Document, st.Base)
	return !same, err
}

// stale tells an answer that says nothing about the document as it is now: to an
// operation that was offered again, or of a server that was restored from a
// backup and does not have our base. The pull from the start that follows brings
// what the server has.
func stale(o books.Operation, a wire.Answer, base document.Document) bool {
	if base == nil {
		return false
	}
	have := base.Meta().Revision
	return o.BaseRevision < have || a.Revision < have && (a.Result == wire.Conflict || len(a.Body) > 0)
}

// answeredFor is how long answers are kept for a server restored from a backup.
const answeredFor = 90 * 24 * time.Hour

// confirmed is the document as an applied operation left it on the server.
func confirmed(o operation, a wire.Answer) (document.Document, error) {
	d, err := o.doc, error(nil)
	switch {
	case len(a.Body) > 0: // another desk brought the same content first
		d, err = document.Decode(o.DocumentType, a.Body)
	case d == nil:
		d, err = sentDocument(o.Operation)
	}
	if err != nil {
		return nil, err
	}
	m := d.Meta()
	m.ID, m.Revision, m.Number, m.IssuedAt, m.Rejection = o.DocumentID, a.Revision, a.Number, time.Time{}, nil
	m.Branch = cmp.Or(a.Branch, m.Branch)
	if a.State != "" {
		m.State = document.State(a.State)
	}
	if a.IssuedAt != nil {
		m.IssuedAt = *a.IssuedAt
	}
	return d.WithMeta(m), nil
}

// applied makes what was sent the new base.
func (e *Engine) applied(tx books.SyncTx, o operation, a wire.Answer, s *Summary) ([]Event, error) {
	base, err := confirmed(o, a)
	if err != nil {
		return nil, err
	}
	k, state := o.Key(), base.Meta().State
	h := e.history("synced")
	if state == document.Issued && o.Kind != books.Present {
		s.Issued++
		h.Event = "issued"
	}
	// What was set aside of it is what this was based on, or older.
	if err := tx.EndAside(k, a.Revision-1); err != nil {
		return nil, err
	}
	pushed := []Event{{Kind: "pushed", Key: k}}
	if done, err := tx.Settle(base, h); done || err != nil {
		return pushed, err
	}
	st, err := tx.Document(k)
	switch {
	case errors.Is(err, books.ErrNotFound):
		return nil, nil // deleted meanwhile; what the server has, a pull brings
	case errors.Is(err, books.ErrDamaged) && st.Pending == "":
		return pushed, tx.SetClean(base, nil, h) // what was sent makes it whole
	case errors.Is(err, books.ErrDamaged):
		return nil, nil
	case err != nil:
		return nil, err
	case st.Base != nil && st.Base.Meta().Revision > a.Revision:
		return nil, nil // a replay of an old answer: newer content came meanwhile
	case st.Pending == "":
		return pushed, tx.SetClean(base, nil, h)
	}
	// It was edited after it was frozen. What the server has issued meanwhile is
	// final: a recall or edit that came too late becomes a visible conflict.
	if !state.Editable() && state != document.Waiting || state == document.Rejected {
		return e.theirs(tx, st, base, false, true, s)
	}
	return pushed, tx.SetBase(document.WithRevision(st.Document, a.Revision), base, "", h)
}

// deleted removes what the server deleted for this desk, unless it was edited since.
func (e *Engine) deleted(tx books.SyncTx, o books.Operation, a wire.Answer, s *Summary) ([]Event, error) {
	now, err := tx.Document(o.Key())
	if err != nil {
		return nil, err
	}
	if now.Pending != "" {
		return e.theirs(tx, now, document.WithRevision(now.Document, a.Revision), true, true, s)
	}
	h := e.history("deleted")
	h.Before = now.Document
	return []Event{{Kind: "pushed", Key: o.Key()}}, tx.Remove(o.Key(), h)
}

// rejected shows the refusal on the document; only a new edit sends it again.
func (e *Engine) rejected(tx books.SyncTx, o books.Operation, a wire.Answer, st books.Record) ([]Event, error) {
	now, err := tx.Document(o.Key())
	if err != nil {
		return nil, err
	}
	if now.Pending != "" {
		// It was edited since; the next answer speaks of the newer content.
		return nil, nil
	}
	m := st.Document.Meta()
	m.State, m.Rejection = document.Rejected, &document.Rejection{Code: a.Code, Fields: a.Fields}
	doc := st.Document.WithMeta(m)
	base := st.Base
	if base == nil {
		kind, _ := document.Lookup(o.DocumentType)
		base = kind.Zero().WithMeta(document.Meta{ID: m.ID, State: document.Draft})
	}
	h := e.history("rejected")
	h.Detail = a.Code
	return []Event{{Kind: "rejected", Key: o.Key()}}, tx.SetBase(doc, base, "", h)
}
