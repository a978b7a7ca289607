package sim

import (
	"fmt"
	"os"
	"strconv"
	"testing"
)

// number reads an environment variable.
func number(t *testing.T, name string, otherwise int64) int64 {
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatalf("%s=%q is not a number", name, s)
	}
	return n
}

// steps returns how much happens in a run: little in the first twenty, which every
// test run plays, up to ten times as much in those of a campaign.
func steps(seed int64) int {
	if seed <= 20 {
		return 24
	}
	return 40 + int(seed%200)
}

// TestSim runs COUNTERFOIL_SEEDS seeds (20) from COUNTERFOIL_SEED (1) on. A
// failure names its seed: COUNTERFOIL_SEED=<it> COUNTERFOIL_SEEDS=1 runs it again.
func TestSim(t *testing.T) {
	first, n := number(t, "COUNTERFOIL_SEED", 1), number(t, "COUNTERFOIL_SEEDS", 20)
	for seed := first; seed < first+n; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			newWorld(t, seed).run(steps(seed))
		})
	}
}

// TestRestored takes a backup of the server on the way and puts it back later.
// Then all must still come to rest, every outbox empty, with numbers that have
// no gap and files that are whole. It does not hold that every desk has what the
// server has: what was written after the backup needs a person.
func TestRestored(t *testing.T) {
	first, n := number(t, "COUNTERFOIL_SEED", 1), number(t, "COUNTERFOIL_SEEDS", 20)/2
	for seed := first; seed < first+n; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed)
			n := steps(seed)
			for i := range n {
				switch i {
				case n / 2:
					w.backend.backup()
				case n * 3 / 4:
					w.backend.restore(seed%2 == 0)
				}
				w.step()
			}
			w.rest()
			final := w.server()
			w.checkNumbers(final)
			w.checkPrinted(final)
			for _, d := range w.desks {
				d.checkSame(final)
			}
			w.checkFiles()
		})
	}
}

// The same seed is the same run.
func TestDeterministic(t *testing.T) {
	var sums []string
	var logs [][]string
	for range 2 {
		w := newWorld(t, 7)
		w.run(24)
		sums, logs = append(sums, w.sum()), append(logs, w.log)
	}
	if sums[0] == sums[1] {
		return
	}
	for i := range min(len(logs[0]), len(logs[1])) {
		if logs[0][i] != logs[1][i] {
			t.Fatalf("event %d: %s | %s", i, logs[0][i], logs[1][i])
		}
	}
	t.Fatalf("%d and %d events", len(logs[0]), len(logs[1]))
}
