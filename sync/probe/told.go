package probe

import (
	"context"
	"net/netip"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

// whoIs says who an address is on the way to the server, host:port: "here", "router",
// "server" or "way" for anybody else; "" where it is not known.
func (w *walk) whoIs(ip netip.Addr, server string) string {
	ip = ip.Unmap().WithZone("")
	to, _ := netip.ParseAddrPort(server) // invalid for a name, and nobody's address then
	switch {
	case !ip.IsValid():
		return ""
	case ip == to.Addr().Unmap().WithZone(""):
		return "server"
	case ownAddress(w.facts, ip):
		return "here"
	case ip == w.router().WithZone("") || w.facts.Near(ip):
		return "router" // it may have several addresses here
	}
	return "way"
}

// ownAddress reports whether an address is this computer's.
func ownAddress(f osnet.Facts, ip netip.Addr) bool {
	for _, i := range f.Interfaces {
		for _, a := range i.Addresses {
			if a.Addr().WithZone("") == ip {
				return true
			}
		}
	}
	return ip.IsLoopback()
}

// prompt is how much longer than the line takes a word may be under way that was given as
// soon as the packet came.
const prompt = 100 * time.Millisecond

// ofWord notes whether the word that a host cannot be reached came as soon as a packet
// was sent: a firewall says so at once, a router that looks for a computer which is off
// takes seconds.
func (w *walk) ofWord(address string, e end) {
	if fault.OfError(e.err).Code != expired {
		return
	}
	left := e.own % time.Second // a system sends again after whole seconds
	line := w.roundTrip()
	if w.LastGood != nil {
		line = max(line, w.LastGood.RTT)
	}
	w.set.Add(fault.Observation{Kind: "word", Stage: "prompt", Target: address, Outcome: yes(left <= prompt+line), RTT: left.Milliseconds()})
}

// ofSending notes whether this computer lets a packet to the server leave, which ends at
// the next router, and whether that says so: a firewall of this computer tells of UDP, of
// TCP it does not.
func (w *walk) ofSending(ctx context.Context, address string) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	told, err := osnet.Send(ctx, to, 1)
	if e := fault.OfError(err); err == nil || e.Code == "errno:EPERM" || e.Code == "errno:EACCES" {
		o := fault.Observation{Kind: "sent", Via: "udp", Target: address, Outcome: yes(err == nil), Code: e.Code}
		if told.What != "" {
			o.Code = "told:" + told.What
		}
		w.set.Add(o)
	}
}
