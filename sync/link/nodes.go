package link

import (
	"net/http"
	"slices"
	"time"

	"counterfoil/sync/fault"
)

// How it is told that one of several instances of a server is bad.
const (
	nodeFor     = 10 * time.Minute // for which answers count
	nodeAnswers = 3                // of each that are needed to tell
	maxNodes    = 32               // that are kept apart
)

// nodes is how each instance of the server answered lately, by its name.
type nodes struct {
	all  map[string]*tally
	told string // that was found bad last; empty: none is
}

// A tally is of one instance.
type tally struct {
	good, bad []time.Time // oldest first
	row       int         // failures since it last answered well
}

// learn takes an answer in, and returns the instance that has just turned out bad; empty
// where none has.
func (n *nodes) learn(o fault.Observation, at time.Time) string {
	name := o.Values["instance"]
	if name == "" {
		return ""
	}
	if n.all == nil || n.all[name] == nil && len(n.all) >= maxNodes {
		n.all = map[string]*tally{} // names that change with every answer tell nothing
	}
	t := n.all[name]
	if t == nil {
		t = &tally{}
		n.all[name] = t
	}
	switch {
	case o.Outcome == fault.Yes:
		t.good, t.row = append(t.good, at), 0
	case o.Status >= http.StatusInternalServerError:
		t.bad, t.row = append(t.bad, at), t.row+1
	}
	old := func(b time.Time) bool { return at.Sub(b) > nodeFor }
	for _, t := range n.all {
		t.good, t.bad = slices.DeleteFunc(t.good, old), slices.DeleteFunc(t.bad, old)
	}
	was := n.told
	if n.told = n.failing(); n.told != was {
		return n.told
	}
	return ""
}

// failing is an instance whose last answers all failed while another one answers well;
// empty where there is none.
func (n *nodes) failing() string {
	for name, t := range n.all {
		if min(t.row, len(t.bad)) < nodeAnswers || len(t.bad) <= len(t.good) {
			continue
		}
		for other, o := range n.all {
			if other != name && len(o.good) >= nodeAnswers && len(o.good) > 9*len(o.bad) {
				return name
			}
		}
	}
	return ""
}

// Seen is what real requests told that a self-check, which makes only a few, may miss.
func (m *Monitor) Seen() []fault.Observation {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.nodes.told == "" {
		return nil
	}
	return []fault.Observation{{Kind: "node", Target: "traffic", Outcome: fault.No, Code: "lately", Values: map[string]string{"bad": m.nodes.told}}}
}
