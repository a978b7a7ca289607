package sqlite

import (
	"context"
	"database/sql"

	"github.com/go-json-experiment/json/jsontext"

	"counterfoil/sync/server"
)

// changes are documents whose body is left where it is when it is too large to
// be handed out, or the asking device wrote it.
const changes = `SELECT d.type, d.id, d.revision, d.seq, d.deleted, d.state, coalesce(d.number, ''), d.company, d.series, coalesce(d.reverses, ''), d.device, d.branch,
	CASE WHEN length(b.body) <= ?1 THEN b.body END, r.receipt, coalesce(length(b.body), 0)
	FROM document d LEFT JOIN body b ON b.key = d.key AND (?2 = '' OR d.device <> ?2) LEFT JOIN receipt r ON r.key = b.key
	WHERE d.seq > ?3 AND (?4 = '' OR d.branch = ?4 OR d.branch = '') ORDER BY d.seq LIMIT ?5`

// Page implements server.Store.
func (s *Store) Page(ctx context.Context, q server.PageQuery) (server.Page, error) {
	p, err := s.page(ctx, q)
	return p, told(err)
}

func (s *Store) page(ctx context.Context, q server.PageQuery) (server.Page, error) {
	var p server.Page
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return p, err
	}
	defer tx.Rollback()
	if p.Head, err = head(ctx, tx); err != nil {
		return p, err
	}
	rows, err := tx.QueryContext(ctx, changes, server.MaxKept, q.Without, q.After, q.Branch, q.Limit+1)
	if err != nil {
		return p, err
	}
	defer rows.Close()
	size := 0
	for rows.Next() {
		if len(p.Changes) == q.Limit || size > 0 && size >= q.Bytes {
			p.More = true
			break
		}
		var d server.Document
		var length int
		if err := rows.Scan(&d.Type, &d.ID, &d.Revision, &d.Seq, &d.Deleted, &d.State, &d.Number, &d.Series.Company, &d.Series.Name, &d.Reverses, &d.Device, &d.Branch, &d.Body, &d.Receipt, &length); err != nil {
			return p, err
		}
		switch {
		case length > server.MaxKept:
			d.Unreadable = "too_large"
		case length > 0 && !jsontext.Value(d.Body).IsValid():
			d.Unreadable, d.Body = "damaged", nil
		}
		// Whatever is no JSON any more is not handed out.
		if d.Receipt != nil && !jsontext.Value(d.Receipt).IsValid() {
			d.Receipt = nil
		}
		if size += len(d.Body); size > q.Bytes && len(p.Changes) > 0 {
			p.More = true
			break
		}
		p.Changes = append(p.Changes, d)
	}
	return p, rows.Err()
}

// querier is a group, a transaction or a pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// one reads the first row; where there is none, into stays as it is.
func one(ctx context.Context, q querier, query string, args []any, into ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// head reads where the store stands, in one statement.
func head(ctx context.Context, q querier) (server.Head, error) {
	h := server.Head{Numbers: map[server.Series]int64{}}
	rows, err := q.QueryContext(ctx, `SELECT m.value, c.value, coalesce((SELECT hash FROM chain WHERE seq = c.value), x''), coalesce(s.company, ''), coalesce(s.name, ''), coalesce(s.number, 0)
		FROM meta m, counter c LEFT JOIN series s WHERE m.name = 'epoch' AND c.name = 'seq'`)
	if err != nil {
		return h, err
	}
	defer rows.Close()
	for rows.Next() {
		var s server.Series
		var n int64
		if err := rows.Scan(&h.Epoch, &h.Seq, &h.Hash, &s.Company, &s.Name, &n); err != nil {
			return h, err
		}
		if n > 0 {
			h.Numbers[s] = n
		}
	}
	return h, rows.Err()
}

func hashAt(ctx context.Context, q querier, seq int64) (hash []byte, err error) {
	err = one(ctx, q, "SELECT hash FROM chain WHERE seq = ?", []any{seq}, &hash)
	return hash, err
}

// HashAt implements server.Store.
func (s *Store) HashAt(ctx context.Context, seq int64) ([]byte, error) {
	hash, err := hashAt(ctx, s.read, seq)
	return hash, told(err)
}
