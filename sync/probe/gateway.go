package probe

import (
	"context"
	"net"
	"net/netip"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

// gatewayBudget is enough for one in the same network to answer.
const gatewayBudget = 600 * time.Millisecond

// router is that of this computer's cards; invalid where it has none.
func (w *walk) router() netip.Addr {
	for _, r := range w.facts.Defaults {
		i := w.facts.Interface(r.Interface)
		switch {
		case !r.Gateway.IsValid() || !i.Card():
		case r.Gateway.IsLinkLocalUnicast():
			return r.Gateway.WithZone(i.Name)
		default:
			return r.Gateway
		}
	}
	return netip.Addr{}
}

// askGateway looks whether the router is there: one that takes or refuses a connection
// is, and one that has told its hardware address. That it is not there is noted only
// where the system asked for that address in vain.
func (w *walk) askGateway(ctx context.Context) {
	ip := w.router()
	if !ip.IsValid() || !w.claim("gateway", ip.String()) {
		return
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, gatewayBudget)
	defer cancel()
	if rtt, ok := anyPort(ctx, ip, "53", "80", "443"); ok {
		w.set.Add(fault.Observation{Kind: "gateway", Stage: "answers", Target: ip.String(), Outcome: fault.Yes, RTT: rtt.Milliseconds()})
	}
	o := fault.Observation{Kind: "gateway", Stage: "neighbour", Target: ip.String(), Outcome: fault.Unmeasured, Values: map[string]string{"gateway": ip.String()}}
	switch state, age := osnet.Neighbour(ip); {
	case state == osnet.Present && age < time.Since(start): // it told us, not another before
		o.Outcome = fault.Yes
	case state == osnet.Absent && ctx.Err() != context.Canceled:
		o.Outcome = fault.No
	}
	w.set.Add(o)
}

// anyPort reports whether one of the ports takes or refuses a connection, and how long
// that took.
func anyPort(ctx context.Context, ip netip.Addr, ports ...string) (time.Duration, bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answered := make(chan time.Duration, len(ports))
	for _, port := range ports {
		go func() {
			start := time.Now()
			var d net.Dialer
			c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(ip.String(), port))
			if err == nil {
				_ = c.Close()
			}
			if err == nil || fault.OfError(err).Code == "errno:ECONNREFUSED" {
				answered <- time.Since(start)
				return
			}
			answered <- -1
		}()
	}
	for range ports {
		if rtt := <-answered; rtt >= 0 {
			return rtt, true
		}
	}
	return 0, false
}

// concludeGateway notes whether the router gave any sign of life: it did where a packet
// that ends at it came back with word of that.
func (w *walk) concludeGateway(ctx context.Context) {
	ip := w.router()
	alive := fault.Pattern{Kind: "gateway", Outcome: string(fault.Yes)}
	passed := fault.Pattern{Kind: "hop", Stage: "1", Outcome: string(fault.Yes), Code: expired + "|" + noNetwork + "|" + saysNo}
	o := fault.Observation{Kind: "gateway", Target: ip.String(), Values: map[string]string{"gateway": ip.String()}}
	switch {
	case !ip.IsValid() || w.set.Saw(alive):
		return
	case w.set.Saw(passed) || w.set.Saw(fault.Pattern{Kind: "told", Via: "router"}): // it spoke
		o.Stage, o.Outcome = "hop", fault.Yes
	case ctx.Err() != nil:
		return
	default:
		o.Stage, o.Outcome = "answers", fault.No
	}
	w.set.Add(o)
}
