package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func (r result) verdict() string {
	switch {
	case r.Lab != "":
		return "LAB: " + strings.Join(strings.Fields(r.Lab), " ")
	case r.Right:
		return "right"
	case r.falseOK():
		return "FALSE OK: " + r.Why
	case r.falseAlarm():
		return "FALSE ALARM: " + r.Why
	case r.wrongProven():
		return "WRONG PROVEN: " + r.Why
	}
	return "wrong: " + r.Why
}

func (r result) line() string {
	found := r.Verdict + " " + r.Confidence
	if len(r.Also) > 0 {
		found += " +" + strings.Join(r.Also, " +")
	}
	return fmt.Sprintf("%-46s %-30s %6d ms  %s", r.Name, found, r.MS, r.verdict())
}

// details are what was observed, a line each.
func (r result) details() string {
	var b strings.Builder
	fmt.Fprintf(&b, "    injected: %s\n    verified: %s\n", r.Injected, r.Verified)
	for _, list := range []any{r.Evidence, r.Seen} {
		all, _ := list.([]any)
		for _, o := range all {
			raw, err := json.Marshal(o)
			if err == nil {
				fmt.Fprintf(&b, "    %s\n", raw)
			}
		}
	}
	return b.String()
}

// sums of results.
type sums struct {
	Cases       int `json:"cases"`
	Right       int `json:"right"`
	WrongProven int `json:"wrong_proven"`
	FalseOK     int `json:"false_ok"`
	FalseAlarm  int `json:"false_alarm"`
	Lab         int `json:"lab_failed"`
}

func (s *sums) add(r result) {
	if r.Lab != "" {
		s.Lab++
		return
	}
	s.Cases++
	for n, yes := range map[*int]bool{&s.Right: r.Right, &s.WrongProven: r.wrongProven(), &s.FalseOK: r.falseOK(), &s.FalseAlarm: r.falseAlarm()} {
		if yes {
			*n++
		}
	}
}

// summary is out/lab.json.
type summary struct {
	At       string           `json:"at"`
	Kinds    map[string]*sums `json:"kinds"`
	Families map[string]*sums `json:"families"` // of single faults
	Times    map[string]times `json:"times"`
	Results  []result         `json:"results"`
}

func summarize(results []result) summary {
	s := summary{At: time.Now().UTC().Format(time.RFC3339), Kinds: map[string]*sums{}, Families: map[string]*sums{}, Times: map[string]times{}, Results: results}
	took := map[string][]int64{}
	add := func(in map[string]*sums, key string, r result) {
		if in[key] == nil {
			in[key] = &sums{}
		}
		in[key].add(r)
	}
	for _, r := range results {
		add(s.Kinds, r.Kind, r)
		if r.Kind == single {
			add(s.Families, r.Family, r)
		}
		if r.Lab != "" {
			continue
		}
		for _, k := range r.timedAs() {
			took[k] = append(took[k], r.MS)
		}
	}
	for k, all := range took {
		s.Times[k] = timesOf(all, aims[k])
	}
	return s
}

func (s summary) text() string {
	var b strings.Builder
	row := func(name string, x *sums) {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d |\n", name, x.Cases, x.Right, x.WrongProven, x.FalseOK, x.FalseAlarm, x.Lab)
	}
	b.WriteString("| | cases | right | wrong proven | false OK | false alarm | lab failed |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, k := range []string{single, double, healthy, "cure"} {
		if x := s.Kinds[k]; x != nil {
			row(k, x)
		}
	}
	for _, k := range strings.Split("NDXTSHPBAK", "") {
		if x := s.Families[k]; x != nil {
			row("single "+k, x)
		}
	}
	s.writeTimes(&b)
	return b.String()
}

// page is docs/lab.md.
func (s summary) page() string {
	var b strings.Builder
	b.WriteString("# The laboratory's table\n\nWritten by `COUNTERFOIL_LAB=write make lab`. Each case breaks a real network (Linux namespaces), is confirmed by a tool that is not ours, and is then asked of `cfoil selfcheck --json`. Black holes are cases in which nothing answers at all.\n\n")
	b.WriteString(s.text())
	b.WriteString("\n| case | injected | verified by | verdict | also | ms | |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	cell := func(t string) string { return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;").Replace(t) }
	for _, r := range s.Results {
		fmt.Fprintf(&b, "| %s | %s | %s | %s %s | %s | %d | %s |\n", cell(r.Name), cell(r.Injected), cell(r.Verified), r.Verdict, r.Confidence, strings.Join(r.Also, " "), r.MS, cell(r.verdict()))
	}
	return b.String()
}

// report prints and keeps the table; the slice of make test must be right as a whole.
func report(t *testing.T, results []result) {
	s := summarize(results)
	fmt.Println()
	fmt.Print(s.text())
	file := *keep
	if file == "" && *whole && *only == "" && *family == "" && *kinds == "" {
		file = filepath.Join(root(), "out", "lab.json")
	}
	if file != "" {
		raw, err := json.MarshalIndent(s, "", " ")
		if err == nil {
			err = os.MkdirAll(filepath.Dir(file), 0o755)
		}
		if err == nil {
			err = os.WriteFile(file, append(raw, '\n'), 0o644)
		}
		if err != nil {
			t.Error(err)
		}
	}
	if os.Getenv("COUNTERFOIL_LAB") == "write" {
		if err := os.WriteFile(filepath.Join(root(), "docs", "lab.md"), []byte(s.page()), 0o644); err != nil {
			t.Error(err)
		}
	}
	for _, r := range results {
		if !r.Right && !*whole { // the whole is a measurement; its lines say it already
			t.Errorf("%s", r.line())
		}
	}
}
