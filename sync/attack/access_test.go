package attack

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// shifted is a server whose clock is days away.
func shifted(days int) lie {
	return func(w http.ResponseWriter, r *http.Request, pass func() *passed) bool {
		p := pass()
		now := time.Now().AddDate(0, 0, days).UTC()
		p.header.Set("Date", now.Format(http.TimeFormat))
		if r.URL.Path == "/healthz" && p.value != nil {
			p.value["time"] = now.Format(time.RFC3339Nano)
			return p.changed(w)
		}
		p.send(w)
		return true
	}
}

// Dates that no invoice of today can have, and drawers that a token is not.
func TestDatesAndDrawers(t *testing.T) {
	t.Parallel()
	wang := token{secret(), "城北分店", "person=王芳"}
	s := production(t, east, wang)
	f, p := newForger(t, s.url, east.secret), newForger(t, s.url, wang.secret)
	hand := func(f *forger, change func(d object)) object {
		id := newID()
		d := document(id, "x", "waiting")
		change(d)
		return f.answer(f.operation("transition", id, 0, d))
	}
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format("2006-01-02") }
	for _, date := range []string{"1999-01-01", "0001-01-01", "9999-12-31", day(-94), day(3), day(400)} {
		a := hand(f, func(d object) { d["date"] = date })
		if text(a, "result") != "rejected" || text(a, "code") != "date_out_of_window" || text(a, "fields", "date") != "date_out_of_window" {
			t.Errorf("the date %s is answered %v", date, a)
		}
	}
	for _, date := range []string{"", "2026-02-30", "2026-13-01", "24.11.2026", "2026-11-24T00:00:00Z", "２０２６-11-24"} {
		if a := hand(f, func(d object) { d["date"] = date }); date != "" && text(a, "result") != "rejected" {
			t.Errorf("the date %q is answered %v", date, a)
		}
	}
	for _, date := range []string{day(-90), day(0)} {
		if a := hand(f, func(d object) { d["date"] = date }); text(a, "result") != "applied" {
			t.Errorf("the date %s is answered %v", date, a)
		}
	}
	if a := hand(p, func(d object) { d["drawer"] = "李强" }); text(a, "result") != "rejected" || text(a, "code") != "drawer_foreign" {
		t.Errorf("a foreign drawer is answered %v", a)
	}
	for _, drawer := range []string{"王芳", ""} {
		if a := hand(p, func(d object) { d["drawer"] = drawer }); text(a, "result") != "applied" {
			t.Errorf("the drawer %q is answered %v", drawer, a)
		}
	}
}

// Guesses are slowed down.
func TestGuesses(t *testing.T) {
	t.Parallel()
	s := production(t, east)
	f := newForger(t, s.url, east.secret)
	f.put(newID(), "before", 0)
	limited := 0
	for i := range 40 {
		r := newForger(t, s.url, fmt.Sprint("guess-", i, "-", secret())).get("/v1/whoami")
		switch {
		case r.status == http.StatusTooManyRequests:
			limited++
			if n, err := strconv.Atoi(r.header.Get("Retry-After")); err != nil || n < 1 {
				t.Errorf("Retry-After is %q", r.header.Get("Retry-After"))
			}
		case r.status != http.StatusUnauthorized:
			t.Errorf("a guess: %v", r)
		case i > 12:
			t.Errorf("guess %d was still looked at", i+1)
		}
	}
	if limited < 25 {
		t.Errorf("%d of 40 guesses were slowed down", limited)
	}
	if r := f.get("/healthz"); r.status != http.StatusOK {
		t.Errorf("health, which needs no token: %v", r)
	}
}

