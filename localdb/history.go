package localdb

import (
	"context"
	"database/sql"

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
		return t.exec(columns+`VALUES (?, ?, ?, ?, (SELECT doc FROM body WHERE n = ?))`, h.InvoiceID, nanos(h.At), h.Event, h.Detail, n)
	}
	before, err := encode(*h.Before)
	if err != nil {
		return err
	}
	return t.exec(columns+`VALUES (?, ?, ?, ?, ?)`, h.InvoiceID, nanos(h.At), h.Event, h.Detail, before)
}

// History lists what happened to an invoice, oldest first.
func (d *DB) History(ctx context.Context, id string) ([]books.HistoryEntry, error) {
	var all []books.HistoryEntry
	err := d.each(ctx, `SELECT at, event, detail, before FROM history WHERE invoice_id = ? ORDER BY id`, []any{id}, func(r *sql.Rows) error {
		h := books.HistoryEntry{InvoiceID: id}
		var at int64
		var before []byte
		if err := r.Scan(&at, &h.Event, &h.Detail, &before); err != nil {
			return err
		}
		h.At = fromNanos(at)
		var err error
		h.Before, err = decodeMaybe(before)
		all = append(all, h)
		return err
	})
	return all, wrap("history", err)
}
