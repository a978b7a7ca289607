package sqlite

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"

	"counterfoil/sync/server"
	"counterfoil/sync/wire"
)

// A highWater is a small file beside the database that holds the last number given
// in each series. A database put back from a backup is behind it, and then goes on
// after the numbers that were printed meanwhile instead of giving them again.
//
// A line is "NUMBER COMPANY/SERIES". The file of an older program has one number
// alone, that of the only series.
type highWater struct {
	f *os.File

	mu   sync.Mutex // guards below and what the file holds
	last map[server.Series]int64
}

// openHigh reads the file and lifts the counters of the database to it.
func (s *Store) openHigh(ctx context.Context, database string) (*highWater, error) {
	f, err := os.OpenFile(beside(database, ".numbers"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	h := &highWater{f: f, last: map[server.Series]int64{}}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		number, series, _ := strings.Cut(lines.Text(), " ")
		company, name, _ := strings.Cut(cmp.Or(strings.TrimSpace(series), "/"+wire.DefaultSeries), "/")
		company, err1 := url.PathUnescape(company)
		name, err2 := url.PathUnescape(name)
		n, err3 := strconv.ParseInt(number, 10, 64)
		if err := errors.Join(err1, err2, err3); err != nil {
			continue // what cannot be read says nothing: the desks' marks and receipts still do
		}
		h.last[server.Series{Company: company, Name: name}] = n
	}
	for series, n := range h.last {
		// What was begun before the company had a name is its.
		if _, err := s.write.ExecContext(ctx, `INSERT INTO series VALUES (coalesce(nullif(?, ''), (SELECT value FROM meta WHERE name = 'company'), ''), ?, ?)
			ON CONFLICT DO UPDATE SET number = max(number, excluded.number)`, series.Company, series.Name, n); err != nil {
			f.Close()
			return nil, err
		}
	}
	return h, nil
}

// note keeps the numbers that were given. It is written after the commit and not
// flushed: it outlives the program, and the database is what outlives the power.
func (h *highWater) note(numbers map[server.Series]int64) error {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	news := false
	for s, n := range numbers {
		if n > h.last[s] {
			h.last[s], news = n, true
		}
	}
	if !news {
		return nil
	}
	var lines []string // their lengths and number never shrink
	for s, n := range h.last {
		lines = append(lines, fmt.Sprintf("%-19d %s/%s\n", n, url.PathEscape(s.Company), url.PathEscape(s.Name)))
	}
	_, err := h.f.WriteAt([]byte(strings.Join(lines, "")), 0)
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
