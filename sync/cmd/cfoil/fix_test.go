package main

import (
	"database/sql"
	"path/filepath"
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
