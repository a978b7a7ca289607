package localdb

import (
	"context"
	"database/sql"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

// SetAside implements books.SyncTx.
func (t *tx) SetAside(a books.Aside) error {
	return t.exec(`INSERT INTO aside (type, id, seq, revision, bytes, receipt, reason, program, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET seq = excluded.seq, revision = excluded.revision, bytes = excluded.bytes, receipt = excluded.receipt, reason = excluded.reason, program = excluded.program, at = excluded.at`,
		a.Type, a.ID, a.Seq, a.Revision, a.Bytes, a.Receipt, a.Reason, a.Program, nanos(a.At))
}

// EndAside implements books.SyncTx.
func (t *tx) EndAside(k document.Key, revision int64) error {
	return t.exec(`DELETE FROM aside WHERE type = ? AND id = ? AND revision <= ?`, k.Type, k.ID, revision)
}

const asideColumns = `SELECT type, id, seq, revision, reason, program, at`

func (d *DB) asides(ctx context.Context, bytes bool, query string, args ...any) ([]books.Aside, error) {
	var all []books.Aside
	err := d.each(ctx, query, args, func(r *sql.Rows) error {
		var a books.Aside
		var at int64
		into := []any{&a.Type, &a.ID, &a.Seq, &a.Revision, &a.Reason, &a.Program, &at}
		if bytes {
			into = append(into, &a.Bytes, &a.Receipt)
		}
		err := r.Scan(into...)
		a.At = fromNanos(at)
		all = append(all, a)
		return err
	})
	return all, wrap("aside", err)
}

// Asides lists what was set aside, newest first, without the bytes.
func (d *DB) Asides(ctx context.Context, limit int) ([]books.Aside, error) {
	return d.asides(ctx, false, asideColumns+` FROM aside ORDER BY at DESC, type, id LIMIT ?`, limit)
}

// AsidesBefore implements books.SyncStore.
func (d *DB) AsidesBefore(ctx context.Context, program string, limit int) ([]books.Aside, error) {
	return d.asides(ctx, true, asideColumns+`, bytes, receipt FROM aside WHERE program <> ? AND bytes IS NOT NULL ORDER BY seq LIMIT ?`, program, limit)
}
