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
	x := &tx{ctx, t, map[string]*sql.Stmt{}, map[string]int64{}, known{map[string]answered{}, map[docID]row{}}}
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
	known    known
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

// insert gives the key of the new row.
func (x *tx) insert(q string, args ...any) (int64, error) {
	s, err := x.stmt(q)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(x.ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
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
	a, known := x.known.answers[operation]
	if !known {
		s, err := x.stmt("SELECT hash, answer FROM ledger WHERE operation = ?")
		if err != nil {
			return "", nil, false, err
		}
		if err := s.QueryRowContext(x.ctx, operation).Scan(&a.hash, &a.answer); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return "", nil, false, err
		}
	}
	return a.hash, a.answer, a.hash != "", nil
}

func (x *tx) Record(operation, hash string, answer []byte, at time.Time) error {
	x.known.answers[operation] = answered{hash, answer}
	return x.exec("INSERT INTO ledger VALUES (?, ?, ?, ?)", operation, hash, answer, at.UnixMilli())
}

func (x *tx) Document(typ, id string) (server.Document, bool, error) {
	r, err := x.row(typ, id)
	return r.doc, r.key != 0, err
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
	r, err := x.row(d.Type, d.ID)
	if err != nil {
		return err
	}
	if r.key != 0 {
		err = x.exec("UPDATE document SET revision = ?, seq = ?, deleted = ?, state = ?, number = ?, reverses = ?, device = ? WHERE key = ?",
			d.Revision, d.Seq, d.Deleted, d.State, null(d.Number), null(d.Reverses), d.Device, r.key)
	} else {
		r.key, err = x.insert("INSERT INTO document (type, id, revision, seq, deleted, state, number, reverses, device) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			d.Type, d.ID, d.Revision, d.Seq, d.Deleted, d.State, null(d.Number), null(d.Reverses), d.Device)
	}
	if err != nil {
		return err
	}
	x.known.docs[docID{d.Type, d.ID}] = row{r.key, d}
	if d.Deleted {
		return x.exec("DELETE FROM body WHERE key = ?", r.key)
	}
	return x.exec("INSERT OR REPLACE INTO body VALUES (?, ?)", r.key, d.Body)
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
