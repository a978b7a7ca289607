package sqlite

import (
	"os"
	"path/filepath"
	"testing"

	"counterfoil/sync/server"
	"counterfoil/sync/wire"
)

// A database put back alone goes on after the last number of each series, whether
// the file beside it is today's or that of an older program.
func TestNumbersBeside(t *testing.T) {
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "server.db")
	open := func() *Store {
		s, err := Open(ctx, file, "e")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	next := func(s *Store, series server.Series) (n int64) {
		if err := s.Update(ctx, func(x server.Tx) (err error) { n, err = x.NextNumber(series); return err }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	first, other := server.Series{Company: "Köln GmbH/上海", Name: wire.DefaultSeries}, server.Series{Company: "Köln GmbH/上海", Name: "a b/c"}
	s := open()
	if n := next(s, server.Series{Name: wire.DefaultSeries}); n != 1 {
		t.Errorf("%d", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	backup, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s = open()
	if err := s.Claim(ctx, first.Company); err != nil {
		t.Fatal(err)
	}
	if a, b, c := next(s, first), next(s, other), next(s, other); a != 2 || b != 1 || c != 2 {
		t.Errorf("%d %d %d", a, b, c)
	}
	restore := func(beside string) *Store {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, backup, 0o600); err != nil {
			t.Fatal(err)
		}
		if beside != "" {
			if err := os.WriteFile(filepath.Join(filepath.Dir(file), "server.numbers"), []byte(beside), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s = open()
		if err := s.Claim(ctx, first.Company); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s = restore("")
	if a, b := next(s, first), next(s, other); a != 3 || b != 3 {
		t.Errorf("after the database was put back: %d %d", a, b)
	}
	s = restore("41                 \n")
	if a, b := next(s, first), next(s, other); a != 42 || b != 1 {
		t.Errorf("with the file of an older program: %d %d", a, b)
	}
	if a := next(restore("damaged\n"), first); a != 2 {
		t.Errorf("with a damaged file: %d", a)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
