package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"

	"counterfoil/sync/server"
)

// A group is one transaction of the database, shared by requests. No context of a
// request reaches it: one that hangs up would interrupt the others.
type group struct {
	w *writer
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

// write runs the requests and commits what they wrote.
func (g *group) write(batch []*request) {
	finished := false
	fail := func(err error) {
		finished = true
		// What cannot be undone any more was undone by the database.
		_ = g.exec("ROLLBACK")
		for _, r := range batch {
			if r.err == nil && r.panicked == nil {
				r.err = err
			}
		}
	}
	defer func() {
		if !finished { // a function ended its goroutine
			fail(server.ErrRetry)
		}
	}()
	if err := g.exec("BEGIN IMMEDIATE"); err != nil {
		fail(err)
		return
	}
	for _, r := range batch {
		if r.err = r.ctx.Err(); r.err != nil {
			continue
		}
		if err := g.run(r, len(batch) > 1); err != nil {
			fail(fmt.Errorf("%w: %w", server.ErrRetry, err))
			return
		}
	}
	if r := batch[0]; len(batch) == 1 && (r.err != nil || r.panicked != nil) {
		fail(nil)
		return
	}
	err := g.flush()
	if err == nil {
		err = g.exec("COMMIT")
	}
	if err != nil {
		fail(err)
		return
	}
	finished = true
	// The commit stands whatever becomes of the note.
	_ = g.w.high.note(g.Numbers)
}

// run runs one request; among others behind a savepoint, so that what fails undoes
// itself alone. Its error is the group's.
func (g *group) run(r *request, shared bool) error {
	before := g.standing
	if shared {
		before.Numbers = maps.Clone(before.Numbers)
		if err := g.exec("SAVEPOINT one"); err != nil {
			return err
		}
	}
	func() {
		defer func() { r.panicked = recover() }()
		r.err = r.fn(&tx{g: g, known: known{map[string]answered{}, map[server.Key]row{}}})
	}()
	switch {
	case !shared:
		return nil
	case r.err == nil && r.panicked == nil:
		return g.exec("RELEASE one")
	}
	g.standing = before
	return errors.Join(g.exec("ROLLBACK TO one"), g.exec("RELEASE one"))
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
