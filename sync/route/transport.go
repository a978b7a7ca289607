package route

import (
	"context"
	"crypto/tls"
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

	// Resolvers are the system's name servers, as "ip" or "ip:port".
	Resolvers func() []string
}

// Transport makes what requests to the server go over; it sends nothing.
func (r Route) Transport(g Ground) *http.Transport {
	t := &http.Transport{
		Proxy:                 r.Choose(g),
		DialContext:           r.dialer(g),
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
		if err != nil || p == nil || p.User != nil {
			return p, err
		}
		with := *p
		with.User = g.SignIn(p)
		return &with, nil
	}
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
