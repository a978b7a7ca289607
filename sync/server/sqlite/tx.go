package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"counterfoil/sync/server"
)

// Update runs fn in one transaction.
func (s *Store) Update(ctx context.Context, fn func(server.Tx) error) error {
	t, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback()
	x := &tx{ctx, t, map[string]*sql.Stmt{}, map[string]int64{}}
	if err := fn(x); err != nil {
		return err
	}
	for name, n := range x.counters {
		if err := x.exec("UPDATE counter SET value = ? WHERE name = ?", n, name); err != nil {
			return err
		}
	}
	return t.Commit()
}

type tx struct {
	ctx   context.Context
	t     *sql.Tx
	stmts map[string]*sql.Stmt
	// counters that were raised; they are written before the commit.
	counters map[string]int64
}

// stmt prepares once a transaction; the statements close with it.
func (x *tx) stmt(q string) (*sql.Stmt, error) {
	if s := x.stmts[q]; s != nil {
		return s, nil
	}
	s, err := x.t.PrepareContext(x.ctx, q)
	if err == nil {
		x.stmts[q] = s
	}
	return s, err
}

func (x *tx) exec(q string, args ...any) error {
	s, err := x.stmt(q)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(x.ctx, args...)
	return err
}

func (x *tx) Answer(operation string) (hash string, answer []byte, found bool, err error) {
	s, err := x.stmt("SELECT hash, answer FROM ledger WHERE operation = ?")
	if err != nil {
		return "", nil, false, err
	}
	err = s.QueryRowContext(x.ctx, operation).Scan(&hash, &answer)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil, false, nil
	}
	return hash, answer, err == nil, err
}

func (x *tx) Record(operation, hash string, answer []byte, at time.Time) error {
	return x.exec("INSERT INTO ledger VALUES (?, ?, ?, ?)", operation, hash, answer, at.UnixMilli())
}

func (x *tx) Document(typ, id string) (server.Document, bool, error) {
	s, err := x.stmt("SELECT " + columns + "WHERE d.type = ? AND d.id = ?")
	if err != nil {
		return server.Document{}, false, err
	}
	return one(s.QueryRowContext(x.ctx, typ, id))
}

func (x *tx) next(counter string) (int64, error) {
	n, raised := x.counters[counter]
	if !raised {
		if err := x.t.QueryRowContext(x.ctx, "SELECT value FROM counter WHERE name = ?", counter).Scan(&n); err != nil {
			return 0, err
		}
	}
	x.counters[counter] = n + 1
	return n + 1, nil
}

func (x *tx) NextSeq() (int64, error)    { return x.next("seq") }
func (x *tx) NextNumber() (int64, error) { return x.next("number") }

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (x *tx) Write(d server.Document) error {
	s, err := x.stmt(`INSERT INTO document (type, id, revision, seq, deleted, state, number, reverses, device) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (type, id) DO UPDATE SET revision = excluded.revision, seq = excluded.seq, deleted = excluded.deleted,
		state = excluded.state, number = excluded.number, reverses = excluded.reverses, device = excluded.device RETURNING key`)
	if err != nil {
		return err
	}
	var key int64
	if err := s.QueryRowContext(x.ctx, d.Type, d.ID, d.Revision, d.Seq, d.Deleted, d.State, null(d.Number), null(d.Reverses), d.Device).Scan(&key); err != nil {
		return err
	}
	if d.Deleted {
		return x.exec("DELETE FROM body WHERE key = ?", key)
	}
	return x.exec("INSERT OR REPLACE INTO body VALUES (?, ?)", key, d.Body)
}

func (x *tx) Waiting(limit int) ([]server.Document, error) {
	return all(x.t.QueryContext(x.ctx, "SELECT "+columns+"WHERE d.state = 'waiting' ORDER BY d.seq LIMIT ?", limit))
}

func (x *tx) Reds(id string) ([]server.Document, error) {
	return all(x.t.QueryContext(x.ctx, "SELECT "+columns+"WHERE d.reverses = ? AND d.state IN ('waiting', 'issued')", id))
}

func (x *tx) Epoch() (string, error) {
	var e string
	err := x.t.QueryRowContext(x.ctx, "SELECT value FROM meta WHERE name = 'epoch'").Scan(&e)
	return e, err
}
