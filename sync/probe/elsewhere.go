package probe

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
)

// waitNames is how long the system may look a name up before the server is looked for
// where it was last.
const waitNames = 250 * time.Millisecond

// silence is the silence after which an address counts as silent where it is not
// waited for any longer.
const silence = 700 * time.Millisecond

// elsewhere looks for the server at addresses that the system does not give: those at
// which it last worked, and those that the name servers give us. One that proves to be
// the server by its certificate tells that the line and the server are well.
func (w *walk) elsewhere(ctx context.Context) (string, State) {
	if w.host == "" || w.failed("net", "link|address") || net.ParseIP(w.host) != nil || w.proxy != nil {
		return inTheWay, Skipped
	}
	q := w.inquire(ctx)
	late := time.NewTimer(waitNames)
	defer late.Stop()
	var given []net.IP
	select {
	case <-q.sys:
		given = w.addresses
	case <-late.C:
	}
	var group sync.WaitGroup
	good := w.goodAddresses()
	for _, a := range good[:min(len(good), 4)] {
		if !among(given, a.Addr()) || w.set.Saw(fault.Pattern{Kind: "dns", Via: "system", Outcome: string(fault.No)}) {
			group.Go(func() { w.proves(ctx, "last_good", a) })
		}
	}
	group.Go(func() {
		var group sync.WaitGroup
		ctx, cancel := context.WithTimeout(ctx, systemBudget+2*time.Second)
		defer cancel()
		defer group.Wait()
		for _, done := range []chan struct{}{q.done, q.sys} {
			select {
			case <-done:
			case <-ctx.Done():
				return
			}
		}
		found := q.addresses()
		w.hostsAgree(found)
		if w.set.Saw(fault.Pattern{Kind: "dns", Via: "system", Outcome: string(fault.Yes)}) {
			given = w.addresses
		} else {
			given = nil
		}
		for _, a := range found[:min(len(found), 4)] {
			known := func(g netip.AddrPort) bool { return g.Addr() == a }
			if !among(given, a) && !slices.ContainsFunc(good, known) {
				group.Go(func() { w.proves(ctx, "answer", netip.AddrPortFrom(a, number(w.port))) })
			}
		}
	})
	group.Wait()
	if w.set.Saw(fault.Pattern{Kind: "last_good|answer", Stage: "tls", Outcome: string(fault.Yes)}) {
		return "the server is at another address", Good
	}
	return "none", Good
}

// proves connects to an address and lets it prove to be the server; no request is sent.
func (w *walk) proves(ctx context.Context, kind string, at netip.AddrPort) {
	values := map[string]string{"right": at.Addr().String()}
	d, mine := w.dialling(at.String())
	c, rtt, err := dial(ctx, at.String())
	o := fault.OfError(err)
	if mine {
		d.end(o.Code, rtt)
	}
	if o.Outcome == fault.Unmeasured && rtt > silence && !w.set.Worked() {
		o.Outcome, o.Code = fault.No, "timeout" // given up, and silent until then
	}
	o.Kind, o.Target, o.Stage, o.RTT, o.Values = kind, at.String(), "tcp", rtt.Milliseconds(), values
	w.set.Add(o)
	if err != nil {
		return
	}
	defer c.Close()
	w.verifies(ctx, c, fault.Observation{Kind: kind, Target: at.String(), Stage: "tls", Values: values})
}

// verifies makes a handshake as the program does and notes whether the server proves
// to be ours.
func (w *walk) verifies(ctx context.Context, c net.Conn, o fault.Observation) bool {
	o.Outcome = fault.Unmeasured
	if !w.awaitKeys(ctx) {
		return false
	}
	if own := w.verifying(); own != nil {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		own.ServerName = w.host
		seen := fault.OfError(tls.Client(c, own).HandshakeContext(ctx))
		o.Outcome, o.Code, o.Detail = seen.Outcome, seen.Code, seen.Detail
	}
	w.set.Add(o)
	return o.Outcome == fault.Yes
}

// verifying is what the program verifies a server with; where the CA is lost here, with
// the one by which the line last worked. nil where there is none.
func (w *walk) verifying() *tls.Config {
	switch {
	case w.offer != nil:
		return w.offer.Clone()
	case w.LastGood == nil || len(w.LastGood.Roots) == 0:
		return nil
	}
	return w.Transport(parsed(w.LastGood.Roots)).TLSClientConfig.Clone()
}

// awaitKeys waits until the keyring was read; false where it is given up before.
func (w *walk) awaitKeys(ctx context.Context) bool {
	if w.loaded == nil {
		return true
	}
	select {
	case <-w.loaded:
		return true
	case <-ctx.Done():
		return false
	}
}

// goodAddresses are those at which the line last worked, the one that was taken first.
func (w *walk) goodAddresses() []netip.AddrPort {
	if w.LastGood == nil {
		return nil
	}
	var out []netip.AddrPort
	if a, err := netip.ParseAddrPort(w.LastGood.Address); err == nil && (w.LastGood.Proxy == "" || w.LastGood.Proxy == link.Direct) {
		out = append(out, a)
	}
	for _, s := range w.LastGood.Addresses {
		a, err := netip.ParseAddr(s)
		if err == nil && !slices.ContainsFunc(out, func(o netip.AddrPort) bool { return o.Addr() == a.Unmap() }) {
			out = append(out, netip.AddrPortFrom(a.Unmap(), number(w.port)))
		}
	}
	return out
}

func number(port string) uint16 {
	n, _ := strconv.ParseUint(port, 10, 16) // a port that is none is 0, at which nobody listens
	return uint16(n)
}
