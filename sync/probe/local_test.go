package probe

import (
	"context"
	"errors"
	"testing"
	"time"

	"counterfoil/sync/fault"
)

// A data check that was given up finds nothing; one that fails does.
func TestDataCheckGivenUp(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	w := &walk{Config: Config{Now: time.Now, CheckStore: func(ctx context.Context) error { return ctx.Err() }}, set: &fault.Set{}}
	if text, state := w.data(ended); state != Good || w.failed("store", "") {
		t.Errorf("given up: %s", text)
	}
	w = &walk{Config: Config{Now: time.Now, CheckStore: func(context.Context) error { return errors.New("broken") }}, set: &fault.Set{}}
	if text, state := w.data(context.Background()); state != Bad || text != "broken" || !w.failed("store", "") {
		t.Errorf("failed: %s", text)
	}
}
