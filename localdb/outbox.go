package localdb

import (
	"context"
	"database/sql"
	"errors"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// enqueue makes the outbox ask for v: it joins an unsent operation of the
// document or adds one. from is the invoice's state before this save, empty for
// a new one. A parked operation gives way: the person has reworked what was
// refused.
func (t *tx) enqueue(v invoice.Invoice, kind books.OperationKind, from invoice.State) error {
	id, old, since, err := t.unsent(v.ID)
	if err != nil {
		return err
	}
	if id != 0 {
		return t.exec(`UPDATE outbox SET kind = ?, base_revision = ? WHERE id = ?`, joined(old, kind, since, v.State), v.Revision, id)
	}
	if err := t.unpark(v.ID); err != nil {
		return err
	}
	return t.addUnsent(v, kind, from)
}

func (t *tx) addUnsent(v invoice.Invoice, kind books.OperationKind, from invoice.State) error {
	return t.exec(`INSERT INTO outbox (document_type, document_id, kind, base_revision, state, created, from_state)
		VALUES ('invoice', ?, ?, ?, 'unsent', ?, ?)`, v.ID, kind, v.Revision, nanos(t.d.now()), from)
}

// unsent finds the unsent operation of a document; id 0 when there is none.
func (t *tx) unsent(document string) (id int64, kind books.OperationKind, from invoice.State, err error) {
	err = t.one(`SELECT id, kind, from_state FROM outbox WHERE document_id = ? AND +state = 'unsent'`, []any{document}, &id, &kind, &from)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, kind, from, err
}

// joined is the kind of two changes that travel as one. A submit that was never
// sent and is taken back leaves a plain edit; a recall of a submit that was sent
// stays a transition, whatever is edited after it.
func joined(old, kind books.OperationKind, from, state invoice.State) books.OperationKind {
	switch {
	case kind == books.Delete:
		return books.Delete
	case state == invoice.Draft && (from == "" || from == invoice.Draft):
		return books.Put
	case old == books.Transition:
		return books.Transition
	}
	return kind
}

const operationColumns = `id, seq, document_type, document_id, kind, base_revision, bytes, hash, state, attempts, last_error, created, sent, from_state, sum, bytes_sum`

// scanOperation gives ErrDamaged, with the operation as it stands, when it is not
// as it was written.
func scanOperation(scan func(into ...any) error) (books.Operation, error) {
	var o books.Operation
	var created, sent int64
	var from string
	var sum, bytesSum sql.NullInt64
	err := scan(&o.ID, &o.Seq, &o.DocumentType, &o.DocumentID, &o.Kind, &o.BaseRevision, &o.Bytes, &o.Hash, &o.State, &o.Attempts, &o.LastError,
		&created, &sent, &from, &sum, &bytesSum)
	if err != nil {
		return o, err
	}
	o.CreatedAt, o.SentAt = fromNanos(created), fromNanos(sent)
	return o, errors.Join(intact(bytesSum, sumOf(o.Bytes), "operation of", o.DocumentID),
		intact(sum, sumOf(o.ID, o.Seq, string(o.DocumentType), o.DocumentID, string(o.Kind), o.BaseRevision, o.Hash, string(o.State), int64(o.Attempts),
			o.LastError, created, sent, from), "operation of", o.DocumentID))
}

// Outbox lists operations without a final answer, oldest first, parked ones too.
// Where some are damaged it gives the others and ErrDamaged, which names them.
func (d *DB) Outbox(ctx context.Context, limit int) ([]books.Operation, error) {
	var all []books.Operation
	var bad error
	err := d.each(ctx, `SELECT `+operationColumns+` FROM outbox ORDER BY id LIMIT ?`, []any{limit}, func(r *sql.Rows) error {
		o, err := scanOperation(r.Scan)
		if errors.Is(err, books.ErrDamaged) {
			bad = errors.Join(bad, err)
			return nil
		}
		all = append(all, o)
		return err
	})
	return all, wrap("outbox", errors.Join(err, bad))
}
