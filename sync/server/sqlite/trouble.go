package sqlite

import (
	"errors"
	"fmt"
	"time"

	sqlite3 "modernc.org/sqlite"

	"counterfoil/sync/server"
)

// SQLite's codes for what keeps it from working, as far as they tell why.
const (
	codeBusy, codeLocked = 5, 6
	codeFull             = 13
)

// told is an error with what it means to the server: ErrLocked, ErrFull, or as it is.
func told(err error) error {
	var e *sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case codeBusy, codeLocked:
		return fmt.Errorf("%w: %w", server.ErrLocked, err)
	case codeFull:
		return fmt.Errorf("%w: %w", server.ErrFull, err)
	}
	return err
}

// Locked returns how long a transaction has waited for another program that holds
// the database; 0 when none waits.
func (s *Store) Locked() time.Duration {
	since := s.writer.waits.Load()
	if since == nil {
		return 0
	}
	return time.Since(*since)
}
