package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var idleFor = flag.Duration("idle", 0, "measure a program that syncs and has nothing to do, for so long")

// What an idle program may take of the line and of the processor.
const (
	idleBytes = 2000  // a minute, both ways
	idleCPU   = 0.001 // of one processor
)

// idling is what a program that had nothing to do took.
type idling struct {
	For     time.Duration
	Out, In int64 // bytes of packets, their headers counted
	Packets int64
	CPU     time.Duration
	Memory  int64 // resident at the end, in bytes
	Err     string
}

// TestIdle lets the program sync in a world where nothing happens, and counts.
func TestIdle(t *testing.T) {
	if *idleFor == 0 {
		t.Skip("only with -idle")
	}
	ready(t)
	c := unshare(os.Args[0], "-tools", *tools, "-idle", idleFor.String())
	c.Env = append(os.Environ(), "COUNTERFOIL_LAB_WORLD="+t.TempDir())
	c.Stdin = strings.NewReader("idle\n")
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatal(err, errs.String())
	}
	var i idling
	if err := json.Unmarshal(out.Bytes(), &i); err != nil || i.Err != "" {
		t.Fatal(err, i.Err, out.String(), errs.String())
	}
	minutes := i.For.Minutes()
	bytes, cpu := float64(i.Out+i.In)/minutes, i.CPU.Seconds()/i.For.Seconds()
	fmt.Printf("idle for %v: %.0f bytes a minute (%d out, %d in, %d packets in all), %.3f %% of a processor, %d MB\n",
		i.For.Round(time.Second), bytes, i.Out, i.In, i.Packets, 100*cpu, i.Memory>>20)
	if bytes > idleBytes {
		t.Errorf("%.0f bytes a minute are more than %d", bytes, idleBytes)
	}
	if cpu > idleCPU {
		t.Errorf("%.3f %% of a processor is more than %.1f %%", 100*cpu, 100*idleCPU)
	}
}

// idle measures a program that syncs, from the time on when its stream stands.
func (w *world) idle(long time.Duration) (i idling) {
	fail := func(err error) idling { i.Err = err.Error(); return i }
	folder, err := w.enrolled("plain")
	if err != nil {
		return fail(err)
	}
	if w.desk, err = w.copied(folder); err != nil {
		return fail(err)
	}
	c := w.program(context.Background(), w.desk, "sync", "--watch")
	if err := c.Start(); err != nil {
		return fail(err)
	}
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) { // the pace of looking
		if n, _ := w.out(client, "ss -Htn state established dst "+serverIP+" | wc -l"); strings.TrimSpace(n) != "0" {
			break
		}
		if time.Since(begun) > 30*time.Second {
			return fail(fmt.Errorf("no connection in 30 s"))
		}
	}
	time.Sleep(10 * time.Second) // the first round and its self-check are no idling
	if err := w.sh(client, "nft add rule inet lab input iifname != lo counter; nft add rule inet lab output oifname != lo counter"); err != nil {
		return fail(err)
	}
	start, cpu := time.Now(), cpuOf(c.Process.Pid)
	time.Sleep(long) // for which it is watched
	i.For, i.CPU = time.Since(start), cpuOf(c.Process.Pid)-cpu
	i.Memory = memoryOf(c.Process.Pid)
	for chain, n := range map[string]*int64{"input": &i.In, "output": &i.Out} {
		text, err := w.out(client, "nft list chain inet lab "+chain)
		if err != nil {
			return fail(err)
		}
		m := regexp.MustCompile(`packets (\d+) bytes (\d+)`).FindStringSubmatch(text)
		if m == nil {
			return fail(fmt.Errorf("%s counts nothing: %s", chain, text))
		}
		packets, _ := strconv.ParseInt(m[1], 10, 64) // digits
		*n, _ = strconv.ParseInt(m[2], 10, 64)
		i.Packets += packets
	}
	return i
}

// cpuOf is the processor time that a process took, summed over its threads.
func cpuOf(pid int) time.Duration {
	dir := fmt.Sprintf("/proc/%d/task", pid)
	all, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	var sum time.Duration
	for _, e := range all {
		raw, err := os.ReadFile(dir + "/" + e.Name() + "/schedstat")
		if f := strings.Fields(string(raw)); err == nil && len(f) > 0 {
			n, _ := strconv.ParseInt(f[0], 10, 64) // nanoseconds
			sum += time.Duration(n)
		}
	}
	return sum
}

func memoryOf(pid int) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if f := strings.Fields(string(raw)); err == nil && len(f) > 1 {
		n, _ := strconv.ParseInt(f[1], 10, 64)
		return n * int64(os.Getpagesize())
	}
	return 0
}
