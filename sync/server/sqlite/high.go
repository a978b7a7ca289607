package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
)

// A highWater is a small file beside the database that holds the last invoice
// number given. A database put back from a backup is behind it, and then goes on
// after the numbers that were printed meanwhile instead of giving them again.
type highWater struct {
	f *os.File

	mu   sync.Mutex // guards below and what the file holds
	last int64
}

// openHigh reads the file and lifts the counter of the database to it.
func (s *Store) openHigh(ctx context.Context, database string) (*highWater, error) {
	f, err := os.OpenFile(beside(database, ".numbers"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	h := &highWater{f: f}
	var text [20]byte
	n, _ := f.ReadAt(text[:], 0) // a new file is empty
	// What cannot be read says nothing: the desks' marks and receipts still do.
	h.last, _ = strconv.ParseInt(strings.TrimSpace(string(text[:n])), 10, 64)
	if _, err := s.write.ExecContext(ctx, "UPDATE counter SET value = max(value, ?) WHERE name = 'number'", h.last); err != nil {
		f.Close()
		return nil, err
	}
	return h, nil
}

// note keeps a number that was given. It is written after the commit and not
// flushed: it outlives the program, and the database is what outlives the power.
func (h *highWater) note(number int64) error {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if number <= h.last {
		return nil
	}
	h.last = number
	_, err := h.f.WriteAt(fmt.Appendf(nil, "%-19d\n", number), 0)
	return err
}

func (h *highWater) close() error {
	if h == nil {
		return nil
	}
	err := h.f.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
