package route

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	stagger   = 250 * time.Millisecond // before the next address is tried beside
	plainLate = time.Second            // before the plain way is tried beside those of a cure
	perTarget = 5 * time.Second
)

// A leg is one way to connect, and how long after the one before it is tried beside.
type leg struct {
	after time.Duration
	dial  func(context.Context) (net.Conn, error)
}

// dialer returns how connections are made: to the server's own name in the way that
// the route says, to everything else (a proxy) over the same card and family.
func (r Route) dialer(g Ground) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := r.Dialer()
	d.Resolver = r.resolver(g)
	if r.Host != g.Host {
		r.Addresses, r.Port = nil, ""
	}
	plain := func(ctx context.Context, network, address string) (net.Conn, error) {
		if r.Family != "" {
			network = r.Family
		}
		c, err := d.DialContext(ctx, network, address)
		if err == nil && r.SegmentSize > 0 && !SegmentSizes {
			c = &chunked{c, r.SegmentSize}
		}
		return c, err
	}
	var deaf atomic.Bool
	lookUp := func(ctx context.Context, host string) ([]net.IPAddr, error) {
		return r.find(ctx, g, d.Resolver, host, &deaf)
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
		var legs []leg
		for _, to := range r.targets(ctx, g, host, port) {
			legs = append(legs, leg{stagger, func(ctx context.Context) (net.Conn, error) { return plain(ctx, network, to) }})
		}
		if len(legs) == 0 {
			return r.everyAddress(ctx, lookUp, address, func(ctx context.Context, to string) (net.Conn, error) { return plain(ctx, network, to) })
		}
		return first(ctx, append(legs, leg{plainLate, func(ctx context.Context) (net.Conn, error) { return plain(ctx, network, address) }}))
	}
}

// Dialer connects over the card, from the address and with the segments that the route
// says; where to is the caller's.
func (r Route) Dialer() *net.Dialer {
	d := &net.Dialer{Control: r.control()}
	if ip := net.ParseIP(r.Source); ip != nil {
		d.LocalAddr = &net.TCPAddr{IP: ip}
	}
	return d
}

// everyAddress dials all addresses that a name has, each a little after the one before:
// package net waits on one that is silent until the system gives it up.
func (r Route) everyAddress(ctx context.Context, lookUp func(ctx context.Context, host string) ([]net.IPAddr, error), address string, dial func(context.Context, string) (net.Conn, error)) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || net.ParseIP(host) != nil {
		return dial(ctx, address)
	}
	ips, err := lookUp(ctx, host)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err} // as package net has it
	}
	var legs []leg
	for _, to := range mixed(ips) {
		if r.Family != IPv4 || to.IP.To4() != nil {
			legs = append(legs, leg{stagger, func(ctx context.Context) (net.Conn, error) { return dial(ctx, net.JoinHostPort(to.String(), port)) }})
		}
	}
	switch len(legs) {
	case 0:
		return dial(ctx, address)
	case 1:
		return legs[0].dial(ctx) // for as long as the system tries
	}
	return first(ctx, legs)
}

// mixed takes an address of each family by turns, beginning with the first one's.
func mixed(all []net.IPAddr) []net.IPAddr {
	var same, other, out []net.IPAddr
	for _, a := range all {
		if (a.IP.To4() == nil) == (all[0].IP.To4() == nil) {
			same = append(same, a)
		} else {
			other = append(other, a)
		}
	}
	for i := range max(len(same), len(other)) {
		if i < len(same) {
			out = append(out, same[i])
		}
		if i < len(other) {
			out = append(out, other[i])
		}
	}
	return out
}

// targets are the fixed addresses with a port, else what the name servers say where
// they are asked otherwise than on the plain way.
func (r Route) targets(ctx context.Context, g Ground, host, port string) []string {
	var out []string
	for _, a := range r.Addresses {
		if net.ParseIP(a) != nil {
			a = net.JoinHostPort(a, port)
		}
		out = append(out, a)
	}
	if len(out) > 0 || r.Names == "" || net.ParseIP(host) != nil {
		return out
	}
	for _, ip := range r.lookUp(ctx, g, host) {
		out = append(out, net.JoinHostPort(ip, port))
	}
	return out
}

// first is the first connection that one of the legs takes, each tried when the one
// before failed or has taken too long; the error of the last one where none does.
func first(ctx context.Context, legs []leg) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, perTarget)
	defer cancel()
	type end struct {
		net.Conn
		error
	}
	ended := make(chan end, len(legs))
	open := 0
	try := func(l leg) {
		open++
		go func() {
			c, err := l.dial(ctx)
			ended <- end{c, err}
		}()
	}
	try(legs[0])
	rest := legs[1:]
	var last error
	for open > 0 {
		var late <-chan time.Time
		if len(rest) > 0 {
			late = time.After(rest[0].after)
		}
		select {
		case e := <-ended:
			open--
			if e.error == nil {
				go func() { // those that come too late
					for range open {
						if e := <-ended; e.error == nil {
							_ = e.Close()
						}
					}
				}()
				return e.Conn, nil
			}
			if last = e.error; len(rest) == 0 {
				continue
			}
		case <-late:
		}
		try(rest[0])
		rest = rest[1:]
	}
	return nil, last
}

// control sets what must be set on a socket before it connects; nil for nothing.
func (r Route) control() func(network, address string, c syscall.RawConn) error {
	if (r.SegmentSize == 0 || !SegmentSizes) && r.Interface == "" {
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

// chunked writes no more than a number of bytes at a time, where the system does not
// let a program choose its segment size: nothing larger is sent, though larger may come.
type chunked struct {
	net.Conn
	size int
}

func (c *chunked) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		var some int
		some, err = c.Conn.Write(b[:min(c.size, len(b))])
		n, b = n+some, b[some:]
	}
	return n, err
}
