package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

var networkObservers = []observer{
	{"network", fault.Text{ZH: "网络连接", EN: "Network"}, fault.Network, []string{"address"}, false, (*walk).network},
	{"line", fault.Text{ZH: "路由器与外网", EN: "Router and the outside"}, fault.Network, []string{"network"}, true, (*walk).line},
	{"cost", fault.Text{ZH: "无线信号与流量", EN: "Wi-Fi and cost"}, fault.Network, []string{"network"}, false, (*walk).cost},
}

// network looks at cards, addresses and routes; it sends nothing. A server on this
// very computer needs none.
func (w *walk) network(context.Context) (string, State) {
	if w.host == "" {
		return inTheWay, Skipped
	}
	if ip, err := netip.ParseAddr(w.host); w.host == "localhost" || err == nil && ip.IsLoopback() {
		return "this computer", Good
	}
	w.facts = osnet.Look()
	if len(w.facts.Interfaces) == 0 {
		_, err := osnet.Interfaces()
		w.set.Add(fault.Observation{Kind: "net", Stage: "link", Outcome: fault.Unmeasured})
		w.starved(err)
		return "the network cards cannot be read", Good
	}
	note := func(stage string, o fault.Outcome) {
		w.set.Add(fault.Observation{Kind: "net", Stage: stage, Outcome: o})
	}
	lines := w.lines()
	note("link", yes(len(lines) > 0))
	if len(lines) == 0 {
		return "no network card is connected", Bad
	}
	own := addressesOf(lines)
	note("address", yes(len(own) > 0))
	if len(own) == 0 {
		return "no address", Bad
	}
	w.ofAddresses(lines)
	w.asBefore()
	w.ofTunnel()
	has, known := w.leadsOut()
	if known {
		note("route", yes(has))
	} else {
		note("route", fault.Unmeasured)
	}
	if known && !has {
		return "no route to the outside", Bad
	}
	return fmt.Sprintf("%d connected", len(lines)), Good
}

// lines are the interfaces that lead out of this computer: its cards that have a
// carrier, and where it has no card at all, or dials over one, what the way out takes.
func (w *walk) lines() []osnet.Interface {
	var out []osnet.Interface
	cards := 0
	for _, i := range w.facts.Interfaces {
		if i.Card() {
			cards++
		}
		if i.Card() && i.Up && i.Running {
			out = append(out, i)
		}
	}
	for _, r := range w.facts.Defaults {
		i := w.facts.Interface(r.Interface)
		dialled := strings.HasPrefix(i.Name, "ppp")
		if i.Kind == osnet.Tunnel && i.Up && i.Running && (cards == 0 || dialled) && !slices.ContainsFunc(out, func(o osnet.Interface) bool { return o.Index == i.Index }) {
			out = append(out, i)
		}
	}
	return out
}

// addressesOf are the addresses that somebody gave the interfaces.
func addressesOf(all []osnet.Interface) []osnet.Address {
	var out []osnet.Address
	for _, i := range all {
		for _, a := range i.Addresses {
			if !a.SelfGiven() && !a.Addr().IsLoopback() {
				out = append(out, a)
			}
		}
	}
	return out
}

// ofAddresses notes an address that another computer has too, and whether the gateway
// lies in a network of this computer's.
func (w *walk) ofAddresses(lines []osnet.Interface) {
	for _, a := range addressesOf(lines) {
		if a.Duplicate {
			w.set.Add(fault.Observation{Kind: "net", Stage: "alone", Outcome: fault.No, Values: map[string]string{"address": a.Addr().String()}})
		}
	}
	r := w.facts.Default(false)
	if i := w.facts.Interface(r.Interface); r.Gateway.Is4() && i.Card() {
		near := slices.ContainsFunc(i.Addresses, func(a osnet.Address) bool { return a.Contains(r.Gateway) })
		w.set.Add(fault.Observation{Kind: "net", Stage: "gateway_near", Outcome: yes(near)})
	}
}

