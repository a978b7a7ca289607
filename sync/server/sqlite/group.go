package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"time"

	"counterfoil/sync/server"
)

// A group is one transaction of the database, shared by requests. No context of a
// request reaches it: one that hangs up would interrupt the others.
type group struct {
	w          *writer
	batch      []*request // that were taken from the queue
	begun      bool
	statements int // that were run
	standing
	stored map[server.Series]int64 // the numbers that are written
}

// standing is where the store stands within the group: read once, kept in memory
// and written before the commit.
type standing struct {
	known bool
	server.Head
}

var background = context.Background()

// write runs the requests that wait and commits what they wrote.
func (g *group) write() {
	finished := false
	defer func() {
		if !finished { // a function ended its goroutine
			g.fail(server.ErrRetry)
		}
	}()
	alone := false
	for len(g.batch) < g.w.limit && g.statements < longest && !alone {
		r, more := g.w.next()
		if r == nil {
			break
		}
		g.batch = append(g.batch, r)
		if r.err = r.ctx.Err(); r.err != nil {
			continue
		}
		var err error
		if !g.begun {
			alone = !more
			err = g.begin()
		}
		if err == nil {
			err = g.run(r, alone)
		}
		if err != nil {
			finished = true
			g.fail(err)
			return
		}
	}
	finished = true
	if g.begun {
		g.commit(alone)
	}
}

// begin waits for the file's lock and takes it.
func (g *group) begin() error {
	now := time.Now()
	g.w.waits.Store(&now)
	defer g.w.waits.Store(nil)
	err := g.exec("BEGIN IMMEDIATE")
	g.begun = err == nil
	return err
}

// commit commits, unless the only request failed.
func (g *group) commit(alone bool) {
	if r := g.batch[len(g.batch)-1]; alone && (r.err != nil || r.panicked != nil) {
		g.fail(nil)
		return
	}
	err := g.flush()
	if err == nil {
		err = g.exec("COMMIT")
	}
	if err != nil {
		g.fail(err)
		return
	}
	// The commit stands whatever becomes of the note.
	_ = g.w.high.note(g.Numbers)
}

// fail undoes the group; requests that have no error of their own get this one.
func (g *group) fail(err error) {
	// What cannot be undone any more was undone by the database.
	_ = g.exec("ROLLBACK")
	for _, r := range g.batch {
		if r.err == nil && r.panicked == nil {
			r.err = err
		}
	}
}

// run runs one request; unless it is alone behind a savepoint, so that what fails
// undoes itself only. Its error is the group's: what of it was undone may run again.
func (g *group) run(r *request, alone bool) error {
	before := g.standing
	if !alone {
		before.Numbers = maps.Clone(before.Numbers)
		if err := g.exec("SAVEPOINT one"); err != nil {
			return undone(err)
		}
	}
	func() {
		defer func() { r.panicked = recover() }()
		r.err = r.fn(&tx{g: g, known: known{map[string]answered{}, map[server.Key]row{}}})
	}()
	switch {
	case alone:
		return nil
	case r.err == nil && r.panicked == nil:
		return undone(g.exec("RELEASE one"))
	}
	g.standing = before
	return undone(errors.Join(g.exec("ROLLBACK TO one"), g.exec("RELEASE one")))
}

// undone is the error of those whose group was undone by another's trouble.
func undone(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", server.ErrRetry, err)
}

// stand reads where the store stands, once a group.
func (g *group) stand() error {
	if g.known {
		return nil
	}
	h, err := head(background, g)
	if err == nil {
		g.standing = standing{true, h}
		g.stored = maps.Clone(h.Numbers)
	}
	return err
}

// flush writes the counters.
func (g *group) flush() error {
	if !g.known {
		return nil
	}
	err := g.exec("UPDATE counter SET value = ? WHERE name = 'seq'", g.Seq)
	for s, n := range g.Numbers {
		if err == nil && n != g.stored[s] {
			err = g.exec("INSERT INTO series VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET number = excluded.number", s.Company, s.Name, n)
		}
	}
	return err
}

// stmt prepares a statement once and for all.
func (g *group) stmt(q string) (*sql.Stmt, error) {
	g.statements++
	if s := g.w.stmts[q]; s != nil {
		return s, nil
	}
	s, err := g.w.conn.PrepareContext(background, q)
	if err == nil {
		g.w.stmts[q] = s
	}
	return s, err
}

func (g *group) result(q string, args ...any) (sql.Result, error) {
	s, err := g.stmt(q)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(background, args...)
}

func (g *group) exec(q string, args ...any) error {
	_, err := g.result(q, args...)
	return err
}

// QueryContext implements querier.
func (g *group) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	s, err := g.stmt(q)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}
