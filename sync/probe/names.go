package probe

import (
	"context"
	"errors"
	"net"
	"net/http"
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
	host := p.Host
	if p.Port() == "" {
		host = net.JoinHostPort(p.Hostname(), "80")
	}
	c, err := dial(ctx, host)
	if err != nil {
		l.hard("X02", fault.Proven, values)
		return p.Host + ": " + err.Error(), false
	}
	defer c.Close()
	status, err := connectThrough(c, net.JoinHostPort(l.host, l.port))
	switch {
	case err != nil:
		l.hard("X02", fault.Likely, values)
		return p.Host + ": " + err.Error(), false
	case status == http.StatusProxyAuthRequired:
		if p.User == nil {
			l.hard("X03", fault.Proven, values)
			return p.Host + " wants a sign-in", false
		}
	case status == http.StatusForbidden, status == http.StatusMethodNotAllowed, status == http.StatusUnavailableForLegalReasons:
		l.hard("X04", fault.Proven, values)
		return p.Host + " denies the server", false
	case status >= 500:
		l.hard("X05", fault.Proven, values)
		return p.Host + " cannot reach the server", false
	}
	return p.Host, true
}

// names resolves the server beside the system's resolver, which folds causes.
func (l *Ladder) names(ctx context.Context) (string, bool) {
	if ip := net.ParseIP(l.host); ip != nil {
		l.addresses = []net.IP{ip}
		return "an address, no name", true
	}
	if l.proxy != nil {
		return "left to the proxy", true
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	ips, err := net.DefaultResolver.LookupIP(ctx, "ip", l.host)
	if err == nil {
		l.addresses = ips
		return ips[0].String(), true
	}
	values := map[string]string{"enrolled": l.cfg.EnrolledURL}
	id, c := ownLookup(ctx, l.host)
	var d *net.DNSError
	switch {
	case id != "":
	case errors.As(err, &d) && d.IsTimeout || ctx.Err() != nil:
		id, c = "D02", fault.Proven
	case errors.As(err, &d) && d.IsNotFound:
		id, c = "D05", fault.Likely
	default:
		id, c = "D04", fault.Likely
	}
	l.hard(id, c, values)
	return err.Error(), false
}

// route connects to every address of the server.
func (l *Ladder) route(ctx context.Context) (string, bool) {
	if l.proxy != nil {
		return "through the proxy", true
	}
	var last error
	refused := 0
	for _, ip := range l.addresses {
		t := time.Now()
		c, err := dial(ctx, net.JoinHostPort(ip.String(), l.port))
		if err == nil {
			_ = c.Close()
			return ip.String() + " " + time.Since(t).Round(time.Millisecond).String(), true
		}
		if isRefused(err) {
			refused++
		}
		last = err
	}
	if last == nil {
		last = errors.New("no address")
	}
	switch {
	case refused > 0 && refused == len(l.addresses):
		l.hard("T01", fault.Proven, nil)
	default:
		l.hard("T03", fault.Likely, nil)
	}
	return last.Error(), false
}

func dial(ctx context.Context, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 2500*time.Millisecond)
	defer cancel()
	var d net.Dialer
	return d.DialContext(ctx, "tcp", address)
}