// What becomes of a token is known within seconds, without a restart.
func TestTokensLive(t *testing.T) {
	t.Parallel()
	expired := token{secret(), "城南分店", "expires=2020-01-01"}
	lasting := token{secret(), "城南分店", "expires=" + time.Now().AddDate(1, 0, 0).Format("2006-01-02")}
	s := production(t, east, west, expired, lasting)
	status := func(k token) (int, string) {
		r := newForger(t, s.url, k.secret).get("/v1/whoami")
		return r.status, r.code()
	}
	if st, code := status(expired); st != http.StatusUnauthorized || code != "token_expired" {
		t.Errorf("an expired token: %d %s", st, code)
	}
	if st, code := status(lasting); st != http.StatusOK {
		t.Errorf("a token with a year to go: %d %s", st, code)
	}
	d := enrolled(t, s.url, west)
	id := d.handIn("before it is taken back")

	// An open stream of a token that is taken back ends.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	g := newForger(t, s.url, west.secret)
	resp, err := g.http.Do(g.request(http.MethodGet, "/v1/events", nil).WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()

	s.tokens(east, expired, lasting)
	within(t, 4*time.Second, "a revoked token is refused", func() bool { st, _ := status(west); return st == http.StatusUnauthorized })
	if r := d.run("", "sync", "--once"); r.code != 1 {
		t.Errorf("a desk with a revoked token: exit %d", r.code)
	}
	if n := d.waiting(); n != 1 {
		t.Errorf("%d operations wait, not 1", n)
	}
	newForger(t, s.url, east.secret).put(newID(), "secret of the east", 0)
	in := bufio.NewScanner(resp.Body)
	for in.Scan() {
	}
	if ctx.Err() != nil {
		t.Error("the stream of a revoked token stays open")
	}

	fresh := token{secret(), west.branch, ""}
	s.tokens(east, fresh)
	within(t, 4*time.Second, "a new token is taken", func() bool { st, _ := status(fresh); return st == http.StatusOK })
	d.connect(s.url, fresh.secret)
	d.sync()
	if got := text(d.rows()[id], "state"); got != "issued" {
		t.Errorf("with a new token it is %s", got)
	}
	// A file that somebody broke keeps the last good state.
	if err := os.WriteFile(s.tokenFile(), []byte("%%%\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "the broken file is told", func() bool { status(fresh); return s.said.String() != "" })
	if st, code := status(fresh); st != http.StatusOK {
		t.Errorf("after the file was broken: %d %s", st, code)
	}
}

// What must not come up.
func TestRefusedToServe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key, _ := ca(t).write(t, dir)
	file := func(name, body string) string {
		f := filepath.Join(dir, name)
		if err := os.WriteFile(f, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return f
	}
	for name, args := range map[string][]string{
		"practice for everyone":   {"--practice", "--listen", "0.0.0.0:0"},
		"practice for everyone 6": {"--practice", "--listen", "[::]:0"},
		"practice, no host":       {"--practice", "--listen", ":0"},
		"a token of one letter":   {"--tls-cert", cert, "--tls-key", key, "--token-file", file("one", "x 城东\n")},
		"a token of a word":       {"--tls-cert", cert, "--tls-key", key, "--token-file", file("word", "password123 城东\n")},
		"a hash cut short":        {"--tls-cert", cert, "--tls-key", key, "--token-file", file("short", "sha256:abcdef 城东\n")},
		"no branch":               {"--tls-cert", cert, "--tls-key", key, "--token-file", file("none", secret()+"\n")},
		"an empty file":           {"--tls-cert", cert, "--tls-key", key, "--token-file", file("empty", "\n")},
		"no token file":           {"--tls-cert", cert, "--tls-key", key},
		"no TLS":                  {"--token-file", file("good", token{secret(), "城东", ""}.line()+"\n")},
	} {
		c := exec.Command(filepath.Join(programs, "syncd"), append([]string{"--data", filepath.Join(dir, "data", name), "--listen", "127.0.0.1:0"}, args...)...)
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
		stop := context.AfterFunc(ctx, func() { _ = c.Process.Kill() })
		r := runs(t, c, "")
		stop()
		cancel()
		if r.code != 1 && r.code != 2 || strings.Contains(r.out, "ready") {
			t.Errorf("%s: exit %d: %s", name, r.code, r.both())
		}
		if len(r.err) < 20 {
			t.Errorf("%s: it does not say why: %q", name, r.err)
		}
	}
}

// Nobody else on the computer reads the files, whatever the umask.
func TestFilesAreTheOwners(t *testing.T) {
	t.Parallel()
	s := prepare(t, east)
	plain := secret() // an older file: plain tokens, which are taken once and then hashed
	if err := os.WriteFile(s.tokenFile(), []byte("# tokens\n"+plain+" 城东分店\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s.start()
	d := newDesk(t)
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	loose := func(args ...string) {
		t.Helper()
		c := d.command(args...)
		sh := exec.Command("sh", append([]string{"-c", `umask 0; exec "$@"`, "sh"}, c.Args...)...)
		if r := runs(t, sh, content("", "x")); r.code != 0 {
			t.Errorf("cfoil %v: %s", args, r.both())
		}
	}
	_, _, root := ca(t).write(t, d.home)
	loose("trust", "import", root, "--fingerprint", ca(t).fingerprint, "--yes")
	loose(d.connectArgs(s.url, plain)...)
	loose("draft", "-")
	loose("sync", "--once")
	loose("selfcheck", "--timeout", "10s")
	for _, dir := range []string{d.dir, s.dir} {
		err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has the mode %v", name, info.Mode())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(s.tokenFile())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), plain) {
		t.Errorf("the token still stands in the file:\n%s", b)
	}
	if info, err := os.Stat(s.tokenFile()); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the token file: %v %v", info.Mode(), err)
	}
	for _, dir := range []string{d.dir, s.dir} {
		out, _ := exec.Command("grep", "-rl", plain, dir).CombinedOutput()
		if len(out) > 0 {
			t.Errorf("the token stands in %s", out)
		}
	}
	if r := newForger(t, s.url, plain).get("/v1/whoami"); r.status != http.StatusOK {
		t.Errorf("the token does not work any more: %v", r)
	}
}
