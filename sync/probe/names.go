package probe

import (
	"context"
	"errors"
	"net"
	"time"

	"counterfoil/sync/fault"
)

// names resolves the server beside the system's resolver, which folds causes.
func (l *Ladder) names(ctx context.Context) (string, bool) {
	if ip := net.ParseIP(l.host); ip != nil {
		l.addresses = []net.IP{ip}
		return "an address, no name", true
	}
	if l.proxy != nil {
		return "left to the proxy", true
	}
	type verdict struct {
		id fault.ID
		c  fault.Confidence
	}
	own := make(chan verdict, 1)
	go func() {
		id, c := ownLookup(ctx, l.host)
		own <- verdict{id, c}
	}()
	sys, cancel := context.WithTimeout(ctx, 2500*time.Millisecond)
	defer cancel()
	ips, err := net.DefaultResolver.LookupIP(sys, "ip", l.host)
	if err == nil {
		l.addresses = ips
		return ips[0].String(), true
	}
	values := map[string]string{"enrolled": l.cfg.EnrolledURL}
	v := <-own
	id, c := v.id, v.c
	var d *net.DNSError
	switch {
	case id != "":
	case errors.As(err, &d) && d.IsTimeout || sys.Err() != nil:
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
	case refused > 0:
		l.hard("T01", fault.Likely, nil)
	case resolverBeyond(ctx):
		// Something else beyond the office answers: the line is good, the server is not.
		l.hard("T03", fault.Proven, nil)
		return last.Error() + "; the name server beyond the office answers", false
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
