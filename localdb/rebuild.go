package localdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// Rebuild makes anew what is computed from the documents: the counters, the search,
// and every index. Documents, operations and history stay as they are. What is too
// damaged for that gives ErrCorrupt or ErrCache: then a restore makes it anew.
func (d *DB) Rebuild(ctx context.Context) error {
	err := d.inTx(ctx, func(t *tx) error {
		for _, q := range []string{
			`INSERT INTO search_index (search_index) VALUES ('delete-all')`,
			`DELETE FROM search_later`,
			`DELETE FROM search`,
			`DELETE FROM tally`,
			`INSERT INTO tally SELECT date, state, red, conflict, count(*), sum(iif(gross = '', gross_fen, 0)) FROM invoice NOT INDEXED GROUP BY 1, 2, 3, 4`,
		} {
			if err := t.exec(q); err != nil {
				return err
			}
		}
		return t.searchAnew()
	})
	for more := err == nil; more && err == nil; {
		more, err = d.indexSome(ctx, indexChunk)
	}
	if err == nil {
		err = d.reindex(ctx)
	}
	if err == nil {
		err = d.IntegrityCheck(ctx)
	}
	return wrap("rebuild", err)
}

// searchAnew writes the text that each invoice is found by. What is damaged is found
// again once it is whole.
func (t *tx) searchAnew() error {
	var ids []int64
	err := t.each(`SELECT n FROM body ORDER BY n`, nil, func(r *sql.Rows) (bool, error) {
		var n int64
		err := r.Scan(&n)
		ids = append(ids, n)
		return true, err
	})
	if err != nil {
		return err
	}
	for _, n := range ids {
		var doc []byte
		if err := t.one(`SELECT doc FROM body WHERE n = ?`, []any{n}, &doc); err != nil {
			return err
		}
		text := "\n\n"
		if d, err := document.Decode(invoiceType, doc); err == nil {
			text = searchText(d.(invoice.Invoice))
		}
		if err := errors.Join(t.exec(`INSERT INTO search VALUES (?, ?)`, n, text), t.exec(`INSERT OR IGNORE INTO search_later VALUES (?)`, n)); err != nil {
			return err
		}
	}
	return nil
}

// reindex makes every index anew.
func (d *DB) reindex(ctx context.Context) error {
	select {
	case d.writer.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.writer.turn }()
	_, err := d.writer.conn.ExecContext(context.WithoutCancel(ctx), `REINDEX`)
	return err
}

// While closes the file, calls do, and opens the file again in place. Nobody else may
// use d meanwhile. Where it does not open again d is closed.
func (d *DB) While(ctx context.Context, do func() error) error {
	return d.Elsewhere(ctx, func() (string, error) { return d.path, do() })
}

// Elsewhere is While for a do that moves the file: it returns the path to open then,
// which does not count where it fails.
func (d *DB) Elsewhere(ctx context.Context, do func() (path string, err error)) error {
	if err := d.Close(); err != nil {
		return err
	}
	path, err := do()
	if err == nil {
		d.path = path
	}
	d.indexer, d.read, d.write, d.writer = indexer{}, nil, nil, nil
	again := checkMark(d.path, true)
	if again == nil {
		again = d.open(ctx, d.busy)
	}
	if again != nil {
		d.Close()
		again = wrap("open", again)
	}
	return errors.Join(err, again)
}

// Stuck is an operation that was tried several times without a final answer, or that
// is parked for a person, while others wait.
type Stuck struct {
	Name     string // of its document, for people
	Attempts int
	Code     string // of what came last
	Waiting  int    // documents that wait besides
}

// stuckAfter is how many tries without a final answer make an operation stuck.
const stuckAfter = 3

// Stuck returns the oldest operation that is stuck while others wait; nil for none.
func (d *DB) Stuck(ctx context.Context) (*Stuck, error) {
	var s Stuck
	var key document.Key
	var id int64
	err := d.one(ctx, `SELECT id, document_type, document_id, attempts, last_error FROM outbox
		WHERE state = 'parked' OR attempts >= ? AND last_error NOT IN ('', 'no_answer', 'not_the_server') AND last_error NOT GLOB 'status_5*'
		ORDER BY state = 'parked' DESC, id LIMIT 1`, []any{stuckAfter}, &id, &key.Type, &key.ID, &s.Attempts, &s.Code)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, wrap("stuck", err)
	}
	if err := d.one(ctx, `SELECT count(DISTINCT document_id) FROM outbox WHERE id <> ? AND state <> 'parked'`, []any{id}, &s.Waiting); err != nil {
		return nil, wrap("stuck", err)
	}
	s.Name = key.ID
	switch st, err := d.Document(ctx, key); {
	case errors.Is(err, books.ErrNotFound), errors.Is(err, books.ErrDamaged):
	case err != nil:
		return nil, err
	default:
		if v, ok := st.Document.(invoice.Invoice); ok && v.Reference != "" {
			s.Name = v.Reference
		} else if k := document.KindOf(st.Document); k != nil {
			s.Name = fmt.Sprint(k.Name(st.Document))
		}
	}
	return &s, nil
}
