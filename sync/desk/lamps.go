package desk

import (
	"slices"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
)

// Light is how a lamp shines. What is not known is Dark.
type Light string

// The lights.
const (
	Dark Light = ""
	Good Light = "good"
	Slow Light = "slow"
	Bad  Light = "bad"
)

// Lamp is one layer of the way, in the order of fault.Layers.
type Lamp struct {
	Light Light
	Took  time.Duration // 0: not timed
	Fault fault.ID      // that it is Bad or Slow for
}

// lampsWorking are the lamps of a line that works: a request went through all of it.
// What a self-check found beside it only slows; its times stand while they are fresh.
func lampsWorking(r *found, d Diagnosis, now time.Time) (out [5]Lamp) {
	for i, layer := range fault.Layers {
		out[i].Light = Good
		if r != nil && now.Sub(r.at) <= lasts {
			out[i].Took = timeOf(r.Observations, layer)
		}
	}
	for _, f := range slices.Backward(append([]fault.Finding{d.Finding}, d.Also...)) {
		if row, ok := fault.Lookup(f.Fault); ok {
			i := slices.Index(fault.Layers, row.Layer)
			out[i].Light, out[i].Fault = Slow, row.ID
		}
	}
	return out
}

// lampsOf are the lamps as a self-check saw the way. Behind what is broken only what
// was measured is known.
func lampsOf(r probe.Report) (out [5]Lamp) {
	root := 5
	for _, f := range slices.Backward(append([]fault.Finding{r.Finding}, r.Also...)) {
		if row, ok := fault.Lookup(f.Fault); ok {
			i := slices.Index(fault.Layers, row.Layer)
			out[i] = Lamp{Light: Bad, Fault: f.Fault}
			if row.Beside {
				out[i].Light = Slow
				continue
			}
			root = min(root, i)
		}
	}
	for i, layer := range fault.Layers {
		good, bad := 0, 0
		for _, c := range r.Checks {
			switch {
			case c.Layer != layer:
			case c.State == probe.Good:
				good++
			case c.State == probe.Bad:
				bad++
			}
		}
		if out[i].Light == Dark && good > 0 && (i < root || bad == 0) {
			out[i].Light = Good
		}
		if out[i].Light != Dark {
			out[i].Took = timeOf(r.Observations, layer)
		}
	}
	return out
}

// timed are the kinds of observations whose time a layer's lamp shows, the best first.
var timed = map[fault.Layer][]string{
	fault.Network:  {"gateway", "neighbour"},
	fault.Internet: {"port", "tcp"},
	fault.Secure:   {"tls"},
	fault.Server:   {"http"},
}

// timeOf is the shortest time that was measured of a layer; 0 where there is none.
func timeOf(all []fault.Observation, layer fault.Layer) (best time.Duration) {
	for _, kind := range timed[layer] {
		for _, o := range all {
			took := time.Duration(o.RTT) * time.Millisecond
			if o.Kind == kind && o.Outcome == fault.Yes && took > 0 && (best == 0 || took < best) {
				best = took
			}
		}
		if best > 0 {
			return best
		}
	}
	return 0
}

// passed are how many layers a real request had behind it when it met a failure of a
// kind; what is not here tells nothing of them.
var passed = map[string]int{"tls": 3, "http": 4}

// lampsBefore are the lamps where real requests fail and nobody has looked closer.
func lampsBefore(st link.State) (out [5]Lamp) {
	row, ok := fault.Lookup(st.Fault)
	if !ok {
		return out
	}
	at := slices.Index(fault.Layers, row.Layer)
	for i := range min(at, passed[st.Broke]) {
		out[i].Light = Good
	}
	out[at] = Lamp{Light: Bad, Fault: row.ID}
	return out
}
