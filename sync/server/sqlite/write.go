package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// largest is how many transactions share one commit at most.
const largest = 256

// A writer commits the transactions of many at once. Whoever finds nobody writing
// writes for all that wait, one after the other in one transaction of the
// database; what comes meanwhile waits for the next. So a flush of the disk serves
// as many as came during the one before.
type writer struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // prepared for good; of whoever has the turn
	limit int                  // of requests in one commit
	high  *highWater
	turn  chan struct{} // holds one value while somebody writes

	mu    sync.Mutex // guards below
	queue []*request
}

// A request is one transaction that waits to be written. Whoever has the turn
// sets what becomes of it, then closes done.
type request struct {
	ctx      context.Context
	fn       func(*tx) error
	done     chan struct{}
	err      error
	panicked any
}

func newWriter(ctx context.Context, db *sql.DB, high *highWater) (*writer, error) {
	conn, err := db.Conn(ctx)
	return &writer{conn: conn, stmts: map[string]*sql.Stmt{}, limit: largest, high: high, turn: make(chan struct{}, 1)}, err
}

// do runs fn in a transaction, perhaps with others, and returns when it is durable.
func (w *writer) do(ctx context.Context, fn func(*tx) error) error {
	r := &request{ctx: ctx, fn: fn, done: make(chan struct{})}
	w.mu.Lock()
	w.queue = append(w.queue, r)
	w.mu.Unlock()
	for {
		select {
		case <-r.done:
			if r.panicked != nil {
				panic(r.panicked)
			}
			return r.err
		case w.turn <- struct{}{}:
			w.lead()
		}
	}
}

// lead writes for those that wait, and hands the turn on.
func (w *writer) lead() {
	defer func() { <-w.turn }()
	w.mu.Lock()
	n := min(len(w.queue), w.limit)
	batch := w.queue[:n:n]
	w.queue = w.queue[n:]
	w.mu.Unlock()
	if n == 0 {
		return
	}
	g := &group{w: w}
	defer func() { // also where a function ended its goroutine
		for _, r := range batch {
			close(r.done)
		}
	}()
	g.write(batch)
}

// close waits for whoever writes; afterwards every request fails.
func (w *writer) close() error {
	if w == nil {
		return nil
	}
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	var errs []error
	for _, s := range w.stmts { // while one is open the database stays so
		errs = append(errs, s.Close())
	}
	clear(w.stmts)
	if err := w.conn.Close(); !errors.Is(err, sql.ErrConnDone) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
