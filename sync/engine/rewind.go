package engine

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/sync/remote"
	"counterfoil/sync/wire"
)

// patienceBehind is how long a server that has not caught up is waited for before
// it is asked whether the one that writes is behind too.
const patienceBehind = time.Minute

// maxEpochs bounds the new epochs of one round: a server that changes its epoch
// for ever gets nothing more.
const maxEpochs = 3

// problem is the server's own word, with this status and code; nil when the error
// is something else. What only looks like it, of a box on the way, is not believed.
func problem(err error, status int, code string) *remote.Error {
	var r *remote.Error
	if !errors.As(err, &r) || r.Status != status || r.NotOurs || r.HTML || r.Problem.Code != code {
		return nil
	}
	return r
}

// newEpochOf reports whether the server says that its data were put back: it names
// an epoch that this desk does not have.
func newEpochOf(err error, cur books.Cursor) bool {
	p := problem(err, http.StatusGone, "epoch_changed")
	if p == nil || p.Problem.Epoch == "" {
		return false
	}
	m, _ := wire.ReadMark(cur.Mark) // none is of no epoch
	return (cur.Epoch != "" || m.Epoch != "") && (cur.Epoch != "" && cur.Epoch != p.Problem.Epoch || m.Epoch != "" && m.Epoch != p.Problem.Epoch)
}

// newEpoch answers a server restored from a backup: what it ever answered is
// offered again, its ledger sorts out what it still knows, and all is read again.
// What it then turns out not to have is brought back: see change and apply.
func (e *Engine) newEpoch(ctx context.Context) error {
	if e.epochs++; e.epochs > maxEpochs {
		return &books.Error{Code: "epoch_unsteady", Text: "the server keeps saying that its data were put back from a backup", Hint: "tell the server team; nothing is lost here"}
	}
	return e.cfg.Store.Update(ctx, func(tx books.SyncTx) error {
		if _, err := tx.Reoffer(); err != nil {
			return err
		}
		if err := cmp.Or(tx.SetMark(""), tx.SetBehind(time.Time{})); err != nil {
			return err
		}
		return tx.SetCursor(books.Cursor{Again: true})
	})
}

// lagging notes that the server is behind what this desk has read. A reader that
// lags catches up; after a while the writer is asked, with a push of nothing: only
// its data can have been put back.
func (e *Engine) lagging(ctx context.Context, cur books.Cursor, cause error) error {
	now := e.cfg.Now()
	if waited := now.Sub(cur.Behind); !cur.Behind.IsZero() && waited >= 0 && waited < patienceBehind {
		return cause
	}
	if err := e.cfg.Store.Update(ctx, func(tx books.SyncTx) error { return tx.SetBehind(now) }); err != nil {
		return err
	}
	if cur.Behind.IsZero() {
		return cause
	}
	dev, err := e.cfg.Store.Device(ctx)
	if err != nil {
		return err
	}
	if _, err := e.cfg.Remote.Push(ctx, request(dev.ID, cur)); err != nil {
		if newEpochOf(err, cur) {
			return e.newEpoch(ctx)
		}
		return err
	}
	return cause
}

// issuedHere meets a change of a document that was issued as far as this desk knows. What
// was printed stays: a server that has it otherwise lost it, and gets it back.
// done is false when the change is the ordinary next one.
func (e *Engine) issuedHere(tx books.SyncTx, st books.Record, c books.Change, s *Summary) (ev []Event, done bool, err error) {
	mine := st.Document.Meta()
	if !mine.State.Final() || mine.Number == "" || st.Conflict {
		return nil, false, nil
	}
	if c.Document != nil {
		theirs := c.Document.Meta()
		if theirs.State.Final() && theirs.Number == mine.Number {
			// A reversal that is lost comes back with its red-letter invoice.
			lost := mine.State == document.Reversed && theirs.State == document.Issued && st.Pending == ""
			return nil, lost, nil
		}
		if theirs.State.Final() {
			// Two numbers were printed for it: a person has to know.
			st.Base = nil
			ev, err = e.theirs(tx, st, c.Document, false, true, s)
			return ev, true, err
		}
	}
	receipt, err := tx.Receipt(c.Key)
	if err != nil || receipt == nil {
		return nil, false, err
	}
	return []Event{{Kind: "pulled", Key: c.Key}}, true, tx.Offer(c.Key)
}

// keepReceipt keeps the receipt that came with an answer or a change.
func keepReceipt(tx books.SyncTx, k document.Key, seq int64, receipt []byte) error {
	if len(receipt) == 0 {
		return nil
	}
	return tx.KeepReceipt(k, seq, receipt)
}

// presented are the bytes that present a document.
func presented(body, receipt []byte) ([]byte, error) {
	var r wire.Receipt
	if err := wire.Unmarshal(receipt, &r); err != nil {
		return nil, err
	}
	return wire.Marshal(wire.Presented{Invoice: body, Receipt: r})
}

// sentDocument is the document in the frozen bytes of an operation.
func sentDocument(o books.Operation) (document.Document, error) {
	if o.Kind != books.Present {
		return document.Decode(o.DocumentType, o.Bytes)
	}
	var p wire.Presented
	if err := wire.Unmarshal(o.Bytes, &p); err != nil {
		return nil, err
	}
	return document.Decode(o.DocumentType, p.Invoice)
}

// orphan reports whether a document holds edits and nothing that would send them:
// the answer to them spoke of data that a restored server has no more.
func (e *Engine) orphan(st books.Record) (bool, error) {
	if !e.anew || st.Base == nil || st.Pending != "" || st.Conflict {
		return false, nil
	}
	if s := st.Document.Meta().State; s != document.Draft && s != document.Waiting && s != "" {
		return false, nil
	}
	same, err := equal(st.Document, st.Base)
	return !same, err
}

// gone meets a deletion among what a restored server has: of a clean document it
// is one, of edits a question.
func (e *Engine) gone(tx books.SyncTx, st books.Record, theirs document.Document, s *Summary) ([]Event, error) {
	alone, err := e.orphan(st)
	if err != nil {
		return nil, err
	}
	k := document.KeyOf(theirs)
	if st.Pending == "" && !alone {
		h := e.history("deleted")
		h.Before = st.Document
		return []Event{{Kind: "pulled", Key: k}}, tx.Remove(k, h)
	}
	return e.theirs(tx, st, theirs, true, true, s)
}
