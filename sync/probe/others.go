package probe

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"counterfoil/sync/fault"
)

// others are the hellos that are said where the first is not answered as it should be.
type others struct {
	*walk
	begun   time.Time
	told    map[string]bool
	group   sync.WaitGroup
	settled chan struct{} // closed when it is known what passes
	hurry   chan struct{} // closed when nothing more is waited for
	once    sync.Once
}

// ask says each of some hellos once, all at a time, and beside them looks what the port
// says to somebody who speaks no TLS.
func (o *others) ask(ctx context.Context, all ...hello) {
	if o.told == nil {
		o.told = map[string]bool{}
	}
	rtt := o.roundTrip()
	budget := max(helloBudget+rtt-time.Since(o.begun), 800*time.Millisecond+2*rtt)
	for _, h := range all {
		if o.told[h.via] {
			continue
		}
		o.told[h.via] = true
		o.group.Go(func() {
			g := o.greet(ctx, h, budget, nil)
			o.set.Add(g.o)
			o.set.Add(g.more...)
			switch {
			case g.o.Outcome != fault.Yes:
			case h.via == small.via:
				o.settle(ctx, rtt)
			case h.via == tls12.via: // its messages are the smallest: do larger ones pass?
				o.set.Add(o.echo(ctx, rtt, tls12))
			}
		})
	}
	if len(all) > 1 && !o.told["plain"] {
		o.told["plain"] = true
		o.group.Go(func() { o.set.Add(o.plain(ctx, budget)) })
	}
}

// settle finds out what passes where the small hello does: large messages, or a large
// hello after all. That is said more than once, for a line that loses packets does not
// lose the same one each time.
func (o *others) settle(ctx context.Context, rtt time.Duration) {
	var group sync.WaitGroup
	for _, h := range []hello{second, third} {
		group.Go(func() { o.set.Add(o.greet(ctx, h, time.Second+2*rtt, nil).o) })
	}
	o.set.Add(o.echo(ctx, rtt, small))
	group.Wait()
	close(o.settled)
}

// hurryAt ends the wait for the first hello so long after it was begun.
func (o *others) hurryAt(after time.Duration) {
	time.AfterFunc(max(0, after-time.Since(o.begun)), func() { o.once.Do(func() { close(o.hurry) }) })
}

// echoSize is more than two packets hold, in bytes.
const echoSize = 3000

// echo looks whether large messages pass once a hello of one packet has opened the
// connection: the server, which is verified, is asked to send some bytes back. They say
// nothing.
func (w *walk) echo(ctx context.Context, rtt time.Duration, h hello) fault.Observation {
	o := fault.Observation{Kind: "echo", Via: h.via, Stage: "3k", Outcome: fault.Unmeasured}
	if !w.awaitKeys(ctx) || w.real == nil {
		return o
	}
	t := w.real.Clone()
	h.change(t.TLSClientConfig)
	t.Proxy = nil // the tunnel leads through it
	t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return w.tunnel(ctx) }
	defer t.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, time.Second+4*rtt)
	defer cancel()
	body := make([]byte, echoSize)
	_, _ = rand.Read(body) // never fails
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, origin(w.base)+"/v1/echo", bytes.NewReader(body))
	if err != nil {
		return o
	}
	start := time.Now()
	resp, err := t.RoundTrip(req)
	if err == nil {
		defer resp.Body.Close()
		o.Bytes, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 2*echoSize))
	}
	o.RTT = time.Since(start).Milliseconds()
	e := fault.OfError(err)
	o.Code, o.Detail = e.Code, e.Detail
	if e.Outcome == fault.Yes || e.Kind != "tls" || e.Code == "timeout" {
		o.Outcome = e.Outcome
	}
	return o
}

// plain is whether the port answers anything to a request without encryption, which
// holds no more than the server's name.
func (w *walk) plain(ctx context.Context, budget time.Duration) fault.Observation {
	o := fault.Observation{Kind: "plain", Target: w.open, Outcome: fault.Unmeasured}
	start := time.Now()
	c, err := w.tunnel(ctx)
	if err != nil {
		o.Detail = err.Error()
		return o
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })
	defer stop()
	_ = c.SetDeadline(start.Add(budget))
	buf := make([]byte, 64)
	n, err := c.Write([]byte("GET /healthz HTTP/1.1\r\nHost: " + w.host + "\r\nConnection: close\r\n\r\n"))
	if err == nil {
		n, err = c.Read(buf)
	}
	o.RTT = time.Since(start).Milliseconds()
	switch {
	case err == nil && n > 0:
		o.Outcome = fault.Yes
		if line, _, _ := strings.Cut(string(buf[:n]), "\r\n"); strings.HasPrefix(line, "HTTP/") {
			o.Code = "tls:http"
		}
	case ctx.Err() != nil: // given up
	default:
		e := fault.OfError(err)
		o.Outcome, o.Code, o.Detail = fault.No, e.Code, e.Detail
	}
	return o
}

// origin is an address without a path.
func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// hostOf is the host of host:port.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}
