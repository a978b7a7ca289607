package localdb

import (
	"context"
	"fmt"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// SaveTyped implements books.Store.
func (d *DB) SaveTyped(ctx context.Context, v invoice.Invoice, version int64, kind books.OperationKind, h books.HistoryEntry, typed books.Typed) (books.Saved, error) {
	return d.saveInvoice(ctx, v, version, kind, h, func(t *tx, n int64) error { return t.putTyped(n, typed) })
}

// PutTyped implements books.Store.
func (d *DB) PutTyped(ctx context.Context, id string, typed books.Typed) error {
	return wrap("put typed", d.inTx(ctx, func(t *tx) error {
		row, err := invoiceShelf{}.head(t, id)
		if err != nil {
			return err
		}
		if row.n == 0 {
			return books.ErrNotFound
		}
		return t.putTyped(row.n, typed)
	}))
}

func (t *tx) putTyped(n int64, typed books.Typed) error {
	if len(typed) == 0 {
		return t.exec(`DELETE FROM typed WHERE n = ?`, n)
	}
	texts, err := marshal(typed)
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO typed (n, texts) VALUES (?, ?) ON CONFLICT DO UPDATE SET texts = excluded.texts`, n, texts)
}

func decodeTyped(texts []byte) (books.Typed, error) {
	if texts == nil {
		return nil, nil
	}
	var t books.Typed
	if err := unmarshal(texts, &t); err != nil {
		return nil, fmt.Errorf("%w: typed: %w", ErrCorrupt, err)
	}
	return t, nil
}
