// Command startbench measures a program from its start to the line "frame" on its
// stdout, and the memory it holds then, in the format of go test -bench. The
// programs take turns, so that a busy machine slows both.
//
// startbench N NAME COMMAND... [-- NAME COMMAND...]...
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

type program struct {
	name string
	args []string
	took []time.Duration
	rss  []float64 // MB
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "startbench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return errors.New("startbench N NAME COMMAND... [-- NAME COMMAND...]...")
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 1 {
		return fmt.Errorf("%q is not how often to start", args[0])
	}
	var all []*program
	for rest := args[1:]; len(rest) > 0; {
		one := rest
		if at := slices.Index(rest, "--"); at >= 0 {
			one, rest = rest[:at], rest[at+1:]
		} else {
			rest = nil
		}
		if len(one) < 2 {
			return fmt.Errorf("%q is no name with a command", one)
		}
		all = append(all, &program{name: one[0], args: one[1:]})
	}
	for i := range n + 1 {
		for _, p := range all {
			took, rss, err := start(p.args)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			if i > 0 { // the first fills the file cache
				p.took, p.rss = append(p.took, took), append(p.rss, rss)
			}
		}
	}
	for _, p := range all {
		slices.Sort(p.took)
		slices.Sort(p.rss)
		fmt.Printf("Benchmark%s\t%d\t%d ns/op\t%.1f MB\n", p.name, n, p.took[n/2].Nanoseconds(), p.rss[n/2])
	}
	return nil
}

// start runs a program to its first frame and ends it.
func start(args []string) (time.Duration, float64, error) {
	c := exec.Command(args[0], args[1:]...)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if err := c.Start(); err != nil {
		return 0, 0, err
	}
	// Killed, not ended: only the start is measured.
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	for in := bufio.NewScanner(out); in.Scan(); {
		if in.Text() == "frame" {
			took := time.Since(began)
			rss, err := resident(c.Process.Pid)
			return took, rss, err
		}
	}
	return 0, 0, errors.New("ended without a frame")
}

// resident reads the memory a process holds, in MB.
func resident(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kb, err := strconv.ParseFloat(f[1], 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("no VmRSS")
}
