package route

import (
	"context"
	"net"
	"syscall"
	"time"
)

const (
	stagger   = 250 * time.Millisecond // before the next address is tried beside
	perTarget = 5 * time.Second
)

// dialer returns how connections are made: to the server's own name in the way that
// the route says, to everything else (a proxy) over the same card and family.
func (r Route) dialer(g Ground) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Control: r.control(), Resolver: r.resolver()}
	if ip := net.ParseIP(r.Source); ip != nil {
		d.LocalAddr = &net.TCPAddr{IP: ip}
	}
	if r.Host != g.Host {
		r.Addresses, r.Port = nil, ""
	}
	plain := func(ctx context.Context, network, address string) (net.Conn, error) {
		if r.Family != "" {
			network = r.Family
		}
		return d.DialContext(ctx, network, address)
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil || host != g.Host {
			return plain(ctx, network, address)
		}
		if r.Port != "" {
			port = r.Port
		}
		address = net.JoinHostPort(host, port)
		targets := r.targets(port)
		if len(targets) == 0 && r.Names == Fresh && net.ParseIP(host) == nil {
			targets = fresh(ctx, g, host, port, r.Family)
		}
		if c := first(ctx, targets, func(ctx context.Context, to string) (net.Conn, error) { return plain(ctx, network, to) }); c != nil {
			return c, nil
		}
		return plain(ctx, network, address)
	}
}

// targets are the fixed addresses with a port.
func (r Route) targets(port string) []string {
	var out []string
	for _, a := range r.Addresses {
		if net.ParseIP(a) != nil {
			a = net.JoinHostPort(a, port)
		}
		out = append(out, a)
	}
	return out
}

// first is the first connection that one of the targets takes, each tried a little
// after the one before; nil when none does.
func first(ctx context.Context, targets []string, dial func(context.Context, string) (net.Conn, error)) net.Conn {
	if len(targets) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, perTarget)
	defer cancel()
	got := make(chan net.Conn, len(targets))
	failed := make(chan struct{}, len(targets))
	open := 0
	try := func(to string) {
		open++
		go func() {
			c, err := dial(ctx, to)
			if err == nil {
				got <- c
				return
			}
			failed <- struct{}{}
		}()
	}
	next := time.NewTicker(stagger)
	defer next.Stop()
	try(targets[0])
	rest := targets[1:]
	for open > 0 {
		more := next.C
		if len(rest) == 0 {
			more = nil
		}
		select {
		case c := <-got:
			closeLater(got, failed, open-1)
			return c
		case <-failed:
			if open--; len(rest) > 0 {
				try(rest[0])
				rest = rest[1:]
			}
		case <-more:
			try(rest[0])
			rest = rest[1:]
		}
	}
	return nil
}

// closeLater gives up the connections that came too late.
func closeLater(got chan net.Conn, failed chan struct{}, open int) {
	go func() {
		for range open {
			select {
			case c := <-got:
				_ = c.Close()
			case <-failed:
			}
		}
	}()
}

// control sets what must be set on a socket before it connects; nil for nothing.
func (r Route) control() func(network, address string, c syscall.RawConn) error {
	if r.SegmentSize == 0 && r.Interface == "" {
		return nil
	}
	return func(network, address string, c syscall.RawConn) error {
		var err error
		if cerr := c.Control(func(fd uintptr) { err = r.socket(network, fd) }); cerr != nil {
			return cerr
		}
		return err
	}
}
