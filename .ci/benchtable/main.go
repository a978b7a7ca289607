// Command benchtable reads the output of go test -bench and prints one table.
// A benchmark named XFloor is the floor of X in the same run: their ratio stands
// beside X (time for time, so 1.00 is as fast as the floor).
package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
)

var procs = regexp.MustCompile(`-\d+$`)

type result struct {
	name   string
	nsOp   float64
	extras []string
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
				r.extras = append(r.extras, f[i]+" "+f[i+1])
			}
		}
		all = append(all, r)
		byName[r.name] = r
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "benchmark\ttime\tratio to floor\tmore")
	for _, r := range all {
		ratio := ""
		if fl, ok := byName[r.name+"Floor"]; ok && fl.nsOp > 0 {
			ratio = fmt.Sprintf("%.2f", r.nsOp/fl.nsOp)
		}
		fmt.Fprintf(w, "%s\t%.3f ms\t%s\t%s\n", r.name, r.nsOp/1e6, ratio, strings.Join(r.extras, ", "))
	}
	_ = w.Flush()
	if failed || len(all) == 0 {
		os.Exit(1)
	}
}
