package localdb

import (
	"context"

	"counterfoil/app/books"
)

// Device returns the identity of this data folder.
func (d *DB) Device(ctx context.Context) (books.Device, error) {
	var v books.Device
	err := d.one(ctx, `SELECT id FROM device`, nil, &v.ID)
	return v, wrap("device", err)
}

// RenewDevice takes a new device id. Sent operations become unsent again; where
// their document has a later unsent one, which carries everything, only that
// stays. Parked ones keep their place without bytes. Answers of the old id stay on file but are not offered again.
func (d *DB) RenewDevice(ctx context.Context, id string) error {
	return wrap("renew device", d.inTx(ctx, func(t *tx) error {
		if err := t.exec(`UPDATE device SET id = ?, seq = 0`, id); err != nil {
			return err
		}
		if err := t.exec(`UPDATE outbox SET state = 'unsent', seq = 0, bytes = NULL, hash = '', sent = 0, attempts = 0, last_error = ''
			WHERE state = 'sent'`); err != nil {
			return err
		}
		if err := t.exec(`UPDATE outbox SET seq = 0, bytes = NULL, hash = '', sent = 0 WHERE state = 'parked'`); err != nil {
			return err
		}
		// A submit that was to be sent stays one when an edit of it came later.
		if err := t.exec(`UPDATE outbox SET kind = 'transition' WHERE state = 'unsent' AND kind = 'put' AND EXISTS (
			SELECT 1 FROM outbox p JOIN invoice i ON i.id = p.document_id WHERE p.document_id = outbox.document_id
			AND p.document_type = 'invoice' AND outbox.document_type = 'invoice' AND p.id < outbox.id AND +p.state = 'unsent' AND p.kind = 'transition' AND i.state <> 'draft')`); err != nil {
			return err
		}
		return t.exec(`DELETE FROM outbox WHERE state = 'unsent' AND EXISTS (
			SELECT 1 FROM outbox p WHERE p.document_id = outbox.document_id AND p.document_type = outbox.document_type AND p.id > outbox.id AND +p.state = 'unsent')`)
	}))
}

// Cursor says how far the server's changes were read.
func (d *DB) Cursor(ctx context.Context) (books.Cursor, error) {
	var c books.Cursor
	var behind int64
	err := d.one(ctx, `SELECT epoch, seq, scope, again, mark, behind FROM cursor`, nil, &c.Epoch, &c.Seq, &c.Scope, &c.Again, &c.Mark, &behind)
	c.Behind = fromNanos(behind)
	return c, wrap("cursor", err)
}

// Setting returns "" for a name never set.
func (d *DB) Setting(ctx context.Context, name string) (string, error) {
	var v string
	err := d.one(ctx, `SELECT coalesce((SELECT value FROM setting WHERE name = ?), '')`, []any{name}, &v)
	return v, wrap("setting", err)
}

// SetSetting keeps a small value by name.
func (d *DB) SetSetting(ctx context.Context, name, value string) error {
	return wrap("set setting", d.inTx(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`, name, value)
	}))
}
