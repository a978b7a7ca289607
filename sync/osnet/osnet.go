// Package osnet reads what this computer knows of its own networks: interfaces,
// addresses, routes, neighbours, name servers, the hosts file, Wi-Fi and cost.
//
// An Interface is one network card or what stands for one. A Route is a way out of
// this computer. A Neighbour is another computer in the same network.
//
// The package reads and asks the system only: it sends nothing, changes nothing and
// wants no rights. Neighbour is the one exception on Windows, where the system asks
// the network for a hardware address when it is asked for one. What a system does
// not tell is unknown, never guessed.
package osnet

import (
	"net/netip"
	"slices"
	"strings"
)

// Kind is what an interface is.
type Kind string

// Kinds of interfaces. Those of Virtual lead to programs on this computer: bridges
// of containers and their ports, dummies.
const (
	Ethernet Kind = "ethernet"
	WiFi     Kind = "wifi"
	Cellular Kind = "cellular"
	Tunnel   Kind = "tunnel" // a VPN, or a line dialled over another
	Virtual  Kind = "virtual"
	Loopback Kind = "loopback"
)

// Interface is one network card, or what stands for one.
type Interface struct {
	Index     int
	Name      string // as people see it: "eth0", on Windows "Ethernet 2"
	Kind      Kind
	Up        bool // switched on
	Running   bool // it has a carrier: a cable with somebody at its end, a network joined
	MTU       int
	Addresses []Address
}

// Address is one of an interface's addresses with its network.
type Address struct {
	netip.Prefix
	Duplicate bool // the system found another computer with it
}

// SelfGiven reports whether an address is one that the computer gave itself,
// because nobody else did: 169.254.0.0/16 or fe80::/10.
func (a Address) SelfGiven() bool { return a.Addr().IsLinkLocalUnicast() }

// Card reports whether an interface is what a cable, Wi-Fi or a phone line comes to.
func (i Interface) Card() bool {
	return i.Kind == Ethernet || i.Kind == WiFi || i.Kind == Cellular
}

// Route is a way out of this computer. Gateway is invalid where the other side is
// reached without one.
type Route struct {
	To        netip.Prefix // what lies at its end
	Gateway   netip.Addr
	Interface int        // index
	Source    netip.Addr // this computer's address on it; invalid where unknown
	Metric    int        // of two, the lower is taken
}

// State of a neighbour.
type State string

// States. Unknown: the system did not ask, or does not tell.
const (
	Present State = "present" // it told its hardware address
	Absent  State = "absent"  // asked for it in vain
	Unknown State = "unknown"
)

// Facts are what one look at this computer brings together.
type Facts struct {
	Interfaces []Interface
	Defaults   []Route // to everywhere: IPv4's before IPv6's, the taken before the others
	Resolvers  []string
}

// Look reads this computer's networks. What cannot be read stays empty.
func Look() Facts {
	f := Facts{Resolvers: Resolvers()}
	f.Interfaces, _ = Interfaces() // see above
	f.Defaults, _ = Defaults()     // see above
	for i := range f.Interfaces {
		// A bridge that the way out goes over is this computer's card.
		a := &f.Interfaces[i]
		if a.Kind == Virtual && slices.ContainsFunc(f.Defaults, func(r Route) bool { return r.Interface == a.Index && r.Gateway.IsValid() }) {
			a.Kind = Ethernet
		}
	}
	return f
}

// Interface returns the interface with an index; its Name is empty where there is none.
func (f Facts) Interface(index int) Interface {
	for _, i := range f.Interfaces {
		if i.Index == index {
			return i
		}
	}
	return Interface{}
}

// Named returns the interface with a name; its Name is empty where there is none.
func (f Facts) Named(name string) Interface {
	for _, i := range f.Interfaces {
		if i.Name == name {
			return i
		}
	}
	return Interface{}
}

// Near reports whether an address lies in one of this computer's own networks, or
// is its own.
func (f Facts) Near(ip netip.Addr) bool {
	if ip.IsLoopback() {
		return true
	}
	for _, i := range f.Interfaces {
		for _, a := range i.Addresses {
			if i.Up && a.Contains(ip.WithZone("")) {
				return true
			}
		}
	}
	return false
}

// Default returns the default route that is taken for a family; its Interface is 0
// where there is none.
func (f Facts) Default(v6 bool) Route {
	for _, r := range f.Defaults {
		if r.To.Addr().Is6() == v6 {
			return r
		}
	}
	return Route{}
}

// sortDefaults puts default routes in the order of Facts.
func sortDefaults(all []Route) {
	slices.SortStableFunc(all, func(a, b Route) int {
		if a.To.Addr().Is4() != b.To.Addr().Is4() {
			if a.To.Addr().Is4() {
				return -1
			}
			return 1
		}
		return a.Metric - b.Metric
	})
}

// kindByName is what the names of interfaces tell on every Unix; "" where nothing.
func kindByName(name string) Kind {
	for _, k := range []struct {
		prefix string
		kind   Kind
	}{
		{"wlan", WiFi}, {"wlp", WiFi}, {"wlx", WiFi}, {"wwan", Cellular}, {"wwp", Cellular}, {"rmnet", Cellular}, {"ppp", Tunnel}, {"utun", Tunnel},
		{"tun", Tunnel}, {"tap", Tunnel}, {"wg", Tunnel}, {"ipsec", Tunnel}, {"docker", Virtual}, {"virbr", Virtual}, {"br-", Virtual}, {"vmnet", Virtual},
	} {
		if strings.HasPrefix(name, k.prefix) {
			return k.kind
		}
	}
	return ""
}
