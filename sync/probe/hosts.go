package probe

import (
	"net"
	"net/netip"
	"slices"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

// readHosts notes what this computer's hosts file gives the server's name.
func (w *walk) readHosts() {
	entries := osnet.Hosts(w.host)
	o := fault.Observation{Kind: "hosts", Stage: "entry", Outcome: yes(len(entries) == 0)}
	if len(entries) > 0 {
		o.Values = map[string]string{"line": entries[0].String() + " " + w.host, "file": osnet.HostsFile()}
	}
	w.set.Add(o)
}

// hostsAgree notes whether the hosts file gives what the name servers give.
func (w *walk) hostsAgree(found []netip.Addr) {
	entries := osnet.Hosts(w.host)
	if len(entries) == 0 || len(found) == 0 {
		return
	}
	same := slices.ContainsFunc(entries, func(e netip.Addr) bool { return slices.Contains(found, e) })
	w.set.Add(fault.Observation{Kind: "hosts", Stage: "agrees", Outcome: yes(same), Values: map[string]string{"right": join(found)}})
}

// among reports whether an address is one of a list.
func among(all []net.IP, a netip.Addr) bool {
	return slices.ContainsFunc(all, func(ip net.IP) bool { return ip.Equal(net.IP(a.AsSlice())) })
}
