package lab

import (
	"fmt"
	"slices"
	"strings"
)

// times is how long verdicts took, in milliseconds.
type times struct {
	N      int   `json:"n"`
	Median int64 `json:"median_ms"`
	P90    int64 `json:"p90_ms"`
	P95    int64 `json:"p95_ms"`
	P99    int64 `json:"p99_ms"`
	Max    int64 `json:"max_ms"`
	Aim    int64 `json:"aim_ms"`
	Over   int   `json:"over_aim"` // cases that took longer than that
}

// What a verdict is to take: whatever shuts the way, and where nothing does.
const (
	faultAim   = 2600
	healthyAim = 500
)

// timed are the rows of the table of times, in order, with what a case is to take.
var timed = []string{"all faults", single, double, "that answer", "black holes", healthy}

var aims = map[string]int64{"all faults": faultAim, single: faultAim, double: faultAim, "that answer": faultAim, "black holes": faultAim, healthy: healthyAim}

// timedAs are the rows of the table of times that a result counts in; none for a cure,
// which is no verdict.
func (r result) timedAs() []string {
	switch {
	case r.Lab != "" || r.Kind == curing:
		return nil
	case r.Kind == healthy:
		return []string{healthy}
	case r.Slow:
		return []string{"all faults", r.Kind, "black holes"}
	}
	return []string{"all faults", r.Kind, "that answer"}
}

// timesOf sorts what it is given.
func timesOf(all []int64, aim int64) times {
	if len(all) == 0 {
		return times{}
	}
	slices.Sort(all)
	at := func(q float64) int64 { return all[int(q*float64(len(all)-1)+0.5)] }
	over, _ := slices.BinarySearch(all, aim+1)
	return times{N: len(all), Median: at(0.5), P90: at(0.9), P95: at(0.95), P99: at(0.99), Max: all[len(all)-1], Aim: aim, Over: len(all) - over}
}

// writeTimes writes the table of times, and which cases took longer than they are to.
func (s summary) writeTimes(b *strings.Builder) {
	b.WriteString("\n| time to the verdict | cases | median | P90 | P95 | P99 | max | longer than the aim |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, k := range timed {
		if t := s.Times[k]; t.N > 0 {
			fmt.Fprintf(b, "| %s | %d | %d ms | %d ms | %d ms | %d ms | %d ms | %d of %d ms |\n", k, t.N, t.Median, t.P90, t.P95, t.P99, t.Max, t.Over, t.Aim)
		}
	}
	var cpu, memory []int64
	for _, r := range s.Results {
		if len(r.timedAs()) > 0 {
			cpu, memory = append(cpu, r.CPU), append(memory, r.Memory>>20)
		}
	}
	if c, m := timesOf(cpu, 0), timesOf(memory, 0); c.N > 0 {
		fmt.Fprintf(b, "\nA self-check takes %d ms of processor time (median; P90 %d ms, at most %d ms) and %d MB of memory (at most %d MB), all of the program counted.\n", c.Median, c.P90, c.Max, m.Median, m.Max)
	}
	late := slices.DeleteFunc(slices.Clone(s.Results), func(r result) bool {
		as := r.timedAs()
		return len(as) == 0 || r.MS <= aims[as[0]]
	})
	if len(late) == 0 {
		return
	}
	slices.SortStableFunc(late, func(a, c result) int { return int(c.MS - a.MS) })
	b.WriteString("\nLonger than the aim:\n\n")
	for _, r := range late {
		fmt.Fprintf(b, "- %s: %d ms, %s %s\n", r.Name, r.MS, r.Verdict, r.Confidence)
	}
}
