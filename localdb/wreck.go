package localdb

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A wreck is a data file of which something may be damaged, read as far as it goes.
// It is a copy: reading changes nothing of what was found.
type wreck struct {
	db    *sql.DB
	whole bool // nothing was met that could not be read
}

const (
	pageSize    = 4096 // of every file that this program made
	sqliteMagic = "SQLite format 3\x00"
)

// FirstPage is the first page of a data file, which leads to all its tables: kept
// with a backup, it makes a file readable whose own is damaged.
func FirstPage(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	page := make([]byte, pageSize)
	_, err = io.ReadFull(f, page)
	return page, err
}

// firstSuffix ends the name of the copy of a file's first page that lies beside it.
const firstSuffix = ".first"

// keepFirst keeps the first page of a file that was opened, as it lay there before; what
// cannot be kept costs only what a restore may read of a file that loses it.
func keepFirst(path string, page []byte) {
	const shape = 100 // what comes before changes with every write, and is known anyway
	if len(page) != pageSize || !bytes.HasPrefix(page, []byte(sqliteMagic)) {
		return
	}
	if was, err := os.ReadFile(path + firstSuffix); err == nil && len(was) == pageSize && bytes.Equal(was[shape:], page[shape:]) {
		return
	}
	_ = replaceFile(path+firstSuffix, page) // see above
}

// firstOf is the first page of a data file that nobody has open; nil where its log may
// hold a newer one.
func firstOf(path string) []byte {
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return nil
	}
	page, err := FirstPage(path)
	if err != nil {
		return nil
	}
	return page
}

// replaceFile writes a small file whole or not at all.
func replaceFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // it is nothing yet
	}
	return err
}

// tablesOfAll is how many tables a file has that hold what people wrote.
const tablesOfAll = 8

// boardWreck copies the data file at path, with its log, into dir and opens the
// copy. A file whose own first page leads nowhere is read by the one that was kept
// beside it, or by one of firsts. nil: nothing of it can be read.
func boardWreck(ctx context.Context, path, dir string, firsts [][]byte) (*wreck, error) {
	to, err := filepath.Abs(filepath.Join(dir, "wreck.db"))
	if err != nil {
		return nil, err
	}
	mends := []func(string) error{
		func(string) error { return nil },
		func(file string) error { return mendHeader(file, nil) },
	}
	if beside, err := os.ReadFile(path + firstSuffix); err == nil {
		firsts = append([][]byte{beside}, firsts...)
	}
	for _, page := range firsts {
		mends = append(mends, func(file string) error { return mendHeader(file, page) })
	}
	// The first page that leads to all tables counts, else one that leads to documents.
	for _, enough := range []int{tablesOfAll, 1} {
		if err := copyWreck(path, to); err != nil {
			return nil, err
		}
		for _, mend := range mends {
			if err := mend(to); err != nil {
				return nil, err
			}
			if w, err := openWreck(ctx, to, enough); w != nil || err != nil {
				return w, err
			}
		}
	}
	return nil, nil
}

