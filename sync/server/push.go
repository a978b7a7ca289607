package server

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/sync/wire"
)

type cursor = books.Cursor

// txn is one batch: its statements are prepared once.
type txn struct {
	tx     *sql.Tx
	now    time.Time
	branch string
	tax    bool

	seq                            int64
	next                           int64 // next number of the series; 0 while not read
	find, ledger, answered, upsert *sql.Stmt
}

// update runs fn in one write transaction.
func (s *Store) update(ctx context.Context, branch string, fn func(*txn) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	t := &txn{tx: tx, now: s.now().UTC(), branch: branch, tax: s.tax.Load()}
	for _, p := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&t.find, `SELECT revision, state, deleted, body FROM document WHERE type = ? AND id = ?`},
		{&t.ledger, `SELECT hash, answer FROM ledger WHERE operation_id = ?`},
		{&t.answered, `INSERT INTO ledger(operation_id, hash, answer, at) VALUES(?, ?, ?, ?)`},
		{&t.upsert, `INSERT INTO document(type, id, revision, seq, state, deleted, body) VALUES(?, ?, ?, ?, ?, 0, ?)
			ON CONFLICT(type, id) DO UPDATE SET revision = excluded.revision, seq = excluded.seq, state = excluded.state, deleted = 0, body = excluded.body`},
	} {
		if *p.to, err = tx.PrepareContext(ctx, p.sql); err != nil {
			return err
		}
		defer (*p.to).Close()
	}
	if err := tx.QueryRowContext(ctx, `SELECT seq FROM meta`).Scan(&t.seq); err != nil {
		return err
	}
	if err := fn(t); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE meta SET seq = ?`, t.seq); err != nil {
		return err
	}
	if t.next > 0 {
		if _, err := tx.ExecContext(ctx, `INSERT INTO series(name, next) VALUES('main', ?) ON CONFLICT(name) DO UPDATE SET next = excluded.next`, t.next); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Push applies a batch: one transaction; a refused operation changes nothing of
// its own, so no savepoint is needed to undo it. The answers are in order.
func (s *Store) Push(ctx context.Context, req wire.PushRequest, branch string) (wire.PushAnswer, error) {
	out := wire.PushAnswer{}
	err := s.update(ctx, branch, func(t *txn) error {
		if err := t.tx.QueryRowContext(ctx, `SELECT epoch FROM meta`).Scan(&out.Epoch); err != nil {
			return err
		}
		out.Answers = make([]wire.Answer, 0, len(req.Operations))
		for _, o := range req.Operations {
			a, err := t.operation(ctx, o)
			if err != nil {
				return fmt.Errorf("operation %s: %w", o.OperationID, err)
			}
			out.Answers = append(out.Answers, a)
		}
		return nil
	})
	return out, err
}

func reject(code string, fields map[string]string) wire.Answer {
	return wire.Answer{Result: wire.Rejected, Code: code, Fields: fields}
}

// operation answers one operation and writes the ledger.
func (t *txn) operation(ctx context.Context, o wire.Operation) (wire.Answer, error) {
	var hash string
	var stored []byte
	switch err := t.ledger.QueryRowContext(ctx, o.OperationID).Scan(&hash, &stored); {
	case err == nil && hash != o.Hash:
		a := reject("operation_reused", nil)
		a.OperationID = o.OperationID
		return a, nil // not in the ledger: the first user of the id keeps it
	case err == nil:
		var a wire.Answer
		return a, json.Unmarshal(stored, &a)
	case !errors.Is(err, sql.ErrNoRows):
		return wire.Answer{}, err
	}
	a, err := t.decide(ctx, o)
	if err != nil {
		return a, err
	}
	a.OperationID = o.OperationID
	raw, err := json.Marshal(a)
	if err != nil {
		return a, err
	}
	_, err = t.answered.ExecContext(ctx, o.OperationID, o.Hash, raw, t.now.Unix())
	return a, err
}

// current is what the server has of a document.
type current struct {
	revision int64
	state    invoice.State
	deleted  bool
	body     []byte
}

func (t *txn) current(ctx context.Context, kind, id string) (current, error) {
	var c current
	var state string
	err := t.find.QueryRowContext(ctx, kind, id).Scan(&c.revision, &state, &c.deleted, &c.body)
	if errors.Is(err, sql.ErrNoRows) {
		return current{}, nil
	}
	c.state = invoice.State(state)
	return c, err
}

// decide applies an operation, or says why not.
func (t *txn) decide(ctx context.Context, o wire.Operation) (wire.Answer, error) {
	switch {
	case wire.Hash(o.Body) != o.Hash:
		return reject("hash_mismatch", nil), nil
	case o.DocumentType != string(books.InvoiceDocument):
		return reject("document_type_unknown", nil), nil
	case o.Kind != string(books.Put) && o.Kind != string(books.Transition):
		return reject("kind_unknown", nil), nil
	case o.Schema != wire.Schema:
		return reject("schema_unknown", nil), nil
	}
	inv, err := wire.DecodeInvoice(o.Body)
	if err != nil || inv.ID != o.DocumentID {
		return reject("malformed", map[string]string{"body": "malformed"}), nil
	}
	cur, err := t.current(ctx, o.DocumentType, o.DocumentID)
	if err != nil {
		return wire.Answer{}, err
	}
	switch {
	case cur.revision != o.BaseRevision:
		return conflict(cur), nil
	case cur.state == invoice.Issued || cur.state == invoice.Reversed:
		a := reject("already_issued", nil)
		a.Body, a.Revision = cur.body, cur.revision
		return a, nil
	}
	inv.Rejection, inv.Number, inv.IssuedAt = nil, "", time.Time{}
	stage := invoice.StageDraft
	if o.Kind == string(books.Transition) && inv.State == invoice.Waiting {
		stage = invoice.StageSubmit
	} else {
		inv.State = invoice.Draft
	}
	if bad := invoice.Errors(invoice.Validate(inv, stage)); len(bad) > 0 {
		fields := map[string]string{}
		for _, b := range bad {
			fields[b.Field] = b.Code
		}
		return reject(bad[0].Code, fields), nil
	}
	if inv.State == invoice.Waiting && inv.Reverses != "" {
		if a, err := t.reverse(ctx, inv); a != nil || err != nil {
			return deref(a), err
		}
	}
	return t.write(ctx, inv, cur.revision+1)
}

func deref(a *wire.Answer) wire.Answer {
	if a == nil {
		return wire.Answer{}
	}
	return *a
}

func conflict(c current) wire.Answer {
	a := wire.Answer{Result: wire.Conflict, Revision: c.revision, Deleted: c.deleted}
	if c.revision == 0 {
		a.Deleted = true
	}
	if !a.Deleted {
		a.Body = c.body
	}
	return a
}

// write stores the next version, issuing it when it was handed in.
func (t *txn) write(ctx context.Context, inv invoice.Invoice, revision int64) (wire.Answer, error) {
	if inv.State == invoice.Waiting && t.tax {
		n, err := t.number(ctx)
		if err != nil {
			return wire.Answer{}, err
		}
		inv.State, inv.Number, inv.IssuedAt = invoice.Issued, n, t.now.Truncate(time.Millisecond)
	}
	inv.Revision, inv.Branch = revision, t.branch
	body, err := wire.EncodeInvoice(inv)
	if err != nil {
		return wire.Answer{}, err
	}
	t.seq++
	if _, err := t.upsert.ExecContext(ctx, string(books.InvoiceDocument), inv.ID, revision, t.seq, string(inv.State), body); err != nil {
		return wire.Answer{}, err
	}
	a := wire.Answer{Result: wire.Applied, Revision: revision, Seq: t.seq, State: string(inv.State), Number: inv.Number}
	if !inv.IssuedAt.IsZero() {
		a.IssuedAt = &inv.IssuedAt
	}
	return a, nil
}

// number takes the next number of the one series.
func (t *txn) number(ctx context.Context) (string, error) {
	if t.next == 0 {
		err := t.tx.QueryRowContext(ctx, `SELECT next FROM series WHERE name = 'main'`).Scan(&t.next)
		if errors.Is(err, sql.ErrNoRows) {
			t.next = 1
		} else if err != nil {
			return "", err
		}
	}
	n := t.next
	t.next++
	return fmt.Sprintf("%08d", n), nil
}

// reverse checks a red-letter invoice against the blue one and marks that one
// reversed. Only full reversals are taken in this version.
func (t *txn) reverse(ctx context.Context, red invoice.Invoice) (*wire.Answer, error) {
	no := func(code string) (*wire.Answer, error) {
		a := reject(code, map[string]string{"reverses": code})
		return &a, nil
	}
	cur, err := t.current(ctx, string(books.InvoiceDocument), red.Reverses)
	if err != nil {
		return nil, err
	}
	switch {
	case cur.revision == 0:
		return no("reverses_unknown")
	case cur.state != invoice.Issued:
		return no("reverses_not_issued")
	}
	blue, err := wire.DecodeInvoice(cur.body)
	if err != nil {
		return nil, err
	}
	bs, err := invoice.Compute(blue)
	if err != nil {
		return nil, err
	}
	rs, err := invoice.Compute(red)
	if err != nil {
		return nil, err
	}
	if !rs.Net.Equal(bs.Net.Neg()) || !rs.Tax.Equal(bs.Tax.Neg()) {
		return no("reversal_not_whole")
	}
	blue.State = invoice.Reversed
	blue.Revision = cur.revision + 1
	body, err := wire.EncodeInvoice(blue)
	if err != nil {
		return nil, err
	}
	t.seq++
	_, err = t.upsert.ExecContext(ctx, string(books.InvoiceDocument), blue.ID, blue.Revision, t.seq, string(blue.State), body)
	return nil, err
}

// issueWaiting issues what came while the tax platform was away, in order.
func (s *Store) issueWaiting(ctx context.Context) error {
	return s.update(ctx, "", func(t *txn) error {
		rows, err := t.tx.QueryContext(ctx, `SELECT body FROM document WHERE state = 'waiting' ORDER BY seq`)
		if err != nil {
			return err
		}
		var all []invoice.Invoice
		for rows.Next() {
			var body []byte
			if err := rows.Scan(&body); err != nil {
				return errors.Join(err, rows.Close())
			}
			inv, err := wire.DecodeInvoice(body)
			if err != nil {
				return errors.Join(err, rows.Close())
			}
			all = append(all, inv)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, inv := range all {
			t.branch = inv.Branch
			if _, err := t.write(ctx, inv, inv.Revision+1); err != nil {
				return err
			}
		}
		return nil
	})
}

// Seed writes master data as the server's own changes, when it has none yet.
func (s *Store) Seed(ctx context.Context, documents map[books.DocumentType]map[string][]byte) error {
	return s.update(ctx, "", func(t *txn) error {
		for kind, all := range documents {
			for id, body := range all {
				cur, err := t.current(ctx, string(kind), id)
				if err != nil {
					return err
				}
				if cur.revision > 0 {
					continue
				}
				t.seq++
				if _, err := t.upsert.ExecContext(ctx, string(kind), id, 1, t.seq, "", body); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
