package probe

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"counterfoil/sync/fault"
)

const (
	repeats = 14
	// tastes is how many connections show that there is no reason to.
	tastes = 8
	// lossy is how many of them must be late before it is no accident.
	lossy = 3
)

// repeat connects several times at once where a connection was late: a server that takes
// only some lets others wait for a second packet. It asks outside just as often.
func (w *walk) repeat(ctx context.Context) (string, State) {
	w.learning.Lock()
	suspect := w.late > 0
	w.learning.Unlock()
	if w.open == "" || w.proxy != nil {
		return "not needed", Skipped
	}
	if !suspect && w.ping(ctx, tastes, w.roundTrip()).lost == 0 {
		return "not needed", Skipped
	}
	return w.connectRepeatedly(ctx)
}

// connectRepeatedly connects several times at once and notes how many were late.
func (w *walk) connectRepeatedly(ctx context.Context) (string, State) {
	var group sync.WaitGroup
	var times [repeats]time.Duration // 0: no connection
	for i := range times {
		group.Go(func() {
			own, cancel := context.WithTimeout(ctx, silentAfter)
			defer cancel()
			if c, rtt, err := dial(own, w.open); err == nil {
				times[i] = rtt
				_ = c.Close()
			}
		})
	}
	group.Go(func() { w.askRepeatedly(ctx) })
	group.Wait()
	if ctx.Err() != nil {
		return ctx.Err().Error(), Skipped
	}
	n := lateOf(times[:])
	o := fault.Observation{Kind: "syn", Stage: "server", Target: w.open, Outcome: yes(n < lossy)}
	w.set.Add(o.With(map[string]string{"late": fmt.Sprint(n), "tries": fmt.Sprint(repeats)}))
	return fmt.Sprintf("%d of %d are late", n, repeats), good(n < lossy)
}

// lateOf counts connections that came later than the fastest by the time after which a
// lost packet is sent again, or not at all.
func lateOf(times []time.Duration) int {
	best := slices.MinFunc(times, func(a, b time.Duration) int {
		switch {
		case a == 0:
			return 1
		case b == 0:
			return -1
		}
		return int(a - b)
	})
	n := 0
	for _, t := range times {
		if t == 0 || t-best >= late {
			n++
		}
	}
	return n
}

// askRepeatedly notes whether a name server outside answers every time.
func (w *walk) askRepeatedly(ctx context.Context) {
	at := slices.IndexFunc(w.facts.Resolvers, func(s string) bool {
		ip, err := netip.ParseAddr(s)
		return err == nil && !w.facts.Near(ip)
	})
	if at < 0 {
		return
	}
	server := w.facts.Resolvers[at]
	var group sync.WaitGroup
	var mu sync.Mutex
	failed := 0
	for range repeats {
		group.Go(func() {
			if o, _ := query(ctx, "udp", server, ".", "a"); o.Code == "timeout" {
				mu.Lock()
				failed++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	w.set.Add(fault.Observation{Kind: "syn", Stage: "control", Target: server, Outcome: yes(failed == 0)})
}
