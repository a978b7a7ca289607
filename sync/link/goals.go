package link

import (
	"encoding/json"
	"time"
)

// Goals are what the owner wants of the line.
type Goals struct {
	Availability float64       `json:"availability"` // share of time, 0 … 1
	Success      float64       `json:"success"`      // share of requests, 0 … 1
	P99          time.Duration `json:"p99"`
	Slowest      time.Duration `json:"slowest"` // a request that takes longer is slow
}

// DefaultGoals are those of an owner who set none.
func DefaultGoals() Goals {
	return Goals{Availability: 0.9995, Success: 0.999, P99: 200 * time.Millisecond, Slowest: 800 * time.Millisecond}
}

// GoalsOf reads goals that were kept as JSON; what is missing or makes no sense is as
// by default.
func GoalsOf(raw string) Goals {
	var kept Goals
	if raw == "" || json.Unmarshal([]byte(raw), &kept) != nil {
		return DefaultGoals()
	}
	return kept.orDefault()
}

func (g Goals) orDefault() Goals {
	out := DefaultGoals()
	share := func(to *float64, v float64) {
		if v > 0 && v <= 1 {
			*to = v
		}
	}
	span := func(to *time.Duration, v time.Duration) {
		if v > 0 && v <= time.Minute {
			*to = v
		}
	}
	share(&out.Availability, g.Availability)
	share(&out.Success, g.Success)
	span(&out.P99, g.P99)
	span(&out.Slowest, g.Slowest)
	return out
}

// Valid reports whether every goal is one.
func (g Goals) Valid() bool { return g == g.orDefault() }

// Missed tells which of the goals a window of time missed; one in which nothing was
// asked missed none.
func (g Goals) Missed(s Stats) (availability, success, p99 bool) {
	if s.Requests == 0 {
		return false, false, false
	}
	return s.Availability < g.Availability, s.Success < g.Success, s.P99 > g.P99
}
