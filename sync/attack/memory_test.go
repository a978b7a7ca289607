package attack

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// allowed is how far the memory of a program may rise above idle.
const allowed = 64 << 20

// memory reads a figure of /proc/PID/status, in bytes; 0 when the process is gone.
func memory(pid int, name string) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, ok := bytes.Cut(b, []byte("\n"+name+":"))
	if !ok {
		return 0
	}
	line, _, _ := bytes.Cut(after, []byte("\n"))
	n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(string(line)), " kB"), 10, 64)
	return n << 10
}

// peakUntil follows the highest memory of a process to its end.
func peakUntil(pid int, ended <-chan struct{}) (peak int64) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		peak = max(peak, memory(pid, "VmHWM"))
		select {
		case <-ended:
			return peak
		case <-tick.C:
		}
	}
}

// idle is the memory of a server that has just answered something ordinary; the
// peak counts anew from here.
func (s *server) idle() int64 {
	s.t.Helper()
	pid := s.cmd.Process.Pid
	rest := memory(pid, "VmRSS")
	if rest == 0 {
		s.t.Skip("this system does not tell the memory of a process (/proc)")
	}
	// The kernel refuses this in some containers; the peak is then since the start.
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
	return rest
}

// peakAbove reports a server that took more than is allowed.
func (s *server) peakAbove(rest int64, what string) {
	s.t.Helper()
	peak := memory(s.cmd.Process.Pid, "VmHWM")
	if peak == 0 {
		s.t.Errorf("%s: the server was gone", what)
	}
	over(s.t, rest, peak, what)
}

// over reports a program that took more than is allowed. One that ended before it was
// looked at (peak 0) had no time to.
func over(t *testing.T, rest, peak int64, what string) {
	t.Helper()
	t.Logf("%s: %.1f MB above idle (%.1f MB)", what, float64(peak-rest)/(1<<20), float64(rest)/(1<<20))
	if peak-rest > allowed {
		t.Errorf("%s took %d MB above idle, at most %d are allowed", what, (peak-rest)>>20, allowed>>20)
	}
}
