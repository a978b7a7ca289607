package localdb

import (
	"context"
	"database/sql"
	"errors"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// grossLimit bounds the sort key in fen, so that sums of keys never overflow.
const grossLimit = 1_000_000_000_000_000

// grossColumns gives the sort key in fen and, for an amount that it cannot hold
// exactly, the exact text.
func grossColumns(g decimal.Decimal) (int64, string) {
	fen := g.Shift(2)
	limit := decimal.NewFromInt(grossLimit)
	switch {
	case fen.GreaterThan(limit):
		return grossLimit, g.String()
	case fen.LessThan(limit.Neg()):
		return -grossLimit, g.String()
	case !fen.IsInteger():
		return fen.IntPart(), g.String()
	}
	return fen.IntPart(), ""
}

func grossOf(fen int64, exact string) (decimal.Decimal, error) {
	if exact == "" {
		return decimal.New(fen, -2), nil
	}
	return decimal.NewFromString(exact)
}

// head is what a write must know of the stored row. n is 0 when there is none.
type head struct {
	n, version int64
	state      invoice.State
	size       int // of the body
}

func (t *tx) head(id string) (head, error) {
	var h head
	err := t.one(`SELECT i.n, i.version, i.state, coalesce(length(b.doc), 0) FROM invoice i LEFT JOIN body b ON b.n = i.n WHERE i.id = ?`, []any{id}, &h.n, &h.version, &h.state, &h.size)
	if errors.Is(err, sql.ErrNoRows) {
		return head{}, nil
	}
	return h, err
}

// What putInvoice does with the base.
type baseChange int

const (
	keepBase baseChange = iota
	docIsBase
	setBase
)

// putInvoice writes row, body and search text and gives row id and new version.
// With docIsBase the document is its own base; base is used with setBase only.
func (t *tx) putInvoice(old head, v invoice.Invoice, sheet invoice.Sheet, change baseChange, base *invoice.Invoice) (head, error) {
	doc, err := encode(v)
	if err != nil {
		return old, err
	}
	var baseBytes []byte
	switch {
	case change == docIsBase:
		baseBytes = doc
	case change == setBase && base != nil:
		if baseBytes, err = encode(*base); err != nil {
			return old, err
		}
	}
	now := head{n: old.n, version: old.version + 1, state: v.State, size: len(doc)}
	if now.n, err = t.putRow(old, v, sheet); err != nil {
		return old, err
	}
	switch {
	case old.n == 0:
		err = t.exec(`INSERT INTO body (n, doc, base, doc_sum, base_sum) VALUES (?, ?, ?, ?, ?)`, now.n, doc, baseBytes, sumOf(doc), sumOf(baseBytes))
	case change == keepBase:
		err = t.exec(`UPDATE body SET doc = ? WHERE n = ?`, doc, now.n)
	default:
		err = t.exec(`UPDATE body SET doc = ?, base = ? WHERE n = ?`, doc, baseBytes, now.n)
	}
	if err != nil {
		return old, err
	}
	return now, t.putSearch(old.n == 0, now.n, searchText(v))
}

// fits refuses a body above the cap. One that an older version let grow may
// shrink step by step.
func fits(old, now int) error {
	if now < old {
		return nil
	}
	return books.TooLarge(now)
}

func (t *tx) putRow(old head, v invoice.Invoice, sheet invoice.Sheet) (int64, error) {
	fen, exact := grossColumns(sheet.Gross)
	rejection := ""
	if v.Rejection != nil {
		rejection = v.Rejection.Code
	}
	red := v.Reverses != "" || v.RedRows != nil
	args := []any{v.Reference, v.Number, v.Date, v.Buyer.Name, sortKey(v.Buyer.Name), v.Buyer.TaxNo, string(v.Kind), string(v.State), red,
		fen, exact, rejection, nanos(v.CreatedAt), nanos(v.UpdatedAt), old.version + 1, v.Revision}
	if old.n == 0 {
		return t.insert(`INSERT INTO invoice (reference, number, date, buyer, buyer_key, taxno, kind, state, red, gross_fen, gross, rejection,
			created, updated, version, revision, id) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`, append(args, v.ID)...)
	}
	return old.n, t.exec(`UPDATE invoice SET reference=?, number=?, date=?, buyer=?, buyer_key=?, taxno=?, kind=?, state=?, red=?, gross_fen=?,
		gross=?, rejection=?, created=?, updated=?, version=?, revision=? WHERE n=?`, append(args, old.n)...)
}

// putSearch leaves the index alone when the text is as before: most edits of
// amounts and every submit.
func (t *tx) putSearch(fresh bool, n int64, text string) error {
	if fresh {
		if err := t.exec(`INSERT INTO search VALUES (?, ?)`, n, text); err != nil {
			return err
		}
		return t.exec(`INSERT INTO search_index (rowid, text) VALUES (?, ?)`, n, text)
	}
	changed, err := t.change(`UPDATE search SET text = ?1 WHERE n = ?2 AND text <> ?1`, text, n)
	if err != nil || changed == 0 {
		return err
	}
	if err := t.exec(`DELETE FROM search_index WHERE rowid = ?`, n); err != nil {
		return err
	}
	return t.exec(`INSERT INTO search_index (rowid, text) VALUES (?, ?)`, n, text)
}

// SaveInvoice implements books.Store.
func (d *DB) SaveInvoice(ctx context.Context, v invoice.Invoice, sheet invoice.Sheet, version int64, kind books.OperationKind, h books.HistoryEntry) (books.Saved, error) {
	return d.saveInvoice(ctx, v, sheet, version, kind, h, func(*tx, int64) error { return nil })
}

// saveInvoice runs also, which gets the invoice's row, in the same transaction.
func (d *DB) saveInvoice(ctx context.Context, v invoice.Invoice, sheet invoice.Sheet, version int64, kind books.OperationKind, h books.HistoryEntry, also func(t *tx, n int64) error) (books.Saved, error) {
	var now head
	err := d.inTx(ctx, func(t *tx) error {
		old, err := t.head(v.ID)
		if err != nil {
			return err
		}
		if old.version != version {
			return books.ErrStale
		}
		if v.Reference == "" {
			if v.Reference, err = t.reference(v.Date); err != nil {
				return err
			}
		}
		// History first: it copies the body that is about to be replaced.
		if err := t.putHistory(old.n, v.ID, h); err != nil {
			return err
		}
		if now, err = t.putInvoice(old, v, sheet, keepBase, nil); err != nil {
			return err
		}
		if err := fits(old.size, now.size); err != nil {
			return err
		}
		if err := also(t, now.n); err != nil {
			return err
		}
		switch {
		case kind == "":
			return nil
		case old.n == 0: // no operation stands for it yet
			return t.addUnsent(v, kind, old.state)
		}
		return t.enqueue(v, kind, old.state)
	})
	if err != nil {
		return books.Saved{}, wrap("save invoice", err)
	}
	return books.Saved{Version: now.version, Reference: v.Reference}, nil
}
