package localdb

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

// of puts a table's name before each column of a list.
func of(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}

// scanRecord returns ErrDamaged with Pending alone when any part of the document is
// not as it was written. Without an id in the key it is that of the document.
func scanRecord(k document.Key, scan func(into ...any) error) (books.Record, error) {
	var s books.Record
	var n int64
	var sound bool
	var doc, base, typed []byte
	var docSum, baseSum, typedSum sql.NullInt64
	var pending string
	err := scan(&n, &s.Version, &s.Conflict, &sound, &doc, &docSum, &base, &baseSum, &typed, &typedSum, &pending)
	if errors.Is(err, sql.ErrNoRows) {
		return books.Record{}, books.ErrNotFound
	}
	if err != nil {
		return books.Record{}, err
	}
	pending, broken := strings.CutPrefix(pending, "!")
	pending, s.Deleting = strings.CutPrefix(pending, "-")
	pending, s.Refusal, _ = strings.Cut(pending, ":")
	s.Pending = books.OutboxState(pending)
	bad := books.Record{Status: books.Status{Pending: s.Pending}}
	if !sound || broken {
		return bad, damaged(string(k.Type), k.ID)
	}
	err = errors.Join(intact(docSum, sumOf(doc), string(k.Type), k.ID), intact(baseSum, sumOf(base), string(k.Type), k.ID))
	if typed != nil || typedSum.Valid {
		err = errors.Join(err, intact(typedSum, sumOf(n, typed), string(k.Type), k.ID))
	}
	if err == nil {
		s.Document, err = decode(k.Type, doc)
	}
	if err == nil {
		s.Base, err = decodeMaybe(k.Type, base)
	}
	if err == nil {
		s.Typed, err = decodeTyped(typed)
	}
	if err == nil && k.ID == "" {
		k.ID = s.Document.Meta().ID
	}
	// A body whole in itself that stands at another's place is damage too.
	if err != nil || s.Document.Meta().ID != k.ID || s.Base != nil && s.Base.Meta().ID != k.ID {
		return bad, damaged(string(k.Type), k.ID)
	}
	return s, nil
}

// Document implements books.Store. One that is damaged returns ErrDamaged.
func (d *DB) Document(ctx context.Context, k document.Key) (books.Record, error) {
	if _, known := document.Lookup(k.Type); !known {
		return books.Record{}, books.ErrNotFound
	}
	s, err := scanRecord(k, func(into ...any) error { return d.one(ctx, shelfOf(k.Type).stored(), []any{k.ID}, into...) })
	return s, wrap("document", err)
}

// Invoice implements books.Store. One that is damaged returns ErrDamaged.
func (d *DB) Invoice(ctx context.Context, id string) (books.Stored, error) {
	r, err := d.Document(ctx, document.Key{Type: invoiceType, ID: id})
	return r.Stored(), err
}
