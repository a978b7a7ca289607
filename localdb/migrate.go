package localdb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	product       = "counterfoil"
	applicationID = 0x43464f4c // "CFOL"
)

//go:embed migration/*.sql
var migrationFiles embed.FS

// migrations returns the scripts in order; script i leads to schema i+1.
func migrations() ([]string, error) {
	entries, err := fs.ReadDir(migrationFiles, "migration")
	if err != nil {
		return nil, err
	}
	var all []string
	for i, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %s is not number %d", e.Name(), i+1)
		}
		text, err := migrationFiles.ReadFile("migration/" + e.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, string(text))
	}
	return all, nil
}

// migrate brings the file to the newest schema, each step in its own transaction.
// One program at a time does: another waits and then finds it done.
func (d *DB) migrate(ctx context.Context, scripts []string) error {
	done, err := d.migrated(ctx, scripts, false)
	if done || err != nil {
		return err
	}
	lock := flock.New(d.path+".migrating", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return fmt.Errorf("migration: %w", err)
	}
	defer func() { _ = lock.Unlock() }() // the end of the program frees it too
	_, err = d.migrated(ctx, scripts, true)
	return err
}

// migrated reports whether the file has the newest schema; with do it is brought there.
func (d *DB) migrated(ctx context.Context, scripts []string, do bool) (bool, error) {
	var app, schema, tables int
	err := d.write.QueryRowContext(ctx, `SELECT a.application_id, u.user_version, (SELECT count(*) FROM sqlite_master)
		FROM pragma_application_id a, pragma_user_version u`).Scan(&app, &schema, &tables)
	switch {
	case err != nil:
		return false, err
	case app != applicationID && (app != 0 || schema != 0 || tables != 0):
		return false, fmt.Errorf("%w: the file belongs to another program", ErrCorrupt)
	case schema == 0 && tables == 0 && (d.existed || marked(d.path)):
		return false, fmt.Errorf("%w: a new file stands in its place", ErrEmptied)
	case schema < 0:
		return false, fmt.Errorf("%w: schema %d", ErrCorrupt, schema)
	case schema > len(scripts):
		return false, fmt.Errorf("%w: schema %d, this program knows %d", ErrNewer, schema, len(scripts))
	case schema == len(scripts):
		return true, nil
	case !do:
		return false, nil
	}
	if schema > 0 {
		if err := d.backupBefore(ctx, len(scripts)); err != nil {
			return false, fmt.Errorf("backup before migration: %w", err)
		}
	}
	for n := schema; n < len(scripts); n++ {
		if err := d.step(ctx, n+1, scripts[n]); err != nil {
			return false, fmt.Errorf("migration %d: %w", n+1, err)
		}
	}
	return true, nil
}

// marked reports whether data existed at path.
func marked(path string) bool {
	_, err := os.Stat(path + ".mark")
	return err == nil
}

func (d *DB) step(ctx context.Context, to int, script string) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var now int
	if err := tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&now); err != nil {
		return err
	}
	if now >= to { // another process was faster
		return nil
	}
	if _, err := tx.ExecContext(ctx, script); err != nil {
		return err
	}
	if to == 1 {
		if err := d.found(ctx, tx); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", to)); err != nil {
		return err
	}
	return tx.Commit()
}

// found writes the rows that a new file starts with.
func (d *DB) found(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO marker VALUES (1, ?, ?)`, product, nanos(d.now())); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO device (one, id) VALUES (1, ?)`, d.newID()); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO cursor (one, epoch, seq, scope) VALUES (1, '', 0, '')`)
	return err
}

// backupBefore copies the file whole. A copy of the same name is replaced only
// after the new one is complete.
func (d *DB) backupBefore(ctx context.Context, to int) error {
	name := fmt.Sprintf("%s.before-%d", d.path, to)
	part := name + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_RDWR, 0o600) // empty, for the owner alone
	if err != nil {
		return err
	}
	if _, err := d.write.ExecContext(ctx, `VACUUM INTO ?`, part); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(part, name)
}
