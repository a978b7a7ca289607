package probe

import (
	"context"
	"net"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

// askGateway looks whether the computer that leads to the outside is there: one that
// takes or refuses a connection is, and one that has told its hardware address. It
// notes No only where the system asked for that address in vain.
func (w *walk) askGateway(ctx context.Context) {
	start := time.Now()
	ip := osnet.Look().Default(false).Gateway
	if !ip.IsValid() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 600*time.Millisecond)
	defer cancel()
	o := fault.Observation{Kind: "gateway", Target: ip.String(), Outcome: fault.Unmeasured}
	ports := []string{"53", "80", "443"}
	answered := make(chan bool, len(ports))
	for _, port := range ports {
		go func() {
			var d net.Dialer
			c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(ip.String(), port))
			if err == nil {
				_ = c.Close()
			}
			answered <- err == nil || fault.OfError(err).Code == "errno:ECONNREFUSED"
		}()
	}
	for range ports {
		if <-answered {
			o.Outcome = fault.Yes
			break
		}
	}
	if o.Outcome != fault.Yes {
		switch state, age := osnet.Neighbour(ip); {
		case state == osnet.Present && age < time.Since(start): // it told us, not another before
			o.Outcome = fault.Yes
		case state == osnet.Absent:
			o.Outcome = fault.No
		}
	}
	w.set.Add(o)
}
