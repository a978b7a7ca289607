package route

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/trust"
)

// Ground is what a way is made of on this computer. TLS is needed.
type Ground struct {
	Host string      // of the server, without a port
	TLS  *tls.Config // which trusts the server's CA alone

	Proxy  func(*http.Request) (*url.URL, error) // of the plain way; nil: none
	System func(*http.Request) (*url.URL, error) // of the system's settings; nil: none
	SignIn func(proxy *url.URL) *url.Userinfo    // kept for a proxy; nil: none

	// Own begins a sign-in at a proxy as who is signed in to this computer; nil: that
	// cannot be.
	Own func(scheme, host string) (Exchange, error)

	// Resolvers are the system's name servers, as "ip" or "ip:port".
	Resolvers func() []string
}

// Transport makes what requests to the server go over; it sends nothing.
func (r Route) Transport(g Ground) *http.Transport {
	t := &http.Transport{
		Proxy:                 r.unsigned(g),
		DialContext:           r.tunneller(g),
		TLSClientConfig:       r.tls(g),
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   2,

		MaxResponseHeaderBytes: 64 << 10,
		// Without it the transport offers no protocol at all in the handshake, which is
		// what a server that stumbles over the offer wants.
		ForceAttemptHTTP2:  !r.HTTP1,
		DisableCompression: r.Identity,

		// net/http would keep only the words of it.
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
			if answer.StatusCode != http.StatusOK {
				return &fault.ProxyAnswer{Status: answer.StatusCode}
			}
			return nil
		},
	}
	return t
}

// tls is the trust of the ground, never less.
func (r Route) tls(g Ground) *tls.Config {
	c := g.TLS
	if r.Classic {
		c = c.Clone()
		c.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256}
	}
	if len(r.Remembered) > 0 {
		c = trust.Remembering(c, g.Host, r.Remembered)
	}
	return c
}

// Choose returns what chooses the proxy of a request, with the sign-in that is kept for
// it; nil where there is none.
func (r Route) Choose(g Ground) func(*http.Request) (*url.URL, error) {
	choose := g.Proxy
	switch r.Proxy {
	case Direct:
		return nil
	case System:
		choose = either(g.System, g.Proxy)
	}
	if choose == nil || !r.SignIn || g.SignIn == nil {
		return choose
	}
	return func(req *http.Request) (*url.URL, error) {
		p, err := choose(req)
		if err != nil || p == nil {
			return p, err
		}
		user := g.SignIn(p)
		if user == nil {
			return p, nil
		}
		with := *p
		with.User = user
		return &with, nil
	}
}

// Tunnels are those of the route.
func (r Route) Tunnels(g Ground) *Tunnels {
	t := &Tunnels{Late: r.SignIn, Own: g.Own}
	if g.TLS != nil && g.TLS.RootCAs != nil {
		t.Roots = func() *x509.CertPool { return g.TLS.RootCAs }
	}
	return t
}

// tunnels reports whether the tunnel through a proxy is ours to make: net/http knows
// Basic alone, and would trust an encrypted proxy by the roots of the server alone.
func (g Ground) tunnels(p *url.URL) bool {
	return p != nil && (p.Scheme == "https" || p.Scheme == "http" && (p.User != nil || g.Own != nil))
}

// unsigned chooses the proxies that net/http itself asks for tunnels.
func (r Route) unsigned(g Ground) func(*http.Request) (*url.URL, error) {
	choose := r.Choose(g)
	if choose == nil {
		return nil
	}
	return func(req *http.Request) (*url.URL, error) {
		p, err := choose(req)
		if err == nil && req.URL.Scheme == "https" && req.URL.Hostname() == g.Host && g.tunnels(p) {
			return nil, nil
		}
		return p, err
	}
}

// tunneller connects, and to the server through the proxies at which somebody signs in.
func (r Route) tunneller(g Ground) func(ctx context.Context, network, address string) (net.Conn, error) {
	dial, choose, tunnels := r.dialer(g), r.Choose(g), r.Tunnels(g)
	if choose == nil {
		return dial
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if hostOf(address) != g.Host {
			return dial(ctx, network, address)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodConnect, "https://"+address, nil)
		if err != nil {
			return nil, err
		}
		p, err := choose(req)
		if err != nil || !g.tunnels(p) || ProxyAddress(p) == address {
			return dial(ctx, network, address)
		}
		c, a, err := tunnels.Open(ctx, p, address, func(ctx context.Context) (net.Conn, error) {
			c, err := dial(ctx, network, ProxyAddress(p))
			if err != nil {
				err = &net.OpError{Op: "proxyconnect", Net: network, Err: err} // as net/http has it
			}
			return c, err
		})
		if err == nil && c == nil {
			err = &fault.ProxyAnswer{Status: a.Status}
		}
		return c, err
	}
}

// hostOf is the host of host:port.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

// either is the proxy that the first chooses, and where it knows of none that of the
// second; each may be nil.
func either(first, second func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	if first == nil {
		return second
	}
	if second == nil {
		return first
	}
	return func(req *http.Request) (*url.URL, error) {
		if p, err := first(req); err != nil || p != nil {
			return p, err
		}
		return second(req)
	}
}
