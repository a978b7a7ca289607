package probe

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// How many connections are opened at a time to see how evenly they come about: a few on
// a far line, and more where something was lost.
const (
	fewPings  = 6
	manyPings = 16
	pingEvery = 10 * time.Millisecond
)

// pings are connections that were opened and closed again.
type pings struct {
	took []time.Duration // of those that came about in time, the shortest first
	lost int             // that did not
}

// ping opens n connections to the server, one shortly after the other, and waits for
// each no longer than one that lost no packet takes. Nothing is sent over them. None
// through a proxy, which would answer for itself.
func (w *walk) ping(ctx context.Context, n int, rtt time.Duration) (p pings) {
	to := w.open
	if w.health.trace != nil && w.health.trace.address() != "" {
		to = w.health.trace.address()
	}
	if w.proxy != nil || to == "" || onThisComputer(to) {
		return p // what is uneven there is this computer, not a line
	}
	ctx, cancel := context.WithTimeout(ctx, min(3*rtt+150*time.Millisecond, 900*time.Millisecond)+time.Duration(n)*pingEvery)
	defer cancel()
	var mu sync.Mutex
	var group sync.WaitGroup
	next := time.NewTicker(pingEvery)
	defer next.Stop()
	for range n {
		group.Go(func() {
			c, took, err := dial(ctx, to)
			if err == nil {
				_ = c.Close()
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				p.lost++
				return
			}
			p.took = append(p.took, took)
		})
		select {
		case <-next.C:
		case <-ctx.Done():
		}
	}
	group.Wait()
	slices.Sort(p.took)
	return p
}

// onThisComputer reports whether an address, host:port, is this computer's own.
func onThisComputer(address string) bool {
	a, err := netip.ParseAddrPort(address)
	return err == nil && a.Addr().IsLoopback()
}

// uneven reports whether they took so differently that it is felt; one odd one says nothing.
func (p pings) uneven() bool {
	if len(p.took) < fewPings-1 {
		return false
	}
	low, high := p.took[0], p.took[len(p.took)-2]
	return high-low > spread && high > 2*low
}
