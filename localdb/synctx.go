package localdb

import (
	"context"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

var (
	_ books.Store     = (*DB)(nil)
	_ books.SyncStore = (*DB)(nil)
	_ books.SyncTx    = (*tx)(nil)
)

// Update implements books.SyncStore.
func (d *DB) Update(ctx context.Context, fn func(books.SyncTx) error) error {
	return wrap("update", d.inTx(ctx, func(t *tx) error { return fn(t) }))
}

// Document implements books.SyncTx.
func (t *tx) Document(k document.Key) (books.Record, error) {
	if _, known := document.Lookup(k.Type); !known {
		return books.Record{}, books.ErrNotFound
	}
	return scanRecord(k, func(into ...any) error { return t.one(shelfOf(k.Type).stored(), []any{k.ID}, into...) })
}

func (t *tx) Freeze(id int64, bytes []byte, hash string, base int64, at time.Time) (seq int64, err error) {
	if t.seq == 0 {
		if err := t.one(`SELECT seq FROM device`, nil, &t.seq); err != nil {
			return 0, err
		}
	}
	seq = t.seq + 1
	const frozen = `UPDATE outbox SET state = 'sent', seq = ?, bytes = ?, bytes_sum = ?, hash = ?, base_revision = ?, sent = ?`
	args := []any{seq, bytes, sumOf(bytes), hash, base, nanos(at)}
	var n int64
	if row, known := t.operations[id]; known { // unless it was changed since
		was := sumOf(row...)
		row[1], row[5], row[6], row[7], row[11] = seq, base, hash, string(books.Sent), nanos(at) // of outboxSummed
		n, err = t.change(frozen+`, sum = ? WHERE id = ? AND state = 'unsent' AND sum = ?`, append(args, sumOf(row...), id, was)...)
	}
	if err == nil && n == 0 { // the trigger adds it up
		n, err = t.change(frozen+` WHERE id = ? AND state = 'unsent'`, append(args, id)...)
	}
	if err := hit(n, err); err != nil {
		return 0, err
	}
	t.seq = seq
	return seq, nil
}

// read remembers a row of the outbox that was read whole in this transaction.
func (t *tx) read(id int64, row []any) {
	if t.operations == nil {
		t.operations = map[int64][]any{}
	}
	t.operations[id] = row
}

// hit turns "no row changed" into ErrNotFound.
func hit(n int64, err error) error {
	if err == nil && n == 0 {
		return books.ErrNotFound
	}
	return err
}

func (t *tx) Answered(id int64, answer string, at time.Time) error {
	n, err := t.change(answeredInsert, answer, nanos(at), id)
	if err := hit(n, err); err != nil {
		return err
	}
	return t.exec(`DELETE FROM outbox WHERE id = ?`, id)
}

// answeredInsert keeps an operation with its answer; what of it is damaged is kept
// without bytes. The trigger that would add up the sum is spared.
var answeredInsert = `INSERT INTO answered (` + answeredSummed + `, sum)
	SELECT ` + answeredSummed + `, row_sum(` + answeredSummed + `) FROM (
		SELECT o.id, d.id AS device, o.seq, document_type, document_id, kind, base_revision,
			iif(bytes_sum IS row_sum(bytes) AND o.sum IS row_sum(` + of("o", outboxSummed) + `), bytes, NULL) AS bytes,
			hash, created, sent, ? AS answer, ? AS answered
		FROM outbox o, device d WHERE o.id = ? LIMIT 1)`

func (t *tx) Forget(before time.Time) error {
	return t.exec(`DELETE FROM answered WHERE answered < ?`, nanos(before))
}

// Revision implements books.SyncTx.
func (t *tx) Revision(k document.Key) (int64, error) { return shelfOf(k.Type).revision(t, k.ID) }

// Settle implements books.SyncTx.
func (t *tx) Settle(d document.Document, h books.HistoryEntry) (bool, error) {
	k := document.KeyOf(d)
	body, err := document.Encode(d)
	if err != nil {
		return false, err
	}
	done, err := shelfOf(k.Type).settle(t, d, body)
	if err != nil || !done {
		return false, err
	}
	// The content is as before, so the entry holds no copy of it.
	return true, t.putHistory(0, k, h)
}

func (t *tx) Attempt(id int64, code string) error {
	return hit(t.change(`UPDATE outbox SET attempts = attempts + 1, last_error = ? WHERE id = ?`, code, id))
}

// SetClean also closes an open conflict: the document is theirs now. It makes a
// damaged document whole.
func (t *tx) SetClean(d document.Document, body []byte, h books.HistoryEntry) error {
	k := document.KeyOf(d)
	s := shelfOf(k.Type)
	old, err := s.head(t, k.ID)
	if err != nil {
		return err
	}
	if old.n != 0 {
		if err := s.heal(t, old.n); err != nil {
			return err
		}
	}
	if err := t.putHistory(old.n, k, h); err != nil {
		return err
	}
	if _, err := t.put(old, d, body, docIsBase, nil); err != nil || old.n == 0 {
		return err
	}
	if err := t.closeConflict(k); err != nil {
		return err
	}
	return t.exec(`DELETE FROM outbox WHERE document_id = ? AND document_type = ? AND +state IN ('unsent', 'parked')`, k.ID, k.Type)
}

// SetBase also closes an open conflict: the engine calls it only when nothing is
// left for a person to choose.
func (t *tx) SetBase(doc, base document.Document, kind books.OperationKind, h books.HistoryEntry) error {
	k := document.KeyOf(doc)
	old, err := shelfOf(k.Type).head(t, k.ID)
	if err != nil {
		return err
	}
	if err := t.putHistory(old.n, k, h); err != nil {
		return err
	}
	if _, err := t.put(old, doc, nil, setBase, base); err != nil {
		return err
	}
	if err := t.closeConflict(k); err != nil {
		return err
	}
	if kind == "" {
		return nil
	}
	return t.demand(doc, kind, base.Meta().State)
}

// demand makes the unsent operation of the document be of exactly this kind.
func (t *tx) demand(d document.Document, kind books.OperationKind, from document.State) error {
	k := document.KeyOf(d)
	if err := t.unpark(k); err != nil {
		return err
	}
	n, err := t.change(`UPDATE outbox SET kind = ?, base_revision = ?, from_state = ? WHERE document_id = ? AND document_type = ? AND +state = 'unsent'`,
		kind, d.Meta().Revision, from, k.ID, k.Type)
	if err != nil || n > 0 {
		return err
	}
	return t.addUnsent(d, kind, from)
}

// Remove implements books.SyncTx.
func (t *tx) Remove(k document.Key, h books.HistoryEntry) error {
	old, err := shelfOf(k.Type).head(t, k.ID)
	if err != nil {
		return err
	}
	if err := t.putHistory(old.n, k, h); err != nil {
		return err
	}
	return t.drop(old.n, k)
}

// drop removes every trace of a document but its history. n is 0 when there is no row.
func (t *tx) drop(n int64, k document.Key) error {
	if err := t.forgetOperations(k); err != nil {
		return err
	}
	if err := t.exec(`DELETE FROM conflict WHERE type = ? AND document_id = ?`, k.Type, k.ID); err != nil || n == 0 {
		return err
	}
	return shelfOf(k.Type).drop(t, n)
}

func (t *tx) SetCursor(c books.Cursor) error {
	return t.exec(`UPDATE cursor SET epoch = ?, seq = ?, scope = ?, again = ?`, c.Epoch, c.Seq, c.Scope, c.Again)
}
