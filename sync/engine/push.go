package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/sync/merge"
	"counterfoil/sync/wire"
)

// A batch is the operations of one request. ans, err and took hold once done is closed.
type batch struct {
	device string
	cur    books.Cursor // as it was when the batch was made
	ops    []operation
	ans    wire.PushAnswer
	err    error
	took   time.Duration
	done   chan struct{}
}

// An operation holds, where it was frozen just now, what its bytes say.
type operation struct {
	books.Operation
	doc *invoice.Invoice
}

// push sends until nothing is ready and gives the number of answers. While a
// batch is on its way the answers of the one before are written and the next is
// made.
func (e *Engine) push(ctx context.Context, sum *Summary) (int, error) {
	total := 0
	var answered *batch
	// A cloned folder is given a new id once; a second time something else is wrong.
	renewed := false
	next, _, err := e.turn(ctx, nil, false, sum)
	for err == nil && (next != nil || answered != nil) {
		way := next
		if way != nil {
			e.cfg.Go(func() { e.carry(ctx, way) })
		}
		var reused bool
		if next, reused, err = e.turn(ctx, answered, way != nil, sum); err == nil && answered != nil {
			total += len(answered.ops)
		}
		if way != nil {
			<-way.done
		}
		answered = nil
		switch {
		case err != nil:
		case reused && renewed:
			err = errors.New("the server keeps saying that this device's operations are another's")
		case reused:
			// What was on its way under the old id is asked again under the new one.
			renewed = true
			if err = e.cfg.Store.RenewDevice(ctx, e.cfg.NewID()); err == nil {
				next, _, err = e.turn(ctx, nil, false, sum)
			}
		case way != nil && newEpochOf(way.err, way.cur):
			if err = e.newEpoch(ctx); err == nil {
				next, _, err = e.turn(ctx, nil, false, sum)
			}
		case way != nil && problem(way.err, http.StatusForbidden, "device_foreign") != nil && !renewed:
			// A folder that was carried to another branch.
			renewed = true
			if err = e.cfg.Store.RenewDevice(ctx, e.cfg.NewID()); err == nil {
				next, _, err = e.turn(ctx, nil, false, sum)
			}
		case way != nil && way.err != nil:
			if err = e.refused(ctx, way, sum); err == nil {
				next, _, err = e.turn(ctx, nil, false, sum)
			}
		case way != nil:
			e.size.grow(way.took)
			e.doubt.cleared(way.ops)
			answered = way
		}
	}
	return total, err
}

