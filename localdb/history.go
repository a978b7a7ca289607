package localdb

import (
	"context"
	"database/sql"
	"errors"

	"counterfoil/app/books"
)

// putHistory writes an entry; one without an event is none. Where the caller
// gives no Before, the stored body of row n is copied as it is. n is 0 for none.
func (t *tx) putHistory(n int64, id string, h books.HistoryEntry) error {
	if h.Event == "" {
		return nil
	}
	if h.InvoiceID == "" {
		h.InvoiceID = id
	}
	if h.At.IsZero() {
		h.At = t.d.now()
	}
	const columns = `INSERT INTO history (invoice_id, at, event, detail, before) `
	if h.Before == nil && n == 0 {
		return t.exec(columns+`VALUES (?, ?, ?, ?, NULL)`, h.InvoiceID, nanos(h.At), h.Event, h.Detail)
	}
	if h.Before == nil {
		return t.exec(`INSERT INTO history (invoice_id, at, event, detail, before, before_sum) SELECT ?, ?, ?, ?, doc, doc_sum FROM body WHERE n = ?`,
			h.InvoiceID, nanos(h.At), h.Event, h.Detail, n)
	}
	before, err := encode(*h.Before)
	if err != nil {
		return err
	}
	return t.exec(columns+`VALUES (?, ?, ?, ?, ?)`, h.InvoiceID, nanos(h.At), h.Event, h.Detail, before)
}

// History lists what happened to an invoice, oldest first. Where entries are
// damaged it gives the others and ErrDamaged.
func (d *DB) History(ctx context.Context, id string) ([]books.HistoryEntry, error) {
	var all []books.HistoryEntry
	var bad error
	err := d.each(ctx, `SELECT id, at, event, detail, before, sum, before_sum FROM history WHERE invoice_id = ? ORDER BY id`, []any{id}, func(r *sql.Rows) error {
		h := books.HistoryEntry{InvoiceID: id}
		var row, at int64
		var before []byte
		var sum, beforeSum sql.NullInt64
		if err := r.Scan(&row, &at, &h.Event, &h.Detail, &before, &sum, &beforeSum); err != nil {
			return err
		}
		err := errors.Join(intact(sum, sumOf(row, id, at, h.Event, h.Detail), "history of", id), intact(beforeSum, sumOf(before), "history of", id))
		if err != nil {
			bad = err
			return nil
		}
		h.At = fromNanos(at)
		h.Before, err = decodeMaybe(before)
		all = append(all, h)
		return err
	})
	return all, wrap("history", errors.Join(err, bad))
}
