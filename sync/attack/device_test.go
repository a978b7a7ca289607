package attack

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A device speaks for itself alone.
func TestDevices(t *testing.T) {
	t.Parallel()
	pinnedTo := newID()
	pinned := token{secret(), "城南分店", "device=" + pinnedTo}
	s := production(t, east, west, whole, pinned)
	e, w := newForger(t, s.url, east.secret), newForger(t, s.url, west.secret)
	id := newID()
	first := e.operation("put", id, 0, document(id, "east", "draft"))
	e.accepted(first)

	refused := func(t *testing.T, r reply, code string) {
		t.Helper()
		if r.status != http.StatusForbidden || r.code() != code {
			t.Errorf("want 403 %s, got %v", code, r)
		}
	}
	count := func() int { return len(newForger(t, s.url, whole.secret).all()) }
	was := count()

	t.Run("body and header differ", func(t *testing.T) {
		e.header.Set("X-Counterfoil-Device", newID())
		defer e.header.Del("X-Counterfoil-Device")
		x := newID()
		refused(t, e.push(e.operation("put", x, 0, document(x, "x", "draft"))), "device_mismatch")
	})
	t.Run("an operation of another device", func(t *testing.T) {
		good, x := newID(), newID()
		op := e.operation("put", x, 0, document(x, "x", "draft"))
		op["operation_id"] = newID() + ":1"
		refused(t, e.push(e.operation("put", good, 0, document(good, "good", "draft")), op), "device_mismatch")
		for _, form := range []string{"%s", "%s:", "%s:x", "%s:-1", "%s:0", "%s:01", "%sx:1", "%s:1:1", "%s:99999999999999999999", ":%s:1", "%s :1"} {
			op["operation_id"] = fmt.Sprintf(form, e.device)
			if r := e.push(op); r.status < 400 || r.status >= 500 {
				t.Errorf("the operation id %q: %v", op["operation_id"], r)
			}
		}
	})
	t.Run("header left out", func(t *testing.T) {
		e.header.Set("X-Counterfoil-Device", "")
		defer e.header.Del("X-Counterfoil-Device")
		if r := e.push(first); r.status != http.StatusOK {
			t.Errorf("a device that stands in the body alone: %v", r)
		}
	})
	t.Run("a device of another branch", func(t *testing.T) {
		thief := newForger(t, s.url, west.secret)
		thief.device = e.device
		x := newID()
		op := thief.operation("put", x, 0, document(x, "x", "draft"))
		op["operation_id"] = fmt.Sprintf("%s:%d", e.device, 500)
		refused(t, thief.push(op), "device_foreign")
		refused(t, thief.push(first), "device_foreign")
		// It claimed nothing: the owner uses that very id.
		op = e.operation("put", x, 0, document(x, "mine", "draft"))
		op["operation_id"] = fmt.Sprintf("%s:%d", e.device, 500)
		e.accepted(op)
	})
	t.Run("a replay", func(t *testing.T) {
		a, b := e.push(first), e.push(first)
		if string(a.body) != string(b.body) || at(a.value, "answers", 0, "result") != "applied" {
			t.Errorf("replayed: %v, %v", a, b)
		}
		// A second computer of the branch with the same token but another device
		// cannot ask for that operation.
		other := newForger(t, s.url, east.secret)
		refused(t, other.push(first), "device_mismatch")
	})
	t.Run("pinned", func(t *testing.T) {
		p := newForger(t, s.url, pinned.secret)
		x := newID()
		op := p.operation("put", x, 0, document(x, "x", "draft"))
		if r := p.push(op); r.status != http.StatusForbidden {
			t.Errorf("a pinned token on another computer: %v", r)
		}
		p.device, p.seq = pinnedTo, 0
		p.put(x, "at its own computer", 0)
		w.device = pinnedTo
		refused(t, w.push(w.operation("put", newID(), 0, document(newID(), "x", "draft"))), "device_foreign")
	})
	if n := count(); n > was+2 {
		t.Errorf("%d documents more than before", n-was)
	}
}

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
