package probe

import (
	"context"
	"net/netip"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

// farEnough is the least known time to a server at which the time of a refusal tells
// from where it comes.
const farEnough = 20 * time.Millisecond

// ofRefusal notes whether a refusal comes from as far as the server is. It does where
// packets that end at the first two routers do end there, or where it takes about as long
// as a connection took when the line last worked; it does not where it is much faster, or
// has passed no router.
func (w *walk) ofRefusal(ctx context.Context, r turnedAway) fault.Observation {
	o := fault.Observation{Kind: "refusal", Target: r.address, Outcome: fault.Unmeasured, RTT: r.rtt.Milliseconds()}
	to, err := netip.ParseAddrPort(r.address)
	if err != nil {
		return o
	}
	ip := to.Addr().Unmap()
	typed, _ := netip.ParseAddr(w.host) // invalid where it is a name
	switch {
	case ip.IsLoopback() || ip.IsUnspecified():
		if typed == ip || w.host == "localhost" {
			o.Outcome = fault.Yes
		}
		return o
	case w.facts.Near(ip):
		return o
	}
	if w.set.Saw(fault.Pattern{Kind: "told", Target: r.address, Stage: osnet.NoPort}) {
		return o // somebody's word: a closed port says no by itself
	}
	switch {
	case w.beyondRouter(r.address) && refusedHere(ctx, r.address, r.rtt):
		o.Outcome = fault.No
		return o
	case w.hopCode(r.address, "1") == expired && w.hopCode(r.address, "2") == expired:
		o.Outcome = fault.Yes
		return o
	}
	if g := w.LastGood; g != nil && g.RTT >= farEnough {
		rtt := min(r.rtt, fastestRefusal(ctx, r.address))
		o.RTT = rtt.Milliseconds()
		switch {
		case rtt < g.RTT/4:
			o.Outcome = fault.No
		case rtt > g.RTT*2/3:
			o.Outcome = fault.Yes
		}
	}
	return o
}

// fastestRefusal is the least time of some more refusals: a computer that is busy makes
// one look slow, never fast.
func fastestRefusal(ctx context.Context, address string) time.Duration {
	const tries = 3
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	best := time.Hour
	for range tries {
		c, rtt, err := dial(ctx, address)
		if err == nil {
			_ = c.Close()
		} else if fault.OfError(err).Code == refused {
			best = min(best, rtt)
		}
	}
	return best
}

// hopCode is how a connection to an address ended whose packets live for some hops.
func (w *walk) hopCode(address, hops string) string {
	for _, o := range w.set.All() {
		if o.Kind == "hop" && o.Target == address && o.Stage == hops {
			return o.Code
		}
	}
	return ""
}

// beyondRouter reports whether a router says that a packet to an address would have to go
// further than to itself.
func (w *walk) beyondRouter(address string) bool {
	return w.hopCode(address, "1") == expired || w.set.Saw(fault.Pattern{Kind: "sent", Target: address, Code: "told:" + osnet.Expired})
}
