package probe

import (
	"context"
	"net"
	"sync"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

// control looks whether the line to the outside is open, and reports that: it is where
// a name server outside this computer's own subnets answers anything. Beside that it
// asks the gateway.
func (w *walk) control(ctx context.Context) bool {
	var group sync.WaitGroup
	group.Go(func() { w.askGateway(ctx) })
	defer group.Wait()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, s := range osnet.Resolvers() {
		ip := net.ParseIP(s)
		near := ip == nil || ip.IsLoopback()
		for _, a := range addrs {
			n, ok := a.(*net.IPNet)
			near = near || ok && n.Contains(ip)
		}
		if near {
			continue
		}
		o, _ := query(ctx, "udp", s, ".", "a")
		w.set.Add(fault.Observation{Kind: "control", Target: s, Outcome: yes(answered(o)), Code: o.Code, RTT: o.RTT})
		if answered(o) {
			return true
		}
	}
	return false
}
