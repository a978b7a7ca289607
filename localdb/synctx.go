package localdb

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
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

func (t *tx) Invoice(id string) (books.Stored, error) {
	return scanStored(id, func(into ...any) error { return t.one(storedQuery, []any{id}, into...) })
}

func (t *tx) Freeze(id int64, bytes []byte, hash string, base int64, at time.Time) (seq int64, err error) {
	if t.seq == 0 {
		if err := t.one(`SELECT seq FROM device`, nil, &t.seq); err != nil {
			return 0, err
		}
	}
	if err := hit(t.change(`UPDATE outbox SET state = 'sent', seq = ?, bytes = ?, hash = ?, base_revision = ?, sent = ? WHERE id = ? AND state = 'unsent'`,
		t.seq+1, bytes, hash, base, nanos(at), id)); err != nil {
		return 0, err
	}
	t.seq++
	return t.seq, nil
}

// hit turns "no row changed" into ErrNotFound.
func hit(n int64, err error) error {
	if err == nil && n == 0 {
		return books.ErrNotFound
	}
	return err
}

func (t *tx) Answered(id int64, answer string, at time.Time) error {
	n, err := t.change(`INSERT INTO answered (id, device, seq, document_type, document_id, kind, base_revision, bytes, hash, created, sent, answer, answered)
		SELECT o.id, d.id, o.seq, document_type, document_id, kind, base_revision, iif(bytes_sum IS row_sum(bytes) AND o.sum IS row_sum(`+of("o", outboxSummed)+`), bytes, NULL), hash, created, sent, ?, ?
		FROM outbox o, device d WHERE o.id = ?`,
		answer, nanos(at), id)
	if err := hit(n, err); err != nil {
		return err
	}
	return t.exec(`DELETE FROM outbox WHERE id = ?`, id)
}

func (t *tx) Forget(before time.Time) error {
	return t.exec(`DELETE FROM answered WHERE answered < ?`, nanos(before))
}

func (t *tx) Revision(id string) (int64, error) {
	n := int64(-1)
	err := t.one(`SELECT iif(sum IS row_sum(`+invoiceSummed+`), revision, -1) FROM invoice WHERE id = ?`, []any{id}, &n)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return n, err
}

