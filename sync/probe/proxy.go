package probe

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"counterfoil/sync/fault"
)

// proxyCheck finds the proxy the program would use and whether it is there.
func (l *Ladder) proxyCheck(ctx context.Context) (string, bool) {
	if l.cfg.Proxy == nil {
		return "none", true
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.serverURL.String(), nil)
	if err != nil {
		return err.Error(), true
	}
	p, err := l.cfg.Proxy(req)
	if err != nil || p == nil {
		return "none", true
	}
	l.proxy = p
	values := map[string]string{"proxy": p.Host}
	c, err := dial(ctx, proxyAddress(p))
	if err != nil {
		l.hard("X02", fault.Proven, values)
		return p.Host + ": " + err.Error(), false
	}
	defer c.Close()
	status, err := connectThrough(c, net.JoinHostPort(l.host, l.port), p.User)
	switch {
	case err != nil:
		l.hard("X02", fault.Likely, values)
		return p.Host + ": " + err.Error(), false
	case status == http.StatusProxyAuthRequired:
		l.hard("X03", fault.Proven, values)
		return p.Host + " wants a sign-in", false
	case status == http.StatusForbidden, status == http.StatusMethodNotAllowed, status == http.StatusUnavailableForLegalReasons:
		l.hard("X04", fault.Proven, values)
		return p.Host + " denies the server", false
	case status != http.StatusOK:
		l.hard("X05", fault.Proven, values)
		return p.Host + " cannot reach the server", false
	}
	return p.Host, true
}

// proxyAddress is the proxy's host:port.
func proxyAddress(p *url.URL) string {
	if p.Port() == "" {
		return net.JoinHostPort(p.Hostname(), "80")
	}
	return p.Host
}

// tunnel connects to the server, through the proxy when there is one.
func (l *Ladder) tunnel(ctx context.Context) (net.Conn, error) {
	if l.proxy != nil {
		c, err := dial(ctx, proxyAddress(l.proxy))
		if err != nil {
			return nil, err
		}
		status, err := connectThrough(c, net.JoinHostPort(l.host, l.port), l.proxy.User)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("the proxy answers %d", status)
		}
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		return c, nil
	}
	return dial(ctx, net.JoinHostPort(l.addresses[0].String(), l.port))
}

// connectThrough asks a proxy for a tunnel and gives its status.
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
