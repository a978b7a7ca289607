package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"

	"counterfoil/sync/server"
	"counterfoil/sync/wire"
)

//go:embed schema.sql
var schema string

const schemaVersion = 4

// steps lead from a version of the schema to the one after it.
var steps = map[int][]string{
	1: {"ALTER TABLE document ADD COLUMN device TEXT NOT NULL DEFAULT ''"},
	2: {"ALTER TABLE document ADD COLUMN branch TEXT NOT NULL DEFAULT ''",
		// Until now a body said which branch wrote last; that one has it from now on.
		"UPDATE document SET branch = coalesce((SELECT json_extract(body, '$.branch') FROM body b WHERE b.key = document.key AND json_valid(body)), '') WHERE type = 'invoice'"},
	3: {"ALTER TABLE document ADD COLUMN company TEXT NOT NULL DEFAULT ''",
		"ALTER TABLE document ADD COLUMN series TEXT NOT NULL DEFAULT ''",
		"UPDATE document SET series = '" + wire.DefaultSeries + "' WHERE number IS NOT NULL",
		"DROP INDEX IF EXISTS document_number"},
}

// moved is what fills tables that came with version 4.
var moved = []string{
	"INSERT INTO series SELECT '', '" + wire.DefaultSeries + "', value FROM counter WHERE name = 'number'",
	"DELETE FROM counter WHERE name = 'number'",
}

// prepare brings the file to this version of the schema.
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
	var todo []string
	for v := version; v > 0 && v < schemaVersion; v++ {
		todo = append(todo, steps[v]...)
	}
	todo = append(todo, schema) // a new file has it all
	if version > 0 && version < 4 {
		todo = append(todo, moved...)
	}
	todo = append(todo, fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
	for _, q := range todo {
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
