package engine

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
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
	doc document.Document
}

// push sends until nothing is ready and returns the number of answers. While a
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
	if err == nil {
		err = e.doubt.cause
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
		ready, err := tx.Ready(e.doubt.limit(e.size.n)+len(e.doubt.later), maxBatch+len(e.doubt.later)*books.MaxDocument, !underway)
		ready = slices.DeleteFunc(ready, func(r books.Ready) bool { return e.doubt.later[r.ID] })
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
	case o.doc == nil:
		return gone, nil
	}
	o.Bytes = r.Body
	if o.Kind == books.Present {
		if o.Bytes, err = presented(r.Body, r.Receipt); err != nil {
			return "invoice_unreadable", nil
		}
	}
	o.Hash, o.BaseRevision = wire.Hash(o.Bytes), o.doc.Meta().Revision
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
