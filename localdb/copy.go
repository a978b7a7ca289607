package localdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Contents is what a data file holds, for lists of backups and for comparing a copy
// with what it was made of.
type Contents struct {
	Schema    int    `json:"schema"`
	Device    string `json:"device"`
	Invoices  int64  `json:"invoices"`
	Records   int64  `json:"records"` // documents of every other type
	Unsent    int64  `json:"unsent"`  // operations without a final answer
	Conflicts int64  `json:"conflicts"`
	Typed     int64  `json:"typed"`   // invoices with text that does not fit them
	Changes   int64  `json:"changes"` // newest entry of the history
}

// Contents reads what the file holds, as of one moment.
func (d *DB) Contents(ctx context.Context) (Contents, error) {
	c, err := contents(ctx, d.read)
	return c, wrap("contents", err)
}

func contents(ctx context.Context, db *sql.DB) (c Contents, err error) {
	err = db.QueryRowContext(ctx, `SELECT (SELECT user_version FROM pragma_user_version), (SELECT id FROM device), (SELECT count(*) FROM invoice), (SELECT count(*) FROM record),
		(SELECT count(*) FROM outbox), (SELECT count(*) FROM conflict), (SELECT count(*) FROM typed), (SELECT coalesce(max(id), 0) FROM history)`).
		Scan(&c.Schema, &c.Device, &c.Invoices, &c.Records, &c.Unsent, &c.Conflicts, &c.Typed, &c.Changes)
	return c, err
}

// CopyTo writes the file, whole as of one moment, to a new file that only its owner
// can read, on disk when it returns. Others read and write meanwhile. What is there
// of a copy that failed is removed.
func (d *DB) CopyTo(ctx context.Context, path string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return wrap("copy", err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(path) // nobody takes it for a copy: it was never named one
		}
	}()
	db, err := sql.Open("sqlite", uri(d.path, d.busy)+"&mode=ro")
	if err != nil {
		return wrap("copy", err)
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, path)
	return wrap("copy", errors.Join(err, db.Close(), f.Sync()))
}

// LastWrite is when this process wrote to the file last; zero: it has not.
func (d *DB) LastWrite() time.Time { return fromNanos(d.written.Load()) }

// Prove looks at a closed copy of a data file: its pages, its indexes, the sum of
// every row. It changes nothing, not even beside the file. A copy of an older
// schema has no sums that this version knows: of it the pages are looked at.
func Prove(ctx context.Context, path string) (Contents, error) {
	c, err := prove(ctx, path)
	return c, wrap("prove", err)
}

func prove(ctx context.Context, path string) (Contents, error) {
	scripts, err := migrations()
	if err != nil {
		return Contents{}, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return Contents{}, err
	}
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return Contents{}, errors.Join(err, ErrEmptied)
	}
	db, err := sql.Open("sqlite", uri(path, time.Second, "query_only(1)")+"&mode=ro&immutable=1")
	if err != nil {
		return Contents{}, err
	}
	defer db.Close()
	var app, schema int
	if err := db.QueryRowContext(ctx, `SELECT a.application_id, u.user_version FROM pragma_application_id a, pragma_user_version u`).Scan(&app, &schema); err != nil {
		return Contents{}, err
	}
	switch {
	case app != applicationID || schema == 0:
		return Contents{}, fmt.Errorf("%w: the file belongs to another program", ErrCorrupt)
	case schema < 0:
		return Contents{}, fmt.Errorf("%w: schema %d", ErrCorrupt, schema)
	case schema > len(scripts):
		return Contents{}, fmt.Errorf("%w: schema %d, this program knows %d", ErrNewer, schema, len(scripts))
	}
	if err := errors.Join(marker(ctx, db), pragmaCheck(ctx, db, "integrity_check")); err != nil {
		return Contents{}, err
	}
	if schema < len(scripts) {
		return Contents{Schema: schema}, nil
	}
	if err := verify(ctx, db); err != nil {
		return Contents{}, err
	}
	return contents(ctx, db)
}
