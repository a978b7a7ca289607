package lab

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// An act changes the world; text says how, for the table.
type act struct {
	text string
	do   func(*world) error
}

// A check shows by a tool that is not ours that something is as the case says.
type check struct {
	text string
	ok   func(*world) error
}

func do(w *world, acts []act) error {
	for _, a := range acts {
		if err := a.do(w); err != nil {
			return fmt.Errorf("%s: %w", a.text, err)
		}
	}
	return nil
}

// Kinds of cases.
const (
	single  = "single"
	double  = "double"
	healthy = "healthy"
)

// A trial is one case.
type trial struct {
	name   string   // unique; begins with what is injected, like "T01 stopped"
	base   string   // "" is "plain"
	do     []act    // the injection
	seen   []check  // its presence
	want   []string // verdicts that are right, the best first
	also   []string // must be named beside the verdict: the second of a double fault
	sure   string   // "proven": less is wrong; "likely": "proven" is wrong; "": either
	kind   string
	cure   string // of a cure's case: its name
	alone  bool   // nobody asks for the cure
	either bool   // the second may be the verdict and the first beside it
	exact  bool   // nothing else may be named than want, also and beside
	beside []string
	slow   bool   // a black hole: apart in the distribution of times
	needs  string // a program without which the case is left out
	why    string // where the expectation needs a word
}

func (t trial) family() string {
	if t.kind == healthy {
		return "-"
	}
	return t.want[0][:1]
}

// result is a line of the table.
type result struct {
	either     bool
	exact      bool
	beside     []string
	Name       string   `json:"case"`
	Kind       string   `json:"kind"`
	Family     string   `json:"family"`
	Base       string   `json:"base"`
	Injected   string   `json:"injected"`
	Verified   string   `json:"verified_by"`
	Want       []string `json:"want"`
	WantAlso   []string `json:"want_also,omitempty"`
	Sure       string   `json:"want_confidence,omitempty"`
	Verdict    string   `json:"verdict"`
	Confidence string   `json:"confidence"`
	Also       []string `json:"also"`
	MS         int64    `json:"ms"`
	Slow       bool     `json:"black_hole,omitempty"`
	Right      bool     `json:"right"`
	Why        string   `json:"why,omitempty"` // it is wrong
	Lab        string   `json:"lab,omitempty"` // the lab itself failed: no result
	Packets    string   `json:"packets,omitempty"`
	CPU        int64    `json:"cpu_ms"`
	Memory     int64    `json:"memory_bytes"`
	Evidence   any      `json:"evidence,omitempty"`
	Seen       any      `json:"observations,omitempty"`
}

func (r result) wrongProven() bool {
	if r.Kind == curing {
		return false
	}
	return r.Lab == "" && !r.Right && r.Confidence == "proven" && r.Verdict != "OK" && !slices.Contains(r.Want, r.Verdict) && !slices.Contains(r.WantAlso, r.Verdict) ||
		r.Lab == "" && r.Sure == "likely" && r.Confidence == "proven" && r.Verdict != "OK"
}
func (r result) falseOK() bool {
	return r.Lab == "" && r.Verdict == "OK" && !slices.Contains(r.Want, "OK")
}
func (r result) falseAlarm() bool { return r.Lab == "" && r.Kind == healthy && !r.Right }

// run injects, verifies, asks and judges.
func (w *world) run(t trial) result {
	if t.base == "" {
		t.base = "plain"
	}
	if t.kind == "" {
		t.kind = single
	}
	r := result{either: t.either, exact: t.exact, beside: t.beside, Name: t.name, Kind: t.kind, Family: t.family(), Base: t.base, Want: t.want, WantAlso: t.also, Sure: t.sure, Slow: t.slow}
	var texts []string
	for _, a := range t.do {
		texts = append(texts, a.text)
	}
	r.Injected = strings.Join(texts, "; ")
	texts = nil
	for _, c := range t.seen {
		texts = append(texts, c.text)
	}
	r.Verified = strings.Join(texts, "; ")
	lab := func(err error) result { r.Lab = err.Error(); return r }
	folder, err := w.enrolled(t.base)
	if err != nil {
		return lab(err)
	}
	if w.desk, err = w.copied(folder); err != nil {
		return lab(err)
	}
	defer func() { _ = w.whole() }()
	if err := do(w, t.do); err != nil {
		return lab(err)
	}
	if len(t.seen) == 0 {
		return lab(fmt.Errorf("nothing verifies the case"))
	}
	for _, c := range t.seen {
		if err := c.ok(w); err != nil {
			return lab(fmt.Errorf("not confirmed by %s: %w", c.text, err))
		}
	}
	start := time.Now()
	if t.cure != "" {
		w.cureIt(t, &r)
		r.MS = time.Since(start).Milliseconds()
		return r
	}
	ear, err := listenIn(*packets)
	if err != nil {
		return lab(err)
	}
	a, err := w.selfcheck(w.desk, w.args...)
	r.Packets = ear.end()
	r.CPU, r.Memory = w.spent.CPU.Milliseconds(), w.spent.Memory
	if err != nil {
		return lab(err)
	}
	r.Verdict, r.Confidence, r.Also, r.MS = a.Verdict, a.Confidence, a.Also, a.MS
	if r.MS == 0 {
		r.MS = time.Since(start).Milliseconds()
	}
	r.judge()
	if !r.Right || *packets || *look {
		r.Evidence, r.Seen = a.Evidence, a.Observations
	}
	if err := r.record(a.Observations); err != nil {
		return lab(err)
	}
	return r
}

func (r *result) judge() {
	if r.either && slices.Contains(r.WantAlso, r.Verdict) {
		r.Want, r.WantAlso = r.WantAlso, r.Want
	}
	switch {
	case !slices.Contains(r.Want, r.Verdict):
		r.Why = "wants " + strings.Join(r.Want, " or ")
	case r.Sure == "proven" && r.Confidence != "proven":
		r.Why = "is to be proven"
	case r.Sure == "likely" && r.Confidence == "proven":
		r.Why = "cannot be proven here"
	case r.MS > 10_000:
		r.Why = "took more than 10 s"
	}
	for _, id := range r.WantAlso {
		if r.Why == "" && !slices.Contains(r.Also, id) {
			r.Why = "does not name " + id + " beside it"
		}
	}
	if r.exact && r.Why == "" {
		for _, id := range r.Also {
			if !slices.Contains(slices.Concat(r.Want, r.WantAlso, r.beside), id) {
				r.Why = "names " + id + " beside it"
			}
		}
	}
	if r.Kind == healthy && r.Why == "" {
		for _, id := range r.Also {
			if !slices.Contains(r.Want, id) {
				r.Why = "names " + id + " beside it"
			}
		}
	}
	r.Right = r.Why == ""
}
