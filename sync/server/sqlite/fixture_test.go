package sqlite

import (
	"archive/zip"
	"context"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"counterfoil/sync/server"
	"counterfoil/sync/wire"
)

// TestFolderOfVersion1 opens the database of a server of version 0.1.0: every
// document is there, and numbers go on after the last.
func TestFolderOfVersion1(t *testing.T) {
	z, err := zip.OpenReader("testdata/v1/server.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	dir, ctx := t.TempDir(), context.Background()
	if err := os.CopyFS(dir, z); err != nil {
		t.Fatal(err)
	}
	s, err := Open(ctx, filepath.Join(dir, "server.db"), "a new epoch")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p, err := s.Page(ctx, server.PageQuery{Limit: 1000, Bytes: 1 << 20})
	if err != nil || p.Head.Epoch == "" || p.Head.Epoch == "a new epoch" {
		t.Errorf("epoch %q %v", p.Head.Epoch, err)
	}
	states := map[string]int{}
	for _, d := range p.Changes {
		if d.Type != "invoice" || d.Deleted {
			continue
		}
		states[d.State]++
		if len(d.Body) == 0 || d.Revision == 0 || d.Seq == 0 || (d.Number == "") != (d.Series == server.Series{}) {
			t.Errorf("%s %s is not whole", d.State, d.ID)
		}
	}
	if want := map[string]int{"draft": 1, "waiting": 1, "issued": 4, "reversed": 1}; !maps.Equal(states, want) {
		t.Errorf("%v, want %v", states, want)
	}
	err = s.Update(ctx, func(x server.Tx) error {
		n, err := x.NextNumber(server.Series{Name: wire.DefaultSeries})
		if n != 6 {
			t.Errorf("the next number is %d", n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestOwnerOnly makes a database that others cannot read.
func TestOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there the ACL of the folder rules")
	}
	file := filepath.Join(t.TempDir(), "server.db")
	s, err := Open(t.Context(), file, "e")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range []string{file, file + "-wal", file + "-shm"} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}
