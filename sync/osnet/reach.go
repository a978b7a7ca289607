package osnet

import (
	"context"
	"net"
	"net/netip"
	"syscall"
)

// Told is what somebody on the way said of a packet; zero where nobody did, or where the
// system does not tell.
type Told struct {
	From netip.Addr
	What string // "expired", "prohibited", "host", "net", or "other"
}

// What a router says of a packet.
const (
	Expired    = "expired"    // its hops are used up
	Prohibited = "prohibited" // a firewall forbids it
	NoHost     = "host"       // nobody has the address
	NoNet      = "net"        // no way leads there
	Otherwise  = "other"
)

// Reach opens a connection and closes it again; hops is how many routers its packets
// pass, 0 for as many as usual. The errors are those of a net.Dialer; what a router said
// is told beside them.
func Reach(ctx context.Context, to netip.AddrPort, hops int) (Told, error) {
	if to.Addr().IsLoopback() || to.Addr().Zone() != "" {
		return Told{}, reachPlainly(ctx, to, hops)
	}
	return reach(ctx, to, hops)
}

// reachPlainly is Reach over a net.Dialer, which does not tell who said no.
func reachPlainly(ctx context.Context, to netip.AddrPort, hops int) error {
	d := net.Dialer{FallbackDelay: -1}
	if hops > 0 {
		d.Control = func(_, _ string, c syscall.RawConn) error {
			var err error
			if cerr := c.Control(func(fd uintptr) { err = limitHops(fd, to.Addr().Is6(), hops) }); cerr != nil {
				return cerr
			}
			return err
		}
	}
	c, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return err
	}
	return c.Close()
}
