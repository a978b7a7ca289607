package desk

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"time"

	"counterfoil/sync/osnet"
	"counterfoil/sync/remote"
	"counterfoil/sync/route"
	"counterfoil/sync/trust"
	"counterfoil/sync/wire"
)

// ground is what ways to an address are made of on this computer.
func (c *Connection) ground(address string, b *trust.Bundle) route.Ground {
	g := route.Ground{
		TLS: trust.TLSConfig(b, c.cfg.Now), Proxy: c.cfg.Proxy, System: c.cfg.System, SignIn: c.signIn, Own: route.SignedIn, Resolvers: osnet.Resolvers,
	}
	if u, err := url.Parse(address); err == nil {
		g.Host = u.Hostname()
	}
	return g
}

// way is the route on which requests go.
func (c *Connection) way() route.Route {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.route
}

// use makes requests go on a route from now on; those under way end as they began.
func (c *Connection) use(r route.Route) {
	c.mu.Lock()
	tell := c.onCures
	if reflect.DeepEqual(c.route, r) {
		tell = nil
	} else {
		c.route = r
		c.forget()
	}
	c.mu.Unlock()
	if tell != nil {
		tell()
	}
}

// CuresChanged sets who is told, on the goroutine that did it, that requests go another
// way than before.
func (c *Connection) CuresChanged(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onCures = f
}

// reaching is how long a way may take to show the server.
const reaching = 5 * time.Second

// reach asks the server over a route whether it is well: the right product, the
// folder's own server. It carries no secret, and is no request that the monitor sees.
func (c *Connection) reach(ctx context.Context, r route.Route) (time.Duration, error) {
	b, err := c.cfg.Keys.Load(ctx)
	if err != nil {
		return 0, err
	}
	address := c.URL()
	if address == "" {
		return 0, ErrNotConnected
	}
	t := r.Transport(c.ground(address, b))
	defer t.CloseIdleConnections()
	client, err := c.speak(address, "", padded{t}, nil)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, reaching)
	defer cancel()
	start := time.Now()
	h, err := client.Health(ctx)
	took := time.Since(start)
	switch {
	case err != nil:
		return took, err
	case h.Product != wire.Product:
		return took, &remote.Error{Op: "health", Status: http.StatusOK, NotOurs: true}
	case c.isOther(ctx, h):
		return took, ErrOther
	}
	return took, nil
}

// padded makes a request as large as one that carries an invoice: a line on which
// only small packets pass does not count as one that works.
type padded struct{ over http.RoundTripper }

const (
	headerPad = "X-Counterfoil-Pad"
	padSize   = 3000
)

func (p padded) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set(headerPad, pad())
	return p.over.RoundTrip(req)
}
