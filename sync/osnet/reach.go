package osnet

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"time"
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
	NoPort     = "port"       // nobody may, or does, take it there
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

// Send sends one byte of UDP and waits for what is said of it, until the context ends;
// hops is as for Reach. An error says that this computer does not let it go.
func Send(ctx context.Context, to netip.AddrPort, hops int) (Told, error) {
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if cerr := c.Control(func(fd uintptr) {
			wantsWord(fd, to.Addr().Is6())
			if hops > 0 {
				err = limitHops(fd, to.Addr().Is6(), hops)
			}
		}); cerr != nil {
			return cerr
		}
		return err
	}}
	c, err := d.DialContext(ctx, "udp", to.String())
	if err != nil {
		return Told{}, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := c.Write([]byte{0}); err != nil {
		return Told{}, err
	}
	_, err = c.Read(make([]byte, 256))
	raw, ok := c.(syscall.Conn)
	if err == nil || !ok {
		return Told{}, nil
	}
	var told Told
	if s, err := raw.SyscallConn(); err == nil {
		_ = s.Control(func(fd uintptr) { told = word(fd) }) // what is not read is not told
	}
	return told, nil
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
