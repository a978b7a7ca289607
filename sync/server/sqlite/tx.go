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
	x := &tx{ctx: ctx, t: t, stmts: map[string]*sql.Stmt{}, counters: map[string]int64{}, known: known{map[string]answered{}, map[docID]row{}}}
	if err := fn(x); err != nil {
		return err
	}
	for name, n := range x.counters {
		if err := x.exec("UPDATE counter SET value = ? WHERE name = ?", n, name); err != nil {
			return err
		}
	}
	if err := t.Commit(); err != nil {
		return err
	}
	// The commit stands whatever becomes of the note.
	_ = s.high.note(x.counters["number"])
	return nil
}

type tx struct {
	ctx   context.Context
	t     *sql.Tx
	stmts map[string]*sql.Stmt
	// counters that were raised; they are written before the commit.
	counters map[string]int64
	hash     []byte // the running hash, once it is known
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

func (x *tx) counter(name string) (n int64, err error) {
	n, raised := x.counters[name]
	if !raised {
		err = x.t.QueryRowContext(x.ctx, "SELECT value FROM counter WHERE name = ?", name).Scan(&n)
	}
	return n, err
}

func (x *tx) next(counter string) (int64, error) {
	n, err := x.counter(counter)
	if err != nil {
		return 0, err
	}
	x.counters[counter] = n + 1
	return n + 1, nil
}

// LiftNumber implements server.Tx.
func (x *tx) LiftNumber(n int64) error {
	have, err := x.counter("number")
	if err == nil && n > have {
		x.counters["number"] = n
	}
	return err
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
		err = x.exec("UPDATE document SET revision = ?, seq = ?, deleted = ?, state = ?, number = ?, reverses = ?, device = ?, branch = ? WHERE key = ?",
			d.Revision, d.Seq, d.Deleted, d.State, null(d.Number), null(d.Reverses), d.Device, d.Branch, r.key)
	} else {
		r.key, err = x.insert("INSERT INTO document (type, id, revision, seq, deleted, state, number, reverses, device, branch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			d.Type, d.ID, d.Revision, d.Seq, d.Deleted, d.State, null(d.Number), null(d.Reverses), d.Device, d.Branch)
	}
	if err != nil {
		return err
	}
	if err := x.extend(d); err != nil {
		return err
	}
	if d.Receipt != nil {
		if err := x.exec("INSERT OR REPLACE INTO receipt VALUES (?, ?)", r.key, d.Receipt); err != nil {
			return err
		}
	} else {
		d.Receipt = r.doc.Receipt // it stands for what was issued, whatever came later
	}
	x.known.docs[docID{d.Type, d.ID}] = row{r.key, d}
	if d.Deleted {
		return x.exec("DELETE FROM body WHERE key = ?", r.key)
	}
	return x.exec("INSERT OR REPLACE INTO body VALUES (?, ?)", r.key, d.Body)
}

// extend writes the running hash after d.
func (x *tx) extend(d server.Document) error {
	if x.hash == nil {
		err := x.t.QueryRowContext(x.ctx, "SELECT hash FROM chain ORDER BY seq DESC LIMIT 1").Scan(&x.hash)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	x.hash = server.Extend(x.hash, d)
	return x.exec("INSERT INTO chain VALUES (?, ?)", d.Seq, x.hash)
}

// Head implements server.Tx.
func (x *tx) Head() (server.Head, error) {
	h, err := head(x.ctx, x.t)
	if err != nil {
		return h, err
	}
	for name, n := range x.counters { // raised and not written yet
		switch name {
		case "seq":
			h.Seq, h.Hash = n, x.hash
		case "number":
			h.Number = n
		}
	}
	return h, nil
}

// HashAt implements server.Tx.
func (x *tx) HashAt(seq int64) ([]byte, error) { return hashAt(x.ctx, x.t, seq) }

// ByNumber implements server.Tx.
func (x *tx) ByNumber(number string) (id string, err error) {
	err = x.t.QueryRowContext(x.ctx, "SELECT id FROM document WHERE number = ?", number).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, err
}

// Owner implements server.Tx.
func (x *tx) Owner(device string) (branch string, found bool, err error) {
	err = x.t.QueryRowContext(x.ctx, "SELECT branch FROM device WHERE id = ?", device).Scan(&branch)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return branch, err == nil, err
}

// Enrol implements server.Tx.
func (x *tx) Enrol(device, branch string, at time.Time) error {
	return x.exec("INSERT OR REPLACE INTO device VALUES (?, ?, ?)", device, branch, at.UnixMilli())
}

// Waiting implements server.Tx.
func (x *tx) Waiting(after int64, limit int) ([]server.Document, error) {
	return all(x.t.QueryContext(x.ctx, "SELECT "+columns+"WHERE d.state = 'waiting' AND d.seq > ? ORDER BY d.seq LIMIT ?", after, limit))
}

func (x *tx) Reds(id string) ([]server.Document, error) {
	return all(x.t.QueryContext(x.ctx, "SELECT "+columns+"WHERE d.reverses = ? AND d.state IN ('waiting', 'issued')", id))
}

// SetEpoch implements server.Tx.
func (x *tx) SetEpoch(epoch string) error {
	return x.exec("UPDATE meta SET value = ? WHERE name = 'epoch'", epoch)
}

// Prune implements server.Store.
func (s *Store) Prune(ctx context.Context, before time.Time) (int64, error) {
	r, err := s.write.ExecContext(ctx, "DELETE FROM ledger WHERE at < ?", before.UnixMilli())
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}
