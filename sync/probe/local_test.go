package probe

import (
	"context"
	"errors"
	"testing"

	"counterfoil/sync/fault"
)

// A data check that was given up finds nothing; one that fails does.
func TestDataCheckGivenUp(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	classify := func(error) fault.ID { return "" }
	l := New(Config{CheckStore: func(ctx context.Context) error { return ctx.Err() }, ClassifyStore: classify})
	if text, good := l.data(ended); !good {
		t.Errorf("given up: %s", text)
	}
	l = New(Config{CheckStore: func(context.Context) error { return errors.New("broken") }, ClassifyStore: classify})
	if text, good := l.data(context.Background()); good || text != "broken" {
		t.Errorf("failed: %s", text)
	}
}
