package attack

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// programs is the folder with the two programs as they are shipped.
var programs string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		// COUNTERFOIL_PROGRAMS attacks programs built elsewhere, an older version say.
		if programs = os.Getenv("COUNTERFOIL_PROGRAMS"); programs == "" {
			dir, err := os.MkdirTemp("", "counterfoil-attack-")
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			defer os.RemoveAll(dir)
			programs = dir
			build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "counterfoil/sync/cmd/cfoil", "counterfoil/sync/cmd/syncd")
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
			build.Stderr = os.Stderr
			if err := build.Run(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		_ = os.Setenv("COUNTERFOIL_PASSPHRASE", "correct horse")
		// Many attacks wait rather than work: more of them fit beside each other.
		flag.Parse()
		_ = flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0))) // the flag is always there
		return m.Run()
	}())
}

// rounds is how many seeds a campaign tries: few in CI, more with COUNTERFOIL_ATTACKS.
func rounds(few int) int {
	if n, err := strconv.Atoi(os.Getenv("COUNTERFOIL_ATTACKS")); err == nil && n > 0 {
		return n
	}
	return few
}

// campaign says that there is time: make attack.
func campaign() bool { return os.Getenv("COUNTERFOIL_ATTACKS") != "" }

// firstSeed is where a campaign's seeds begin; COUNTERFOIL_SEED chooses it.
func firstSeed() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("COUNTERFOIL_SEED"), 10, 64); err == nil {
		return n
	}
	if campaign() {
		return uint64(time.Now().UnixNano() / 1e9)
	}
	return 1
}

// today is a date that a server accepts.
func today() string { return time.Now().Format("2006-01-02") }

// within waits until done says yes.
func within(t *testing.T, limit time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}
