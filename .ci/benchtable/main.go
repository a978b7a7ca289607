// Command benchtable reads the output of go test -bench and prints one table.
// A benchmark named XFloor is the floor of X in the same run: their ratios stand
// beside X (time for time, so 1.00 is as fast as the floor; in brackets for what
// else both measure).
package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

var procs = regexp.MustCompile(`-\d+$`)

type result struct {
	name   string
	nsOp   float64
	extras []extra
}

type extra struct {
	value float64
	unit  string
}

// floorOf puts Floor behind the name, before the case: X/case has XFloor/case.
func floorOf(name string) string {
	name, which, cases := strings.Cut(name, "/")
	if cases {
		return name + "Floor/" + which
	}
	return name + "Floor"
}

func main() {
	var all []result
	byName := map[string]result{}
	failed := false
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		line := in.Text()
		if strings.HasPrefix(line, "FAIL") || strings.HasPrefix(line, "--- FAIL") {
			failed = true
			fmt.Fprintln(os.Stderr, line)
		}
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		r := result{name: procs.ReplaceAllString(strings.TrimPrefix(f[0], "Benchmark"), "")}
		for i := 2; i+1 < len(f); i += 2 {
			v, err := strconv.ParseFloat(f[i], 64)
			switch {
			case err != nil:
			case f[i+1] == "ns/op":
				r.nsOp = v
			default:
				r.extras = append(r.extras, extra{v, f[i+1]})
			}
		}
		all = append(all, r)
		byName[r.name] = r
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "benchmark\ttime\tratio to floor\tmore")
	for _, r := range all {
		ratio := ""
		floor := byName[floorOf(r.name)]
		if floor.nsOp > 0 {
			ratio = fmt.Sprintf("%.2f", r.nsOp/floor.nsOp)
		}
		var more []string
		for _, x := range r.extras {
			text := fmt.Sprintf("%.4g %s", x.value, x.unit)
			if at := slices.IndexFunc(floor.extras, func(f extra) bool { return f.unit == x.unit && f.value > 0 }); at >= 0 {
				text += fmt.Sprintf(" (%.2f)", x.value/floor.extras[at].value)
			}
			more = append(more, text)
		}
		fmt.Fprintf(w, "%s\t%.3f ms\t%s\t%s\n", r.name, r.nsOp/1e6, ratio, strings.Join(more, ", "))
	}
	_ = w.Flush()
	if failed || len(all) == 0 {
		os.Exit(1)
	}
}
