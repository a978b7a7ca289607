package probe

import (
	"context"
	"fmt"
	"net"

	"counterfoil/sync/fault"
)

var networkObservers = []observer{
	{"network", fault.Text{ZH: "网络连接", EN: "Network"}, fault.Network, []string{"address"}, false, (*walk).network},
}

// network looks at interfaces and routes; it sends nothing. A server on this
// very computer needs none.
func (w *walk) network(context.Context) (string, State) {
	if w.host == "" {
		return inTheWay, Skipped
	}
	if ip := net.ParseIP(w.host); w.host == "localhost" || ip != nil && ip.IsLoopback() {
		return "this computer", Good
	}
	all, err := net.Interfaces()
	if err != nil {
		w.set.Add(fault.Observation{Kind: "net", Stage: "link", Outcome: fault.Unmeasured, Detail: err.Error()})
		return "interfaces cannot be read: " + err.Error(), Good
	}
	up, addressed := connected(all)
	w.set.Add(fault.Observation{Kind: "net", Stage: "link", Outcome: yes(up > 0)})
	if up == 0 {
		return "no interface is connected", Bad
	}
	w.set.Add(fault.Observation{Kind: "net", Stage: "address", Outcome: yes(addressed > 0)})
	if addressed == 0 {
		return "no address", Bad
	}
	route := fault.Observation{Kind: "net", Stage: "route", Outcome: fault.Unmeasured}
	has, known := hasRoute(w.host)
	if known {
		route.Outcome = yes(has)
	}
	w.set.Add(route)
	if known && !has {
		return "no route to the outside", Bad
	}
	w.asBefore()
	return fmt.Sprintf("%d connected", up), Good
}

// connected counts the interfaces to the outside and their addresses.
func connected(all []net.Interface) (up, addressed int) {
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 || i.Flags&net.FlagUp == 0 || i.Flags&net.FlagRunning == 0 {
			continue
		}
		up++
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
				addressed++
			}
		}
	}
	return up, addressed
}

// hasRoute asks the system for a route without sending anything: connecting a
// UDP socket only looks one up. known is false when that tells nothing.
func hasRoute(host string) (has, known bool) {
	targets := []string{host}
	if net.ParseIP(host) == nil {
		// The name may not resolve without a route: any outside address will do. These
		// are for documentation; nothing is sent to them.
		targets = []string{"192.0.2.1", "2001:db8::1"}
	}
	known = true
	for _, t := range targets {
		c, err := net.Dial("udp", net.JoinHostPort(t, "9"))
		if err == nil {
			_ = c.Close()
			return true, true
		}
		code := fault.OfError(err).Code
		known = known && (code == "errno:ENETUNREACH" || code == "errno:EHOSTUNREACH" || code == "errno:EAFNOSUPPORT" || code == "errno:EADDRNOTAVAIL")
	}
	return false, known
}

// asBefore notes whether this computer stands in the network in which the line last
// worked.
func (w *walk) asBefore() {
	if w.LastGood == nil || w.LastGood.Network == "" {
		return
	}
	now := Place(w.ServerURL, nil).Network
	w.set.Add(fault.Observation{Kind: "net", Stage: "as_before", Outcome: yes(now == w.LastGood.Network)})
}
