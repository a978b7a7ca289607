package localdb

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"counterfoil/app/books"
)

// storedQuery marks the state of a damaged operation with "!", of one that
// deletes with "-".
var storedQuery = `SELECT i.n, i.version, i.conflict, i.sum IS row_sum(` + of("i", invoiceSummed) + `), b.doc, b.doc_sum, b.base, b.base_sum, t.texts, t.sum,
	coalesce((SELECT iif(sum IS row_sum(` + outboxSummed + `), '', '!') || iif(kind = 'delete', '-', '') || state
		FROM outbox WHERE document_id = i.id ORDER BY id DESC LIMIT 1), '')
	FROM invoice i LEFT JOIN body b ON b.n = i.n LEFT JOIN typed t ON t.n = i.n WHERE i.id = ?`

// of puts a table's name before each column of a list.
func of(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}

// scanStored gives ErrDamaged with Pending alone when any part of the invoice is
// not as it was written.
func scanStored(id string, scan func(into ...any) error) (books.Stored, error) {
	var s books.Stored
	var n int64
	var sound bool
	var doc, base, typed []byte
	var docSum, baseSum, typedSum sql.NullInt64
	var pending string
	err := scan(&n, &s.Version, &s.Conflict, &sound, &doc, &docSum, &base, &baseSum, &typed, &typedSum, &pending)
	if errors.Is(err, sql.ErrNoRows) {
		return books.Stored{}, books.ErrNotFound
	}
	if err != nil {
		return books.Stored{}, err
	}
	pending, broken := strings.CutPrefix(pending, "!")
	pending, s.Deleting = strings.CutPrefix(pending, "-")
	s.Pending = books.OutboxState(pending)
	if !sound || broken {
		return books.Stored{Pending: s.Pending}, damaged("invoice", id)
	}
	err = errors.Join(intact(docSum, sumOf(doc), "invoice", id), intact(baseSum, sumOf(base), "invoice", id))
	if typed != nil || typedSum.Valid {
		err = errors.Join(err, intact(typedSum, sumOf(n, typed), "invoice", id))
	}
	if err == nil {
		s.Invoice, err = decode(doc)
	}
	if err == nil {
		s.Base, err = decodeMaybe(base)
	}
	if err == nil {
		s.Typed, err = decodeTyped(typed)
	}
	// A body whole in itself that stands at another's place is damage too.
	if err != nil || s.Invoice.ID != id || s.Base != nil && s.Base.ID != id {
		return books.Stored{Pending: s.Pending}, damaged("invoice", id)
	}
	return s, nil
}

// Invoice implements books.Store. One that is damaged gives ErrDamaged.
func (d *DB) Invoice(ctx context.Context, id string) (books.Stored, error) {
	s, err := scanStored(id, func(into ...any) error { return d.one(ctx, storedQuery, []any{id}, into...) })
	return s, wrap("invoice", err)
}
