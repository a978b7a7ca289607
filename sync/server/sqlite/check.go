package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"time"

	"counterfoil/sync/server"
)

// Condition is what can be seen of a database without a server.
type Condition struct {
	Schema  int           // of the file
	Known   int           // the newest that this program knows
	Damage  string        // what a quick check finds; empty: nothing
	Locked  bool          // another program holds it; a server that writes does so for moments only
	Waiting int           // invoices that wait to be issued
	Newest  time.Time     // of the newest answer in the ledger; zero when there is none
	Took    time.Duration // of one small question
}

// Check looks at a database, also while a server uses it. It changes nothing.
func Check(ctx context.Context, file string) (Condition, error) {
	c := Condition{Known: schemaVersion}
	u := url.URL{Path: filepath.ToSlash(file)}
	db, err := sql.Open("sqlite", "file:"+u.EscapedPath()+"?mode=rw&_txlock=immediate&_pragma=busy_timeout(2000)") // longer than a commit takes
	if err != nil {
		return c, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	start := time.Now()
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&c.Schema); err != nil {
		c.Locked = errors.Is(told(err), server.ErrLocked)
		return c, told(err)
	}
	c.Took = time.Since(start)
	var check string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&check); err != nil {
		c.Damage = err.Error()
		return c, nil
	}
	if check != "ok" {
		c.Damage = check
		return c, nil
	}
	if c.Schema > 0 && c.Schema <= c.Known {
		var newest int64
		if err := db.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM document WHERE state = 'waiting'), (SELECT coalesce(max(at), 0) FROM ledger)").Scan(&c.Waiting, &newest); err != nil {
			return c, told(err)
		}
		if newest > 0 {
			c.Newest = time.UnixMilli(newest)
		}
	}
	// A turn to write, in which nothing is written.
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		c.Locked = errors.Is(told(err), server.ErrLocked)
		if c.Locked {
			return c, nil
		}
		return c, told(err)
	}
	return c, tx.Rollback()
}