func (t *tx) Settle(v invoice.Invoice, h books.HistoryEntry) (bool, error) {
	err := hit(t.change(`UPDATE invoice SET state = ?1, number = ?2, rejection = '', version = version + 1, revision = ?3
		WHERE id = ?4 AND conflict = 0 AND revision <= ?3 AND NOT EXISTS (SELECT 1 FROM outbox WHERE document_id = ?4)
		AND sum IS row_sum(`+invoiceSummed+`)`,
		v.State, v.Number, v.Revision, v.ID))
	if errors.Is(err, books.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	doc, err := encode(v)
	if err != nil {
		return false, err
	}
	// The content is as before, so the entry holds no copy of it.
	if err := t.putHistory(0, v.ID, h); err != nil {
		return false, err
	}
	if err := t.exec(`UPDATE body SET doc = ?1, base = ?1 WHERE n = (SELECT n FROM invoice WHERE id = ?2)`, doc, v.ID); err != nil || v.Number == "" {
		return true, err
	}
	// It is searched by its number too.
	row, err := t.head(v.ID)
	if err != nil {
		return false, err
	}
	return true, t.putSearch(false, row.n, searchText(v))
}

func (t *tx) Attempt(id int64, code string) error {
	return hit(t.change(`UPDATE outbox SET attempts = attempts + 1, last_error = ? WHERE id = ?`, code, id))
}

// SetClean also closes an open conflict: the document is theirs now. It makes a
// damaged invoice whole.
func (t *tx) SetClean(v invoice.Invoice, sheet invoice.Sheet, h books.HistoryEntry) error {
	old, err := t.head(v.ID)
	if err != nil {
		return err
	}
	if err := t.heal(old.n); err != nil {
		return err
	}
	if err := t.putHistory(old.n, v.ID, h); err != nil {
		return err
	}
	if _, err := t.putInvoice(old, v, sheet, docIsBase, nil); err != nil {
		return err
	}
	if err := t.closeConflict(v.ID); err != nil {
		return err
	}
	return t.exec(`DELETE FROM outbox WHERE document_id = ? AND +state IN ('unsent', 'parked')`, v.ID)
}

// heal lets go of what is damaged in an invoice that is about to be replaced whole.
func (t *tx) heal(n int64) error {
	if n == 0 {
		return nil
	}
	changed, err := t.change(`UPDATE invoice SET conflict = EXISTS (SELECT 1 FROM conflict c WHERE c.invoice_id = id) WHERE n = ? AND sum IS NOT row_sum(`+invoiceSummed+`)`, n)
	if err != nil {
		return err
	}
	if changed > 0 {
		if err := t.exec(`UPDATE invoice SET sum = row_sum(`+invoiceSummed+`) WHERE n = ?`, n); err != nil {
			return err
		}
	}
	// An invoice needs a body; where it is gone the next update would miss it.
	if err := t.exec(`INSERT OR IGNORE INTO body (n, doc) VALUES (?, x'')`, n); err != nil {
		return err
	}
	return t.exec(`DELETE FROM typed WHERE n = ? AND sum IS NOT row_sum(`+typedSummed+`)`, n)
}

// SetBase also closes an open conflict: the engine calls it only when nothing is
// left for a person to choose.
func (t *tx) SetBase(doc invoice.Invoice, sheet invoice.Sheet, base invoice.Invoice, kind books.OperationKind, h books.HistoryEntry) error {
	old, err := t.head(doc.ID)
	if err != nil {
		return err
	}
	if err := t.putHistory(old.n, doc.ID, h); err != nil {
		return err
	}
	if _, err := t.putInvoice(old, doc, sheet, setBase, &base); err != nil {
		return err
	}
	if err := t.closeConflict(doc.ID); err != nil {
		return err
	}
	if kind == "" {
		return nil
	}
	return t.demand(doc, kind, base.State)
}

// demand makes the unsent operation of the document be of exactly this kind.
func (t *tx) demand(v invoice.Invoice, kind books.OperationKind, from invoice.State) error {
	if err := t.unpark(v.ID); err != nil {
		return err
	}
	n, err := t.change(`UPDATE outbox SET kind = ?, base_revision = ?, from_state = ? WHERE document_id = ? AND +state = 'unsent'`,
		kind, v.Revision, from, v.ID)
	if err != nil || n > 0 {
		return err
	}
	return t.addUnsent(v, kind, from)
}

func (t *tx) DeleteInvoice(id string, h books.HistoryEntry) error {
	old, err := t.head(id)
	if err != nil {
		return err
	}
	if err := t.putHistory(old.n, id, h); err != nil {
		return err
	}
	return t.drop(old.n, id)
}

// drop removes every trace of an invoice but its history. n is 0 when there is no row.
func (t *tx) drop(n int64, id string) error {
	if err := t.exec(`DELETE FROM outbox WHERE document_id = ?`, id); err != nil {
		return err
	}
	if err := t.exec(`DELETE FROM conflict WHERE invoice_id = ?`, id); err != nil || n == 0 {
		return err
	}
	for _, q := range []string{`DELETE FROM search_index WHERE rowid = ?`, `DELETE FROM search WHERE n = ?`,
		`DELETE FROM typed WHERE n = ?`, `DELETE FROM receipt WHERE n = ?`, `DELETE FROM body WHERE n = ?`, `DELETE FROM invoice WHERE n = ?`} {
		if err := t.exec(q, n); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) SetCursor(c books.Cursor) error {
	return t.exec(`UPDATE cursor SET epoch = ?, seq = ?, scope = ?, again = ?`, c.Epoch, c.Seq, c.Scope, c.Again)
}
