package probe

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/osnet"
)

func card(index int, name string, kind osnet.Kind, running bool, addresses ...string) osnet.Interface {
	i := osnet.Interface{Index: index, Name: name, Kind: kind, Up: true, Running: running}
	for _, a := range addresses {
		i.Addresses = append(i.Addresses, osnet.Address{Prefix: netip.MustParsePrefix(a)})
	}
	return i
}

// What leads out of a computer are its cards; a container's bridge does not, and a
// tunnel only where it is dialled over a card or there is none.
func TestLines(t *testing.T) {
	everywhere := netip.MustParsePrefix("0.0.0.0/0")
	by := func(index int) []osnet.Route { return []osnet.Route{{To: everywhere, Interface: index}} }
	eth, unplugged := card(1, "eth0", osnet.Ethernet, true, "10.0.0.7/24"), card(1, "eth0", osnet.Ethernet, false)
	bridge := card(2, "docker0", osnet.Virtual, true, "172.17.0.1/16")
	for what, c := range map[string]struct {
		facts       osnet.Facts
		lines, owns int
	}{
		"a card":                         {osnet.Facts{Interfaces: []osnet.Interface{eth}, Defaults: by(1)}, 1, 1},
		"a card and a bridge":            {osnet.Facts{Interfaces: []osnet.Interface{eth, bridge}, Defaults: by(1)}, 1, 1},
		"unplugged, and a bridge":        {osnet.Facts{Interfaces: []osnet.Interface{unplugged, bridge}}, 0, 0},
		"unplugged, a VPN still there":   {osnet.Facts{Interfaces: []osnet.Interface{unplugged, card(3, "tun0", osnet.Tunnel, true, "10.8.0.2/24")}, Defaults: by(3)}, 0, 0},
		"given by itself":                {osnet.Facts{Interfaces: []osnet.Interface{card(1, "eth0", osnet.Ethernet, true, "169.254.7.7/16", "fe80::7/64")}}, 1, 0},
		"dialled over a card":            {osnet.Facts{Interfaces: []osnet.Interface{card(1, "eth0", osnet.Ethernet, true), card(3, "ppp0", osnet.Tunnel, true, "100.64.0.9/32")}, Defaults: by(3)}, 2, 1},
		"a phone's line and no card":     {osnet.Facts{Interfaces: []osnet.Interface{card(3, "usb-modem", osnet.Tunnel, true, "100.64.0.9/32")}, Defaults: by(3)}, 1, 1},
		"an address of IPv6 and no more": {osnet.Facts{Interfaces: []osnet.Interface{card(1, "eth0", osnet.Ethernet, true, "fd77::2/64")}}, 1, 1},
	} {
		w := &walk{set: &fault.Set{}, facts: c.facts}
		lines := w.lines()
		if len(lines) != c.lines || len(addressesOf(lines)) != c.owns {
			t.Errorf("%s: %+v", what, lines)
		}
	}
}

// A refusal tells from where it comes: by the routers on the way, else by its time; and
// nothing where neither does.
func TestRefusal(t *testing.T) {
	const server = "203.0.113.9:1"
	hop := func(code1, code2 string) []fault.Observation {
		return []fault.Observation{{Kind: "hop", Target: server, Stage: "1", Outcome: fault.Yes, Code: code1}, {Kind: "hop", Target: server, Stage: "2", Outcome: fault.Yes, Code: code2}}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel() // nothing is dialled
	far := &link.Snapshot{RTT: 80 * time.Millisecond}
	for what, c := range map[string]struct {
		address string
		rtt     time.Duration
		good    *link.Snapshot
		hops    []fault.Observation
		want    fault.Outcome
	}{
		"beyond two routers":          {server, time.Millisecond, nil, hop(expired, expired), fault.Yes},
		"beyond two routers, by time": {server, time.Millisecond, far, hop(expired, expired), fault.Yes},
		"much faster than before":     {server, time.Millisecond, far, nil, fault.No},
		"never worked":                {server, time.Millisecond, nil, hop(expired, refused), fault.Unmeasured},
		"too near to tell":            {server, time.Millisecond, &link.Snapshot{RTT: 2 * time.Millisecond}, nil, fault.Unmeasured},
		"in between":                  {server, 30 * time.Millisecond, far, nil, fault.Unmeasured},
		"on this computer, by name":   {"127.0.0.1:1", time.Millisecond, far, nil, fault.Unmeasured},
	} {
		w := &walk{set: fault.SetOf(c.hops...), host: "invoice.test", Config: Config{LastGood: c.good}}
		o := w.ofRefusal(over, turnedAway{c.address, c.rtt})
		if o.Outcome != c.want {
			t.Errorf("%s: %+v", what, o)
		}
	}
}
