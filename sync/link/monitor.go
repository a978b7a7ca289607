// Package link is the passive monitor of the connection: it watches real
// requests and says whether the desk is online, since when, and what changed.
//
// It refuses to send anything of its own.
package link

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptrace"
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
	At    time.Time     `json:"at"`
	Took  time.Duration `json:"took"`
	Fault fault.ID      `json:"fault,omitempty"` // empty: it worked
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
	doubted  bool          // what a self-check found open did not stay open
	cleared  time.Time     // when a self-check last found the way open
	lastOK   time.Time
	offsets  []time.Duration // newest last, at most 15
	good     *Snapshot
	now      Snapshot // of the last attempt
	placed   time.Time
	watchers []func()
}

// New makes a monitor that has seen nothing.
func New(cfg Config) *Monitor { return &Monitor{cfg: cfg, shown: State{Kind: Unknown}} }

type watched struct {
	m    *Monitor
	next http.RoundTripper
}

// Wrap puts the monitor under a transport.
func (m *Monitor) Wrap(next http.RoundTripper) http.RoundTripper { return &watched{m, next} }

func (w *watched) RoundTrip(req *http.Request) (*http.Response, error) {
	start := w.m.cfg.Now()
	var address string
	trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { address = i.Conn.RemoteAddr().String() }}
	resp, err := w.next.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if req.Context().Err() != nil && err != nil {
		return resp, err // given up by us, not by the line
	}
	end := w.m.cfg.Now()
	w.m.seen(Sample{At: start, Took: end.Sub(start)}, observed(err, resp), resp, certificate(err, resp), address, end)
	return resp, err
}

// Observe notes what was in the way before any request could be made, like a locked
// keyring.
func (m *Monitor) Observe(o fault.Observation) {
	now := m.cfg.Now()
	m.seen(Sample{At: now}, o, nil, nil, "", now)
}

// certificate is what the server showed, also where it was refused; nil when it
// showed none.
func certificate(err error, resp *http.Response) *x509.Certificate {
	var refused *tls.CertificateVerificationError
	var invalid x509.CertificateInvalidError
	switch {
	case resp != nil && resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0:
		return resp.TLS.PeerCertificates[0]
	case errors.As(err, &refused) && len(refused.UnverifiedCertificates) > 0:
		return refused.UnverifiedCertificates[0]
	case errors.As(err, &invalid):
		return invalid.Cert
	}
	return nil
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
	m.found, m.broke = f, kind
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

func (m *Monitor) seen(s Sample, o fault.Observation, resp *http.Response, shown *x509.Certificate, address string, end time.Time) {
	f := named(o)
	s.Fault = f.Fault
	place := m.place(s.Fault != "", end)
	m.mu.Lock()
	m.samples = append(m.samples, s)
	if len(m.samples) > maxSamples {
		m.samples = slices.Clone(m.samples[len(m.samples)-maxSamples/2:])
	}
	for len(m.samples) > 0 && end.Sub(m.samples[0].At) > keepFor {
		m.samples = m.samples[1:]
	}
	snap := m.now
	snap.At = end
	if address != "" {
		snap.Address = address
	}
	if shown != nil {
		sum := sha256.Sum256(shown.Raw)
		snap.Chain, snap.NotAfter = hex.EncodeToString(sum[:]), shown.NotAfter
	}
	if place != nil {
		snap.Place = *place
	}
	if resp != nil {
		snap.Server, snap.Beside = resp.Header.Get("Server"), beside(resp.TLS)
		if d, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			// The header is cut to seconds: its middle is half a second later.
			m.offsets = append(m.offsets, d.Add(500*time.Millisecond).Sub(end.Add(-s.Took/2)))
			if len(m.offsets) > 15 {
				m.offsets = m.offsets[1:]
			}
			snap.Offset = m.offset()
		}
	}
	m.now = snap
	if s.Fault == "" {
		m.works(end)
		m.doubted, m.cleared = false, time.Time{}
		good := snap
		m.good = &good
	} else {
		if m.failing.IsZero() {
			m.failing = end
		}
		m.doubted = m.doubted || !m.cleared.IsZero() && end.Sub(m.cleared) < overrule
		m.met(f, o.Kind, end)
	}
	m.settled(end)
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
	case m.lastOK.IsZero() && m.failing.IsZero():
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

// saved is what survives a restart.
type saved struct {
	Samples []Sample  `json:"samples"`
	Events  []Event   `json:"events"`
	Good    *Snapshot `json:"good"`
	LastOK  time.Time `json:"last_ok"`
	Shown   State     `json:"shown"`
}

// Export returns the history as JSON, Restore takes it back.
func (m *Monitor) Export() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.samples
	if len(s) > 2000 {
		s = s[len(s)-2000:]
	}
	return json.Marshal(saved{s, m.events, m.good, m.lastOK, m.shown})
}

// Restore takes an exported history; the state itself begins as unknown.
func (m *Monitor) Restore(raw []byte) error {
	var s saved
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.samples, m.events, m.good, m.lastOK = s.Samples, s.Events, s.Good, s.LastOK
	m.shown = State{Kind: Unknown, LastOK: s.LastOK}
	if n := len(s.Samples); n > 0 && len(s.Events) > 0 {
		// Nothing is known of the time between the last request and now.
		m.events = append(m.events, Event{At: s.Samples[n-1].At, Kind: Unknown})
	}
	if s.Good != nil {
		m.now = *s.Good
	}
	return nil
}
