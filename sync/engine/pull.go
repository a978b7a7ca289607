package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/sync/wire"
)

var (
	// errUnanswered says that a change met an operation that has no answer yet.
	errUnanswered = errors.New("an operation has no answer yet")
	// errBodies says that this desk does not have what is said to be its own.
	errBodies = errors.New("the body of an own change is needed")
)

// pull reads to the end and returns the number of changes of other origin.
func (e *Engine) pull(ctx context.Context, sum *Summary) (int, error) {
	dev, err := e.cfg.Store.Device(ctx)
	if err != nil {
		return 0, err
	}
	total := 0
	whole := false // the next page needs every body
	ahead := reader{remote: e.cfg.Remote, now: e.cfg.Now, begin: e.cfg.Go}
	defer ahead.stop()
	for {
		cur, err := e.cfg.Store.Cursor(ctx)
		if err != nil {
			return total, err
		}
		q := wire.PullQuery{Cursor: wire.FormatCursor(cur), Limit: e.page.n, Mark: cur.Mark}
		if !cur.Again && !whole {
			q.Without = dev.ID
		}
		ans, took, err := ahead.read(ctx, q)
		switch {
		case newEpochOf(err, cur):
			return total + 1, e.newEpoch(ctx)
		case problem(err, http.StatusServiceUnavailable, "behind") != nil:
			return total + 1, e.lagging(ctx, cur, err)
		case problem(err, http.StatusConflict, "scope_changed") != nil && cur.Seq > 0:
			return total + 1, e.cfg.Store.Update(ctx, func(tx books.SyncTx) error { return tx.SetCursor(books.Cursor{}) })
		case err != nil:
			e.page.halve(e.page.n)
			return total, err
		}
		e.page.grow(took)
		next, err := wire.ParseCursor(ans.Cursor)
		if err != nil {
			return total, err
		}
		if ans.Epoch == "" || next.Epoch != ans.Epoch || senseless(ans, cur, next) {
			return total, errNoAnswer
		}
		if cur.Epoch != "" && ans.Epoch != cur.Epoch {
			if err := e.newEpoch(ctx); err != nil {
				return total, err
			}
			return total + 1, nil // push the offered operations, then read all again
		}
		if ans.More && (len(ans.Changes) == 0 || next.Seq == cur.Seq) || next.Seq < cur.Seq {
			return total, errors.New("the server's answer does not go on")
		}
		next.Again = cur.Again && ans.More
		next.Mark = newest(cur.Mark, ans.Mark)
		if ans.More {
			ahead.start(ctx, wire.PullQuery{Cursor: ans.Cursor, Limit: e.page.n, Without: q.Without, Mark: newest(cur.Mark, ans.Mark)})
		}
		n, err := e.apply(ctx, ans, cur, next, sum)
		if errors.Is(err, errBodies) && q.Without != "" {
			whole = true
			continue
		}
		whole = false
		if errors.Is(err, errUnanswered) {
			return total + 1, nil // push again first; the page comes again after it
		}
		if err != nil {
			return total, err
		}
		total += n
		sum.Pulled += len(ans.Changes)
		if !ans.More {
			return total, nil
		}
	}
}

// errNoAnswer says that what came is no answer to a pull; nothing of it is believed.
var errNoAnswer = &books.Error{Code: "answer_empty", Text: "the server's answer does not say what it is", Hint: "nothing was taken from it and it is asked again; tell IT if it stays"}

// senseless reports a page without its list of changes, or with one that says of
// no document what it is, or whose place is not between the two cursors: to take
// the cursor of such a page could pass over documents for ever.
func senseless(ans wire.PullAnswer, cur, next books.Cursor) bool {
	if ans.Changes == nil {
		return true
	}
	seq := int64(0)
	if cur.Epoch == ans.Epoch {
		seq = cur.Seq
	}
	for _, c := range ans.Changes {
		if c.DocumentType == "" || c.DocumentID == "" || c.Seq <= seq || c.Seq > next.Seq {
			return true
		}
		seq = c.Seq
	}
	return false
}

// newest is the later of two marks.
func newest(have, got string) string {
	if wire.Newer(have, got) {
		return got
	}
	return have
}

