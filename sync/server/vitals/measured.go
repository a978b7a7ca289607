package vitals

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"counterfoil/sync/server"
)

// measured is a store that counts who uses it and who waits for it.
type measured struct {
	server.Store
	observe func(op string, wait, took time.Duration)

	reading, queued, writing atomic.Int64
	full                     atomic.Bool // the last write failed for want of room
}

// readers is how many can read at once where a store does not say.
const readers = 4

// load is how many wait for the database, and how many use it.
func (m *measured) load() (waiting, inUse int) {
	reading, writing := int(m.reading.Load()), int(m.writing.Load())
	return int(m.queued.Load()) + max(0, reading-readers), min(reading, readers) + min(writing, 1)
}

func (m *measured) note(op string, wait time.Duration, start time.Time) {
	if m.observe != nil {
		m.observe(op, wait, time.Since(start))
	}
}

// Update implements server.Store.
func (m *measured) Update(ctx context.Context, fn func(server.Tx) error) error {
	start := time.Now()
	var wait time.Duration
	turn := false
	m.queued.Add(1)
	defer func() {
		if turn {
			m.writing.Add(-1)
		} else {
			m.queued.Add(-1)
			wait = time.Since(start)
		}
		m.note("write", wait, start)
	}()
	err := m.Store.Update(ctx, func(tx server.Tx) error {
		if !turn {
			turn, wait = true, time.Since(start)
			m.queued.Add(-1)
			m.writing.Add(1)
		}
		return fn(tx)
	})
	switch {
	case err == nil:
		m.full.Store(false)
	case errors.Is(err, server.ErrFull):
		m.full.Store(true)
	}
	return err
}

// read counts one that reads until the function it returns is called.
func (m *measured) read() (done func()) {
	start := time.Now()
	m.reading.Add(1)
	return func() {
		m.reading.Add(-1)
		m.note("read", 0, start)
	}
}

// Page implements server.Store.
func (m *measured) Page(ctx context.Context, q server.PageQuery) (server.Page, error) {
	defer m.read()()
	return m.Store.Page(ctx, q)
}

// HashAt implements server.Store.
func (m *measured) HashAt(ctx context.Context, seq int64) ([]byte, error) {
	defer m.read()()
	return m.Store.HashAt(ctx, seq)
}

// Head implements server.Store.
func (m *measured) Head(ctx context.Context) (server.Head, error) {
	defer m.read()()
	return m.Store.Head(ctx)
}
