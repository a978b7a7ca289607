package link

import (
	"math"
	"slices"
	"time"
)

// Hour sums up one hour that is over.
type Hour struct {
	At    time.Time     `json:"at"` // its beginning
	Good  int           `json:"good"`
	Bad   int           `json:"bad,omitempty"`
	Known time.Duration `json:"known"`
	Down  time.Duration `json:"down,omitempty"` // of it offline
	Took  []Bin         `json:"took,omitempty"` // of the requests that worked, shortest first
}

// Bin counts requests that took about as long. Bin n begins at step^n ms.
type Bin [2]int

// step makes percentiles right to within a tenth, in some fifty bins up to a minute.
const step = 1.2

// keepHours is how long hours are kept: a week, and the day that begins it.
const keepHours = 8 * 24

func binOf(d time.Duration) int {
	return max(0, int(math.Log(float64(d)/float64(time.Millisecond))/math.Log(step)))
}

// middle is what a request of a bin took.
func (b Bin) middle() time.Duration {
	return time.Duration(math.Pow(step, float64(b[0])+0.5) * float64(time.Millisecond))
}

// closeHours sums up the hours that are over since the last was; m.mu is held.
func (m *Monitor) closeHours(now time.Time) {
	this := now.Truncate(time.Hour)
	if !m.closed.Before(this) {
		return
	}
	m.closed = this
	from := this.Add(-keepFor + time.Hour)
	if n := len(m.hours); n > 0 && m.hours[n-1].At.Add(time.Hour).After(from) {
		from = m.hours[n-1].At.Add(time.Hour)
	}
	for ; from.Before(this); from = from.Add(time.Hour) {
		if h := m.hour(from); h.Good+h.Bad > 0 || h.Known > 0 {
			m.hours = append(m.hours, h)
		}
	}
	if len(m.hours) > keepHours {
		m.hours = slices.Clone(m.hours[len(m.hours)-keepHours:])
	}
}

// hour sums up the hour that begins at a time; m.mu is held.
func (m *Monitor) hour(at time.Time) Hour {
	h := Hour{At: at}
	counts := map[int]int{}
	for _, s := range m.samples {
		switch {
		case s.At.Before(at) || !s.At.Before(at.Add(time.Hour)):
		case s.Fault != "":
			h.Bad++
		default:
			h.Good++
			counts[binOf(s.Took)]++
		}
	}
	h.Down, h.Known = m.down(at, at.Add(time.Hour))
	for n, c := range counts {
		h.Took = append(h.Took, Bin{n, c})
	}
	slices.SortFunc(h.Took, func(a, b Bin) int { return a[0] - b[0] })
	return h
}

// Hours are the hours that are over since a time, oldest first; at most a week.
func (m *Monitor) Hours(since time.Time) []Hour {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closeHours(m.cfg.Now())
	i, _ := slices.BinarySearchFunc(m.hours, since, func(h Hour, t time.Time) int { return h.At.Compare(t) })
	return slices.Clone(m.hours[i:])
}

// SumUp is the statistics of hours taken together; its percentiles are right to
// within a tenth.
func SumUp(hours []Hour) Stats {
	s := Stats{Success: 1, Availability: 1}
	counts := map[int]int{}
	good := 0
	var down time.Duration
	for _, h := range hours {
		s.Requests += h.Good + h.Bad
		good += h.Good
		down += h.Down
		s.Known += h.Known
		for _, b := range h.Took {
			counts[b[0]] += b[1]
		}
	}
	if s.Requests > 0 {
		s.Success = float64(good) / float64(s.Requests)
	}
	if s.Known > 0 {
		s.Availability = 1 - float64(down)/float64(s.Known)
	}
	var bins []Bin
	for n, c := range counts {
		bins = append(bins, Bin{n, c})
	}
	slices.SortFunc(bins, func(a, b Bin) int { return a[0] - b[0] })
	at := func(n int) time.Duration {
		left := good * n / 100
		for _, b := range bins {
			if left -= b[1]; left < 0 {
				return b.middle()
			}
		}
		return 0
	}
	s.P50, s.P95, s.P99 = at(50), at(95), at(99)
	return s
}
