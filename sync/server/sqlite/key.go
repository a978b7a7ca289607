package sqlite

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrEmptied says that the database is new although its server has worked before.
var ErrEmptied = errors.New("the database is empty, but its key is here: put the database back from a backup. Numbers would begin at 1 again otherwise; to begin anew on purpose, move the key file away")

// ErrOtherKey says that key file and database belong to two servers.
var ErrOtherKey = errors.New("the key file belongs to another database: put the two back together")

// beside is the path of a file that belongs to a database: server.db has server.key.
func beside(database, ext string) string {
	return strings.TrimSuffix(database, filepath.Ext(database)) + ext
}

// openKey makes the server's key with the data. It is kept in the database, so
// that a backup holds it, and in a file beside it, which tells an emptied
// database from a new one.
func (s *Store) openKey(ctx context.Context, database string) error {
	name := beside(database, ".key")
	raw, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file := strings.TrimSpace(string(raw))
	var kept string
	var changes int64
	err = s.write.QueryRowContext(ctx, "SELECT coalesce((SELECT value FROM meta WHERE name = 'key'), ''), value FROM counter WHERE name = 'seq'").Scan(&kept, &changes)
	switch {
	case err != nil:
		return err
	case file != "" && kept != "" && file != kept:
		return fmt.Errorf("%s: %w", name, ErrOtherKey)
	case file != "" && kept == "" && changes == 0:
		return fmt.Errorf("%s: %w", name, ErrEmptied)
	case file != "" && kept != "":
		return nil
	case file == "" && kept == "":
		seed := make([]byte, 32)
		_, _ = rand.Read(seed) // never fails on the systems we run on
		file = hex.EncodeToString(seed)
	case file == "":
		file = kept
	}
	if len(raw) == 0 {
		if err := os.WriteFile(name, []byte(file+"\n"), 0o600); err != nil {
			return err
		}
	}
	_, err = s.write.ExecContext(ctx, "INSERT OR IGNORE INTO meta VALUES ('key', ?)", file)
	return err
}
