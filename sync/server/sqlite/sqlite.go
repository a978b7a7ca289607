// Package sqlite keeps the invoice server's data in one SQLite file: documents
// with their latest body, the ledger of answers, and the counter rows from which
// seq and invoice numbers come.
//
// One writer, many readers, WAL with synchronous=FULL: what is committed survives
// power loss. Transactions that come at the same time share one commit, a group;
// within it each stands for itself. The package refuses to decide anything about
// documents.
package sqlite

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	_ "modernc.org/sqlite" // the driver

	"counterfoil/sync/server"
)

// Store is a server.Store, safe for concurrent use.
type Store struct {
	write, read *sql.DB
	writer      *writer // has the only connection of write
	high        *highWater
}

// Open opens or makes the file; epoch is used when the file is new. A file of a
// newer program is refused.
func Open(ctx context.Context, file, epoch string) (*Store, error) {
	u := url.URL{Path: filepath.ToSlash(file)}
	dsn := "file:" + u.EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)"
	// Made here, so that it is its owner's alone; the log takes its mode.
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	write, err := sql.Open("sqlite", dsn+"&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(4)
	s := &Store{write: write, read: read}
	err = s.prepare(ctx, epoch)
	if err == nil {
		err = s.openKey(ctx, file)
	}
	if err == nil {
		s.high, err = s.openHigh(ctx, file)
	}
	if err == nil {
		s.writer, err = newWriter(ctx, write, s.high)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("server database %s: %w", file, err), s.Close())
	}
	return s, nil
}

// Close closes the file, after what is being written.
func (s *Store) Close() error {
	return errors.Join(s.writer.close(), s.read.Close(), s.write.Close(), s.high.close())
}

// Head implements server.Store.
func (s *Store) Head(ctx context.Context) (server.Head, error) {
	h, err := head(ctx, s.read)
	return h, told(err)
}

// Seed implements server.Store.
func (s *Store) Seed(ctx context.Context) ([]byte, error) {
	var text string
	if err := s.read.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'key'").Scan(&text); err != nil {
		return nil, err
	}
	return hex.DecodeString(text)
}

// A body over the cap, kept by an older program, is never brought into memory.
var columns = "d.type, d.id, d.revision, d.seq, d.deleted, d.state, coalesce(d.number, ''), d.company, d.series, coalesce(d.reverses, ''), d.device, d.branch, CASE WHEN length(b.body) <= " + strconv.Itoa(server.MaxKept) + " THEN b.body END, r.receipt FROM document d LEFT JOIN body b ON b.key = d.key LEFT JOIN receipt r ON r.key = d.key "

func scan(row interface{ Scan(...any) error }) (server.Document, error) {
	var d server.Document
	err := row.Scan(&d.Type, &d.ID, &d.Revision, &d.Seq, &d.Deleted, &d.State, &d.Number, &d.Series.Company, &d.Series.Name, &d.Reverses, &d.Device, &d.Branch, &d.Body, &d.Receipt)
	return d, err
}

func all(rows *sql.Rows, err error) ([]server.Document, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []server.Document
	for rows.Next() {
		d, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}
