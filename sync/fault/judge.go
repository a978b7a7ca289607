package fault

import (
	"cmp"
	"maps"
	"path"
	"slices"
)

// Finding is a fault that is there.
type Finding struct {
	Fault      ID                `json:"fault"`
	Confidence Confidence        `json:"confidence"`
	Values     map[string]string `json:"values,omitempty"` // fill the placeholders

	apart bool // nothing else explains it
	past  bool // it was seen past what shuts the way, and only there
}

// Past reports whether a finding was seen only past what shuts the way, so that it is not
// what shuts it.
func (f Finding) Past() bool { return f.past }

// Verdict is what a set of observations amounts to. Its own Finding is the root.
type Verdict struct {
	Finding
	Also   []Finding `json:"also,omitempty"`   // independent of it
	Hidden []ID      `json:"hidden,omitempty"` // explained by one of them
	Notes  []Finding `json:"notes,omitempty"`  // nothing wrong, worth knowing
}

// Judge names what is wrong. It depends on nothing but the set: OK when nothing is,
// Unknown when the way does not work and no rule tells why.
func Judge(s *Set) Verdict { return judge(s.All(), All()) }

func judge(all []Observation, catalogue []Fault) Verdict {
	worked := pathWorked(all)
	found := map[ID]Finding{}
	var rows []Fault // of what was found
	var v Verdict
	for _, f := range catalogue {
		m, ok := f.match(all)
		switch {
		case ok && f.Info:
			v.Notes = append(v.Notes, m)
		case ok && (f.Beside || !worked):
			found[f.ID] = m
			rows = append(rows, f)
		}
	}
	slices.SortStableFunc(rows, func(a, b Fault) int { return deeper(a, b, found) })
	shown, hidden := explained(rows, found)
	v.Hidden = hidden
	switch {
	case len(shown) > 0:
		v.Finding = found[shown[0].ID]
		for _, f := range shown[1:] {
			v.Also = append(v.Also, found[f.ID])
		}
	case reached(all):
		v.Finding = Finding{Fault: OK, Confidence: Proven}
	default:
		v.Finding = Finding{Fault: Unknown, Confidence: Likely, Values: values(all, nil)}
	}
	return v
}

// explained parts what was found into what stands for itself and what that explains, also
// by way of others. Where some explain each other in a circle the first of rows stands for
// itself, so that something always does.
func explained(rows []Fault, found map[ID]Finding) (shown []Fault, hidden []ID) {
	// What is proven is not explained away by what is only likely.
	explains := func(by, f Fault) bool {
		return by.hides(f.ID) && !found[f.ID].apart && (found[by.ID].Confidence == Proven || found[f.ID].Confidence != Proven)
	}
	left := slices.Clone(rows)
	for len(left) > 0 {
		at := max(0, slices.IndexFunc(left, func(f Fault) bool {
			return !slices.ContainsFunc(left, func(by Fault) bool { return explains(by, f) })
		}))
		reasons := []Fault{left[at]}
		shown = append(shown, left[at])
		left = slices.Delete(left, at, at+1)
		for len(reasons) > 0 {
			by := reasons[0]
			reasons = reasons[1:]
			left = slices.DeleteFunc(left, func(f Fault) bool {
				if !explains(by, f) {
					return false
				}
				hidden, reasons = append(hidden, f.ID), append(reasons, f)
				return true
			})
		}
	}
	slices.Sort(hidden)
	slices.SortStableFunc(shown, func(a, b Fault) int { return slices.IndexFunc(rows, same(a)) - slices.IndexFunc(rows, same(b)) })
	return shown, hidden
}

func same(a Fault) func(Fault) bool { return func(b Fault) bool { return a.ID == b.ID } }

// deeper orders independent faults: what costs the clerk most, then what is proven, then
// the lower layer, then what a row says.
func deeper(a, b Fault, found map[ID]Finding) int {
	cost := func(f Fault) int { return slices.Index([]Severity{CannotIssue, Degraded, Notice}, f.Severity) }
	sure := func(f Fault) int { return map[bool]int{true: 0, false: 1}[found[f.ID].Confidence == Proven] }
	after := func(f, g Fault) int { return map[bool]int{true: 1, false: 0}[slices.Contains(g.Before, string(f.ID))] }
	return cmp.Or(cost(a)-cost(b), sure(a)-sure(b), depth(a.Layer)-depth(b.Layer), after(a, b)-after(b, a), cmp.Compare(a.ID, b.ID))
}

// Explains reports whether a fault, where it is there, is the reason of another.
func (f Fault) Explains(id ID) bool { return f.hides(id) }

func (f *Fault) hides(id ID) bool {
	return id != f.ID && slices.ContainsFunc(f.Hides, func(h string) bool {
		ok, _ := path.Match(h, string(id))
		return ok
	})
}

// match reports whether a row's rules find it in a set, at their best.
func (f *Fault) match(all []Observation) (best Finding, ok bool) {
	apart, shuts := false, false
	for i := range f.Rules {
		m, met := f.Rules[i].match(all)
		if !met {
			continue
		}
		apart, shuts = apart || f.Rules[i].Apart, shuts || !f.Rules[i].Apart
		if !ok || m.Confidence == Proven && best.Confidence != Proven {
			best, ok = m, true
			best.Fault = f.ID
		}
	}
	best.apart, best.past = apart, ok && !shuts
	return best, ok
}

func (r *Rule) match(all []Observation) (Finding, bool) {
	var by []*Observation
	for i := range r.Needs {
		ok, met := r.Needs[i].holds(all)
		if !ok {
			return Finding{}, false
		}
		by = append(by, met...)
	}
	f := Finding{Confidence: Proven, Values: values(all, by)}
	for i := range r.Proves {
		if ok, _ := r.Proves[i].holds(all); !ok {
			f.Confidence = Likely
		}
	}
	for _, x := range r.Excludes {
		if !slices.ContainsFunc(x.Seen, func(p Pattern) bool { ok, _ := p.holds(all); return ok }) {
			f.Confidence = Likely
		}
	}
	return f, true
}

// values are those of all observations; of those that a rule is met by go before.
func values(all []Observation, by []*Observation) map[string]string {
	out := map[string]string{}
	for _, o := range all {
		maps.Copy(out, o.Values)
	}
	for _, o := range by {
		maps.Copy(out, o.Values)
	}
	return out
}

// pathWorked reports whether a signed-in request went all the way over the real
// path, and nothing else on it failed.
func pathWorked(all []Observation) bool {
	worked := false
	for _, o := range all {
		if o.Via == Real && o.Outcome == No {
			return false
		}
		worked = worked || o.Via == Real && o.Kind == "http" && o.Target != "health" && o.Outcome == Yes
	}
	return worked
}

// reached is pathWorked where nobody asked with a sign-in.
func reached(all []Observation) bool {
	some := false
	for _, o := range all {
		if o.Via == Real && o.Outcome == No {
			return false
		}
		some = some || o.Via == Real && o.Outcome == Yes
	}
	return some
}
