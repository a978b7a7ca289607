package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// programs is the folder with the two programs as they are shipped.
var programs string

func TestMain(m *testing.M) {
	if programs = os.Getenv("COUNTERFOIL_PROGRAMS"); programs == "" {
		dir, err := os.MkdirTemp("", "cfoil-programs-")
		if err == nil {
			programs = dir
			build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "counterfoil/sync/cmd/cfoil", "counterfoil/sync/cmd/syncd")
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
			build.Stderr = os.Stderr
			err = build.Run()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		_ = os.Setenv("COUNTERFOIL_PROGRAMS", dir)
	}
	_ = os.Setenv("COUNTERFOIL_PASSPHRASE", "correct horse")
	code := 0
	if os.Getenv("COUNTERFOIL_FAR") != "" {
		code = far()
	} else {
		code = m.Run()
	}
	if os.Getenv("COUNTERFOIL_INSIDE") == "" && os.Getenv("COUNTERFOIL_FAR") == "" {
		_ = os.RemoveAll(programs)
	}
	os.Exit(code)
}

// A result is what one run of a program left.
type result struct {
	code     int
	out, err string
}

// seat is a data folder with the file keyring, or the one named.
type seat struct {
	dir, keyring string
	env          []string
}

func newSeat(t *testing.T) seat {
	t.Helper()
	return seat{dir: filepath.Join(t.TempDir(), "desk"), keyring: "file"}
}

func (s seat) command(args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(programs, "cfoil"), append([]string{"--data", s.dir, "--keyring", s.keyring, "--json"}, args...)...)
	c.Env = append(os.Environ(), s.env...)
	return c
}

// run runs cfoil --json with in on its standard input.
func (s seat) run(t *testing.T, in string, args ...string) result {
	t.Helper()
	return runCommand(t, s.command(args...), in)
}

func runCommand(t *testing.T, c *exec.Cmd, in string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(in), &out, &errOut
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{c.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// must runs a command that has to succeed and reads its one JSON value.
func (s seat) must(t *testing.T, in string, args ...string) any {
	t.Helper()
	r := s.run(t, in, args...)
	if r.code != 0 {
		t.Fatalf("cfoil %q: exit %d\n%s%s", args, r.code, r.out, r.err)
	}
	return oneValue(t, r.out)
}

// oneValue reads exactly one JSON value.
func oneValue(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("no JSON value: %v\n%s", err, text)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		t.Fatalf("more than one JSON value:\n%s", text)
	}
	return v
}

// at walks a JSON value by keys and indexes.
func at(v any, path ...any) any {
	for _, p := range path {
		switch k := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[k]
		case int:
			a, _ := v.([]any)
			if k >= len(a) {
				return nil
			}
			v = a[k]
		}
	}
	return v
}

// A server is a running syncd.
type server struct {
	url, dir string
	cmd      *exec.Cmd
}

// startServer runs syncd and waits until it serves.
func startServer(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	s := &server{dir: dir, cmd: exec.Command(filepath.Join(programs, "syncd"), append([]string{"--data", dir}, args...)...)}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ok {
		t.Fatalf("syncd says %q: %v", line, err)
	}
	s.url = url
	return s
}

func practiceServer(t *testing.T, args ...string) *server {
	t.Helper()
	return startServer(t, t.TempDir(), append([]string{"--practice", "--listen", "127.0.0.1:0"}, args...)...)
}

// kill ends the server without warning; stop lets it finish.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Fatalf("syncd after SIGTERM: %v", err)
	}
}

// enrol trusts the server's CA and connects, as the clerk's first run does.
func (s seat) enrol(t *testing.T, sv *server) seat {
	t.Helper()
	fp, err := os.ReadFile(filepath.Join(sv.dir, "ca.sha256"))
	if err != nil {
		t.Fatal(err)
	}
	s.must(t, "", "trust", "import", filepath.Join(sv.dir, "ca.pem"), "--fingerprint", strings.TrimSpace(string(fp)), "--yes")
	s.must(t, "", "connect", sv.url, "--token-file", filepath.Join(sv.dir, "token"))
	return s
}
