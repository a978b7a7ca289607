package localdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// conflictBody is the JSON of a conflict; the three versions have the shape of bodies.
type conflictBody struct {
	Base    *invoiceBody      `json:"base,omitempty"`
	Mine    invoiceBody       `json:"mine"`
	Theirs  invoiceBody       `json:"theirs"`
	Deleted bool              `json:"deleted,omitzero"`
	Diffs   []books.FieldDiff `json:"diffs,omitempty"`
	Merged  []books.FieldDiff `json:"merged,omitempty"`
}

func encodeConflict(c books.Conflict) ([]byte, error) {
	b := conflictBody{Mine: toBody(c.Mine), Theirs: toBody(c.Theirs), Deleted: c.Deleted, Diffs: c.Diffs, Merged: c.Merged}
	if c.Base != nil {
		base := toBody(*c.Base)
		b.Base = &base
	}
	return marshal(b)
}

func decodeConflict(data []byte, c *books.Conflict) error {
	var b conflictBody
	if err := unmarshal(data, &b); err != nil {
		return fmt.Errorf("%w: conflict: %w", ErrCorrupt, err)
	}
	var errs [3]error
	if b.Base != nil {
		var base invoice.Invoice
		base, errs[0] = fromBody(*b.Base)
		c.Base = &base
	}
	c.Mine, errs[1] = fromBody(b.Mine)
	c.Theirs, errs[2] = fromBody(b.Theirs)
	c.Deleted, c.Diffs, c.Merged = b.Deleted, b.Diffs, b.Merged
	if err := errors.Join(errs[:]...); err != nil {
		return fmt.Errorf("%w: conflict: %w", ErrCorrupt, err)
	}
	return nil
}

func scanConflict(scan func(into ...any) error) (books.Conflict, error) {
	var c books.Conflict
	var opened int64
	var body []byte
	var sum sql.NullInt64
	if err := scan(&c.ID, &c.InvoiceID, &opened, &body, &sum); err != nil {
		return c, err
	}
	if err := intact(sum, sumOf(c.InvoiceID, c.ID, opened, body), "conflict of invoice", c.InvoiceID); err != nil {
		return c, err
	}
	c.OpenedAt = fromNanos(opened)
	return c, decodeConflict(body, &c)
}

// Conflicts lists the open conflicts, oldest first. Where some are damaged it
// gives the others and ErrDamaged, which names them.
func (d *DB) Conflicts(ctx context.Context) ([]books.Conflict, error) {
	var all []books.Conflict
	var bad error
	err := d.each(ctx, `SELECT id, invoice_id, opened, body, sum FROM conflict ORDER BY opened, id`, nil, func(r *sql.Rows) error {
		c, err := scanConflict(r.Scan)
		if errors.Is(err, books.ErrDamaged) {
			bad = errors.Join(bad, err)
			return nil
		}
		all = append(all, c)
		return err
	})
	return all, wrap("conflicts", errors.Join(err, bad))
}

// Conflict gives ErrNotFound when the invoice has no open one.
func (d *DB) Conflict(ctx context.Context, invoiceID string) (books.Conflict, error) {
	c, err := scanConflict(func(into ...any) error {
		return d.one(ctx, `SELECT id, invoice_id, opened, body, sum FROM conflict WHERE invoice_id = ?`, []any{invoiceID}, into...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = books.ErrNotFound
	}
	return c, wrap("conflict", err)
}

// Conflict implements books.SyncTx.
func (t *tx) Conflict(invoiceID string) (books.Conflict, error) {
	c, err := scanConflict(func(into ...any) error {
		return t.one(`SELECT id, invoice_id, opened, body, sum FROM conflict WHERE invoice_id = ?`, []any{invoiceID}, into...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = books.ErrNotFound
	}
	return c, err
}

func (t *tx) OpenConflict(c books.Conflict, h books.HistoryEntry) error {
	old, err := t.head(c.InvoiceID)
	if err != nil {
		return err
	}
	if old.n == 0 {
		return books.ErrNotFound
	}
	if c.OpenedAt.IsZero() {
		c.OpenedAt = t.d.now()
	}
	body, err := encodeConflict(c)
	if err != nil {
		return err
	}
	if err := t.putHistory(old.n, c.InvoiceID, h); err != nil {
		return err
	}
	if err := t.exec(`INSERT INTO conflict (invoice_id, id, opened, body) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET id = excluded.id, opened = excluded.opened, body = excluded.body`,
		c.InvoiceID, c.ID, nanos(c.OpenedAt), body); err != nil {
		return err
	}
	if err := t.exec(`UPDATE invoice SET conflict = 1, version = version + 1 WHERE n = ?`, old.n); err != nil {
		return err
	}
	return t.exec(`DELETE FROM outbox WHERE document_id = ?`, c.InvoiceID)
}

// closeConflict does nothing when none is open.
func (t *tx) closeConflict(id string) error {
	n, err := t.change(`DELETE FROM conflict WHERE invoice_id = ?`, id)
	if err != nil || n == 0 {
		return err
	}
	return t.exec(`UPDATE invoice SET conflict = 0 WHERE id = ?`, id)
}

// Resolve implements books.Store. It gives ErrNotFound when the conflict is
// closed already and ErrStale when another one took its place. With kind empty
// and a deletion on their side the invoice goes.
func (d *DB) Resolve(ctx context.Context, c books.Conflict, result invoice.Invoice, sheet invoice.Sheet, kind books.OperationKind, h books.HistoryEntry) error {
	return wrap("resolve", d.inTx(ctx, func(t *tx) error {
		var open string
		err := t.one(`SELECT id FROM conflict WHERE invoice_id = ?`, []any{c.InvoiceID}, &open)
		if errors.Is(err, sql.ErrNoRows) {
			return books.ErrNotFound
		}
		if err != nil {
			return err
		}
		if open != c.ID {
			return books.ErrStale
		}
		old, err := t.head(c.InvoiceID)
		if err != nil {
			return err
		}
		if h.Before == nil && kind != "" { // mine stays in the edits' history; theirs is the side not chosen
			h.Before = &c.Theirs
		}
		if err := t.putHistory(old.n, c.InvoiceID, h); err != nil {
			return err
		}
		if kind == "" && c.Deleted {
			return t.drop(old.n, c.InvoiceID)
		}
		result.Revision = c.Theirs.Revision
		now, err := t.putInvoice(old, result, sheet, setBase, &c.Theirs)
		if err != nil {
			return err
		}
		if kind != "" { // a person's version, not the server's
			if err := fits(old.size, now.size); err != nil {
				return err
			}
		}
		if err := t.closeConflict(c.InvoiceID); err != nil {
			return err
		}
		if err := t.exec(`DELETE FROM outbox WHERE document_id = ?`, c.InvoiceID); err != nil || kind == "" {
			return err
		}
		return t.addUnsent(result, kind, c.Theirs.State)
	}))
}
