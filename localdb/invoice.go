package localdb

import (
	"context"
	"database/sql"
	"errors"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// grossLimit bounds the sort key in fen, so that sums of keys never overflow.
const grossLimit = 1_000_000_000_000_000

// grossColumns returns the sort key in fen and, for an amount that it cannot hold
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

// invoiceShelf holds the invoices.
type invoiceShelf struct{}

func (invoiceShelf) stored() string { return invoiceStored }

var invoiceStored = `SELECT i.n, i.version, i.conflict, i.sum IS row_sum(` + of("i", invoiceSummed) + `), b.doc, b.doc_sum, b.base, b.base_sum, t.texts, t.sum,
	` + pending("document_type = 'invoice' AND document_id = i.id") + `
	FROM invoice i LEFT JOIN body b ON b.n = i.n LEFT JOIN typed t ON t.n = i.n WHERE i.id = ?`

func (invoiceShelf) head(t *tx, id string) (head, error) {
	var h head
	err := t.one(`SELECT i.n, i.version, i.state, coalesce(length(b.doc), 0) FROM invoice i LEFT JOIN body b ON b.n = i.n WHERE i.id = ?`, []any{id}, &h.n, &h.version, &h.state, &h.size)
	if errors.Is(err, sql.ErrNoRows) {
		return head{}, nil
	}
	return h, err
}

// put also writes the list row and the search text.
func (invoiceShelf) put(t *tx, old head, d document.Document, body []byte, change baseChange, base []byte) (int64, error) {
	v := d.(invoice.Invoice)
	n, err := t.putRow(old, v)
	if err != nil {
		return n, err
	}
	switch {
	case old.n == 0:
		err = t.exec(`INSERT INTO body (n, doc, base, doc_sum, base_sum) VALUES (?, ?, ?, ?, ?)`, n, body, base, sumOf(body), sumOf(base))
	case change == keepBase:
		err = t.exec(`UPDATE body SET doc = ?, doc_sum = ? WHERE n = ?`, body, sumOf(body), n)
	default:
		err = t.exec(`UPDATE body SET doc = ?, base = ?, doc_sum = ?, base_sum = ? WHERE n = ?`, body, base, sumOf(body), sumOf(base), n)
	}
	if err != nil {
		return n, err
	}
	return n, t.putSearch(old.n == 0, n, searchText(v))
}

// settle adds up the row itself: it is read whole and compared with its sum.
func (invoiceShelf) settle(t *tx, d document.Document, body []byte) (bool, error) {
	v := d.(invoice.Invoice)
	row, into := make([]any, invoiceWidth), make([]any, invoiceWidth+1)
	for i := range row {
		into[i] = &row[i]
	}
	var sum sql.NullInt64
	into[invoiceWidth] = &sum
	err := t.one(`SELECT `+invoiceSummed+`, sum FROM invoice WHERE id = ?1 AND conflict = 0 AND revision <= ?2
		AND NOT EXISTS (SELECT 1 FROM outbox WHERE document_type = 'invoice' AND document_id = ?1)`, []any{v.ID, v.Revision}, into...)
	if errors.Is(err, sql.ErrNoRows) || err == nil && (!sum.Valid || sum.Int64 != sumOf(row...)) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	version, _ := row[invoiceVersion].(int64)
	row[invoiceState], row[invoiceNumber], row[invoiceRejection] = string(v.State), v.Number, ""
	row[invoiceVersion], row[invoiceVersion+1] = version+1, v.Revision
	if err := t.exec(`UPDATE invoice SET state = ?, number = ?, rejection = '', version = ?, revision = ?, sum = ? WHERE n = ?`,
		string(v.State), v.Number, version+1, v.Revision, sumOf(row...), row[0]); err != nil {
		return false, err
	}
	if err := t.exec(`UPDATE body SET doc = ?1, base = ?1, doc_sum = ?2, base_sum = ?2 WHERE n = ?3`, body, sumOf(body), row[0]); err != nil || v.Number == "" {
		return true, err
	}
	// It is searched by its number too.
	n, _ := row[0].(int64)
	return true, t.putSearch(false, n, searchText(v))
}

func (invoiceShelf) revision(t *tx, id string) (int64, error) {
	n := int64(-1)
	err := t.one(`SELECT iif(sum IS row_sum(`+invoiceSummed+`), revision, -1) FROM invoice WHERE id = ?`, []any{id}, &n)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return n, err
}

func (invoiceShelf) copied() string {
	return `SELECT ?, ?, ?, ?, ?, ?, doc, doc_sum FROM body WHERE n = ?`
}

func (invoiceShelf) flag(t *tx, n int64) error {
	return t.exec(`UPDATE invoice SET conflict = 1, version = version + 1 WHERE n = ?`, n)
}

func (invoiceShelf) unflag(t *tx, id string) error {
	return t.exec(`UPDATE invoice SET conflict = 0 WHERE id = ?`, id)
}

func (invoiceShelf) heal(t *tx, n int64) error {
	changed, err := t.change(`UPDATE invoice SET conflict = EXISTS (SELECT 1 FROM conflict c WHERE c.type = 'invoice' AND c.document_id = invoice.id) WHERE n = ? AND sum IS NOT row_sum(`+invoiceSummed+`)`, n)
	if err != nil {
		return err
	}
	if changed > 0 {
		if err := t.exec(`UPDATE invoice SET sum = row_sum(`+invoiceSummed+`) WHERE n = ?`, n); err != nil {
			return err
		}
	}
	// An invoice needs a body; where it is gone the next update would miss it.
	if err := t.exec(`INSERT OR IGNORE INTO body (n, doc) VALUES (?, x'')`, n); err != nil {
		return err
	}
	return t.exec(`DELETE FROM typed WHERE n = ? AND sum IS NOT row_sum(`+typedSummed+`)`, n)
}

func (invoiceShelf) drop(t *tx, n int64) error {
	if err := t.dropSearch(n); err != nil {
		return err
	}
	for _, q := range []string{`DELETE FROM typed WHERE n = ?`, `DELETE FROM receipt WHERE n = ?`, `DELETE FROM body WHERE n = ?`, `DELETE FROM invoice WHERE n = ?`} {
		if err := t.exec(q, n); err != nil {
			return err
		}
	}
	return nil
}

// fits refuses a body above the cap. One that an older version let grow may
// shrink step by step.
func fits(old, now int) error {
	if now < old {
		return nil
	}
	return books.TooLarge(now)
}

func (t *tx) putRow(old head, v invoice.Invoice) (int64, error) {
	sheet, err := invoice.Compute(v)
	if err != nil {
		return old.n, err
	}
	fen, exact := grossColumns(sheet.Gross)
	rejection := ""
	if v.Rejection != nil {
		rejection = v.Rejection.Code
	}
	red := v.Reverses != "" || v.RedRows != nil
	args := []any{v.Reference, v.Number, v.Date, v.Buyer.Name, sortKey(v.Buyer.Name), v.Buyer.TaxNo, string(v.Kind), string(v.State), red,
		fen, exact, rejection, nanos(v.CreatedAt), nanos(v.UpdatedAt), old.version + 1, v.Revision}
	if old.n == 0 {
		n, err := t.next("invoice", "n")
		if err != nil {
			return 0, err
		}
		// As invoiceSummed has them; the trigger that would add it up is spared.
		row := append([]any{n, v.ID}, args[:9]...)
		row = append(append(row, int64(0)), args[9:]...)
		return n, t.exec(`INSERT INTO invoice (`+invoiceSummed+`, sum) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`, append(row, sumOf(row...))...)
	}
	return old.n, t.exec(`UPDATE invoice SET reference=?, number=?, date=?, buyer=?, buyer_key=?, taxno=?, kind=?, state=?, red=?, gross_fen=?,
		gross=?, rejection=?, created=?, updated=?, version=?, revision=? WHERE n=?`, append(args, old.n)...)
}

// SaveInvoice implements books.Store.
func (d *DB) SaveInvoice(ctx context.Context, v invoice.Invoice, version int64, kind books.OperationKind, h books.HistoryEntry) (books.Saved, error) {
	return d.saveInvoice(ctx, v, version, kind, h, func(*tx, int64) error { return nil })
}

// saveInvoice runs also, which gets the invoice's row, in the same transaction.
func (d *DB) saveInvoice(ctx context.Context, v invoice.Invoice, version int64, kind books.OperationKind, h books.HistoryEntry, also func(t *tx, n int64) error) (books.Saved, error) {
	var now head
	err := d.inTx(ctx, func(t *tx) (err error) {
		if v.Reference == "" {
			if v.Reference, err = t.reference(v.Date); err != nil {
				return err
			}
		}
		if now, err = t.save(v, version, kind, h); err != nil {
			return err
		}
		return also(t, now.n)
	})
	if err != nil {
		return books.Saved{}, wrap("save invoice", err)
	}
	return books.Saved{Version: now.version, Reference: v.Reference}, nil
}
