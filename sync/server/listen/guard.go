package listen

import (
	"net"
	"net/netip"
	"sync"
)

// Guard returns a listener that closes connections beyond the limits at once.
func Guard(ln net.Listener, l Limits) net.Listener {
	return &guard{Listener: ln, limits: l.filled(), open: map[netip.Prefix]int{}}
}

type guard struct {
	net.Listener
	limits Limits

	mu    sync.Mutex // guards all below
	open  map[netip.Prefix]int
	total int
}

func (g *guard) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := Network(c.RemoteAddr().String())
		if g.take(from) {
			return &guarded{Conn: c, free: sync.OnceFunc(func() { g.give(from) })}, nil
		}
		// Whoever has that many connections learns nothing from an error.
		_ = c.Close()
	}
}

func (g *guard) take(from netip.Prefix) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.total >= g.limits.Total || g.open[from] >= g.limits.PerAddress {
		return false
	}
	g.total++
	g.open[from]++
	return true
}

func (g *guard) give(from netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	if g.open[from]--; g.open[from] == 0 {
		delete(g.open, from)
	}
}

type guarded struct {
	net.Conn
	free func()
}

// NetConn is the connection itself, as of tls.Conn.
func (c *guarded) NetConn() net.Conn { return c.Conn }

func (c *guarded) Close() error {
	defer c.free()
	return c.Conn.Close()
}

// Network returns the address of a host:port, of IPv6 the /64 that one customer
// has; the zero prefix when it is none.
func Network(remote string) netip.Prefix {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	ip, bits := ap.Addr().Unmap().WithZone(""), 32
	if ip.Is6() {
		bits = 64
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