// openWreck opens a file that leads to enough tables, documents among them; nil for
// another. The error is no fault of the file.
func openWreck(ctx context.Context, file string, enough int) (*wreck, error) {
	db, err := sql.Open("sqlite", uri(file, time.Second, "cell_size_check(1)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(2) // one table leads to another
	var tables, documents int
	err = db.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name IN ('body', 'record')) FROM sqlite_master
		WHERE name IN ('invoice', 'body', 'outbox', 'record', 'history', 'conflict', 'typed', 'receipt')`).Scan(&tables, &documents)
	if err == nil && tables >= enough && documents > 0 {
		return &wreck{db: db, whole: tables == tablesOfAll}, nil
	}
	_ = db.Close() // it was only looked at
	return nil, ctx.Err()
}

// copyWreck copies a data file with its log, as far as they are there.
func copyWreck(path, to string) error {
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(path+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// mendHeader writes the fields of a file's header that are the same in every file of
// this program, and those that follow from its length; with first, all of the page.
// A file without a page has nothing to mend.
func mendHeader(file string, first []byte) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	page := make([]byte, pageSize)
	if err != nil || info.Size() < pageSize {
		return err
	}
	if len(first) == pageSize {
		copy(page, first)
	} else if _, err := f.ReadAt(page, 0); err != nil {
		return err
	}
	word := binary.BigEndian
	copy(page, sqliteMagic)
	word.PutUint16(page[16:], pageSize)
	copy(page[18:], []byte{2, 2, 0, 64, 32, 32}) // a log; no bytes reserved; fractions of payload
	word.PutUint32(page[24:], 1)
	word.PutUint32(page[28:], uint32(info.Size()/pageSize)) //nolint:gosec // below 16 TB
	word.PutUint32(page[44:], 4)                            // format of the schema
	word.PutUint32(page[52:], 0)
	word.PutUint32(page[56:], 1) // UTF-8
	word.PutUint32(page[64:], 0)
	word.PutUint32(page[68:], applicationID)
	word.PutUint32(page[92:], 1) // that the length above holds
	_, err = f.WriteAt(page, 0)
	return err
}

func (w *wreck) close() error { return w.db.Close() }

// scan calls row for every row of a table that can be read, by rising id, which comes
// first; it steps over what cannot. The error is row's or that of ctx.
func (w *wreck) scan(ctx context.Context, table, id, columns string, after int64, row func(v []any) error) error {
	if there, err := w.has(ctx, table); err != nil || !there {
		w.whole = false
		return err
	}
	query := `SELECT ` + id + `, ` + columns + ` FROM ` + table + ` NOT INDEXED WHERE `
	for tried := after; ; {
		err, own := w.rows(ctx, query+id+` > ? ORDER BY `+id, after, func(v []any) error {
			after, _ = v[0].(int64)
			return row(v)
		})
		if err == nil || own || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		w.whole = false
		// An id that reads as missing may stand before a page that cannot be read: on
		// from the one tried last.
		k, found := w.beyond(ctx, query+id+` = ?`, max(after, tried))
		if !found {
			return nil
		}
		after, tried = k-1, k
	}
}

// has reports whether there is a table; the error is that of ctx.
func (w *wreck) has(ctx context.Context, table string) (bool, error) {
	var n int
	err := w.db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?`, table).Scan(&n)
	return err == nil && n > 0, ctx.Err()
}

// farthest is how many ids past the last one are tried for a page that can be read.
const farthest = 5_000_000

// beyond finds the next id of a page that can be read.
func (w *wreck) beyond(ctx context.Context, query string, after int64) (int64, bool) {
	for k := after + 1; k < after+farthest && ctx.Err() == nil; k += 1 + (k-after)/2000 {
		if err, _ := w.rows(ctx, query, k, func([]any) error { return nil }); err == nil {
			return k, true
		}
	}
	return 0, false
}

// rows runs a query; own: the error is row's.
func (w *wreck) rows(ctx context.Context, query string, arg int64, row func(v []any) error) (err error, own bool) { //nolint:revive // own is about the error
	rows, err := w.db.QueryContext(ctx, query, arg)
	if err != nil {
		return err, false
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err, false
	}
	for rows.Next() {
		v, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range v {
			into[i] = &v[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err, false
		}
		if err := row(v); err != nil {
			return err, true
		}
	}
	return rows.Err(), false
}

// sound reports whether the last of the values is the sum of the others.
func sound(v []any) bool {
	sum, ok := v[len(v)-1].(int64)
	return ok && sum == sumOf(v[:len(v)-1]...)
}

// blob is a value as bytes; nil for none.
func blob(v any) []byte {
	switch v := v.(type) {
	case []byte:
		return v
	case string:
		return []byte(v)
	}
	return nil
}

func word(v any) string { return string(blob(v)) }
