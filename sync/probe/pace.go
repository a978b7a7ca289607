package probe

import (
	"context"
	"fmt"
	"slices"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
)

// How many small requests are made to tell the pace: a few, and more where these vary.
const (
	fewSamples  = 4
	moreSamples = 12
	fewBudget   = 250 * time.Millisecond
	moreBudget  = 1500 * time.Millisecond
)

// slowThink is what a server may take beside the line before it is called slow.
const slowThink = 400 * time.Millisecond

// spread is how far round trips may vary before that is felt.
const spread = 100 * time.Millisecond

// tempo measures how long a small request takes, and what of it is the line's.
func (w *walk) tempo(ctx context.Context) (string, State) {
	if !w.ours {
		return inTheWay, Skipped
	}
	lag := watchScheduler()
	s := w.samples(ctx)
	line, think := s.line(), max(0, s.least-s.line())
	out := []fault.Observation{
		{Kind: "pace", Stage: "line", Outcome: fault.Yes, RTT: line.Milliseconds(), Values: map[string]string{"rtt": fmt.Sprint(line.Milliseconds())}},
		{Kind: "pace", Stage: "think", Outcome: fault.Yes, RTT: think.Milliseconds(), Values: map[string]string{"seconds": fmt.Sprintf("%.1f", think.Seconds())}},
	}
	late := lag.end()
	out = append(out, fault.Observation{Kind: "pace", Stage: "scheduler", Outcome: yes(late < manyLate), Bytes: int64(late)})
	if late == 0 {
		out = append(out, s.steadiness()...)
	}
	if o, known := w.rate(s); known {
		out = append(out, o)
	}
	w.set.Add(out...)
	return fmt.Sprintf("line %d ms, server %d ms", line.Milliseconds(), think.Milliseconds()), Good
}

// samples are small requests over the program's own connection.
type samples struct {
	took      []time.Duration // first byte after the request was sent
	handshake time.Duration   // a round trip, as connect and handshake took; 0: not seen
	least     time.Duration   // of what the server had to think about
	tcp       link.TCP
	lost      int // that were not answered
}

func (w *walk) samples(ctx context.Context) samples {
	s := samples{handshake: w.health.trace.roundTrip(), least: w.health.trace.waited(), took: w.waits}
	slow := s.least-s.line() > slowThink
	if slow && len(s.took) > 0 && slices.Min(s.took) < s.least/2 { // a lost packet, or the health alone is slow?
		if a, _ := w.askHealth(ctx, request{target: "health", path: "/healthz", via: "pace"}); a.Outcome == fault.Yes {
			s.least = min(s.least, a.trace.waited())
		}
	}
	begun := time.Now()
	for n, wanted, budget := 0, fewSamples, fewBudget; n < wanted && !slow && (s.line() < budget || s.uneven()) && ctx.Err() == nil && time.Since(begun) < budget; n++ {
		a := w.ask(ctx, request{target: "pace", path: "/generate_204", via: "pace"})
		switch {
		case a.Outcome == fault.Unmeasured:
			return s
		case a.Status == 0:
			s.lost++
		default:
			s.took = append(s.took, a.trace.waited())
		}
		s.tcp = a.trace.tcp()
		if s.uneven() {
			wanted, budget = moreSamples, moreBudget
		}
	}
	return s
}

// line is the shortest round trip that was seen.
func (s samples) line() time.Duration {
	best := s.handshake
	for _, d := range s.took {
		if best == 0 || d < best {
			best = d
		}
	}
	return best
}

// uneven reports whether the samples call for more.
func (s samples) uneven() bool {
	return s.lost > 0 || s.tcp.Retransmitted > 0 || len(s.took) > 1 && slices.Max(s.took)-slices.Min(s.took) > spread*3/4
}

// steadiness is whether round trips vary so much, or so much is lost, that it is felt.
// What the system knows of the connection decides where it tells.
func (s samples) steadiness() []fault.Observation {
	if len(s.took) < fewSamples && s.tcp.Retransmitted < manyLost {
		return nil
	}
	lost := fault.Observation{Kind: "pace", Stage: "loss", Outcome: yes(s.tcp.Retransmitted < manyLost && s.lost < 2), Bytes: int64(s.tcp.Retransmitted)} //nolint:gosec // a small number
	if len(s.took) < moreSamples/2 {
		return []fault.Observation{lost}
	}
	slices.Sort(s.took)
	low, high := s.took[1], s.took[len(s.took)-2] // one odd one each way says nothing
	wide := high-low > spread && high > 2*low
	if s.tcp.Spread > 0 {
		wide = wide && s.tcp.Spread > 30*time.Millisecond
	}
	return []fault.Observation{lost, {Kind: "pace", Stage: "jitter", Outcome: yes(!wide), RTT: (high - low).Milliseconds()}}
}

// manyLost is how many segments are sent again on a line that loses more than a few of
// a hundred, in the few dozen that a self-check sends.
const manyLost = 4

// slowRate is what a line carries, in bytes a second, where invoices are felt to wait.
const slowRate = 12_000

// rate is how much the line carries each second, from what a large message took longer
// than a small one; not known where that is too little to tell.
func (w *walk) rate(s samples) (fault.Observation, bool) {
	longer := w.echoed - s.line()
	if w.echoed == 0 || longer <= 0 || len(s.took) == 0 {
		return fault.Observation{}, false
	}
	carried := int64(float64(2*echoSize) / longer.Seconds())
	slow := longer > 300*time.Millisecond && carried < slowRate && s.tcp.Retransmitted == 0 && s.least < w.echoed/2
	return fault.Observation{Kind: "pace", Stage: "rate", Outcome: yes(!slow), Bytes: carried, Values: map[string]string{"kbit": fmt.Sprint(carried * 8 / 1000)}}, true
}

// roundTrip is the longer of connect and handshake; 0 where neither was seen.
func (t *trace) roundTrip() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.line
}

// tcp is what the system knows of the connection that was used.
func (t *trace) tcp() link.TCP {
	t.mu.Lock()
	c := t.conn
	t.mu.Unlock()
	if c == nil {
		return link.TCP{}
	}
	return link.ReadTCP(naked(c))
}

// manyLate is how often the computer may be too busy to run this program in time, each
// by more than lateBy, before it counts.
const (
	manyLate = 3
	tick     = 25 * time.Millisecond
	lateBy   = 200 * time.Millisecond
)

// A scheduler watch counts how often this program was woken too late.
type schedulerWatch struct {
	stop chan struct{}
	late chan int
}

func watchScheduler() *schedulerWatch {
	s := &schedulerWatch{stop: make(chan struct{}), late: make(chan int, 1)}
	go func() {
		n := 0
		defer func() { s.late <- n }()
		for {
			asleep := time.Now()
			select {
			case <-s.stop:
				return
			case <-time.After(tick):
				if time.Since(asleep)-tick > lateBy {
					n++
				}
			}
		}
	}()
	return s
}

func (s *schedulerWatch) end() int {
	close(s.stop)
	return <-s.late
}
