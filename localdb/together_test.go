package localdb

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
)

// Programs that open a new folder at once each find it whole.
func TestOpenedAtOnce(t *testing.T) {
	t.Parallel()
	for range 10 {
		path := filepath.Join(t.TempDir(), "counterfoil.db")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				d, err := Open(context.Background(), path, Options{})
				if err != nil {
					t.Error(err)
					return
				}
				if err := d.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if some, _ := filepath.Glob(path + ".before-*"); len(some) > 0 {
			t.Errorf("a new file was copied before it was made: %v", some)
		}
	}
}
