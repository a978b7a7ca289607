package vitals_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"counterfoil/sync/server"
)

// A disk that is really full: a write is refused as such, healthz says so before
// and after, and both end when there is room again.
func TestFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("a file system of its own cannot be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	r := startIn(t, dir, nil)
	r.until("disk", "ok")
	filler := filepath.Join(dir, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 1<<20); err == nil; {
		_, err = f.Write(block)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r.until("disk", "full")
	write := func() error {
		for i := range 3 {
			_, err := server.Do(t.Context(), r.watch.Store(), func(tx server.Tx) (struct{}, error) {
				seq, err := tx.NextSeq()
				if err != nil {
					return struct{}{}, err
				}
				return struct{}{}, tx.Write(server.Document{Type: "invoice", ID: fmt.Sprint(time.Now().UnixNano(), i), Revision: 1, Seq: seq, Body: make([]byte, 200_000)})
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := write(); !errors.Is(err, server.ErrFull) {
		t.Errorf("a write without room: %v", err)
	}
	if h, _ := r.health(); h.Deps["db"] != "ok" {
		t.Errorf("%v", h.Deps)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := write(); err != nil {
		t.Fatal(err)
	}
	r.until("disk", "ok")
}
