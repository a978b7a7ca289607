package link

import (
	"slices"
	"time"
)

// Stats sums up a window of time.
type Stats struct {
	Requests      int
	Success       float64 // share of requests that worked, 0 … 1
	Availability  float64 // share of the known time not offline, 0 … 1
	Known         time.Duration
	P50, P95, P99 time.Duration
}

// Stats sums up the last d, of at most 24 h.
func (m *Monitor) Stats(d time.Duration) Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.cfg.Now()
	return m.stats(now.Add(-d), now)
}

// stats sums up what lies in from ≤ t < to; m.mu is held.
func (m *Monitor) stats(from, to time.Time) Stats {
	var took []time.Duration
	s := Stats{Success: 1, Availability: 1}
	for _, x := range m.samples {
		if x.At.Before(from) || x.At.After(to) {
			continue
		}
		if s.Requests++; x.Fault == "" {
			took = append(took, x.Took)
		}
	}
	if s.Requests > 0 {
		s.Success = float64(len(took)) / float64(s.Requests)
	}
	var down time.Duration
	if down, s.Known = m.down(from, to); s.Known > 0 {
		s.Availability = 1 - float64(down)/float64(s.Known)
	}
	slices.Sort(took)
	s.P50, s.P95, s.P99 = percentile(took, 50), percentile(took, 95), percentile(took, 99)
	return s
}

// percentile is of sorted durations; 0 of none.
func percentile(sorted []time.Duration, n int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)*n/100]
}

// down is how long it was offline in from ≤ t < to, of the time that is known; m.mu
// is held.
func (m *Monitor) down(from, to time.Time) (down, known time.Duration) {
	for i, e := range m.events {
		start, end := e.At, to
		if i+1 < len(m.events) && m.events[i+1].At.Before(to) {
			end = m.events[i+1].At
		}
		if start.Before(from) {
			start = from
		}
		if e.Kind == Unknown || !end.After(start) {
			continue
		}
		known += end.Sub(start)
		if e.Kind == Offline {
			down += end.Sub(start)
		}
	}
	return down, known
}

// Timeline returns the changes of state since a time, newest first.
func (m *Monitor) Timeline(since time.Time) []Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Event
	for _, e := range slices.Backward(m.events) {
		if e.At.Before(since) {
			break
		}
		if e.Kind != Unknown {
			out = append(out, e)
		}
	}
	return out
}

// Bucket is one bar of the chart.
type Bucket struct {
	At       time.Time
	Good     int
	Bad      int
	P50      time.Duration
	Kind     Kind // Unknown when there was no request
	Duration time.Duration
}

// Buckets cuts the last d into n bars, oldest first.
func (m *Monitor) Buckets(d time.Duration, n int) []Bucket {
	m.mu.Lock()
	defer m.mu.Unlock()
	width := d / time.Duration(n)
	from := m.cfg.Now().Add(-d)
	out := make([]Bucket, n)
	took := make([][]time.Duration, n)
	for i := range out {
		out[i] = Bucket{At: from.Add(time.Duration(i) * width), Kind: Unknown, Duration: width}
	}
	for _, s := range m.samples {
		i := int(s.At.Sub(from) / width)
		if s.At.Before(from) || i >= n {
			continue
		}
		if s.Fault != "" {
			out[i].Bad++
			continue
		}
		out[i].Good++
		took[i] = append(took[i], s.Took)
	}
	for i := range out {
		b := &out[i]
		slices.Sort(took[i])
		if len(took[i]) > 0 {
			b.P50 = took[i][len(took[i])/2]
		}
		switch {
		case b.Good == 0 && b.Bad > 0:
			b.Kind = Offline
		case b.Bad > 0:
			b.Kind = Degraded
		case b.Good > 0:
			b.Kind = Online
		}
	}
	return out
}
