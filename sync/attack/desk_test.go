package attack

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A result is what one run of a program left.
type result struct {
	code     int
	out, err string
	peak     int64 // bytes of memory at the most
	took     time.Duration
}

// both is all that a person would read.
func (r result) both() string { return r.out + r.err }

// A desk is a data folder that cfoil works on.
type desk struct {
	t    *testing.T
	dir  string
	home string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	home := t.TempDir()
	return &desk{t: t, home: home, dir: filepath.Join(home, "desk")}
}

// enrolled is a new desk that trusts the company's CA and is connected.
func enrolled(t *testing.T, url string, k token) *desk {
	t.Helper()
	d := newDesk(t)
	d.trust()
	d.connect(url, k.secret)
	return d
}

func (d *desk) trust() {
	d.t.Helper()
	_, _, root := ca(d.t).write(d.t, d.home)
	d.must("", "trust", "import", root, "--fingerprint", ca(d.t).fingerprint, "--yes")
}

// takesTokenFile says whether this cfoil reads a token from a file.
var takesTokenFile = sync.OnceValue(func() bool {
	out, _ := exec.Command(filepath.Join(programs, "cfoil"), "--help").Output()
	return bytes.Contains(out, []byte("--token-file"))
})

func (d *desk) connectArgs(url, secret string) []string {
	d.t.Helper()
	if secret == "" {
		return []string{"connect", url}
	}
	if !takesTokenFile() {
		return []string{"connect", url, "--token", secret}
	}
	file := filepath.Join(d.home, "token")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return []string{"connect", url, "--token-file", file}
}

func (d *desk) connect(url, secret string) { d.t.Helper(); d.must("", d.connectArgs(url, secret)...) }

func (d *desk) command(args ...string) *exec.Cmd {
	return exec.Command(filepath.Join(programs, "cfoil"), append([]string{"--data", d.dir, "--keyring", "file", "--json"}, args...)...)
}

// run runs cfoil --json with in on its standard input.
func (d *desk) run(in string, args ...string) result {
	d.t.Helper()
	return runs(d.t, d.command(args...), in)
}

// runs runs a program to its end and notes its peak of memory.
func runs(t *testing.T, c *exec.Cmd, in string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(in), &out, &errOut
	begun := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended, watched := make(chan struct{}), make(chan int64)
	go func() { watched <- peakUntil(c.Process.Pid, ended) }()
	watchdog := time.AfterFunc(3*time.Minute, func() { _ = c.Process.Kill() })
	_ = c.Wait() // the exit code says it
	watchdog.Stop()
	close(ended)
	return result{c.ProcessState.ExitCode(), out.String(), errOut.String(), <-watched, time.Since(begun)}
}

// must runs a command that has to succeed and reads its one JSON value.
func (d *desk) must(in string, args ...string) any {
	d.t.Helper()
	r := d.run(in, args...)
	if r.code != 0 {
		d.t.Fatalf("cfoil %q: exit %d\n%s", args, r.code, clip(r.both()))
	}
	return oneValue(d.t, r.out)
}

func (d *desk) sync() any { d.t.Helper(); return d.must("", "sync", "--once") }

// draft drafts an invoice and returns its id.
func (d *desk) draft(remark string, prices ...string) string {
	d.t.Helper()
	return text(d.must(content("", remark, prices...), "draft", "-"), "id")
}

// handIn drafts and submits.
func (d *desk) handIn(remark string) string {
	d.t.Helper()
	id := d.draft(remark)
	d.must("", "submit", id)
	return id
}

// rows lists all invoices of the desk by id.
func (d *desk) rows() map[string]object {
	d.t.Helper()
	out := map[string]object{}
	for _, r := range list(d.must("", "list", "--limit", "100000")) {
		o, _ := r.(object)
		if out[text(o, "id")] != nil {
			d.t.Errorf("%s is listed twice", text(o, "id"))
		}
		out[text(o, "id")] = o
	}
	return out
}

// waiting is how many operations the outbox holds.
func (d *desk) waiting() int { d.t.Helper(); return len(list(d.must("", "outbox"))) }

// everything is all that cfoil can show about what stands in the way.
func (d *desk) everything() string {
	d.t.Helper()
	var s string
	for _, c := range []string{"status", "outbox", "conflicts", "list", "aside"} {
		s += d.run("", c).both()
	}
	return s
}
