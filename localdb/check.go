package localdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Check is the look of the self-check: marker row, page structure, the sum of
// every row, and whether another program keeps the write lock. A very large file
// is looked at for a few seconds only; IntegrityCheck takes its time. It opens the file anew: a
// connection that has searched keeps the shape of the index as it was, compares
// it with what others wrote since, and calls a whole file damaged (FTS5's
// integrity check, in SQLite 3.54, does not look for a newer shape).
func (d *DB) Check(ctx context.Context) error {
	err := d.anew(func(db *sql.DB) error {
		if err := marker(ctx, db); err != nil {
			return err
		}
		err := briefly(ctx, func(ctx context.Context) error { return pragmaCheck(ctx, db, "quick_check") })
		if err != nil {
			return err
		}
		return briefly(ctx, func(ctx context.Context) error { return verify(ctx, db) })
	})
	if err == nil {
		err = d.lockCheck(ctx)
	}
	return wrap("check", err)
}

// IntegrityCheck also compares every index with its table, and every row with its
// sum; it reads the whole file.
func (d *DB) IntegrityCheck(ctx context.Context) error {
	return wrap("integrity check", d.anew(func(db *sql.DB) error {
		if err := pragmaCheck(ctx, db, "integrity_check"); err != nil {
			return err
		}
		return verify(ctx, db)
	}))
}

// glimpse is how long each part of Check looks at most.
var glimpse = 2 * time.Second

// briefly runs look for as long as a glimpse; what it has not found by then is
// no finding.
func briefly(ctx context.Context, look func(context.Context) error) error {
	short, cancel := context.WithTimeout(ctx, glimpse)
	defer cancel()
	err := look(short)
	if short.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return err
}

// anew calls look with the file opened anew.
func (d *DB) anew(look func(*sql.DB) error) error {
	db, err := d.reader(d.busy)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	return errors.Join(look(db), db.Close())
}

// checkBusy is how long Check waits for another program's lock.
const checkBusy = 700 * time.Millisecond

// lockCheck takes and gives back the write lock; it writes nothing.
func (d *DB) lockCheck(ctx context.Context) error {
	select {
	case d.writer.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.writer.turn }()
	wait := func(t time.Duration) error {
		_, err := d.writer.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", t.Milliseconds()))
		return err
	}
	if err := wait(min(d.busy, checkBusy)); err != nil {
		return err
	}
	_, err := d.writer.conn.ExecContext(ctx, `BEGIN IMMEDIATE`)
	if err == nil {
		_, err = d.writer.conn.ExecContext(ctx, `ROLLBACK`)
	}
	return errors.Join(err, wait(d.busy))
}

// pragmaCheck returns ErrCorrupt, or ErrCache where only what is computed is damaged.
func pragmaCheck(ctx context.Context, db *sql.DB, pragma string) error {
	rows, err := db.QueryContext(ctx, "PRAGMA "+pragma)
	if err != nil {
		return err
	}
	defer rows.Close()
	var bad []string
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			return err
		}
		if word != "ok" {
			bad = append(bad, word)
		}
	}
	if err := rows.Err(); err != nil || len(bad) == 0 {
		return err
	}
	kind := ErrCache
	for _, b := range bad {
		if !computed(ctx, db, b) {
			kind = ErrCorrupt
		}
	}
	return fmt.Errorf("%w: %s", kind, strings.Join(bad[:min(len(bad), named)], "; "))
}

var (
	badTree  = regexp.MustCompile(`^(?:\*\*\* in database main \*\*\*\n)?Tree (\d+) page`)
	badIndex = regexp.MustCompile(`^(?:row \d+ missing from index|wrong # of entries in index|malformed inverted index for FTS5 table|fts5: .*|unable to validate the inverted index for FTS5 table)`)
)

// computed reports whether a line of SQLite's check is about something that can be
// made anew from the documents: an index, the search or the counters.
func computed(ctx context.Context, db *sql.DB, line string) bool {
	if badIndex.MatchString(line) {
		return true
	}
	m := badTree.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	var is bool
	err := db.QueryRowContext(ctx, `SELECT type = 'index' AND sql IS NOT NULL OR tbl_name GLOB 'search*' OR tbl_name = 'tally'
		FROM sqlite_master WHERE rootpage = ?`, m[1]).Scan(&is)
	return err == nil && is
}

// marker looks for the row that tells our file from an empty one.
func marker(ctx context.Context, db *sql.DB) error {
	var name string
	err := db.QueryRowContext(ctx, `SELECT product FROM marker WHERE id = 1`).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) || err == nil && name != product {
		return fmt.Errorf("%w: no marker row", ErrEmptied)
	}
	return err
}