// turn writes the answers of one batch and makes the next of what is ready, in
// one transaction. next is nil when nothing is ready, or when reused says that
// the answers were of another device's operations.
func (e *Engine) turn(ctx context.Context, answered *batch, underway bool, sum *Summary) (next *batch, reused bool, err error) {
	if answered == nil {
		if some, err := e.cfg.Store.AnyReady(ctx, !underway); err != nil || !some {
			return nil, false, err
		}
	}
	dev, err := e.cfg.Store.Device(ctx)
	if err != nil {
		return nil, false, err
	}
	b := &batch{device: dev.ID, done: make(chan struct{})}
	if b.cur, err = e.cfg.Store.Cursor(ctx); err != nil {
		return nil, false, err
	}
	var events []Event
	var s Summary
	err = e.cfg.Store.Update(ctx, func(tx books.SyncTx) (err error) {
		events, s, reused, b.ops = nil, Summary{}, false, nil
		if answered != nil {
			if events, reused, err = e.answers(tx, answered, &s); err != nil || reused {
				return err
			}
		}
		if underway && e.doubt.open() {
			return nil // one after the other until it is found
		}
		b.ops, err = e.freeze(tx, underway, &s)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	sum.add(s)
	for _, ev := range events {
		e.cfg.Notify(ev)
	}
	if len(b.ops) == 0 {
		return nil, reused, nil
	}
	return b, reused, nil
}

// carry brings a batch to the server and its answers back.
func (e *Engine) carry(ctx context.Context, b *batch) {
	defer close(b.done)
	req := request(b.device, b.cur)
	for _, o := range b.ops {
		req.Operations = append(req.Operations, wire.Operation{
			OperationID: wire.OperationID(b.device, o.Seq), DocumentType: string(o.DocumentType), DocumentID: o.DocumentID,
			BaseRevision: o.BaseRevision, Kind: string(o.Kind), Schema: wire.Schema, Hash: o.Hash, Body: o.Bytes,
		})
	}
	start := e.cfg.Now()
	b.ans, b.err = e.cfg.Remote.Push(ctx, req)
	b.took = e.cfg.Now().Sub(start)
	if b.err == nil {
		b.ans.Answers, b.err = b.match()
	}
}

// request is a push without operations yet.
func request(device string, cur books.Cursor) wire.PushRequest {
	return wire.PushRequest{Device: device, Protocol: wire.Protocol, Mark: cur.Mark}
}

// freeze picks what to send: operations sent before keep their bytes, the others
// get theirs now. While a batch is underway none is sent again. What cannot be
// sent at all is parked and holds up no other.
func (e *Engine) freeze(tx books.SyncTx, underway bool, s *Summary) ([]operation, error) {
	for {
		ready, err := tx.Ready(e.doubt.limit(e.size.n), maxBatch, !underway)
		if err != nil || len(ready) == 0 {
			return nil, err
		}
		out := make([]operation, 0, len(ready))
		for _, r := range ready {
			o := operation{r.Operation, r.Document}
			code, err := e.freezeOne(tx, r, &o)
			switch {
			case err != nil:
				return nil, err
			case code == "":
				out = append(out, o)
			case code == gone:
				err = tx.Answered(o.ID, `{"code":"`+gone+`"}`, e.cfg.Now())
			default:
				s.Parked++
				err = tx.Park(o.ID, code)
			}
			if err != nil {
				return nil, err
			}
		}
		if len(out) > 0 {
			return out, nil
		}
	}
}

// gone is the answer to an operation whose document was deleted meanwhile.
const gone = "document_gone"

// freezeOne gives an operation its bytes, or a code that says why it has none.
func (e *Engine) freezeOne(tx books.SyncTx, r books.Ready, o *operation) (code string, err error) {
	switch {
	case r.Err != nil:
		return "invoice_unreadable", nil
	case o.State == books.Sent:
		return "", nil
	case o.DocumentType != books.InvoiceDocument:
		return "document_type_unknown", nil
	case o.doc == nil:
		return gone, nil
	}
	if o.Kind == books.Present {
		o.Bytes, err = presented(*o.doc, r.Receipt)
	} else {
		o.Bytes, err = wire.EncodeInvoice(*o.doc)
	}
	if err != nil {
		return "invoice_unreadable", nil
	}
	o.Hash, o.BaseRevision = wire.Hash(o.Bytes), o.doc.Revision
	o.SentAt, o.State = e.cfg.Now(), books.Sent
	o.Seq, err = tx.Freeze(o.ID, o.Bytes, o.Hash, o.BaseRevision, o.SentAt)
	return "", err
}

// attempted notes a try that had no answer.
func (e *Engine) attempted(ctx context.Context, ops []operation, cause error) error {
	return e.cfg.Store.Update(context.WithoutCancel(ctx), func(tx books.SyncTx) error {
		for _, o := range ops {
			if err := tx.Attempt(o.ID, codeOf(cause)); err != nil && !errors.Is(err, books.ErrNotFound) {
				return err
			}
		}
		return nil
	})
}

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
	if o.Kind == books.Present && a.Result == wire.Rejected && len(a.Body) == 0 {
		// What was issued stays as it is; a person has to know.
		s.Rejected++
		err := tx.Park(o.ID, a.Code)
		if errors.Is(err, books.ErrNotFound) {
			err = nil
		}
		return []Event{{Kind: "parked", InvoiceID: o.DocumentID}}, err
	}
	if ev, done, err := e.unreadable(tx, o, &a, s); done || err != nil {
		return ev, err
	}
	confirms := a.Result == wire.Applied && o.Kind != books.Delete
	// As it is while the operation still stands in the outbox.
	var stored books.Stored
	gone := false
	if !confirms {
		var err error
		stored, err = tx.Invoice(o.DocumentID)
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
		theirs := stored.Invoice
		if !a.Deleted {
			if theirs, err = wire.DecodeInvoice(a.Body); err != nil {
				return nil, err
			}
		}
		theirs.Revision = a.Revision
		return e.theirs(tx, stored, theirs, a.Deleted, true, s)
	case a.Result == wire.Rejected:
		s.Rejected++
		return e.rejected(tx, o.Operation, a, stored)
	}
	return nil, fmt.Errorf("the server answered %q", a.Result)
}

// stale tells an answer that says nothing about the document as it is now: to an
// operation that was offered again, or of a server that was restored from a
// backup and does not have our base. The pull from the start that follows brings
// what the server has.
func stale(o books.Operation, a wire.Answer, base *invoice.Invoice) bool {
	if base == nil {
		return false
	}
	return o.BaseRevision < base.Revision || a.Revision < base.Revision && (a.Result == wire.Conflict || len(a.Body) > 0)
}

// answeredFor is how long answers are kept for a server restored from a backup.
const answeredFor = 90 * 24 * time.Hour

// confirmed is the document as an applied operation left it on the server.
func confirmed(o operation, a wire.Answer) (inv invoice.Invoice, err error) {
	switch {
	case len(a.Body) > 0: // another desk brought the same content first
		inv, err = wire.DecodeInvoice(a.Body)
	case o.doc != nil:
		inv = *o.doc
	default:
		inv, err = sentDocument(o.Operation)
	}
	if err != nil {
		return inv, err
	}
	inv.ID, inv.Revision, inv.Number, inv.IssuedAt, inv.Rejection = o.DocumentID, a.Revision, a.Number, time.Time{}, nil
	inv.Branch = cmp.Or(a.Branch, inv.Branch)
	if a.State != "" {
		inv.State = invoice.State(a.State)
	}
	if a.IssuedAt != nil {
		inv.IssuedAt = *a.IssuedAt
	}
	return inv, nil
}

// applied makes what was sent the new base.
func (e *Engine) applied(tx books.SyncTx, o operation, a wire.Answer, s *Summary) ([]Event, error) {
	base, err := confirmed(o, a)
	if err != nil {
		return nil, err
	}
	h := e.history(base.ID, "synced")
	if base.State == invoice.Issued && o.Kind != books.Present {
		s.Issued++
		h.Event = "issued"
	}
	pushed := []Event{{Kind: "pushed", InvoiceID: base.ID}}
	if done, err := tx.Settle(base, h); done || err != nil {
		if err == nil {
			err = keepReceipt(tx, base.ID, a.Seq, a.Receipt)
		}
		return pushed, err
	}
	st, err := tx.Invoice(o.DocumentID)
	switch {
	case errors.Is(err, books.ErrNotFound):
		return nil, nil // deleted meanwhile; what the server has, a pull brings
	case errors.Is(err, books.ErrDamaged) && st.Pending == "":
		sheet, err := invoice.Compute(base)
		if err != nil {
			return nil, err
		}
		return pushed, tx.SetClean(base, sheet, h) // what was sent makes it whole
	case errors.Is(err, books.ErrDamaged):
		return nil, nil
	case err != nil:
		return nil, err
	case st.Base != nil && st.Base.Revision > a.Revision:
		return nil, nil // a replay of an old answer: newer content came meanwhile
	case st.Pending == "":
		sheet, err := invoice.Compute(base)
		if err != nil {
			return nil, err
		}
		if err := tx.SetClean(base, sheet, h); err != nil {
			return nil, err
		}
		return pushed, keepReceipt(tx, base.ID, a.Seq, a.Receipt)
	}
	// It was edited after it was frozen. What the server has issued meanwhile is
	// final: a recall or edit that came too late becomes a visible conflict.
	if base.State != invoice.Draft && base.State != invoice.Waiting {
		return e.theirs(tx, st, base, false, true, s)
	}
	doc := st.Invoice
	doc.Revision = base.Revision
	sheet, err := invoice.Compute(doc)
	if err != nil {
		return nil, err
	}
	return pushed, tx.SetBase(doc, sheet, base, "", h)
}

// deleted removes what the server deleted for this desk, unless it was edited since.
func (e *Engine) deleted(tx books.SyncTx, o books.Operation, a wire.Answer, s *Summary) ([]Event, error) {
	now, err := tx.Invoice(o.DocumentID)
	if err != nil {
		return nil, err
	}
	if now.Pending != "" {
		theirs := now.Invoice
		theirs.Revision = a.Revision
		return e.theirs(tx, now, theirs, true, true, s)
	}
	h := e.history(o.DocumentID, "deleted")
	h.Before = &now.Invoice
	return []Event{{Kind: "pushed", InvoiceID: o.DocumentID}}, tx.DeleteInvoice(o.DocumentID, h)
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

// rejected shows the refusal on the document; only a new edit sends it again.
func (e *Engine) rejected(tx books.SyncTx, o books.Operation, a wire.Answer, st books.Stored) ([]Event, error) {
	now, err := tx.Invoice(o.DocumentID)
	if err != nil {
		return nil, err
	}
	if now.Pending != "" {
		// It was edited since; the next answer speaks of the newer content.
		return nil, nil
	}
	doc := st.Invoice
	doc.State = invoice.Rejected
	doc.Rejection = &invoice.Rejection{Code: a.Code, Fields: a.Fields}
	sheet, err := invoice.Compute(doc)
	if err != nil {
		return nil, err
	}
	base := invoice.Invoice{ID: doc.ID, State: invoice.Draft}
	if st.Base != nil {
		base = *st.Base
	}
	h := e.history(doc.ID, "rejected")
	h.Detail = a.Code
	return []Event{{Kind: "rejected", InvoiceID: doc.ID}}, tx.SetBase(doc, sheet, base, "", h)
}

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

func (e *Engine) history(id, event string) books.HistoryEntry {
	return books.HistoryEntry{InvoiceID: id, At: e.cfg.Now(), Event: event}
}
