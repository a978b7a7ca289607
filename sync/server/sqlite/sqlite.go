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
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"counterfoil/sync/server"
)

//go:embed schema.sql
var schema string

const schemaVersion = 2

// Store is a server.Store, safe for concurrent use.
type Store struct{ write, read *sql.DB }

// Open opens or makes the file; epoch is used when the file is new. A file of a
// newer program is refused.
func Open(ctx context.Context, file, epoch string) (*Store, error) {
	u := url.URL{Path: filepath.ToSlash(file)}
	dsn := "file:" + u.EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)"
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
	s := &Store{write, read}
	if err := s.prepare(ctx, epoch); err != nil {
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
	older := "" // a new file has it all
	if version == 1 {
		older = "ALTER TABLE document ADD COLUMN device TEXT NOT NULL DEFAULT ''"
	}
	for _, q := range []string{
		older,
		schema,
		"INSERT OR IGNORE INTO counter VALUES ('seq', 0), ('number', 0)",
		fmt.Sprintf("PRAGMA user_version = %d", schemaVersion),
	} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO meta VALUES ('epoch', ?)", epoch); err != nil {
		return err
	}
	return tx.Commit()
}

// Close closes the file.
func (s *Store) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }

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

// SetEpoch writes a new epoch, after the data were restored from a backup.
func (s *Store) SetEpoch(ctx context.Context, epoch string) error {
	_, err := s.write.ExecContext(ctx, "UPDATE meta SET value = ? WHERE name = 'epoch'", epoch)
	return err
}

const columns = "d.type, d.id, d.revision, d.seq, d.deleted, d.state, coalesce(d.number, ''), coalesce(d.reverses, ''), d.device, b.body FROM document d LEFT JOIN body b ON b.key = d.key "

func scan(row interface{ Scan(...any) error }) (server.Document, error) {
	var d server.Document
	err := row.Scan(&d.Type, &d.ID, &d.Revision, &d.Seq, &d.Deleted, &d.State, &d.Number, &d.Reverses, &d.Device, &d.Body)
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

// Page reads changes after seq from one snapshot.
func (s *Store) Page(ctx context.Context, after int64, limit int, without string) (server.Page, error) {
	var p server.Page
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return p, err
	}
	defer tx.Rollback()
	if err := tx.QueryRowContext(ctx, "SELECT m.value, c.value FROM meta m, counter c WHERE m.name = 'epoch' AND c.name = 'seq'").Scan(&p.Epoch, &p.LastSeq); err != nil {
		return p, err
	}
	p.Changes, err = all(tx.QueryContext(ctx, "SELECT "+columns+"AND (?1 = '' OR d.device <> ?1) WHERE d.seq > ?2 ORDER BY d.seq LIMIT ?3", without, after, limit+1))
	if len(p.Changes) > limit {
		p.More, p.Changes = true, p.Changes[:limit]
	}
	return p, err
}
