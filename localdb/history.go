package localdb

import (
	"context"
	"database/sql"
	"errors"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

// putHistory writes an entry; one without an event is none. Where the caller
// gives no Before, the stored body of row n is copied as it is. n is 0 for none.
func (t *tx) putHistory(n int64, k document.Key, h books.HistoryEntry) error {
	if h.Event == "" {
		return nil
	}
	if h.At.IsZero() {
		h.At = t.d.now()
	}
	id, err := t.next("history", "id")
	if err != nil {
		return err
	}
	// The trigger that would add it up is spared.
	row := []any{id, text(k), nanos(h.At), h.Event, h.Detail}
	row = append(row, sumOf(row...))
	const columns = `INSERT INTO history (` + historySummed + `, sum, before, before_sum) `
	if h.Before == nil && n != 0 {
		return t.exec(columns+shelfOf(k.Type).copied(), append(row, n)...)
	}
	var before []byte
	if h.Before != nil {
		if before, err = document.Encode(h.Before); err != nil {
			return err
		}
	}
	return t.exec(columns+`VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, append(row, before, sumOf(before))...)
}

// History lists what happened to a document, oldest first. Where entries are
// damaged it returns the others and ErrDamaged.
func (d *DB) History(ctx context.Context, k document.Key) ([]books.HistoryEntry, error) {
	var all []books.HistoryEntry
	var bad error
	err := d.each(ctx, `SELECT id, at, event, detail, before, sum, before_sum FROM history WHERE document = ? ORDER BY id`, []any{text(k)}, func(r *sql.Rows) error {
		var h books.HistoryEntry
		var row, at int64
		var before []byte
		var sum, beforeSum sql.NullInt64
		if err := r.Scan(&row, &at, &h.Event, &h.Detail, &before, &sum, &beforeSum); err != nil {
			return err
		}
		err := errors.Join(intact(sum, sumOf(row, text(k), at, h.Event, h.Detail), "history of", k.ID), intact(beforeSum, sumOf(before), "history of", k.ID))
		if err != nil {
			bad = err
			return nil
		}
		h.At = fromNanos(at)
		h.Before, err = decodeMaybe(k.Type, before)
		all = append(all, h)
		return err
	})
	return all, wrap("history", errors.Join(err, bad))
}