// asBefore notes whether this computer stands in a network in which it stood when the
// line last worked.
func (w *walk) asBefore() {
	if w.LastGood == nil || w.LastGood.Network == "" {
		return
	}
	before := subnets(strings.Split(w.LastGood.Network, ", "))
	now := subnets(addresses(w.facts))
	same := slices.ContainsFunc(now, func(p netip.Prefix) bool { return slices.Contains(before, p) })
	w.set.Add(fault.Observation{Kind: "net", Stage: "as_before", Outcome: yes(same)})
}

// subnets are the networks of addresses.
func subnets(texts []string) []netip.Prefix {
	var out []netip.Prefix
	for _, t := range texts {
		if p, err := netip.ParsePrefix(t); err == nil {
			out = append(out, p.Masked())
		}
	}
	return out
}

// ofTunnel notes whether the VPN is up over which the line last worked.
func (w *walk) ofTunnel() {
	if w.LastGood == nil || w.LastGood.LinkType != string(osnet.Tunnel) {
		return
	}
	up := slices.ContainsFunc(w.facts.Interfaces, func(i osnet.Interface) bool { return i.Kind == osnet.Tunnel && i.Up })
	w.set.Add(fault.Observation{Kind: "tunnel", Stage: "as_before", Outcome: yes(up), Values: map[string]string{"tunnel": w.LastGood.Interface}})
}

// leadsOut asks the system for a way to everywhere, to the server where it is called by
// its address, or to where it was when the line last worked. It sends nothing. known is
// false where that tells nothing.
func (w *walk) leadsOut() (has, known bool) {
	if has, known := hasRoute(w.host); known {
		return has, true
	}
	if w.LastGood != nil {
		if has, _ := hasRoute(hostOf(w.LastGood.Address)); has {
			return true, true
		}
	}
	for _, r := range w.facts.Defaults {
		if w.facts.Interface(r.Interface).Up {
			return true, true
		}
	}
	_, err := osnet.Defaults()
	return false, err == nil
}

// hasRoute asks the system for a way to an address; known is false where that tells
// nothing, and for a name. A way that is forbidden is one.
func hasRoute(address string) (has, known bool) {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return false, false
	}
	_, err = osnet.RouteTo(ip.Unmap())
	switch {
	case err == nil || osnet.Forbidden(err) || errors.Is(err, syscall.EHOSTUNREACH):
		return true, true
	}
	return false, errors.Is(err, syscall.ENETUNREACH)
}

// starved notes that this computer has no room for one more connection, if that is
// what an error says.
func (w *walk) starved(err error) {
	o := fault.OfError(err)
	if slices.Contains([]string{"errno:EMFILE", "errno:ENFILE", "errno:ENOBUFS"}, o.Code) {
		w.set.Add(fault.Observation{Kind: "socket", Outcome: fault.No, Code: o.Code, Detail: o.Detail})
	}
}

// cost notes whether the Wi-Fi is strong and whether each byte costs.
func (w *walk) cost(context.Context) (string, State) {
	if w.host == "" || len(w.facts.Interfaces) == 0 {
		return inTheWay, Skipped
	}
	const weak = 40 // percent
	text, state := "nothing to note", Good
	if percent, known := osnet.Signal(); known {
		text = fmt.Sprintf("Wi-Fi %d %%", percent)
		w.set.Add(fault.Observation{Kind: "link", Stage: "signal", Outcome: yes(percent >= weak), Values: map[string]string{"percent": fmt.Sprint(percent)}})
	}
	metered, known := osnet.Metered()
	if i := w.facts.Interface(w.facts.Default(false).Interface); i.Kind == osnet.Cellular {
		metered, known = true, true
	}
	if known {
		w.set.Add(fault.Observation{Kind: "link", Stage: "cost", Outcome: yes(!metered)})
		if metered {
			text += ", metered"
		}
	}
	return text, state
}

// stillThere notes whether this computer's networks are those that it had when the walk
// began.
func (w *walk) stillThere() {
	if len(w.facts.Interfaces) == 0 {
		return
	}
	now := osnet.Look()
	if len(now.Interfaces) == 0 {
		return
	}
	w.set.Add(fault.Observation{Kind: "net", Stage: "same", Outcome: yes(slices.Equal(addresses(w.facts), addresses(now)) && w.facts.Default(false).Gateway == now.Default(false).Gateway)})
}
