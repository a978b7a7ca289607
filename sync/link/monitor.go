// Package link is the passive monitor of the connection: it watches real
// requests and says whether the desk is online, since when, and what changed.
//
// It refuses to send anything of its own.
package link

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"counterfoil/sync/fault"
)

// Kind is the state of the connection.
type Kind string

// States.
const (
	Unknown  Kind = "unknown"
	Online   Kind = "online"
	Degraded Kind = "degraded"
	Offline  Kind = "offline"
)

// A state does not flicker: trouble shows after these, good news at once.
const (
	yellowAfter = 5 * time.Second
	redAfter    = 10 * time.Second
	keepFor     = 24 * time.Hour
	maxSamples  = 20000
	placeFor    = 15 * time.Second // how long a Place is not asked for again
)

// State is the connection as the pill shows it.
type State struct {
	Kind   Kind
	Since  time.Time
	Fault  fault.ID          // of the last failure; empty while online
	Values map[string]string `json:"-"` // fill the placeholders of its texts
	LastOK time.Time         // zero when it never worked

	First time.Time `json:"-"` // when this fault was first met in this row of failures
	Broke string    `json:"-"` // kind of the observation that the last failure was
}

// Sample is one request.
type Sample struct {
	At    time.Time
	Took  time.Duration
	Fault fault.ID // empty: it worked
}

// Event is a change of state.
type Event struct {
	At    time.Time `json:"at"`
	Kind  Kind      `json:"kind"`
	Fault fault.ID  `json:"fault,omitempty"`
}

// Config of a Monitor.
type Config struct {
	Now   func() time.Time
	Place func() Place // asked now and then, and when the line breaks; nil: not known
}

// Monitor is safe for concurrent use.
type Monitor struct {
	cfg Config

	mu       sync.Mutex // guards all below
	samples  []Sample   // oldest first, at most 24 h
	events   []Event
	shown    State
	failing  time.Time     // first failure in a row; zero while it works
	found    fault.Finding // the last failure; its id is empty while it works
	first    time.Time     // when found was met first
	broke    string        // kind of the observation it was
	begun    bool          // anything was seen since the start
	doubted  bool          // what a self-check found open did not stay open
	cleared  time.Time     // when a self-check last found the way open
	lastOK   time.Time
	offsets  []time.Duration // newest last, at most 15
	good     *Snapshot
	now      Snapshot // of the last attempt
	placed   time.Time
	watchers []func()
	stages   Stages
	asked    time.Time // until when the server asked to be left alone
	hours    []Hour    // that are over, oldest first
	closed   time.Time // until when they are summed up
	watch    watch
	nodes    nodes
	bell     chan Reason
}

// New makes a monitor that has seen nothing.
func New(cfg Config) *Monitor {
	return &Monitor{cfg: cfg, shown: State{Kind: Unknown}, bell: make(chan Reason, 1)}
}

// Observe notes what was in the way before any request could be made, like a locked
// keyring.
func (m *Monitor) Observe(o fault.Observation) {
	now := m.cfg.Now()
	m.seen(request{start: now, end: now, seen: o})
}

// Proven notes a fault that a self-check has proven: it shows at once. It is no
// request and does not count as one.
func (m *Monitor) Proven(f fault.Finding) {
	now := m.cfg.Now()
	place := m.place(true, now)
	m.mu.Lock()
	if place != nil {
		m.now.Place = *place
	}
	if early := now.Add(-redAfter); m.failing.IsZero() || m.failing.After(early) {
		m.failing = early
	}
	m.met(f, "", now)
	m.settled(now)
}

// met notes a failure; m.mu is held.
func (m *Monitor) met(f fault.Finding, kind string, now time.Time) {
	if f.Fault != m.found.Fault || m.first.IsZero() {
		m.first = now
	}
	m.found, m.broke, m.begun = f, kind, true
}

// overrule is how long real requests must go on working after a self-check for the
// next one to be believed against them.
const overrule = time.Minute

// Cleared notes that a self-check went all the way over the real path: the line shows
// well at once. Where real requests failed soon after the last time, they know better,
// and only one of theirs ends it.
func (m *Monitor) Cleared() {
	now := m.cfg.Now()
	m.mu.Lock()
	if !m.doubted {
		m.works(now)
		m.cleared = now
	}
	m.settled(now)
}

// works notes that all is well; m.mu is held.
func (m *Monitor) works(now time.Time) {
	m.failing, m.first, m.found, m.broke, m.lastOK = time.Time{}, time.Time{}, fault.Finding{}, "", now
	m.begun = true
}

// settled moves the shown state, gives up m.mu, which is held, and tells of it.
func (m *Monitor) settled(now time.Time) {
	changed := m.settle(now)
	watchers := slices.Clone(m.watchers)
	m.mu.Unlock()
	if changed {
		for _, f := range watchers {
			f()
		}
	}
}

// place asks where the computer stands, when that is due.
func (m *Monitor) place(failed bool, now time.Time) *Place {
	if m.cfg.Place == nil {
		return nil
	}
	m.mu.Lock()
	due := now.Sub(m.placed) >= placeFor || failed && m.failing.IsZero()
	if due {
		m.placed = now
	}
	m.mu.Unlock()
	if !due {
		return nil
	}
	p := m.cfg.Place()
	return &p
}

