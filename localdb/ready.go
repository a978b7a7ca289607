package localdb

import (
	"context"
	"database/sql"
	"errors"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

var (
	readyColumns = `SELECT ` + of("o", operationColumns)
	free         = ` AND NOT EXISTS (SELECT 1 FROM conflict c WHERE c.type = o.document_type AND c.document_id = o.document_id)`
	sameDocument = `p.document_id = o.document_id AND p.document_type = o.document_type`

	readyAgain = readyColumns + `, NULL, NULL, NULL FROM outbox o WHERE o.state = 'sent'` + free + `
		AND NOT EXISTS (SELECT 1 FROM outbox p WHERE ` + sameDocument + ` AND +p.state = 'sent' AND p.id < o.id)
		ORDER BY o.id LIMIT ?`
	readyFirst = readyColumns + `, coalesce(b.doc, d.doc), coalesce(b.doc_sum, d.doc_sum), r.receipt FROM outbox o
		LEFT JOIN invoice i ON o.document_type = 'invoice' AND i.id = o.document_id LEFT JOIN body b ON b.n = i.n
		LEFT JOIN record d ON d.type = o.document_type AND d.id = o.document_id
		LEFT JOIN receipt r ON r.n = i.n AND o.kind = 'present'
		WHERE o.state = 'unsent'` + free + `
		AND NOT EXISTS (SELECT 1 FROM outbox p WHERE ` + sameDocument + ` AND (+p.state = 'sent' OR +p.state = 'unsent' AND p.id < o.id))
		ORDER BY o.id LIMIT ?`
)

// Ready implements books.SyncTx.
func (t *tx) Ready(limit, size int, again bool) ([]books.Ready, error) {
	var all []books.Ready
	read := func(query string) error {
		return t.each(query, []any{limit - len(all)}, func(r *sql.Rows) (more bool, err error) {
			var one books.Ready
			var doc []byte
			var sum sql.NullInt64
			var row []any
			one.Operation, row, err = scanOperation(func(into ...any) error { return r.Scan(append(into, &doc, &sum, &one.Receipt)...) })
			switch {
			case errors.Is(err, books.ErrDamaged):
				one.Err = err
			case err != nil:
				return false, err
			case doc != nil:
				one.Document, one.Err = readyDocument(doc, sum, one.Key())
				one.Body = doc
			}
			if one.Err == nil {
				t.read(one.ID, row)
			}
			all = append(all, one)
			size -= len(one.Bytes) + len(doc)
			return size > 0, nil
		})
	}
	if again {
		if err := read(readyAgain); err != nil {
			return nil, err
		}
	}
	if len(all) < limit && size > 0 {
		if err := read(readyFirst); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// readyDocument is the document of an operation, whole.
func readyDocument(doc []byte, sum sql.NullInt64, k document.Key) (document.Document, error) {
	if err := intact(sum, sumOf(doc), string(k.Type), k.ID); err != nil {
		return nil, err
	}
	d, err := decode(k.Type, doc)
	if err == nil && d.Meta().ID != k.ID {
		err = damaged(string(k.Type), k.ID)
	}
	return d, err
}

// AnyReady implements books.SyncStore.
func (d *DB) AnyReady(ctx context.Context, again bool) (found bool, err error) {
	if again {
		err = d.one(ctx, `SELECT EXISTS (`+readyAgain+`)`, []any{1}, &found)
	}
	if err == nil && !found {
		err = d.one(ctx, `SELECT EXISTS (`+readyFirst+`)`, []any{1}, &found)
	}
	return found, wrap("ready", err)
}
