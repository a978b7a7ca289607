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
	moreSamples = 8
	fewBudget   = 250 * time.Millisecond
	farBudget   = 1000 * time.Millisecond
	moreBudget  = 1200 * time.Millisecond
)

// slowThink is what a server may take beside the line before it is called slow.
const slowThink = 400 * time.Millisecond

// spread is how far round trips may vary before that is felt.
const spread = 100 * time.Millisecond

// tempo measures how long a small request takes, and what of it is the line's.
func (w *walk) tempo(ctx context.Context) (string, State) {
	if !w.ours {
		return w.lossy(ctx)
	}
	if w.stalled {
		return inTheWay, Skipped
	}
	lag := watchScheduler()
	s := w.samples(ctx)
	switch {
	case s.uneven():
		s.pings = w.ping(ctx, manyPings, s.line())
	case s.line() > farLine:
		s.pings = w.ping(ctx, fewPings, s.line())
	}
	line := s.line()
	think := max(0, s.least-line)
	if len(w.waits) > 0 { // the sign-in may be what is slow
		think = max(think, w.waits[0]-line)
	}
	think = max(think, w.slowest-line)
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
	again     int // segments that were sent again after the handshake
	lost      int // that were not answered
	pings     pings
}

func (w *walk) samples(ctx context.Context) samples {
	s := samples{handshake: w.health.trace.roundTrip(), least: w.health.trace.waited()}
	for _, d := range w.waits {
		if d < slowThink+s.handshake { // else it is the server that takes so long
			s.took = append(s.took, d)
		}
	}
	slow := s.least-s.line() > slowThink || len(s.took) < len(w.waits)
	if slow && len(s.took) > 0 && slices.Min(s.took) < s.least/2 { // a lost packet, or the health alone is slow?
		if a, _ := w.askHealth(ctx, request{target: "health", path: "/healthz", via: "pace"}); a.Outcome == fault.Yes {
			s.least = min(s.least, a.trace.waited())
		}
	}
	wanted, budget := fewSamples, fewBudget
	switch line := s.line(); {
	case line > tooFar, line <= farLine && line > fewBudget/fewSamples && !s.uneven():
		wanted = 0 // what was asked already tells enough, or more would take too long
	case line > farLine:
		budget = farBudget
	}
	begun := time.Now()
	for n := 0; n < wanted && !slow && ctx.Err() == nil && time.Since(begun) < budget; n++ {
		a := w.ask(ctx, request{target: "pace", path: "/generate_204", via: "pace"})
		switch {
		case a.Outcome == fault.Unmeasured:
			return s
		case a.Status == 0:
			s.lost++
		default:
			s.took = append(s.took, a.trace.waited())
		}
		s.tcp, s.again = a.trace.tcp(), a.trace.sentAgain(w.health.trace)
		if s.uneven() {
			wanted, budget = moreSamples, moreBudget
		}
	}
	return s
}

// line is the shortest round trip that was seen.
func (s samples) line() time.Duration {
	best := s.handshake
	for _, d := range slices.Concat(s.took, s.pings.took) {
		if best == 0 || d < best {
			best = d
		}
	}
	return best
}

// uneven reports whether the samples call for more.
func (s samples) uneven() bool {
	return s.losing() || s.handshake > 0 && width(append(slices.Clone(s.took), s.handshake)) > spread*3/4
}

// losing reports whether something seems to have been lost of what went over the
// connection once it stood.
func (s samples) losing() bool { return s.lost > 0 || s.again > 0 || width(s.took) > spread*3/4 }

// width is how far durations are apart.
func width(all []time.Duration) time.Duration {
	if len(all) < 2 {
		return 0
	}
	return slices.Max(all) - slices.Min(all)
}

// steadiness is whether round trips vary so much, or so much is lost, that it is felt.
// Of lost connections alone the server may be the reason.
func (s samples) steadiness() []fault.Observation {
	all := len(s.pings.took) + s.pings.lost
	lost := fault.Observation{Kind: "pace", Stage: "loss", Outcome: fault.Unmeasured, Bytes: int64(s.again)}
	lost.Detail = fmt.Sprintf("%d of %d lost, %d sent again", s.pings.lost, all, s.again)
	switch {
	case s.again <= manyLost && s.pings.lost > all/2: // what has a connection loses little: it is who takes them
	case s.again > manyLost || s.losing() && s.pings.lost >= manyLost:
		lost.Outcome = fault.No
	case s.pings.lost < manyLost && (all >= manyPings || s.tcp.RTT > 0):
		lost.Outcome = fault.Yes
	}
	even := fault.Observation{Kind: "pace", Stage: "jitter", Outcome: fault.Unmeasured, RTT: max(width(s.took), width(s.pings.took)).Milliseconds()}
	if len(s.took) >= fewSamples || len(s.pings.took) >= fewPings-1 {
		// What the system saw of the connection tells a line that varies from a server that does.
		varied := len(s.took) >= fewSamples && width(s.took) > spread && slices.Max(s.took) > 2*slices.Min(s.took) && s.tcp.Spread > spread/4
		even.Outcome = yes(!varied && !s.pings.uneven())
	}
	return []fault.Observation{lost, even}
}

// lossy looks whether packets are lost where the real path stalled although the server
// can be connected to and its name is known.
func (w *walk) lossy(ctx context.Context) (string, State) {
	saw := func(kind, stage, via string, o fault.Outcome) bool {
		return w.set.Saw(fault.Pattern{Kind: kind, Stage: stage, Via: via, Outcome: string(o)})
	}
	switch {
	case w.health.Code != "timeout" || w.open == "" || w.proxy != nil:
		return inTheWay, Skipped
	case w.health.Kind == "tcp" && !saw("syn", "", "", ""):
		return w.connectRepeatedly(ctx) // of lost connections the server may be the reason
	case w.health.Kind == "tcp", saw("taken", "", fault.Real, fault.Yes), saw("echo", "", "segments", fault.Yes):
		return inTheWay, Skipped
	}
	p := w.ping(ctx, manyPings, w.roundTrip())
	all := p.lost + len(p.took)
	if all == 0 {
		return "not to be seen through a proxy", Skipped
	}
	o := fault.Observation{Kind: "pace", Stage: "loss", Outcome: yes(p.lost < manyLost || len(p.took) == 0), Detail: fmt.Sprintf("%d of %d lost", p.lost, all)}
	w.set.Add(o)
	return o.Detail, good(o.Outcome == fault.Yes)
}

// manyLost is how many of manyPings do not come through on a line that loses more than a
// few of a hundred; on one that loses one of a hundred that is less than once in 200 times.
const manyLost = 3

// farLine is a round trip that is looked at again, whether it is always that long.
const farLine = 200 * time.Millisecond

// tooFar is one on which more than what was asked already would take too long.
const tooFar = 500 * time.Millisecond

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
	slow := longer > 300*time.Millisecond && carried < slowRate && s.again == 0 && s.least < w.echoed/2
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

// sentAgain is how many segments were sent again since the connection stood, which another
// request made.
func (t *trace) sentAgain(first *trace) int {
	now := t.tcp()
	first.mu.Lock()
	defer first.mu.Unlock()
	return int(max(now.Retransmitted, first.before.Retransmitted) - first.before.Retransmitted) //nolint:gosec // a small number
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