// seen takes note of a request, or of what was in its way.
func (m *Monitor) seen(r request) {
	f := named(r.seen)
	s := Sample{At: r.start, Took: r.end.Sub(r.start), Fault: f.Fault}
	place := m.place(s.Fault != "", r.end)
	m.mu.Lock()
	m.count(s, r.end)
	m.now = m.learned(r, place)
	m.stages.learn(r)
	if r.asked > 0 {
		m.asked = r.end.Add(r.asked)
	}
	var why Reason
	if s.Fault == "" {
		m.works(r.end)
		m.doubted, m.cleared = false, time.Time{}
		good := m.now
		m.good = &good
		m.watch.worked()
	} else {
		if m.failing.IsZero() {
			m.failing = r.end
		}
		m.doubted = m.doubted || !m.cleared.IsZero() && r.end.Sub(m.cleared) < overrule
		m.met(f, r.seen.Kind, r.end)
		why = m.watch.failed(r.end, f.Fault, hard(r.seen))
	}
	if bad := m.nodes.learn(r.seen, r.end); bad != "" && why == "" {
		why = BadNode
	}
	m.settled(r.end)
	m.Ring(why)
}

// count adds a sample and drops those that are too old; m.mu is held.
func (m *Monitor) count(s Sample, now time.Time) {
	m.closeHours(now)
	m.samples = append(m.samples, s)
	if len(m.samples) > maxSamples {
		m.samples = slices.Clone(m.samples[len(m.samples)-maxSamples/2:])
	}
	for len(m.samples) > 0 && now.Sub(m.samples[0].At) > keepFor {
		m.samples = m.samples[1:]
	}
}

// learned is how the line looks after a request; m.mu is held.
func (m *Monitor) learned(r request, place *Place) Snapshot {
	snap := m.now
	snap.At = r.end
	keep(&snap.Address, r.address)
	keep(&snap.Protocol, r.protocol)
	keep(&snap.TLS, r.tls)
	if place != nil {
		snap.Place = *place
	}
	if snap.Zone == "" { // see sync/probe: the first stays
		snap.Zone = Zone(r.end.In(time.Local))
	}
	// A proxy's round trip tells nothing of the server's.
	if r.connect > 0 && r.seen.Outcome == fault.Yes && (snap.Proxy == "" || snap.Proxy == Direct) {
		snap.RTT = r.connect
	}
	if r.shown != nil {
		sum := sha256.Sum256(r.shown.Raw)
		key := sha256.Sum256(r.shown.RawSubjectPublicKeyInfo)
		snap.Chain, snap.Key, snap.NotAfter = hex.EncodeToString(sum[:]), hex.EncodeToString(key[:]), r.shown.NotAfter
	}
	if r.answered {
		snap.Server = r.server
		// What a server once sent is kept where it leaves it out: it may be needed then.
		keepAll(&snap.Beside, r.beside)
	}
	if !r.date.IsZero() {
		// The header is cut to seconds: its middle is half a second later. It was written
		// when half of the wait was over.
		o := r.date.Add(500 * time.Millisecond).Sub(r.end.Add(-r.wait / 2))
		if n := len(m.offsets); n > 0 && (o-m.offsets[n-1]).Abs() > time.Minute {
			m.offsets = nil // a clock was set: what was before says nothing of it
		}
		m.offsets = append(m.offsets, o)
		if len(m.offsets) > 15 {
			m.offsets = m.offsets[1:]
		}
		snap.Offset = m.offset()
	}
	return snap
}

// offset is the median; m.mu is held.
func (m *Monitor) offset() time.Duration {
	if len(m.offsets) == 0 {
		return 0
	}
	o := slices.Clone(m.offsets)
	slices.Sort(o)
	return o[len(o)/2]
}

// settle moves the shown state; m.mu is held. It reports whether it changed.
func (m *Monitor) settle(now time.Time) bool {
	want := m.shown.Kind
	switch {
	case !m.begun:
		return false
	case m.failing.IsZero():
		want = Online
	case m.lastOK.IsZero() || now.Sub(m.failing) >= redAfter:
		want = Offline
	case now.Sub(m.failing) >= yellowAfter:
		want = Degraded
	}
	f := m.found
	if want == Online {
		f = fault.Finding{}
	}
	if want == m.shown.Kind && (f.Fault == m.shown.Fault || want == Online) {
		m.shown.LastOK, m.shown.Values, m.shown.First, m.shown.Broke = m.lastOK, f.Values, m.first, m.broke
		return false
	}
	since := m.shown.Since
	if want != m.shown.Kind {
		since = now
	}
	m.shown = State{Kind: want, Since: since, Fault: f.Fault, Values: f.Values, LastOK: m.lastOK, First: m.first, Broke: m.broke}
	m.events = append(m.events, Event{now, want, f.Fault})
	if len(m.events) > 500 {
		m.events = m.events[len(m.events)-500:]
	}
	return true
}

// State is the state to show now; time alone can turn yellow into red.
func (m *Monitor) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settle(m.cfg.Now())
	return m.shown
}

// Subscribe calls f after each change of state, on the goroutine that saw it.
func (m *Monitor) Subscribe(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watchers = append(m.watchers, f)
}
