// Package sqlite keeps the invoice server's data in one SQLite file: documents
// with their latest body, the ledger of answers, and the counter rows from which
// seq and invoice numbers come.
//
// One writer, many readers, WAL with synchronous=FULL: what is committed
// survives power loss. The package refuses to decide anything about documents.
package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
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

//go:embed schema.sql
var schema string

const schemaVersion = 3

// Store is a server.Store, safe for concurrent use.
type Store struct {
	write, read *sql.DB
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
	if err != nil {
		return nil, errors.Join(fmt.Errorf("server database %s: %w", file, err), s.Close())
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context, epoch string) error {
	var version int
	if err := s.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > schemaVersion {
		return fmt.Errorf("it was made by a newer program (schema %d, this one knows %d); use that program", version, schemaVersion)
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	steps := []string{schema} // a new file has it all
	if version == 1 {
		steps = append([]string{"ALTER TABLE document ADD COLUMN device TEXT NOT NULL DEFAULT ''"}, steps...)
	}
	if version == 1 || version == 2 {
		steps = append([]string{"ALTER TABLE document ADD COLUMN branch TEXT NOT NULL DEFAULT ''",
			// Until now a body said which branch wrote last; that one has it from now on.
			"UPDATE document SET branch = coalesce((SELECT json_extract(body, '$.branch') FROM body b WHERE b.key = document.key AND json_valid(body)), '') WHERE type = 'invoice'"}, steps...)
	}
	steps = append(steps, "INSERT OR IGNORE INTO counter VALUES ('seq', 0), ('number', 0)", fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
	for _, q := range steps {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	if version == 1 || version == 2 {
		if err := beginChain(ctx, tx); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO meta VALUES ('epoch', ?)", epoch); err != nil {
		return err
	}
	return tx.Commit()
}

// beginChain gives the changes that an older program wrote their running hash.
func beginChain(ctx context.Context, tx *sql.Tx) error {
	docs, err := all(tx.QueryContext(ctx, "SELECT "+columns+"ORDER BY d.seq"))
	if err != nil {
		return err
	}
	var hash []byte
	for _, d := range docs {
		hash = server.Extend(hash, d)
		if _, err := tx.ExecContext(ctx, "INSERT INTO chain VALUES (?, ?)", d.Seq, hash); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the file.
func (s *Store) Close() error { return errors.Join(s.read.Close(), s.write.Close(), s.high.close()) }

// Ping reads one row.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.Epoch(ctx)
	return err
}

// Epoch reads the epoch.
func (s *Store) Epoch(ctx context.Context) (string, error) {
	var e string
	err := s.read.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'epoch'").Scan(&e)
	return e, err
}

// Head implements server.Store.
func (s *Store) Head(ctx context.Context) (server.Head, error) { return head(ctx, s.read) }

// Seed implements server.Store.
func (s *Store) Seed(ctx context.Context) ([]byte, error) {
	var text string
	if err := s.read.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'key'").Scan(&text); err != nil {
		return nil, err
	}
	return hex.DecodeString(text)
}

// A body over the cap, kept by an older program, is never brought into memory.
var columns = "d.type, d.id, d.revision, d.seq, d.deleted, d.state, coalesce(d.number, ''), coalesce(d.reverses, ''), d.device, d.branch, CASE WHEN length(b.body) <= " + strconv.Itoa(server.MaxKept) + " THEN b.body END, r.receipt FROM document d LEFT JOIN body b ON b.key = d.key LEFT JOIN receipt r ON r.key = d.key "

func scan(row interface{ Scan(...any) error }) (server.Document, error) {
	var d server.Document
	err := row.Scan(&d.Type, &d.ID, &d.Revision, &d.Seq, &d.Deleted, &d.State, &d.Number, &d.Reverses, &d.Device, &d.Branch, &d.Body, &d.Receipt)
	return d, err
}

func one(row *sql.Row) (server.Document, bool, error) {
	d, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return server.Document{}, false, nil
	}
	return d, err == nil, err
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

// Document reads one document.
func (s *Store) Document(ctx context.Context, typ, id string) (server.Document, bool, error) {
	return one(s.read.QueryRowContext(ctx, "SELECT "+columns+"WHERE d.type = ? AND d.id = ?", typ, id))
}

// Invoices lists the invoices in a state, newest change first.
func (s *Store) Invoices(ctx context.Context, state string, limit int) ([]server.Document, error) {
	return all(s.read.QueryContext(ctx, "SELECT "+columns+"WHERE d.type = 'invoice' AND d.deleted = 0 AND d.state = ? ORDER BY d.seq DESC LIMIT ?", state, limit))
}
