package localdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Options are what Open cannot know by itself. Zero fields take their default.
type Options struct {
	Now   func() time.Time // default time.Now
	NewID func() string    // default UUIDv7; names the device of a new file
	// Busy is how long a write waits for another program's lock; default 5 s.
	Busy time.Duration
	// Existed: data were here as far as others know, whether or not the mark says so.
	Existed bool
}

// DB is an open data file. Safe for concurrent use.
type DB struct {
	path    string
	now     func() time.Time
	newID   func() string
	write   *sql.DB // one connection
	read    *sql.DB // four connections, query_only
	writer  *writer
	indexer indexer
	reads   statements
	busy    time.Duration
	existed bool         // data were here as far as others know
	use     *flock.Flock // held by everybody who has the file open; nil before
	written atomic.Int64 // nanoseconds; see LastWrite
}

const readers = 4

// Open opens the data file at path, making or migrating it when needed. An
// existing file is copied to "<path>.before-<schema>" before it is migrated.
// Errors are books.Error wrapping ErrNewer, ErrCorrupt, ErrLocked, ErrFull,
// ErrReadOnly, ErrEmptied or ErrGone where one of these is the cause.
func Open(ctx context.Context, path string, opts Options) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, wrap("open", err)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.NewID == nil {
		opts.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if opts.Busy == 0 {
		opts.Busy = 5 * time.Second
	}
	if err := settleReplace(ctx, path, opts.Busy); err != nil {
		return nil, wrap("open", err)
	}
	if err := checkMark(path, opts.Existed || marked(path)); err != nil {
		return nil, wrap("open", err)
	}
	if err := ownerOnly(path); err != nil {
		return nil, wrap("open", err)
	}
	first := firstOf(path)
	d, err := opened(ctx, path, opts)
	if err != nil {
		return nil, wrap("open", err)
	}
	keepFirst(path, first)
	if err := setMark(path); err != nil {
		d.Close()
		return nil, wrap("mark", err)
	}
	return d, nil
}

// opened opens the file, again for as long as Busy says: two programs that turn a new
// file to its journal at once refuse each other without waiting.
func opened(ctx context.Context, path string, opts Options) (*DB, error) {
	patience, stop := context.WithTimeout(ctx, opts.Busy)
	defer stop()
	for {
		d := &DB{path: path, now: opts.Now, newID: opts.NewID, busy: opts.Busy, existed: opts.Existed}
		err := d.open(ctx, opts.Busy)
		if err == nil {
			return d, nil
		}
		d.Close()
		if sentinel(err) != ErrLocked {
			return nil, err
		}
		select {
		case <-patience.Done():
			return nil, err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (d *DB) open(ctx context.Context, busy time.Duration) error {
	err := d.join()
	if err != nil {
		return err
	}
	// The order matters: the lock wait must be known before the first lock is taken.
	if d.write, err = sql.Open("sqlite", uri(d.path, busy, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)")+"&_txlock=immediate"); err != nil {
		return err
	}
	d.write.SetMaxOpenConns(1)
	scripts, err := migrations()
	if err != nil {
		return err
	}
	if err := d.migrate(ctx, scripts); err != nil {
		return err
	}
	if d.read, err = d.reader(busy); err != nil {
		return err
	}
	d.read.SetMaxOpenConns(readers)
	d.read.SetMaxIdleConns(readers)
	d.reads.prepare = d.read.PrepareContext
	if d.writer, err = newWriter(ctx, d.write); err != nil {
		return err
	}
	if err := marker(ctx, d.read); err != nil {
		return err
	}
	return d.indexLeft(ctx)
}

// reader opens the file for reading alone.
func (d *DB) reader(busy time.Duration) (*sql.DB, error) {
	return sql.Open("sqlite", uri(d.path, busy, "query_only(1)")+"&mode=ro")
}

// uri builds a file: URI; a bare path would lose mode=ro and break at '?' and '#'.
func uri(path string, busy time.Duration, pragmas ...string) string {
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") { // C:/… on Windows
		p = "/" + p
	}
	u := url.URL{Scheme: "file", Path: p}
	s := u.String() + "?_pragma=" + url.QueryEscape(fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()))
	for _, x := range pragmas {
		s += "&_pragma=" + url.QueryEscape(x)
	}
	return s
}

// Close ends all work on the file. A nil DB is closed already.
func (d *DB) Close() error {
	if d == nil {
		return nil
	}
	var errs []error
	d.indexer.close()
	d.reads.close()
	if d.read != nil {
		errs = append(errs, d.read.Close())
	}
	if d.writer != nil {
		errs = append(errs, d.writer.close())
	}
	if d.write != nil {
		errs = append(errs, d.write.Close())
	}
	if err := errors.Join(errs...); err == nil && d.writer != nil {
		keepFirst(d.path, firstOf(d.path)) // while nobody replaces it
	}
	if d.use != nil {
		errs = append(errs, d.use.Unlock())
	}
	return wrap("close", errors.Join(errs...))
}

// Path is the absolute path of the data file.
func (d *DB) Path() string { return d.path }

// checkMark refuses a file that is gone or empty where data existed, and a file that
// cannot be written.
func checkMark(path string, was bool) error {
	info, err := os.Stat(path)
	gone := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !gone:
		return err
	case gone && was:
		return ErrGone
	case gone:
		return nil
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: what stands at %s is no file: %s", ErrReadOnly, path, info.Mode().Type())
	case info.Size() == 0 && was:
		return ErrEmptied
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// setMark writes the mark once and makes it durable.
func setMark(path string) error {
	f, err := os.OpenFile(path+".mark", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString("Data existed here. Delete this file only to start anew without them.\n")
	return errors.Join(err, f.Sync(), f.Close())
}
