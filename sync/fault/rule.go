package fault

import (
	"path"
	"strings"
)

// Rule is one way to tell a fault. Where all of Needs are met it is likely; it is
// proven when all of Proves hold too and every look-alike is refuted by something
// that was measured.
type Rule struct {
	Needs    []Pattern   `json:"needs"`
	Proves   []Pattern   `json:"proves,omitempty"`
	Excludes []LookAlike `json:"excludes,omitempty"`
	// Apart: seen past what shuts the way, so that no fault of the way explains it.
	Apart bool `json:"apart,omitempty"`
}

// LookAlike is what could be mistaken for the fault. It is refuted where one of
// Seen matches; without any it cannot be, and the fault stays likely.
type LookAlike struct {
	Like string    `json:"like"` // an id, or words where the catalogue has none
	Seen []Pattern `json:"seen,omitempty"`
}

// Pattern describes observations. An empty field takes any; "a|b" takes either,
// "!a|b" neither, and * ? [a-z] stand for what they stand for in file names.
type Pattern struct {
	Kind    string           `json:"kind"`
	Target  string           `json:"target,omitempty"`
	Via     string           `json:"via,omitempty"`
	Stage   string           `json:"stage,omitempty"`
	Outcome string           `json:"outcome,omitempty"` // empty: yes or no, but measured
	Code    string           `json:"code,omitempty"`
	Status  string           `json:"status,omitempty"`
	Problem string           `json:"problem,omitempty"`
	Product string           `json:"product,omitempty"`
	Media   string           `json:"media,omitempty"`
	Over    map[string]int64 `json:"over,omitempty"`  // rtt_ms, bytes, offset_s: more than
	Under   map[string]int64 `json:"under,omitempty"` // less than

	Every bool `json:"every,omitempty"` // all that were measured of kind, target, via and stage match
	None  bool `json:"none,omitempty"`  // nothing matches; refutes nothing
}

// identity and content are the fields of a pattern in two parts: what is looked
// at, and how it turned out.
func (p *Pattern) identity() [][2]string {
	return [][2]string{{"kind", p.Kind}, {"target", p.Target}, {"via", p.Via}, {"stage", p.Stage}}
}

func (p *Pattern) content() [][2]string {
	return [][2]string{{"outcome", p.Outcome}, {"code", p.Code}, {"status", p.Status}, {"problem", p.Problem}, {"product", p.Product}, {"media", p.Media}}
}

func (p *Pattern) about(o *Observation) bool {
	return o.Outcome != Unmeasured && fits(o, p.identity())
}

func (p *Pattern) matches(o *Observation) bool {
	if !p.about(o) || !fits(o, p.content()) {
		return false
	}
	for field, n := range p.Over {
		if o.number(field) <= n {
			return false
		}
	}
	for field, n := range p.Under {
		if o.number(field) >= n {
			return false
		}
	}
	return true
}

// holds reports whether a set meets the pattern, and the observations that do.
func (p *Pattern) holds(all []Observation) (bool, []*Observation) {
	var met []*Observation
	about := 0
	for i := range all {
		o := &all[i]
		if p.about(o) {
			about++
		}
		if p.matches(o) {
			met = append(met, o)
		}
	}
	switch {
	case p.None:
		return len(met) == 0, nil
	case p.Every:
		return about > 0 && len(met) == about, met
	}
	return len(met) > 0, met
}

func fits(o *Observation, fields [][2]string) bool {
	for _, f := range fields {
		if f[1] != "" && !fit(o.text(f[0]), f[1]) {
			return false
		}
	}
	return true
}

func fit(text, want string) bool {
	rest, not := strings.CutPrefix(want, "!")
	for w := range strings.SplitSeq(rest, "|") {
		if w == text {
			return !not
		}
		if !strings.ContainsAny(w, `*?[\`) {
			continue
		}
		// A pattern that is malformed matches nothing; a test reads them all.
		if ok, _ := path.Match(w, text); ok {
			return !not
		}
	}
	return not
}
