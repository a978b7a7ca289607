package probe

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

const (
	// lineAfter is how long the real path may take before the line is looked at: where
	// it works nothing else is sent.
	lineAfter     = 150 * time.Millisecond
	controlBudget = 1500 * time.Millisecond
	askAgain      = 400 * time.Millisecond // of silence
)

// line looks whether the router is there and whether anybody beyond it answers, apart
// from the server.
func (w *walk) line(ctx context.Context) (string, State) {
	if len(w.facts.Interfaces) == 0 || w.failed("net", "link|address") {
		return inTheWay, Skipped
	}
	if !pause(ctx, lineAfter) {
		return "not needed", Good
	}
	var group sync.WaitGroup
	if !w.opened.isOpen() {
		for _, to := range w.hopTargets() {
			group.Go(func() { w.hops(ctx, to) })
		}
	}
	group.Go(func() { w.askGateway(ctx) })
	group.Go(func() { w.askOutside(ctx) })
	group.Go(func() { w.askPastTunnel(ctx) })
	group.Go(func() {
		if online, known := osnet.Online(); known {
			w.set.Add(fault.Observation{Kind: "hint", Stage: "internet", Outcome: yes(online)})
		}
	})
	group.Wait()
	w.concludeHops()
	w.concludeGateway(ctx)
	switch {
	case w.set.Saw(fault.Pattern{Kind: "control", Outcome: string(fault.Yes)}):
		return "the outside answers", Good
	case w.set.Saw(fault.Pattern{Kind: "gateway", Outcome: string(fault.No)}):
		return "the router does not answer", Bad
	case w.set.Saw(fault.Pattern{Kind: "control", Outcome: string(fault.No)}):
		return "nobody outside answers", Bad
	}
	return "nobody to ask", Good
}

// askOutside asks those that are not the server, until one answers: name servers
// outside this computer's own networks, and whom the owner names.
func (w *walk) askOutside(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, controlBudget)
	defer cancel()
	var group sync.WaitGroup
	note := func(o fault.Observation) {
		w.set.Add(o)
		if o.Outcome == fault.Yes {
			cancel()
		}
	}
	for _, s := range w.facts.Resolvers {
		if ip, err := netip.ParseAddr(s); err == nil && !w.facts.Near(ip) {
			group.Go(func() { note(w.askName(ctx, s)) })
		}
	}
	for _, address := range w.controls() {
		group.Go(func() { note(w.askPort(ctx, address)) })
	}
	group.Wait()
}

// askName asks a name server for something that every one knows, and once more where
// it is silent. Whatever it answers, it is there.
func (w *walk) askName(ctx context.Context, server string) fault.Observation {
	answers := make(chan fault.Observation, 2)
	ask := func() {
		go func() {
			o, _ := query(ctx, "udp", server, ".", "a")
			answers <- o
		}()
	}
	ask()
	again := time.NewTimer(askAgain)
	defer again.Stop()
	out := fault.Observation{Kind: "control", Target: server, Via: "udp", Outcome: fault.No}
	for open := 1; open > 0; {
		select {
		case <-again.C:
			open++
			ask()
		case o := <-answers:
			open--
			if answered(o) {
				out.Outcome, out.Code, out.RTT = fault.Yes, o.Code, o.RTT
				return out
			}
			out.Code, out.RTT, out.Detail = o.Code, o.RTT, o.Detail
			if ctx.Err() == context.Canceled || o.Code == unable {
				out.Outcome = fault.Unmeasured
			}
		}
	}
	return out
}

// askPort looks whether a port outside takes or refuses a connection: both are answers.
func (w *walk) askPort(ctx context.Context, address string) fault.Observation {
	o := fault.Observation{Kind: "control", Target: address, Via: "tcp", Outcome: fault.No}
	c, rtt, err := dial(ctx, address)
	if err == nil {
		_ = c.Close()
	}
	e := fault.OfError(err)
	o.Code, o.RTT, o.Detail = e.Code, rtt.Milliseconds(), e.Detail
	switch {
	case ctx.Err() == context.Canceled || e.Kind == "dns": // that is about names
		o.Outcome = fault.Unmeasured
	case err == nil || e.Code == "errno:ECONNREFUSED":
		o.Outcome = fault.Yes
	}
	w.starved(err)
	return o
}

// controls are host:port of those whom the owner names, and of the company's page that
// tells how the service is.
func (w *walk) controls() []string {
	out := append([]string{}, w.Controls...)
	status := w.Status
	if status == "" && w.LastGood != nil {
		status = w.LastGood.Status
	}
	u, err := url.Parse(status)
	if err != nil || u.Hostname() == "" || u.Hostname() == w.host {
		return out
	}
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return append(out, net.JoinHostPort(u.Hostname(), port))
}

// pause waits; it reports whether what it waits for is still wanted.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
