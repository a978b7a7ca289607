package fault

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A recorded set is what was observed of an injected fault, with the verdict that
// it must have. The tests of sync/probe and cfoil write them, where
// COUNTERFOIL_RECORD names the folder; some are written by hand.
type recorded struct {
	Verdict      ID            `json:"verdict"`
	Confidence   Confidence    `json:"confidence"`
	Also         []ID          `json:"also"`
	Notes        []ID          `json:"notes"`
	Observations []Observation `json:"observations"`
}

func readRecorded(t *testing.T) map[string]recorded {
	t.Helper()
	names, err := filepath.Glob("testdata/recorded/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("nothing is recorded: ", err)
	}
	out := map[string]recorded{}
	for _, n := range names {
		var r recorded
		readJSON(t, n, &r)
		out[strings.TrimSuffix(filepath.Base(n), ".json")] = r
	}
	return out
}

func readJSON(t *testing.T, name string, v any) {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		t.Fatal(name, ": ", err)
	}
}

func ids(all []Finding) []ID {
	out := []ID{}
	for _, f := range all {
		out = append(out, f.Fault)
	}
	return out
}

func TestRecorded(t *testing.T) {
	for name, r := range readRecorded(t) {
		v := judge(r.Observations, All())
		if v.Fault != r.Verdict || v.Confidence != r.Confidence || !slices.Equal(ids(v.Also), r.Also) && len(r.Also)+len(v.Also) > 0 {
			t.Errorf("%s: %s %s, also %v; want %s %s, also %v", name, v.Confidence, v.Fault, ids(v.Also), r.Confidence, r.Verdict, r.Also)
		}
		if !slices.Equal(ids(v.Notes), r.Notes) && len(v.Notes)+len(r.Notes) > 0 {
			t.Errorf("%s: notes %v, want %v", name, ids(v.Notes), r.Notes)
		}
		// The order in which observers end decides nothing.
		turned := slices.Clone(r.Observations)
		slices.Reverse(turned)
		if w := judge(turned, All()); w.Fault != v.Fault || w.Confidence != v.Confidence || !slices.Equal(ids(w.Also), ids(v.Also)) {
			t.Errorf("%s: in another order %s %s", name, w.Confidence, w.Fault)
		}
	}
}

// What was not measured proves nothing: without any one observation a verdict may
// become another, but a wrong one never becomes proven.
func TestUnmeasuredProvesNothing(t *testing.T) {
	for name, r := range readRecorded(t) {
		for i := range r.Observations {
			less := slices.Clone(r.Observations)
			less[i].Outcome = Unmeasured
			v := judge(less, All())
			for _, f := range append(v.Also, v.Finding) {
				if f.Confidence == Proven && f.Fault != r.Verdict && f.Fault != OK && !slices.Contains(r.Also, f.Fault) && !slices.Contains(judge(r.Observations, All()).Hidden, f.Fault) {
					t.Errorf("%s without %s %s: %s is proven", name, less[i].Kind, less[i].Stage, f.Fault)
				}
			}
		}
	}
}

// Every row with a rule is named by a recorded set, and there is a look-alike in
// which it must not be proven.
func TestEveryRuleIsRecorded(t *testing.T) {
	sets := readRecorded(t)
	named := map[ID]bool{}
	for _, r := range sets {
		named[r.Verdict] = true
		for _, n := range r.Notes {
			named[n] = true
		}
	}
	var alike map[ID][]string
	readJSON(t, "testdata/lookalikes.json", &alike)
	for _, f := range All() {
		if len(f.Rules) == 0 {
			if f.Unobserved == "" {
				t.Errorf("%s: no rule, and nothing says why", f.ID)
			}
			continue
		}
		if !named[f.ID] {
			t.Errorf("%s: no recorded set names it", f.ID)
		}
		if len(alike[f.ID]) == 0 {
			t.Errorf("%s: no look-alike", f.ID)
		}
		for _, name := range alike[f.ID] {
			r, ok := sets[name]
			if !ok {
				t.Errorf("%s: nothing is recorded as %s", f.ID, name)
			}
			if m, ok := f.match(r.Observations); ok && m.Confidence == Proven {
				t.Errorf("%s is proven in %s", f.ID, name)
			}
		}
	}
}

