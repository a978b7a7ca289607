package localdb

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

// The index of the search is written last in a transaction, because every change of
// another table between two of its own makes SQLite's FTS5 write what it has to the
// file. A transaction of many rows leaves them in search_later: their text is
// searched as it is, and indexed once nothing of the kind came for a while.
const (
	bulk       = 50              // rows; a transaction of more leaves them for later
	indexChunk = 100             // rows that are indexed in one transaction
	indexQuiet = 2 * time.Second // without a bulk before it begins
)

// mostLater is how many rows may wait: a search looks through them all.
var mostLater = 20_000

// An indexing is what becomes of a row's place in the index.
type indexing struct {
	was  bool   // it is in the index now
	gone bool   // the row was dropped
	text string // to index
}

// putSearch leaves the index alone when the text is as before: most edits of
// amounts and every submit.
func (t *tx) putSearch(fresh bool, n int64, text string) error {
	if fresh {
		if err := t.exec(`INSERT INTO search VALUES (?, ?)`, n, text); err != nil {
			return err
		}
		t.index(n, indexing{text: text})
		return nil
	}
	changed, err := t.change(`UPDATE search SET text = ?1 WHERE n = ?2 AND text <> ?1`, text, n)
	if err != nil || changed == 0 {
		return err
	}
	indexed, err := t.indexed(n)
	if err == nil {
		t.index(n, indexing{was: indexed, text: text})
	}
	return err
}

// dropSearch takes a row out of the search.
func (t *tx) dropSearch(n int64) error {
	indexed, err := t.indexed(n)
	if err != nil {
		return err
	}
	t.index(n, indexing{was: indexed, gone: true})
	if err := t.exec(`DELETE FROM search_later WHERE n = ?`, n); err != nil {
		return err
	}
	return t.exec(`DELETE FROM search WHERE n = ?`, n)
}

// indexed reports whether the row was in the index when the transaction began.
func (t *tx) indexed(n int64) (bool, error) {
	later := false
	err := t.one(`SELECT EXISTS (SELECT 1 FROM search_later WHERE n = ?)`, []any{n}, &later)
	return !later, err
}

// index notes what the end of the transaction has to do; what was known of the row
// when it began stays known.
func (t *tx) index(n int64, x indexing) {
	if before, known := t.indexings[n]; known {
		x.was = before.was
	} else {
		t.indexOrder = append(t.indexOrder, n)
	}
	if t.indexings == nil {
		t.indexings = map[int64]indexing{}
	}
	t.indexings[n] = x
}

// writeIndex brings the index up to the rows of this transaction, or leaves them for
// later. later reports whether any were left.
func (t *tx) writeIndex() (later bool, err error) {
	if len(t.indexOrder) > bulk {
		var waiting int
		if err := t.one(`SELECT count(*) FROM search_later`, nil, &waiting); err != nil {
			return false, err
		}
		later = waiting+len(t.indexOrder) <= mostLater
	}
	for _, n := range t.indexOrder {
		x := t.indexings[n]
		if x.was {
			if err := t.exec(`DELETE FROM search_index WHERE rowid = ?`, n); err != nil {
				return later, err
			}
		}
		switch {
		case x.gone:
		case later:
			err = t.exec(`INSERT OR IGNORE INTO search_later VALUES (?)`, n)
		default:
			err = t.exec(`INSERT INTO search_index (rowid, text) VALUES (?, ?)`, n, x.text)
		}
		if err != nil {
			return later, err
		}
		if !x.was && !x.gone && !later { // it may have waited
			if err := t.exec(`DELETE FROM search_later WHERE n = ?`, n); err != nil {
				return later, err
			}
		}
	}
	return later, nil
}

// An indexer works off search_later beside everything else.
type indexer struct {
	mu      sync.Mutex
	timer   *time.Timer // nil until it is first asked
	closed  bool
	working sync.WaitGroup
}

// indexSoon has what waits indexed once it was quiet for a while.
func (d *DB) indexSoon() {
	d.indexer.mu.Lock()
	defer d.indexer.mu.Unlock()
	switch {
	case d.indexer.closed:
	case d.indexer.timer == nil:
		d.indexer.timer = time.AfterFunc(indexQuiet, d.indexLater)
	default:
		d.indexer.timer.Reset(indexQuiet)
	}
}

func (d *DB) indexLater() {
	d.indexer.mu.Lock()
	if d.indexer.closed {
		d.indexer.mu.Unlock()
		return
	}
	d.indexer.working.Add(1)
	d.indexer.mu.Unlock()
	defer d.indexer.working.Done()
	for more := true; more; {
		var err error
		// What fails now is tried again with the next bulk or the next start: until
		// then its text is searched as it is.
		if more, err = d.indexSome(context.Background(), indexChunk); err != nil || d.indexer.ended() {
			return
		}
	}
}

func (x *indexer) ended() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.closed
}

// close waits for the chunk that is being indexed.
func (x *indexer) close() {
	x.mu.Lock()
	x.closed = true
	if x.timer != nil {
		x.timer.Stop()
	}
	x.mu.Unlock()
	x.working.Wait()
}

// indexSome indexes at most limit rows that wait, in one transaction; more reports
// whether others do.
func (d *DB) indexSome(ctx context.Context, limit int) (more bool, err error) {
	err = d.inTx(ctx, func(t *tx) error {
		more = false
		type row struct {
			n    int64
			text sql.NullString
		}
		var some []row
		err := t.each(`SELECT l.n, s.text FROM search_later l LEFT JOIN search s ON s.n = l.n ORDER BY l.n LIMIT ?`, []any{limit}, func(r *sql.Rows) (bool, error) {
			var one row
			err := r.Scan(&one.n, &one.text)
			some = append(some, one)
			return true, err
		})
		if err != nil || len(some) == 0 {
			return err
		}
		if err := t.exec(`DELETE FROM search_later WHERE n <= ?`, some[len(some)-1].n); err != nil {
			return err
		}
		for _, x := range some {
			if x.text.Valid {
				if err := t.exec(`INSERT INTO search_index (rowid, text) VALUES (?, ?)`, x.n, x.text.String); err != nil {
					return err
				}
			}
		}
		more = len(some) == limit
		return nil
	})
	return more && err == nil, wrap("index", err)
}

// indexLeft has indexed what an earlier run of the program left.
func (d *DB) indexLeft(ctx context.Context) error {
	var some bool
	err := d.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM search_later)`).Scan(&some)
	if errors.Is(err, sql.ErrNoRows) || err != nil {
		return err
	}
	if some {
		d.indexSoon()
	}
	return nil
}
