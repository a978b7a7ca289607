package link

import (
	"slices"
	"time"
)

// Stats sums up a window of time.
type Stats struct {
	Requests     int
	Success      float64 // share of requests that worked, 0 … 1
	Availability float64 // share of time not offline, 0 … 1
	P50, P99     time.Duration
}

// Stats sums up the last d.
func (m *Monitor) Stats(d time.Duration) Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	from := m.cfg.Now().Add(-d)
	var took []time.Duration
	s := Stats{Success: 1, Availability: 1}
	bad := 0
	for _, x := range m.samples {
		if x.At.Before(from) {
			continue
		}
		s.Requests++
		if x.Fault != "" {
			bad++
			continue
		}
		took = append(took, x.Took)
	}
	if s.Requests > 0 {
		s.Success = 1 - float64(bad)/float64(s.Requests)
	}
	s.Availability = m.availability(from)
	slices.Sort(took)
	if n := len(took); n > 0 {
		s.P50, s.P99 = took[n/2], took[(n*99)/100]
	}
	return s
}

// availability is the share of known time that was not offline; m.mu is held.
func (m *Monitor) availability(from time.Time) float64 {
	now := m.cfg.Now()
	var down, known time.Duration
	for i, e := range m.events {
		end := now
		if i+1 < len(m.events) {
			end = m.events[i+1].At
		}
		start := e.At
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
	if known == 0 {
		return 1
	}
	return 1 - float64(down)/float64(known)
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