// The rows read well: patterns are whole, what they hide and exclude exists, and
// nothing hides what hides it.
func TestRules(t *testing.T) {
	if _, err := rows(); err != nil {
		t.Fatal(err)
	}
	all := All()
	known := func(pattern string) bool {
		return slices.ContainsFunc(all, func(f Fault) bool { ok, _ := path.Match(pattern, string(f.ID)); return ok })
	}
	for _, f := range all {
		for _, h := range f.Hides {
			if !known(h) {
				t.Errorf("%s hides %s, which is not there", f.ID, h)
			}
		}
		for _, g := range all {
			if f.hides(g.ID) && g.hides(f.ID) {
				t.Errorf("%s and %s hide each other", f.ID, g.ID)
			}
		}
		if f.Severity != CannotIssue && f.Severity != Degraded && f.Severity != Notice || depth(f.Layer) < 0 {
			t.Errorf("%s: severity %q, layer %q", f.ID, f.Severity, f.Layer)
		}
		for _, r := range f.Rules {
			patterns := append(slices.Clone(r.Needs), r.Proves...)
			for _, x := range r.Excludes {
				for _, p := range x.Seen {
					if p.None {
						t.Errorf("%s: that nothing was seen refutes nothing", f.ID)
					}
				}
				patterns = append(patterns, x.Seen...)
			}
			if len(r.Needs) == 0 {
				t.Errorf("%s: a rule without needs", f.ID)
			}
			for _, p := range patterns {
				checkPattern(t, f.ID, p)
			}
		}
	}
}

func checkPattern(t *testing.T, id ID, p Pattern) {
	t.Helper()
	for _, field := range append(p.identity(), p.content()...) {
		for _, w := range strings.Split(strings.TrimPrefix(field[1], "!"), "|") {
			if _, err := path.Match(w, ""); err != nil {
				t.Errorf("%s: %s %q: %v", id, field[0], field[1], err)
			}
		}
	}
	for _, quantities := range []map[string]int64{p.Over, p.Under} {
		for name := range quantities {
			if !slices.Contains([]string{"rtt_ms", "bytes", "offset_s"}, name) {
				t.Errorf("%s: no observation has %q", id, name)
			}
		}
	}
	if p.Kind == "" {
		t.Errorf("%s: a pattern of any kind", id)
	}
}

var (
	worked  = Observation{Kind: "http", Target: "signin", Via: Real, Outcome: Yes, Status: 200}
	failed  = Observation{Kind: "http", Target: "signin", Via: Real, Outcome: No, Status: 418}
	silence = Observation{Kind: "tcp", Target: "a", Outcome: No, Code: "timeout"}
)

// The engine itself, on rows of its own.
func TestJudge(t *testing.T) {
	line := Fault{ID: "A01", Layer: Internet, Severity: CannotIssue, Hides: []string{"A02"}, Rules: []Rule{{
		Needs:    []Pattern{{Kind: "tcp", Outcome: "no", Every: true}},
		Excludes: []LookAlike{{Like: "A09", Seen: []Pattern{{Kind: "control", Outcome: "yes"}}}},
	}}}
	page := Fault{ID: "A02", Layer: Server, Severity: CannotIssue, Rules: []Rule{{Needs: []Pattern{{Kind: "http", Outcome: "no"}}}}}
	slow := Fault{ID: "A03", Layer: Server, Severity: Degraded, Beside: true, Rules: []Rule{{
		Needs: []Pattern{{Kind: "http", Over: map[string]int64{"rtt_ms": 1500}}}, Excludes: []LookAlike{{Like: "the line"}},
	}}}
	disk := Fault{ID: "A04", Layer: PC, Severity: CannotIssue, Beside: true, Rules: []Rule{{Needs: []Pattern{{Kind: "disk", Under: map[string]int64{"bytes": 10}}}}}}
	rows := []Fault{page, slow, line, disk}
	full := Observation{Kind: "disk", Outcome: Yes, Bytes: 3, Values: map[string]string{"free": "0"}}
	late := worked
	late.RTT = 2000
	control := func(o Outcome) Observation { return Observation{Kind: "control", Outcome: o} }
	for _, c := range []struct {
		name       string
		seen       []Observation
		want       ID
		confidence Confidence
		also       []ID
		hidden     []ID
	}{
		{"nothing was looked at", nil, Unknown, Likely, nil, nil},
		{"it works", []Observation{worked}, OK, Proven, nil, nil},
		{"it fails and no rule says why", []Observation{{Kind: "odd", Via: Real, Outcome: No}}, Unknown, Likely, nil, nil},
		{"a look-alike was not measured", []Observation{silence}, "A01", Likely, nil, nil},
		{"nor here", []Observation{silence, control(Unmeasured)}, "A01", Likely, nil, nil},
		{"nor refuted", []Observation{silence, control(No)}, "A01", Likely, nil, nil},
		{"the look-alike is refuted", []Observation{silence, control(Yes)}, "A01", Proven, nil, nil},
		{"not every address is silent", []Observation{silence, {Kind: "tcp", Target: "b", Outcome: Yes}, worked}, OK, Proven, nil, nil},
		{"the lower explains the upper", []Observation{silence, control(Yes), failed}, "A01", Proven, nil, []ID{"A02"}},
		{"a guess explains nothing that is proven", []Observation{silence, failed}, "A02", Proven, []ID{"A01"}, nil},
		{"the real path worked", []Observation{silence, control(Yes), worked}, OK, Proven, nil, nil},
		{"it worked, but slowly", []Observation{silence, late}, "A03", Likely, nil, nil},
		{"it worked, and the disk is full", []Observation{worked, full}, "A04", Proven, nil, nil},
		{"two that have nothing to do with each other", []Observation{silence, control(Yes), full}, "A04", Proven, []ID{"A01"}, nil},
	} {
		v := judge(c.seen, rows)
		if v.Fault != c.want || v.Confidence != c.confidence || !slices.Equal(ids(v.Also), append([]ID{}, c.also...)) || !slices.Equal(v.Hidden, c.hidden) {
			t.Errorf("%s: %s %s, also %v, hidden %v", c.name, v.Confidence, v.Fault, ids(v.Also), v.Hidden)
		}
	}
	if v := judge([]Observation{full}, rows); v.Values["free"] != "0" {
		t.Errorf("%+v", v)
	}
}

