package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"counterfoil/sync/link"
)

// goals shows what the owner wants of the line and how it was, or sets the former.
func goals(ctx context.Context, c *call) error {
	if err := c.take(); err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	g, set, err := c.wanted(d.Goals())
	if err != nil {
		return err
	}
	if set {
		if err := d.SetGoals(ctx, g); err != nil {
			return err
		}
	}
	m := d.Monitor()
	return c.print(map[string]any{
		"goals":     map[string]any{"availability": g.Availability, "success": g.Success, "p99_ms": g.P99.Milliseconds(), "slowest_ms": g.Slowest.Milliseconds()},
		"last_hour": quality(m.Stats(time.Hour)), "last_24h": quality(m.Stats(24 * time.Hour)),
	})
}

func quality(s link.Stats) map[string]any {
	out := map[string]any{"requests": s.Requests}
	if s.Requests > 0 {
		out["availability"], out["success"] = s.Availability, s.Success
		out["p50_ms"], out["p95_ms"], out["p99_ms"] = s.P50.Milliseconds(), s.P95.Milliseconds(), s.P99.Milliseconds()
	}
	return out
}

// wanted are the goals with what the options change, and whether they change any.
func (c *call) wanted(g link.Goals) (link.Goals, bool, error) {
	set := c.opts["default"] != ""
	if set {
		g = link.DefaultGoals()
	}
	for name, to := range map[string]*float64{"availability": &g.Availability, "success": &g.Success} {
		s, ok := c.opts[name]
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
		if err != nil || n <= 0 || n > 100 {
			return g, false, usage{fmt.Sprintf("--%s is a share in percent like 99.95, not %q", name, s)}
		}
		*to, set = n/100, true
	}
	for name, to := range map[string]*time.Duration{"p99": &g.P99, "slowest": &g.Slowest} {
		s, ok := c.opts[name]
		if !ok {
			continue
		}
		d, err := time.ParseDuration(s)
		if err != nil || d <= 0 || d > time.Minute {
			return g, false, usage{fmt.Sprintf("--%s is a time like 200ms, not %q", name, s)}
		}
		*to, set = d, true
	}
	return g, set, nil
}