// apply writes a page and its cursor in one transaction. When all was read again,
// what the server turned out not to have is offered to it.
func (e *Engine) apply(ctx context.Context, ans wire.PullAnswer, cur, next books.Cursor, sum *Summary) (int, error) {
	changes := make([]books.Change, 0, len(ans.Changes))
	for _, c := range ans.Changes {
		changes = append(changes, e.decode(c))
	}
	var events []Event
	var s Summary
	foreign := 0
	e.anew = cur.Again
	err := e.cfg.Store.Update(ctx, func(tx books.SyncTx) error {
		events, s, foreign = events[:0], Summary{}, 0
		for _, c := range changes {
			ev, err := e.change(tx, c, &s)
			if err != nil {
				return fmt.Errorf("change %d: %w", c.Seq, err)
			}
			if len(ev) > 0 {
				foreign++
			}
			events = append(events, ev...)
			if cur.Again {
				if err := tx.Seen(c.Key); err != nil {
					return err
				}
			}
		}
		if cur.Again && !next.Again {
			n, err := tx.OfferUnseen()
			if err != nil {
				return err
			}
			foreign += n // there is something to push again
		}
		if !cur.Behind.IsZero() {
			if err := tx.SetBehind(time.Time{}); err != nil {
				return err
			}
		}
		if next.Mark != cur.Mark {
			if err := tx.SetMark(next.Mark); err != nil {
				return err
			}
		}
		return tx.SetCursor(next)
	})
	if err != nil {
		return 0, err
	}
	sum.Merged += s.Merged
	sum.Conflicts += s.Conflicts
	for _, ev := range events {
		e.cfg.Notify(ev)
	}
	return foreign, nil
}

// decode returns a change with its document, or with the reason why it cannot be read.
func (e *Engine) decode(c wire.Change) books.Change {
	out, err := decode(c)
	if err != nil {
		out.Aside = e.aside(c, err)
	}
	return out
}

func decode(c wire.Change) (books.Change, error) {
	out := books.Change{Key: document.Key{Type: document.Type(c.DocumentType), ID: c.DocumentID}, Seq: c.Seq, Revision: c.Revision, Deleted: c.Deleted}
	out.Own = c.Own && !c.Deleted
	if c.Deleted || c.Own {
		return out, nil
	}
	if c.Unreadable != "" {
		return out, errReason(c.Unreadable)
	}
	d, err := read(out.Key, c.Body)
	if err != nil {
		return out, err
	}
	out.Document, out.Receipt = document.WithRevision(d, c.Revision), c.Receipt
	if d.Meta().Revision == c.Revision {
		out.Body = c.Body
	}
	return out, nil
}

// change applies one change; what cannot be read is set aside until a newer
// change of the same document comes.
func (e *Engine) change(tx books.SyncTx, c books.Change, s *Summary) ([]Event, error) {
	if c.Aside != nil {
		return setAside(tx, *c.Aside)
	}
	if err := tx.EndAside(c.Key, math.MaxInt64); err != nil {
		return nil, err
	}
	if _, known := document.Lookup(c.Type); !known {
		return nil, nil // a deletion of what was never here
	}
	if c.Own {
		have, err := tx.Revision(c.Key)
		if err == nil && have < c.Revision {
			err = errBodies // its answer was lost, or this folder is a copy or an older state
		}
		return nil, err
	}
	st, err := tx.Document(c.Key)
	if errors.Is(err, books.ErrDamaged) {
		return e.damaged(tx, st, c)
	}
	missing := errors.Is(err, books.ErrNotFound)
	if err != nil && !missing {
		return nil, err
	}
	if !missing {
		if ev, done, err := e.issuedHere(tx, st, c, s); done || err != nil {
			return ev, err
		}
	}
	ev, err := e.documentChange(tx, st, missing, c, s)
	if err != nil {
		return nil, err
	}
	return ev, keepReceipt(tx, c.Key, c.Seq, c.Receipt)
}

