package localdb

import (
	"context"

	"counterfoil/app/document"
)

// Park implements books.SyncTx. An unsent operation that takes the parked one's
// place asks for a transition if that one did: the server may not know of it.
func (t *tx) Park(id int64, code string) error {
	n, err := t.change(`UPDATE outbox SET kind = iif(kind = 'put' AND EXISTS (SELECT 1 FROM outbox p WHERE p.id = ?1 AND p.kind = 'transition'), 'transition', kind)
		WHERE document_id = (SELECT document_id FROM outbox WHERE id = ?1) AND document_type = (SELECT document_type FROM outbox WHERE id = ?1) AND +state = 'unsent' AND id <> ?1`, id)
	if err != nil {
		return err
	}
	if n > 0 {
		return t.exec(`DELETE FROM outbox WHERE id = ?`, id)
	}
	return hit(t.change(`UPDATE outbox SET state = 'parked', last_error = ? WHERE id = ?`, code, id))
}

// unpark drops the parked operation of a document: a newer one carries everything.
func (t *tx) unpark(k document.Key) error {
	return t.exec(`DELETE FROM outbox WHERE document_id = ? AND document_type = ? AND +state = 'parked'`, k.ID, k.Type)
}

// RetryParked implements books.SyncStore.
func (d *DB) RetryParked(ctx context.Context, codes ...string) error {
	return wrap("retry", d.inTx(ctx, func(t *tx) error {
		for _, code := range codes {
			if err := t.exec(`UPDATE outbox SET state = iif(seq > 0, 'sent', 'unsent'), attempts = 0 WHERE state = 'parked' AND last_error = ?`, code); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Retry implements books.Store.
func (d *DB) Retry(ctx context.Context, k document.Key) error {
	return wrap("retry", d.inTx(ctx, func(t *tx) error {
		return hit(t.change(`UPDATE outbox SET state = iif(seq > 0, 'sent', 'unsent'), attempts = 0, last_error = ''
			WHERE document_id = ? AND document_type = ? AND +state = 'parked'`, k.ID, k.Type))
	}))
}