// Where faults explain each other in a circle one of them is told, and never OK.
func TestCircle(t *testing.T) {
	row := func(id ID, layer Layer, hides ...string) Fault {
		return Fault{ID: id, Layer: layer, Severity: CannotIssue, Hides: hides, Rules: []Rule{{Needs: []Pattern{{Kind: "tcp"}}}}}
	}
	rows := []Fault{row("A01", Server, "A02"), row("A02", Internet, "A03"), row("A03", Network, "A01"), row("A04", PC)}
	v := judge([]Observation{silence}, rows)
	if v.Fault != "A04" || !slices.Equal(ids(v.Also), []ID{"A03"}) || !slices.Equal(v.Hidden, []ID{"A01", "A02"}) {
		t.Errorf("%s, also %v, hidden %v", v.Fault, ids(v.Also), v.Hidden)
	}
}

func TestPattern(t *testing.T) {
	o := Observation{Kind: "http", Outcome: No, Status: 503, Code: "x"}
	for status, want := range map[string]bool{"": true, "503": true, "5*": true, "502|503": true, "!502|504": true, "!503": false, "50[0-2]": false, "[": false} {
		p := Pattern{Kind: "http", Status: status}
		if got := p.matches(&o); got != want {
			t.Errorf("%q: %v", status, got)
		}
	}
	o.Outcome = Unmeasured
	if (&Pattern{Kind: "http"}).matches(&o) {
		t.Error("what was not measured matches")
	}
}

// What is wrong with the data is found beside what is wrong with the line: each of
// the one with each of the other.
func TestDoubleFaults(t *testing.T) {
	local := func(o Observation) bool {
		return slices.Contains([]string{"store", "disk", "folder", "write", "own_disk", "zone", "outbox", "limits"}, o.Kind)
	}
	pairs := 0
	sets := readRecorded(t)
	for nameA, a := range sets {
		rowA, _ := Lookup(a.Verdict)
		if !slices.Equal(rowA.Recheck, []string{"data"}) || a.Confidence != Proven || len(a.Also) > 0 {
			continue
		}
		for nameB, b := range sets {
			rowB, ok := Lookup(b.Verdict)
			if !ok || rowB.Layer == PC || b.Confidence != Proven || len(b.Also) > 0 {
				continue
			}
			pairs++
			both := slices.DeleteFunc(slices.Clone(a.Observations), func(o Observation) bool { return !local(o) })
			both = append(both, slices.DeleteFunc(slices.Clone(b.Observations), local)...)
			v := judge(both, All())
			found := append(ids(v.Also), v.Fault)
			if len(found) != 2 || !slices.Contains(found, a.Verdict) || !slices.Contains(found, b.Verdict) {
				t.Errorf("%s and %s: %v", nameA, nameB, found)
			}
		}
	}
	if pairs < 100 {
		t.Errorf("only %d pairs", pairs)
	}
}
