package main

import (
	"strings"
	"testing"

	"counterfoil/localdb"
)

// TestSyncBesideAWindow drafts while the window holds the folder, and is told why
// it cannot sync.
func TestSyncBesideAWindow(t *testing.T) {
	s := newSeat(t).enrol(t, practiceServer(t))
	window, err := localdb.LockWindow(t.Context(), s.dir)
	if err != nil {
		t.Fatal(err)
	}
	s.must(t, `{"kind":"ordinary","basis":"excl","buyer":{"name":"某某"},"lines":[]}`, "draft", "-")
	r := s.run(t, "", "sync", "--once")
	if r.code != 1 || at(oneValue(t, r.out), "error", "code") != "sync_busy" || !strings.Contains(r.err, "window") {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if err := window.Unlock(); err != nil {
		t.Fatal(err)
	}
	s.must(t, "", "sync", "--once")
}
