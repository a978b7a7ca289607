package localdb

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// statements keeps prepared statements by their text.
type statements struct {
	mu      sync.Mutex
	known   map[string]*sql.Stmt
	prepare func(ctx context.Context, query string) (*sql.Stmt, error)
}

func (s *statements) get(ctx context.Context, query string) (*sql.Stmt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.known[query]; st != nil {
		return st, nil
	}
	st, err := s.prepare(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, err
	}
	if s.known == nil {
		s.known = map[string]*sql.Stmt{}
	}
	s.known[query] = st
	return st, nil
}

func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.known {
		st.Close()
	}
	s.known = nil
}

// writer is the one connection that writes. turn holds one token; who has it
// may use conn.
type writer struct {
	turn  chan struct{}
	conn  *sql.Conn
	stmts statements
}

func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{turn: make(chan struct{}, 1), conn: conn}
	w.stmts.prepare = conn.PrepareContext
	return w, nil
}

func (w *writer) close() error {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	w.stmts.close()
	return w.conn.Close()
}

// tx is one write transaction. Its statements do not watch the caller's
// context: once begun, a transaction ends by itself in milliseconds.
type tx struct {
	d   *DB
	ctx context.Context
	w   *writer
	seq int64 // the device's last sequence number, where this transaction raised it; 0 where not

	operations map[int64][]any    // rows of the outbox that Ready read; see Freeze
	last       map[string]int64   // row ids given in this transaction, by table; see next
	indexings  map[int64]indexing // by row of an invoice; see writeIndex
	indexOrder []int64
}

// inTx runs fn in one durable write transaction; an error or a panic rolls back.
func (d *DB) inTx(ctx context.Context, fn func(*tx) error) (err error) {
	select {
	case d.writer.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.writer.turn }()
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &tx{d: d, ctx: context.WithoutCancel(ctx), w: d.writer}
	if err := t.exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			// The error of a rollback adds nothing: some errors have rolled back already.
			_ = t.exec(`ROLLBACK`)
		}
	}()
	if err := fn(t); err != nil {
		return err
	}
	if t.seq > 0 {
		if err := t.exec(`UPDATE device SET seq = ?`, t.seq); err != nil {
			return err
		}
	}
	later, err := t.writeIndex()
	if err != nil {
		return err
	}
	if err := t.exec(`COMMIT`); err != nil {
		return err
	}
	done = true
	d.written.Store(nanos(d.now()))
	if later {
		d.indexSoon()
	}
	return nil
}

func (t *tx) exec(query string, args ...any) error {
	st, err := t.w.stmts.get(t.ctx, query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(t.ctx, args...)
	return err
}

// change runs a statement and returns the number of rows it changed.
func (t *tx) change(query string, args ...any) (int64, error) {
	st, err := t.w.stmts.get(t.ctx, query)
	if err != nil {
		return 0, err
	}
	r, err := st.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// insert returns the row id of the new row.
func (t *tx) insert(query string, args ...any) (int64, error) {
	st, err := t.w.stmts.get(t.ctx, query)
	if err != nil {
		return 0, err
	}
	r, err := st.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// next returns the id of the next row of a table whose ids are given here, so that
// its sum is known before it is written.
func (t *tx) next(table, id string) (int64, error) {
	n, known := t.last[table]
	if !known {
		if err := t.one(`SELECT coalesce(max(`+id+`), 0) FROM `+table, nil, &n); err != nil {
			return 0, err
		}
		if t.last == nil {
			t.last = map[string]int64{}
		}
	}
	t.last[table] = n + 1
	return n + 1, nil
}

// one scans one row; sql.ErrNoRows when there is none.
func (t *tx) one(query string, args []any, into ...any) error {
	st, err := t.w.stmts.get(t.ctx, query)
	if err != nil {
		return err
	}
	return st.QueryRowContext(t.ctx, args...).Scan(into...)
}

// each calls scan for every row until it wants no more.
func (t *tx) each(query string, args []any, scan func(*sql.Rows) (more bool, err error)) error {
	st, err := t.w.stmts.get(t.ctx, query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(t.ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if more, err := scan(rows); err != nil || !more {
			return err
		}
	}
	return rows.Err()
}

// one scans one row through a reader; sql.ErrNoRows when there is none.
func (d *DB) one(ctx context.Context, query string, args []any, into ...any) error {
	st, err := d.reads.get(ctx, query)
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(into...)
}

// each runs a query through a reader and calls scan for every row.
func (d *DB) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	st, err := d.reads.get(ctx, query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// nanos turns a time into its column; the zero time is 0.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// fromNanos is the way back, in UTC.
func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
