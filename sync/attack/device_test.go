package attack

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Somebody of another branch uses a desk's device id before it does.
func TestDeviceClaimedFirst(t *testing.T) {
	t.Parallel()
	s := production(t, east, west, whole)
	m := newMiddle(t, s)
	d := enrolled(t, m.url, east)
	one, two := d.handIn("one"), d.draft("two")
	m.lies(on("/v1/push", says(http.StatusServiceUnavailable, `{"code":"overloaded","title":"later"}`)))
	if r := d.run("", "sync", "--once"); r.code == 0 {
		t.Fatal("the sync went through")
	}
	ops := m.operations()
	if len(ops) == 0 {
		t.Fatal("nothing was seen in the middle")
	}
	thief := newForger(t, s.url, west.secret)
	device, _, _ := strings.Cut(text(ops[0], "operation_id"), ":")
	thief.device = device
	for range 20 {
		x := newID()
		thief.push(thief.operation("put", x, 0, document(x, "claimed", "draft")))
	}
	m.lies(nil)
	d.sync()
	d.sync()
	if n := d.waiting(); n != 0 {
		t.Errorf("%d operations are stuck: %s", n, d.everything())
	}
	if got := newForger(t, s.url, east.secret).all(); text(got[one], "body", "number") == "" || got[two] == nil {
		t.Errorf("the server has %v", got)
	}
	if r := d.rows(); len(r) != 2 || text(r[one], "state") != "issued" {
		t.Errorf("the desk has %v", r)
	}
}

// A data folder is copied to a second computer; both go on working.
func TestClones(t *testing.T) {
	t.Parallel()
	for seed := range rounds(1) {
		s := production(t, east, whole)
		a := enrolled(t, s.url, east)
		shared := []string{a.draft("before the copy"), a.handIn("handed in before the copy")}
		if seed%2 == 1 {
			a.sync()
			shared = append(shared, a.handIn("unsent at the copy"))
		}
		b := newDesk(t)
		copyTree(t, a.dir, b.dir)
		if err := os.RemoveAll(filepath.Join(b.dir, "keyring")); err != nil {
			t.Fatal(err)
		}
		b.trust()
		b.connect(s.url, east.secret)
		var mine []string
		for i := range 4 {
			mine = append(mine, a.handIn(fmt.Sprint("a", i)), b.handIn(fmt.Sprint("b", i)))
		}
		a.must(content("", "edited by a", "1.00", "2.00"), "edit", shared[0], "-")
		b.must(content("", "edited by b", "3.00", "4.00"), "edit", shared[0], "-")
		for range 4 {
			a.sync()
			b.sync()
		}
		docs := newForger(t, s.url, whole.secret).all()
		given := map[string]string{}
		for _, id := range append(append([]string{}, mine...), shared[1:]...) {
			n := text(docs[id], "body", "number")
			if n == "" {
				t.Errorf("%s was not issued: %v", id, docs[id])
			} else if given[n] != "" {
				t.Errorf("%s and %s both have the number %s", id, given[n], n)
			}
			given[n] = id
			for _, d := range []*desk{a, b} {
				if got := text(d.rows()[id], "number"); got != n {
					t.Errorf("%s has the number %q at a desk, %q at the server", id, got, n)
				}
			}
		}
		// Both edited one draft: one of them won, the other is a visible conflict.
		remark := text(docs[shared[0]], "body", "remark")
		conflicts := len(list(a.must("", "conflicts"))) + len(list(b.must("", "conflicts")))
		if remark != "edited by a" && remark != "edited by b" || conflicts != 1 {
			t.Errorf("the draft edited twice says %q and there are %d conflicts", remark, conflicts)
		}
	}
}
