// Command startbench measures programs from their start to the lines "frame" and
// "pages" on stdout, and the memory they hold with their pages, in the format of
// go test -bench. The programs take turns, so that a busy machine slows all.
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
	name  string
	args  []string
	frame []time.Duration
	pages []time.Duration
	rss   []float64 // MB
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
			if err := p.start(i > 0); err != nil { // the first fills the file cache
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	for _, p := range all {
		slices.Sort(p.frame)
		slices.Sort(p.pages)
		slices.Sort(p.rss)
		fmt.Printf("Benchmark%s/frame\t%d\t%d ns/op\n", p.name, n, p.frame[n/2].Nanoseconds())
		fmt.Printf("Benchmark%s/pages\t%d\t%d ns/op\t%.1f MB\n", p.name, n, p.pages[n/2].Nanoseconds(), p.rss[n/2])
	}
	return nil
}

// start runs the program to its pages and ends it.
func (p *program) start(counts bool) error {
	c := exec.Command(p.args[0], p.args[1:]...)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := c.Start(); err != nil {
		return err
	}
	// Killed, not ended: only the start is measured.
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	var frame time.Duration
	for in := bufio.NewScanner(out); in.Scan(); {
		switch took := time.Since(began); in.Text() {
		case "frame":
			frame = took
		case "pages":
			rss, err := resident(c.Process.Pid)
			if counts {
				p.frame, p.pages, p.rss = append(p.frame, frame), append(p.pages, took), append(p.rss, rss)
			}
			return err
		}
	}
	return errors.New("ended before it had drawn its pages")
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
