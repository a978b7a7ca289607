package attack

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A token is a line of the token file; options are expires=, device=, scope=.
type token struct{ secret, branch, options string }

func (k token) line() string {
	sum := sha256.Sum256([]byte(k.secret))
	return strings.TrimSpace("sha256:" + hex.EncodeToString(sum[:]) + " " + k.branch + " " + k.options)
}

// A server is a running syncd; it keeps its port and files over restarts.
type server struct {
	t         *testing.T
	dir, home string // data folder; what is around it
	listen    string
	url       string
	args      []string
	env       []string
	cmd       *exec.Cmd
	said      *logbook
}

// logbook collects what a process says; safe for concurrent use.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// freePort returns a port of loopback that nobody holds now.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// production prepares and starts a server with the company's certificate.
func production(t *testing.T, tokens ...token) *server {
	t.Helper()
	s := prepare(t, tokens...)
	s.start()
	return s
}

func prepare(t *testing.T, tokens ...token) *server {
	t.Helper()
	home := t.TempDir()
	cert, key, _ := ca(t).write(t, home)
	s := &server{t: t, home: home, dir: filepath.Join(home, "data"), listen: freePort(t)}
	s.tokens(tokens...)
	s.args = []string{"--tls-cert", cert, "--tls-key", key, "--token-file", s.tokenFile()}
	return s
}

func practice(t *testing.T, args ...string) *server {
	t.Helper()
	home := t.TempDir()
	s := &server{t: t, home: home, dir: filepath.Join(home, "data"), listen: freePort(t), args: append([]string{"--practice"}, args...)}
	s.start()
	return s
}

func (s *server) tokenFile() string { return filepath.Join(s.home, "tokens") }

// tokens writes the token file anew, as an administrator's editor does.
func (s *server) tokens(tokens ...token) {
	s.t.Helper()
	var lines []string
	for _, k := range tokens {
		lines = append(lines, k.line())
	}
	if err := os.WriteFile(s.tokenFile()+".new", []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(s.tokenFile()+".new", s.tokenFile()); err != nil {
		s.t.Fatal(err)
	}
}

// try starts the program and returns what it says when it does not come up.
func (s *server) try() (problem string) {
	s.t.Helper()
	s.said = &logbook{}
	s.cmd = exec.Command(filepath.Join(programs, "syncd"), append([]string{"--data", s.dir, "--listen", s.listen}, s.args...)...)
	s.cmd.Env = append(os.Environ(), s.env...)
	s.cmd.Stderr = s.said
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	cmd := s.cmd
	watchdog := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	line, _ := bufio.NewReader(out).ReadString('\n')
	watchdog.Stop()
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ok {
		_ = s.cmd.Wait()
		return strings.TrimSpace(line+s.said.String()) + " [exit " + s.cmd.ProcessState.String() + "]"
	}
	s.url = url
	s.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return ""
}

func (s *server) start() {
	s.t.Helper()
	// A port that was free may have been taken by a test beside this one.
	for range 5 {
		problem := s.try()
		if problem == "" {
			return
		}
		if s.url != "" || !strings.Contains(problem, "address already in use") {
			s.t.Fatalf("syncd does not start: %s", problem)
		}
		s.listen = freePort(s.t)
	}
	s.t.Fatal("no free port")
}

// stop lets the server finish; kill does not.
func (s *server) stop() {
	s.t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		s.t.Fatalf("syncd after SIGTERM: %v\n%s", err, s.said)
	}
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// copyTree copies a folder as an administrator's backup does.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-rp", from, to).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v %s", err, out)
	}
}

// copyDatabase copies a closed SQLite file, and what lies beside it, over another.
func copyDatabase(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(from + suffix)
		if os.IsNotExist(err) {
			_ = os.Remove(to + suffix)
			continue
		}
		if err == nil {
			err = os.WriteFile(to+suffix, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
