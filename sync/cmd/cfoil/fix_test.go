package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// fix names what it would do and changes nothing; --apply does it and looks again.
func TestFix(t *testing.T) {
	s := newSeat(t).enrol(t, practiceServer(t))
	v := s.must(t, "", "fix")
	if at(v, "outcome") != "nothing_to_fix" || at(v, "verdict") != "OK" {
		t.Fatalf("a line that is well: %v", v)
	}
	url := func() (out string) {
		v := s.must(t, "", "status")
		out, _ = at(v, "server").(string)
		return out
	}
	right := url()
	db, err := sql.Open("sqlite", filepath.Join(s.dir, "counterfoil.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE setting SET value = 'https：//127.0.0.1' WHERE name = 'server_url'`); err != nil {
		t.Fatal(err)
	}
	if r := s.run(t, "", "sync", "--once"); r.code == 0 {
		t.Fatal("the wrong address works")
	}
	r := s.run(t, "", "fix")
	v = oneValue(t, r.out)
	if r.code != 1 || at(v, "outcome") != "offered" || at(v, "verdict") != "K12" || at(v, "cures", 0, "name") != "restore_url" || url() == right {
		t.Fatalf("%d %v", r.code, v)
	}
	if r := s.run(t, "", "fix", "http1", "--apply"); r.code != 1 || at(oneValue(t, r.out), "outcome") != "no_cure" {
		t.Errorf("a cure for something else: %+v", r)
	}
	v = s.must(t, "", "fix", "--apply")
	if at(v, "outcome") != "cured" || at(v, "applied") != "restore_url" || url() != right {
		t.Fatalf("%v", v)
	}
	s.must(t, "", "sync", "--once")
	if n, _ := at(s.must(t, "", "fix", "--list"), "active").([]any); len(n) != 0 {
		t.Errorf("in force: %v", n)
	}
	if r := s.run(t, "", "fix", "--undo", "http1"); r.code != 1 || at(oneValue(t, r.out), "error", "code") != "cure_not_active" {
		t.Errorf("%+v", r)
	}
	if r := s.run(t, "", "fix", "one", "two"); r.code != 2 {
		t.Errorf("%+v", r)
	}
}

// Data in a folder that a program copies to a cloud are moved to this user's own, found
// there under the old name, and moved back.
func TestFixMovesData(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	t.Setenv("AppData", filepath.Join(home, ".config"))
	s := newSeat(t)
	s.dir = filepath.Join(t.TempDir(), "OneDrive - Office", "desk")
	s = s.enrol(t, practiceServer(t))
	s.must(t, content("00000000-0000-7000-8000-000000000001", "before the move"), "draft", "-")
	if v := s.must(t, "", "fix", "--list"); len(at(v, "active").([]any)) != 0 {
		t.Fatalf("%v", v)
	}
	r := s.run(t, "", "fix", "--full")
	v := oneValue(t, r.out)
	to, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	to = filepath.Join(to, "counterfoil")
	says, _ := at(v, "cures", 0, "changes").(string)
	if r.code != 1 || at(v, "verdict") != "K17" || at(v, "outcome") != "offered" || at(v, "cures", 0, "name") != "move_data" || !strings.Contains(says, to) {
		t.Fatalf("%d %v", r.code, v)
	}
	if _, err := os.Stat(to); err == nil {
		t.Fatal("an offer made a folder")
	}
	v = s.must(t, "", "fix", "--apply")
	if at(v, "outcome") != "cured" || at(v, "applied") != "move_data" || at(v, "after") != "OK" || at(v, "active", 0, "name") != "move_data" {
		t.Fatalf("%v", v)
	}
	s.must(t, content("00000000-0000-7000-8000-000000000002", "after the move"), "draft", "-")
	s.must(t, "", "sync", "--once")
	if v := s.must(t, "", "selfcheck"); at(v, "verdict") != "OK" {
		t.Errorf("%v", v)
	}
	if _, err := os.Stat(filepath.Join(to, "counterfoil.db")); err != nil {
		t.Error(err)
	}
	if v := s.must(t, "", "fix", "--undo", "move_data"); at(v, "undone") != "move_data" {
		t.Errorf("%v", v)
	}
	if all, _ := s.must(t, "", "list").([]any); len(all) != 2 {
		t.Errorf("%d invoices after it was taken back", len(all))
	}
	s.must(t, "", "sync", "--once")
	if v := s.must(t, "", "fix", "--list"); len(at(v, "active").([]any)) != 0 {
		t.Errorf("%v", v)
	}
	if r := s.run(t, "", "fix", "--undo", "move_data"); r.code != 1 || at(oneValue(t, r.out), "error", "code") != "cure_not_active" {
		t.Errorf("%+v", r)
	}
}
