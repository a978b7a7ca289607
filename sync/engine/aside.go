package engine

import (
	"context"
	"errors"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/sync/wire"
)

// errReason is why a document of the server cannot be read: a stable code.
type errReason string

func (e errReason) Error() string { return string(e) }

// read decodes a document of the server and adds it up. The error is an errReason.
func read(k document.Key, body []byte) (document.Document, error) {
	if _, known := document.Lookup(k.Type); !known {
		return nil, errReason("type_unknown")
	}
	d, err := document.Decode(k.Type, body)
	if err != nil || d.Meta().ID != k.ID {
		return nil, errReason("malformed")
	}
	if computable(d) != nil {
		return nil, errReason("not_computable")
	}
	return d, nil
}

// aside is a change with nothing but the reason why it cannot be read.
func (e *Engine) aside(c wire.Change, reason error) *books.Aside {
	return &books.Aside{
		Type: document.Type(c.DocumentType), ID: c.DocumentID, Seq: c.Seq, Revision: c.Revision,
		Bytes: c.Body, Receipt: c.Receipt, Reason: reason.Error(), Program: e.cfg.Version, At: e.cfg.Now(),
	}
}

// setAside keeps what cannot be read, by name. What is here of the document stays
// as it is: to edits of this desk the server will answer with a conflict.
func setAside(tx books.SyncTx, a books.Aside) ([]Event, error) {
	return []Event{{Kind: "aside", Key: document.Key{Type: a.Type, ID: a.ID}}}, tx.SetAside(a)
}

// unreadable meets an answer that this program does not understand. What the
// server has is set aside and the operation waits for a person or a later program.
// done is false when the answer can be applied.
func (e *Engine) unreadable(tx books.SyncTx, o operation, a *wire.Answer, s *Summary) (ev []Event, done bool, err error) {
	park := func(code string) error {
		s.Parked++
		if err := tx.Park(o.ID, code); !errors.Is(err, books.ErrNotFound) {
			return err
		}
		return nil // another process handled the very same answer
	}
	parked := []Event{{Kind: "parked", Key: o.Key()}}
	if a.Result != wire.Applied && a.Result != wire.Conflict && a.Result != wire.Rejected {
		return parked, true, park("answer_unknown")
	}
	if len(a.Body) == 0 || a.Deleted {
		return nil, false, nil
	}
	_, why := read(o.Key(), a.Body)
	switch {
	case why == nil:
		return nil, false, nil
	case a.Result == wire.Applied:
		a.Body = nil // it confirms what was sent; how the server has it, a pull brings
		return nil, false, nil
	}
	c := wire.Change{Seq: a.Seq, DocumentType: string(o.DocumentType), DocumentID: o.DocumentID, Revision: a.Revision, Body: a.Body}
	if err := tx.SetAside(*e.aside(c, why)); err != nil {
		return nil, true, err
	}
	return parked, true, park("theirs_unreadable")
}

// reread reads again, once a run, what another version of the program could not,
// and sends again what the server failed at: it may be mended.
func (e *Engine) reread(ctx context.Context, sum *Summary) error {
	if !e.rereadDone {
		if err := e.cfg.Store.RetryParked(ctx, "internal", "status_500"); err != nil {
			return err
		}
	}
	for !e.rereadDone {
		some, err := e.cfg.Store.AsidesBefore(ctx, e.cfg.Version, 50)
		if err != nil {
			return err
		}
		for _, a := range some {
			c := e.decode(wire.Change{Seq: a.Seq, DocumentType: string(a.Type), DocumentID: a.ID, Revision: a.Revision, Body: a.Bytes, Receipt: a.Receipt})
			if err := e.again(ctx, c, sum); err != nil {
				return err
			}
		}
		e.rereadDone = len(some) == 0
	}
	return nil
}

// late meets a version that was set aside while what this desk had sent was
// confirmed as that very version: the server's own word of it counts, times and all.
func late(tx books.SyncTx, c books.Change) error {
	if err := tx.EndAside(c.Key, c.Revision); err != nil {
		return err
	}
	st, err := tx.Document(c.Key)
	if err != nil || st.Pending != "" || st.Conflict {
		return err
	}
	if err := tx.SetClean(c.Document, c.Body, books.HistoryEntry{}); err != nil {
		return err
	}
	return keepReceipt(tx, c.Key, c.Seq, c.Receipt)
}

// again applies one change that was set aside, or notes that this program cannot
// read it either.
func (e *Engine) again(ctx context.Context, c books.Change, sum *Summary) error {
	var events []Event
	var s Summary
	err := e.cfg.Store.Update(ctx, func(tx books.SyncTx) (err error) {
		events, s = nil, Summary{}
		if c.Aside == nil && !c.Deleted {
			have, err := tx.Revision(c.Key)
			if err != nil {
				return err
			}
			if have == c.Revision {
				return late(tx, c)
			}
		}
		events, err = e.change(tx, c, &s)
		return err
	})
	if err != nil {
		return err
	}
	sum.add(s)
	for _, ev := range events {
		e.cfg.Notify(ev)
	}
	return nil
}
