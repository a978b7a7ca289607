package probe

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"counterfoil/sync/fault"
)

var proxyObservers = []observer{
	{"proxy", fault.Text{ZH: "代理", EN: "Proxy"}, fault.Internet, []string{"network"}, false, (*walk).throughProxy},
}

// throughProxy finds the proxy the program would use and whether it leads to the server.
func (w *walk) throughProxy(ctx context.Context) (string, State) {
	if w.host == "" || w.failed("net", "link|address") {
		return inTheWay, Skipped
	}
	if w.Proxy == nil {
		return "none", Good
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base.String(), nil)
	if err != nil {
		return err.Error(), Good
	}
	p, err := w.Proxy(req)
	if err != nil || p == nil {
		return "none", Good
	}
	w.proxy = p
	seen := fault.Observation{Kind: "proxy", Stage: "dial", Target: p.Host, Values: map[string]string{"proxy": p.Host}}
	c, rtt, err := dial(ctx, proxyAddress(p))
	if err != nil {
		o := fault.OfError(err)
		seen.Outcome, seen.Code, seen.Detail = o.Outcome, o.Code, o.Detail
		w.set.Add(seen)
		return p.Host + ": " + err.Error(), Bad
	}
	defer c.Close()
	seen.Outcome, seen.RTT = fault.Yes, rtt.Milliseconds()
	w.set.Add(seen)
	seen.Stage = "connect"
	seen.Status, err = connectThrough(c, net.JoinHostPort(w.host, w.port), p.User)
	seen.Outcome = yes(seen.Status == http.StatusOK)
	text := p.Host
	switch {
	case err != nil:
		seen.Code, seen.Detail = fault.OfError(err).Code, err.Error()
		text += ": " + err.Error()
	case seen.Status == http.StatusOK:
		w.open = proxyAddress(p)
	default:
		text += ": " + (&fault.ProxyAnswer{Status: seen.Status}).Error()
	}
	w.set.Add(seen)
	return text, good(w.open != "")
}

// proxyAddress is the proxy's host:port.
func proxyAddress(p *url.URL) string {
	if p.Port() == "" {
		return net.JoinHostPort(p.Hostname(), "80")
	}
	return p.Host
}

// tunnel connects to the server, through the proxy when there is one.
func (w *walk) tunnel(ctx context.Context) (net.Conn, error) {
	c, rtt, err := dial(ctx, w.open)
	if err == nil && rtt >= late {
		w.lost()
	}
	if err != nil || w.proxy == nil {
		return c, err
	}
	status, err := connectThrough(c, net.JoinHostPort(w.host, w.port), w.proxy.User)
	if err == nil && status != http.StatusOK {
		err = &fault.ProxyAnswer{Status: status}
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// connectThrough asks a proxy for a tunnel and returns its status.
func connectThrough(c net.Conn, target string, user *url.Userinfo) (int, error) {
	_ = c.SetDeadline(time.Now().Add(2500 * time.Millisecond))
	ask := "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n"
	if user != nil {
		// The proxy's own sign-in, which the program sends it with every connection.
		password, _ := user.Password()
		ask += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)) + "\r\n"
	}
	if _, err := c.Write([]byte(ask + "\r\n")); err != nil {
		return 0, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return 0, err
	}
	// The body is not read: after 200 it is the tunnel, otherwise the caller hangs up.
	return resp.StatusCode, c.SetDeadline(time.Time{})
}
