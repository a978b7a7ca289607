package attack

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// trusts imports the CA that a practice server made.
func (d *desk) trusts(s *server) {
	d.t.Helper()
	fp, err := os.ReadFile(filepath.Join(s.dir, "ca.sha256"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.must("", "trust", "import", filepath.Join(s.dir, "ca.pem"), "--fingerprint", strings.TrimSpace(string(fp)), "--yes")
}

// refusedAs says whether a run ended with this code.
func (r result) refusedAs(t *testing.T, code string) bool {
	t.Helper()
	return r.code == 1 && text(oneValue(t, r.out), "error", "code") == code
}

// What was done in practice never becomes real.
func TestPracticeStaysPractice(t *testing.T) {
	t.Parallel()
	play := practice(t)
	real := production(t, east, whole)
	d := newDesk(t)
	d.trusts(play)
	d.connect(play.url, "any-token-of-practice-123")
	issued := d.handIn("issued in practice")
	d.sync()
	if n := text(d.rows()[issued], "number"); !strings.HasPrefix(n, "练习") {
		t.Errorf("a number of practice is %q: it can be mistaken for a real one", n)
	}
	unsent := d.handIn("handed in in practice, unsent")
	draft := d.draft("drafted in practice")

	d.trust() // the CA of the real company
	r := d.run("", d.connectArgs(real.url, east.secret)...)
	if r.code == 0 {
		r = d.run("", "sync", "--once")
	}
	if !r.refusedAs(t, "other_server") {
		t.Errorf("a practice folder at a real server: exit %d %s", r.code, r.both())
	}
	r = d.run("", "sync", "--once")
	if r.code == 0 {
		t.Errorf("a second try went through: %s", r.out)
	}
	look := newForger(t, real.url, whole.secret)
	for id, c := range look.all() {
		t.Errorf("the real server was given %s: %v", id, c)
	}
	if a := look.submit(newID(), "the first real one", 0); text(a, "number") != "00000001" {
		t.Errorf("the first real number is %v", a)
	}
	// Nothing is lost: the folder goes on with its own server.
	rows := d.rows()
	if len(rows) != 3 {
		t.Errorf("the folder holds %v", rows)
	}
	d.trusts(play)
	d.connect(play.url, "any-token-of-practice-123")
	d.sync()
	rows = d.rows()
	if text(rows[unsent], "state") != "issued" || text(rows[draft], "state") != "draft" || d.waiting() != 0 {
		t.Errorf("back at its own server: %v", rows)
	}
}

// Another server answers at the address of the one a folder belongs to.
func TestOtherServerAtTheAddress(t *testing.T) {
	t.Parallel()
	one, two := production(t, east, whole), production(t, east, whole)
	m := newMiddle(t, one)
	d := enrolled(t, m.url, east)
	issued := d.handIn("of the first server")
	d.sync()
	unsent := d.handIn("unsent")
	before := d.rows()
	m.at(two)
	m.lies(nil) // it counts what is sent from here
	for range 2 {
		if r := d.run("", "sync", "--once"); !r.refusedAs(t, "other_server") {
			t.Errorf("another server: exit %d %s", r.code, r.both())
		}
	}
	for _, op := range m.operations() {
		t.Errorf("it was sent %v", op)
	}
	if n := len(newForger(t, two.url, whole.secret).all()); n != 0 {
		t.Errorf("the other server was given %d documents", n)
	}
	rows := d.rows()
	if text(rows[issued], "number") != text(before[issued], "number") || text(rows[unsent], "state") != "waiting" {
		t.Errorf("the folder held %v, holds %v", before, rows)
	}
	m.at(one)
	d.sync()
	if text(d.rows()[unsent], "state") != "issued" {
		t.Errorf("back at the first server: %v", d.rows()[unsent])
	}
}

// A server that says it is another product, environment or company than it was.
func TestLyingHealth(t *testing.T) {
	t.Parallel()
	s := production(t, east, whole)
	for name, change := range map[string]func(v object){
		"another environment": func(v object) { v["environment"] = "practice" },
		"another identity":    func(v object) { v["server"] = strings.Repeat("ab", 16) },
		"no identity":         func(v object) { delete(v, "server") },
		"an empty identity":   func(v object) { v["server"] = "" },
		"another product":     func(v object) { v["product"] = "warehouse" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMiddle(t, s)
			d := enrolled(t, m.url, east)
			d.sync()
			id := d.handIn(name)
			m.lies(on("/healthz", edits(change)))
			if r := d.run("", "sync", "--once"); r.code == 0 {
				t.Errorf("the sync ended well: %s", r.out)
			}
			if n := len(m.operations()); n != 0 {
				t.Errorf("%d operations were sent", n)
			}
			m.lies(nil)
			d.sync()
			if got := text(d.rows()[id], "state"); got != "issued" {
				t.Errorf("after the truth it is %s", got)
			}
		})
	}
}

// A token goes to the server it was given for, and nowhere else.
func TestTokenStaysWithItsServer(t *testing.T) {
	t.Parallel()
	s, other := production(t, east), production(t, west)
	m, thief := newMiddle(t, s), newMiddle(t, other)
	var mu sync.Mutex
	var heard []string
	thief.lies(func(_ http.ResponseWriter, r *http.Request, _ func() *passed) bool {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, r.URL.Path+" "+r.Header.Get("Authorization"))
		return false
	})
	d := enrolled(t, m.url, east)
	d.handIn("one")
	d.sync()
	said := func(how string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		for _, h := range heard {
			if strings.Contains(h, east.secret) {
				t.Errorf("%s: the token was sent to another address: %s", how, h)
			}
		}
	}
	// Redirects of every kind.
	for _, status := range []int{301, 302, 303, 307, 308} {
		m.lies(func(w http.ResponseWriter, r *http.Request, _ func() *passed) bool {
			ours(w, "application/json")
			http.Redirect(w, r, thief.url+r.URL.Path, status)
			return true
		})
		d.handIn(fmt.Sprint("redirected ", status))
		d.run("", "sync", "--once")
		said(fmt.Sprint("redirect ", status))
	}
	m.lies(nil)
	// A clerk types another address and gives no token.
	d.run("", "connect", thief.url)
	d.run("", "sync", "--once")
	d.run("", "selfcheck", "--timeout", "5s")
	said("a new address")
	d.run("", "selfcheck", "--server", thief.url, "--timeout", "5s")
	said("the self-check of another address")
	d.connect(m.url, east.secret)
	d.sync()
	if n := d.waiting(); n != 0 {
		t.Errorf("%d operations wait: %s", n, d.everything())
	}
}

// Clocks that are a month apart delay nothing and change no number.
func TestClocksApart(t *testing.T) {
	t.Parallel()
	s := production(t, east)
	for _, days := range []int{-30, 30} {
		t.Run(fmt.Sprint(days), func(t *testing.T) {
			t.Parallel()
			m := newMiddle(t, s)
			m.lies(shifted(days))
			d := enrolled(t, m.url, east)
			id := d.handIn("in another month")
			d.sync()
			if got := text(d.rows()[id], "state"); got != "issued" {
				t.Errorf("it is %s", got)
			}
			r := d.run("", "selfcheck", "--timeout", "10s")
			if got := text(oneValue(t, r.out), "verdict"); got != "OK" { // nothing tells whose clock it is, and all works
				t.Errorf("the self-check says %s: %s", got, clip(r.out))
			}
		})
	}
}
