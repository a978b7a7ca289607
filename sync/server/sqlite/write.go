package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// How many requests share one commit at most, and how many statements they may
// have run before no other is added: some 50 ms.
const (
	largest = 256
	longest = 4000
)

// A writer commits the transactions of many at once. Whoever finds nobody writing
// writes for all that wait, one after the other in one transaction of the
// database. So a flush of the disk serves all that came during the one before.
type writer struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // prepared for good; of whoever has the turn
	limit int                  // of requests in one commit
	high  *highWater
	turn  chan struct{}             // holds one value while somebody writes
	waits atomic.Pointer[time.Time] // since when a BEGIN waits for the file's lock; nil: none does

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
	g := &group{w: w}
	defer func() { // also where a function ended its goroutine
		<-w.turn
		for _, r := range g.batch {
			close(r.done)
		}
	}()
	g.write()
}

// next takes the request that waits longest, nil when none does; more reports that
// others wait behind it.
func (w *writer) next() (r *request, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		return nil, false
	}
	r, w.queue[0] = w.queue[0], nil
	w.queue = w.queue[1:]
	return r, len(w.queue) > 0
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