// documentChange applies a change to the document as it stands here.
func (e *Engine) documentChange(tx books.SyncTx, st books.Record, missing bool, c books.Change, s *Summary) ([]Event, error) {
	alone, err := e.orphan(st)
	if err != nil {
		return nil, err
	}
	switch {
	case missing && c.Deleted:
		return nil, nil
	case missing:
		return []Event{{Kind: "pulled", Key: c.Key}}, tx.SetClean(c.Document, c.Body, e.history("received"))
	case st.Base != nil && st.Base.Meta().Revision >= c.Revision && !st.Conflict:
		return e.known(tx, st, c, s)
	case st.Conflict:
		return e.conflicted(tx, st, c, s)
	case c.Deleted && st.Pending == "" && !alone && len(st.Typed) == 0:
		h := e.history("deleted")
		h.Before = st.Document
		return []Event{{Kind: "pulled", Key: c.Key}}, tx.Remove(c.Key, h)
	case st.Pending == "" && st.Document.Meta().State != document.Rejected && !alone && !c.Deleted:
		h := e.history("received")
		h.Before = st.Document
		return []Event{{Kind: "pulled", Key: c.Key}}, tx.SetClean(c.Document, c.Body, h)
	case st.Pending == books.Sent:
		// Its answer comes first: this may be that very change.
		return nil, errUnanswered
	}
	theirs := c.Document
	if theirs == nil {
		theirs = document.WithRevision(st.Document, c.Revision)
	}
	return e.theirs(tx, st, theirs, c.Deleted, false, s)
}

// damaged meets a document whose stored row is not as it was written: the
// server's version makes it whole, unless edits of this desk wait in it. Then it
// stays as it is, visibly, and holds up no other.
func (e *Engine) damaged(tx books.SyncTx, st books.Record, c books.Change) ([]Event, error) {
	if st.Pending != "" || c.Document == nil {
		return nil, nil
	}
	return []Event{{Kind: "pulled", Key: c.Key}}, tx.SetClean(c.Document, c.Body, e.history("received"))
}

// known meets a revision that this desk has or is past. Most are its own changes.
// Within an epoch revisions only rise and mean one content, so where that does
// not hold the server was restored from a backup: what is here and what is there
// are then two versions without a common base, and none of them may go unseen.
func (e *Engine) known(tx books.SyncTx, st books.Record, c books.Change, s *Summary) ([]Event, error) {
	if c.Document == nil {
		if !e.anew {
			return nil, nil
		}
		return e.gone(tx, st, document.WithRevision(st.Document, c.Revision), s)
	}
	same, err := equal(st.Base, c.Document)
	if err != nil {
		return nil, err
	}
	alone, err := e.orphan(st)
	if err != nil {
		return nil, err
	}
	// To the letter: whose change it is and when it was made, which a receipt covers.
	exact, err := exactly(c.Document, st.Base, st.Document)
	mine, base := st.Document.Meta(), st.Base.Meta()
	switch {
	case err != nil:
		return nil, err
	case same && alone:
		doc := document.WithRevision(st.Document, c.Revision)
		return []Event{{Kind: "pulled", Key: c.Key}}, tx.SetBase(doc, c.Document, kindOf(doc), books.HistoryEntry{})
	case same && base.Revision == c.Revision && (st.Pending != "" || exact || mine.State == document.Rejected):
		return nil, nil
	case same && st.Pending == "" && mine.State != document.Rejected:
		// The server wrote whose change it is, or has it under another revision now.
		return nil, tx.SetClean(c.Document, c.Body, books.HistoryEntry{})
	case st.Pending == books.Sent:
		return nil, errUnanswered
	case !same:
		st.Base = nil
	}
	return e.theirs(tx, st, c.Document, false, true, s)
}

// conflicted brings another version to an open conflict, which stays open until a
// person settles it or both sides came to the same.
func (e *Engine) conflicted(tx books.SyncTx, st books.Record, c books.Change, s *Summary) ([]Event, error) {
	open, err := tx.Conflict(c.Key)
	if errors.Is(err, books.ErrDamaged) || errors.Is(err, books.ErrNotFound) {
		open, err = books.Conflict{}, nil // it is opened anew
	}
	if err != nil {
		return nil, err
	}
	if open.DocumentID != "" && open.Theirs.Meta().Revision >= c.Revision && !e.anew {
		return nil, nil // the version that it was opened with, or an older one
	}
	theirs := c.Document
	if theirs == nil {
		theirs = document.WithRevision(st.Document, c.Revision)
	}
	// The operation that asked for it went when the conflict was opened.
	st.Deleting, st.Conflict = open.Deleting(), false
	before := *s
	ev, err := e.theirs(tx, st, theirs, c.Deleted, true, s)
	s.Conflicts = before.Conflicts // it was open before
	return ev, err
}
