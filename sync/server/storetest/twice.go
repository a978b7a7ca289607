package storetest

import (
	"context"
	"errors"
	"sync/atomic"

	"counterfoil/sync/server"
)

// errFirst undoes a first run.
var errFirst = errors.New("the first run is undone")

// Twice wraps a storage so that every transaction is run and undone, then run
// again: whoever keeps something of a first run is found out.
func Twice(s server.Store) server.Store { return twice{s} }

type twice struct{ server.Store }

func (s twice) Update(ctx context.Context, fn func(server.Tx) error) error {
	err := s.Store.Update(ctx, func(tx server.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errFirst
	})
	if !errors.Is(err, errFirst) {
		return err
	}
	return s.Store.Update(ctx, fn)
}

// Refuses wraps a storage so that n transactions are undone after they were run,
// with ErrRetry, as those of a deadlock are.
func Refuses(s server.Store, n int64) server.Store {
	r := &refuses{Store: s}
	r.left.Store(n)
	return r
}

type refuses struct {
	server.Store
	left atomic.Int64
}

func (s *refuses) Update(ctx context.Context, fn func(server.Tx) error) error {
	return s.Store.Update(ctx, func(tx server.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		if s.left.Add(-1) >= 0 {
			return server.ErrRetry
		}
		return nil
	})
}
