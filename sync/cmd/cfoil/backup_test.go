package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Backups are made, listed and restored, with what was not sent.
func TestBackupAndRestore(t *testing.T) {
	s := newSeat(t)
	draft := func(id string) { s.must(t, content(id, id), "draft", "-") }
	draft("00000000-0000-7000-8000-000000000001")
	made := s.must(t, "", "backup")
	file, _ := at(made, "file").(string)
	if at(made, "invoices") != 1.0 || at(made, "unsent") != 1.0 || file == "" {
		t.Fatalf("%v", made)
	}
	if all := s.must(t, "", "backup", "--list"); at(all, "backups", 0, "file") != file {
		t.Fatalf("%v", all)
	}
	to := filepath.Join(t.TempDir(), "copy.db")
	s.must(t, "", "backup", "--to", to)
	if r := s.run(t, "", "backup", "--to", to); r.code != 1 || at(oneValue(t, r.out), "error", "code") != "backup_exists" {
		t.Errorf("written over: %+v", r)
	}
	draft("00000000-0000-7000-8000-000000000002")
	data := filepath.Join(s.dir, "counterfoil.db")
	whole, err := os.ReadFile(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(whole[:100])
	if err := os.WriteFile(data, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := s.run(t, "", "list"); r.code != 1 {
		t.Fatal("damaged data are listed")
	}
	v := s.must(t, "", "restore", "--dry-run")
	if at(v, "dry_run") != true || at(v, "invoices") != 2.0 || at(v, "aside") != "" {
		t.Errorf("%v", v)
	}
	if r := s.run(t, "", "list"); r.code != 1 {
		t.Fatal("a preview restored")
	}
	v = s.must(t, "", "restore", "--from", "newest")
	aside, _ := at(v, "aside").(string)
	if at(v, "invoices") != 2.0 || at(v, "unsent") != 2.0 || !strings.Contains(aside, "damaged-") {
		t.Errorf("%v", v)
	}
	if all, _ := s.must(t, "", "list").([]any); len(all) != 2 {
		t.Errorf("%d invoices", len(all))
	}
	if err := os.Truncate(data, 0); err != nil {
		t.Fatal(err)
	}
	if v := s.must(t, "", "fix", "restore_backup", "--apply"); at(v, "applied") != "restore_backup" {
		t.Errorf("%v", v)
	}
	if all, _ := s.must(t, "", "list").([]any); len(all) != 1 {
		t.Errorf("%d invoices", len(all))
	}
	if err := os.Remove(data); err != nil {
		t.Fatal(err)
	}
	s.must(t, "", "restore", "--from", to)
	if r := s.run(t, "", "restore", "--from", filepath.Join(s.dir, "nothing.db")); r.code != 1 || at(oneValue(t, r.out), "error", "code") != "backup_broken" {
		t.Errorf("%+v", r)
	}
}
