package localdb

import (
	"context"
	"database/sql"
	"errors"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

// enqueue makes the outbox ask for d: it joins an unsent operation of the
// document or adds one. from is the document's state before this save, empty for
// a new one. A parked operation gives way: the person has reworked what was
// refused.
func (t *tx) enqueue(d document.Document, kind books.OperationKind, from document.State) error {
	k, m := document.KeyOf(d), d.Meta()
	id, old, since, err := t.unsent(k)
	if err != nil {
		return err
	}
	if id != 0 {
		return t.exec(`UPDATE outbox SET kind = ?, base_revision = ? WHERE id = ?`, joined(old, kind, since, m.State), m.Revision, id)
	}
	if err := t.unpark(k); err != nil {
		return err
	}
	return t.addUnsent(d, kind, from)
}

func (t *tx) addUnsent(d document.Document, kind books.OperationKind, from document.State) error {
	m := d.Meta()
	return t.exec(`INSERT INTO outbox (document_type, document_id, kind, base_revision, state, created, from_state)
		VALUES (?, ?, ?, ?, 'unsent', ?, ?)`, d.DocumentType(), m.ID, kind, m.Revision, nanos(t.d.now()), from)
}

// unsent finds the unsent operation of a document; id 0 when there is none.
func (t *tx) unsent(k document.Key) (id int64, kind books.OperationKind, from document.State, err error) {
	err = t.one(`SELECT id, kind, from_state FROM outbox WHERE document_id = ? AND document_type = ? AND +state = 'unsent'`, []any{k.ID, k.Type}, &id, &kind, &from)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, kind, from, err
}

// joined is the kind of two changes that travel as one. A submit that was never
// sent and is taken back leaves a plain edit; a recall of a submit that was sent
// stays a transition, whatever is edited after it.
func joined(old, kind books.OperationKind, from, state document.State) books.OperationKind {
	switch {
	case kind == books.Delete:
		return books.Delete
	case (state == document.Draft || state == "") && (from == "" || from == document.Draft):
		return books.Put
	case old == books.Transition:
		return books.Transition
	}
	return kind
}

const operationColumns = `id, seq, document_type, document_id, kind, base_revision, bytes, hash, state, attempts, last_error, created, sent, from_state, sum, bytes_sum`

// scanOperation returns ErrDamaged, with the operation as it stands, when it is not
// as it was written. row are its values, as outboxSummed has them.
func scanOperation(scan func(into ...any) error) (o books.Operation, row []any, err error) {
	var created, sent int64
	var from string
	var sum, bytesSum sql.NullInt64
	err = scan(&o.ID, &o.Seq, &o.DocumentType, &o.DocumentID, &o.Kind, &o.BaseRevision, &o.Bytes, &o.Hash, &o.State, &o.Attempts, &o.LastError,
		&created, &sent, &from, &sum, &bytesSum)
	if err != nil {
		return o, nil, err
	}
	o.CreatedAt, o.SentAt = fromNanos(created), fromNanos(sent)
	row = []any{o.ID, o.Seq, string(o.DocumentType), o.DocumentID, string(o.Kind), o.BaseRevision, o.Hash, string(o.State), int64(o.Attempts),
		o.LastError, created, sent, from}
	return o, row, errors.Join(intact(bytesSum, sumOf(o.Bytes), "operation of", o.DocumentID),
		intact(sum, sumOf(row...), "operation of", o.DocumentID))
}

// Outbox lists operations without a final answer, oldest first, parked ones too.
// Where some are damaged it returns the others and ErrDamaged, which names them.
func (d *DB) Outbox(ctx context.Context, limit int) ([]books.Operation, error) {
	var all []books.Operation
	var bad error
	err := d.each(ctx, `SELECT `+operationColumns+` FROM outbox ORDER BY id LIMIT ?`, []any{limit}, func(r *sql.Rows) error {
		o, _, err := scanOperation(r.Scan)
		if errors.Is(err, books.ErrDamaged) {
			bad = errors.Join(bad, err)
			return nil
		}
		all = append(all, o)
		return err
	})
	return all, wrap("outbox", errors.Join(err, bad))
}
