package fault

import (
	"maps"
	"strconv"
	"sync"
)

// Outcome is how a look turned out.
type Outcome string

// The outcomes. Not measured refutes nothing.
const (
	Yes        Outcome = "yes"
	No         Outcome = "no"
	Unmeasured Outcome = "unmeasured"
)

// Real is the Via of what was seen of requests over the program's own transport:
// the real path.
const Real = "real"

// Observation is one thing that was looked at: plain data, the same on every system.
type Observation struct {
	Kind    string  `json:"kind"`             // what was looked at, like "dns", "tcp", "chain"
	Target  string  `json:"target,omitempty"` // whose: an address, or the request that was made
	Via     string  `json:"via,omitempty"`    // the way taken: Real, "system", "udp", "proxy" …
	Stage   string  `json:"stage,omitempty"`  // which part of the kind
	Outcome Outcome `json:"outcome"`

	// Code is a stable name of what came instead: "errno:ECONNREFUSED",
	// "rcode:NXDOMAIN", "alert:handshake_failure", "x509:expired", "timeout", or the
	// code of an error of this program, like "keyring_locked".
	Code string `json:"code,omitempty"`

	// Of an answer: its HTTP status, the code of its problem document, who names
	// itself in it, and whether it is "html" or "json".
	Status  int    `json:"status,omitempty"`
	Problem string `json:"problem,omitempty"`
	Product string `json:"product,omitempty"`
	Media   string `json:"media,omitempty"`

	RTT    int64 `json:"rtt_ms,omitempty"`
	Bytes  int64 `json:"bytes,omitempty"`
	Offset int64 `json:"offset_s,omitempty"` // of a clock: theirs minus ours

	Detail string            `json:"detail,omitempty"` // for people who read the report
	Values map[string]string `json:"values,omitempty"` // for the placeholders of texts
}

// With returns the observation with more values.
func (o Observation) With(values map[string]string) Observation {
	all := maps.Clone(o.Values)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, values)
	o.Values = all
	return o
}

// text is a field as a Pattern reads it.
func (o *Observation) text(field string) string {
	switch field {
	case "kind":
		return o.Kind
	case "target":
		return o.Target
	case "via":
		return o.Via
	case "stage":
		return o.Stage
	case "outcome":
		return string(o.Outcome)
	case "code":
		return o.Code
	case "status":
		return strconv.Itoa(o.Status)
	case "problem":
		return o.Problem
	case "product":
		return o.Product
	case "media":
		return o.Media
	}
	return ""
}

// number is a quantity as a Pattern reads it.
func (o *Observation) number(field string) int64 {
	switch field {
	case "rtt_ms":
		return o.RTT
	case "bytes":
		return o.Bytes
	case "offset_s":
		return o.Offset
	}
	return 0
}

// A Set is what one look brought together. Safe for concurrent use.
type Set struct {
	mu  sync.Mutex
	all []Observation
}

// SetOf returns a set of what is known already.
func SetOf(o ...Observation) *Set { return &Set{all: o} }

// Add appends observations.
func (s *Set) Add(o ...Observation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, o...)
}

// All returns the observations in the order in which they came.
func (s *Set) All() []Observation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Observation{}, s.all...)
}

// Saw reports whether an observation matches.
func (s *Set) Saw(p Pattern) bool {
	for _, o := range s.All() {
		if p.matches(&o) {
			return true
		}
	}
	return false
}

// Worked reports whether the real path worked, all the way through the sign-in.
func (s *Set) Worked() bool { return pathWorked(s.All()) }
