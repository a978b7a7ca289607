package probe

import (
	"context"
	"net"
	"net/http"
	"net/url"

	"counterfoil/sync/fault"
	"counterfoil/sync/route"
)

var proxyObservers = []observer{
	{"proxy", fault.Text{ZH: "代理", EN: "Proxy"}, fault.Internet, []string{"network"}, false, (*walk).throughProxy},
	{"direct", fault.Text{ZH: "不经代理", EN: "Past the proxy"}, fault.Internet, []string{"network", beside + "keyring"}, true, (*walk).pastProxy},
	{"os_proxy", fault.Text{ZH: "系统的代理设置", EN: "The system's proxy settings"}, fault.Internet, []string{"network", "keyring"}, false, (*walk).systemProxy},
}

// chosenProxy is the proxy that the program would use; nil for none.
func (w *walk) chosenProxy(ctx context.Context) *url.URL {
	if w.Proxy == nil || w.base == nil {
		return nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base.String(), nil)
	if err != nil {
		return nil
	}
	p, err := w.Proxy(req)
	if err != nil {
		return nil // net/http would not use it either
	}
	return p
}

// throughProxy finds the proxy the program would use and whether it leads to the server.
func (w *walk) throughProxy(ctx context.Context) (string, State) {
	if w.host == "" || w.failed("net", "link|address") {
		return inTheWay, Skipped
	}
	p := w.chosenProxy(ctx)
	if p == nil {
		return "none", Good
	}
	w.proxy = p
	c, last := w.through(ctx, "proxy", p)
	if c != nil {
		_ = c.Close()
		w.open = proxyAddress(p)
		w.opened.unlock()
		return p.Host, Good
	}
	return p.Host + ": " + last.Detail, Bad
}

// through dials a proxy and asks it for the server, and notes both steps under a kind.
// It returns the tunnel, nil where there is none, and the last thing it noted.
func (w *walk) through(ctx context.Context, kind string, p *url.URL) (net.Conn, fault.Observation) {
	at := proxyAddress(p)
	seen := fault.Observation{Kind: kind, Stage: "dial", Target: at, Values: map[string]string{kind: p.Host}}
	c, rtt, err := dial(ctx, at)
	o := fault.OfError(err)
	seen.Outcome, seen.Code, seen.Detail, seen.RTT = o.Outcome, o.Code, o.Detail, rtt.Milliseconds()
	w.set.Add(seen)
	if err != nil {
		return nil, seen
	}
	t, a, err := w.handshake(ctx, c, p, net.JoinHostPort(w.host, w.port))
	seen.Stage, seen.Status, seen.Code, seen.Detail = "connect", a.status, a.code, ""
	seen.Outcome = yes(err == nil && a.code == "" && a.status == http.StatusOK)
	switch {
	case err != nil:
		o := fault.OfError(err)
		seen.Outcome, seen.Detail = o.Outcome, err.Error()
		if seen.Code == "" {
			seen.Code = o.Code
		}
	case seen.Outcome == fault.No:
		seen.Detail = a.text()
	}
	if a.page {
		seen.Media = "html"
	}
	if a.schemes != "" {
		seen = seen.With(map[string]string{"schemes": a.schemes, "proxy": p.Host})
	}
	w.set.Add(seen)
	return t, seen
}

// proxyAddress is the proxy's host:port.
func proxyAddress(p *url.URL) string { return route.ProxyAddress(p) }

// tunnel connects to the server, through the proxy when there is one.
func (w *walk) tunnel(ctx context.Context) (net.Conn, error) {
	c, rtt, err := dial(ctx, w.open)
	if err == nil {
		w.conns.keep(c)
	}
	if err == nil && rtt >= late {
		w.lost()
	}
	if err == nil && w.proxy == nil {
		w.connected(rtt)
	}
	if err != nil || w.proxy == nil {
		return c, err
	}
	t, a, err := w.handshake(ctx, c, w.proxy, net.JoinHostPort(w.host, w.port))
	if err == nil && t == nil {
		err = &fault.ProxyAnswer{Status: a.status}
	}
	return t, err
}

// pastProxy looks whether the server can be reached without the proxy that is used.
func (w *walk) pastProxy(ctx context.Context) (string, State) {
	if w.host == "" || w.failed("net", "link|address") || w.chosenProxy(ctx) == nil {
		return inTheWay, Skipped
	}
	c, rtt, err := dial(ctx, net.JoinHostPort(w.host, w.port))
	o := fault.OfError(err)
	stage := "tcp"
	if o.Kind == "dns" {
		stage = "name"
	}
	o.Kind, o.Via, o.Stage, o.RTT, o.Values = "direct", "", stage, rtt.Milliseconds(), nil
	w.set.Add(o)
	if err != nil {
		return err.Error(), Good // nobody asked it to work
	}
	defer c.Close()
	if w.verifies(ctx, c, fault.Observation{Kind: "direct", Target: c.RemoteAddr().String(), Stage: "tls"}) {
		return "the server answers", Good
	}
	return "somebody else answers", Good
}
