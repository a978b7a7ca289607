package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"counterfoil/sync/server"
	"counterfoil/sync/server/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() (server.Store, error) {
		file := filepath.Join(t.TempDir(), "server.db")
		return func() (server.Store, error) { return Open(context.Background(), file, "an epoch") }
	})
}
