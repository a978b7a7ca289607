package probe

import (
	"context"
	"errors"
	"net"
	"net/url"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
)

// itselfBudget is how long a connection to the server past what is in the way is waited
// for.
const itselfBudget = 1500 * time.Millisecond

// itself looks at the server past what shuts the way to it, a name or a proxy: at the
// address where it was when the line last worked. What is wrong there is so whatever
// shuts the way.
func (w *walk) itself(ctx context.Context) (string, State) {
	at := w.pastAddress()
	if at == "" || w.failed("net", "link|address|route") || !w.elsewhereThan(ctx, at) {
		return "the way leads to it, or it was never seen", Skipped
	}
	connect := func(ctx context.Context) (net.Conn, error) {
		c, _, err := dial(ctx, at)
		return c, err
	}
	start := time.Now()
	first, cancel := context.WithTimeout(ctx, itselfBudget)
	c, err := connect(first)
	cancel()
	if errors.Is(err, context.Canceled) || errors.Is(ctx.Err(), context.Canceled) && err != nil {
		if time.Since(start) > silence && !w.set.Worked() {
			err = context.DeadlineExceeded // given up, and silent until then
		}
	}
	if o := w.note(at, "tcp", err); o.Outcome != fault.Yes {
		return o.Detail, Skipped
	}
	_ = c.Close()
	if !w.awaitKeys(ctx) {
		return "not waited for", Skipped
	}
	ctx, cancel = context.WithTimeout(ctx, itselfBudget)
	defer cancel()
	g := w.greetOver(ctx, small, itselfBudget, nil, connect)
	chain := g.state.PeerCertificates
	if g.o.Outcome == fault.No && g.o.Code != "timeout" {
		g.o.Kind, g.o.Target, g.o.Via, g.o.Stage = "itself", at, "", "tls"
		w.set.Add(g.o)
	}
	if g.o.Outcome != fault.Yes || len(chain) == 0 {
		return g.o.Detail, Skipped
	}
	fine := true
	for _, o := range w.ofChain(chain, g.state.OCSPResponse) {
		switch o.Kind {
		case "chain", "ocsp":
		case "expiry":
			o.Stage = "expiry"
		default:
			continue
		}
		o.Kind, o.Target = "itself", at
		w.set.Add(o)
		fine = fine && (o.Outcome != fault.No || o.Stage == "key" || o.Stage == "expiry")
	}
	if !fine {
		return "its certificate is not as it should be", Skipped
	}
	return w.healthItself(ctx, at, connect), Good
}

// elsewhereThan reports whether the way to the server leads elsewhere than to an address,
// or to nowhere; it waits a moment for the name, or for the proxy.
func (w *walk) elsewhereThan(ctx context.Context, at string) bool {
	late := time.NewTimer(waitNames)
	defer late.Stop()
	if w.chosenProxy(ctx) != nil {
		select {
		case <-w.asked:
			return w.open == ""
		case <-late.C:
			return true
		}
	}
	if net.ParseIP(w.host) != nil {
		return false
	}
	select {
	case <-w.inquire(ctx).sys:
	case <-late.C:
		return true
	}
	for _, ip := range w.addresses {
		if net.JoinHostPort(ip.String(), w.port) == at {
			return w.set.Saw(fault.Pattern{Kind: "dns", Via: "system", Outcome: string(fault.No)})
		}
	}
	return true
}

// pastAddress is the address, host:port, at which the server was last without a proxy;
// empty where that is not known.
func (w *walk) pastAddress() string {
	g := w.LastGood
	if g == nil || g.Proxy != "" && g.Proxy != link.Direct {
		return ""
	}
	// Under another name it need not be another server, but its certificate is.
	if e, err := url.Parse(w.EnrolledURL); err != nil || e.Hostname() != w.host {
		return ""
	}
	if host, _, err := net.SplitHostPort(g.Address); err != nil || net.ParseIP(host) == nil {
		return ""
	}
	return g.Address
}

func (w *walk) note(at, stage string, err error) fault.Observation {
	o := fault.OfError(err)
	o.Kind, o.Target, o.Stage = "itself", at, stage
	if w.chosenProxy(context.Background()) != nil {
		o.Via = "past_proxy"
	}
	w.set.Add(o)
	return o
}

// healthItself asks the server how it is, over a verified connection and without a
// sign-in.
func (w *walk) healthItself(ctx context.Context, at string, connect func(context.Context) (net.Conn, error)) string {
	if w.real == nil {
		return "not asked"
	}
	t := w.real.Clone()
	classic(t.TLSClientConfig)
	t.Proxy = nil
	t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return connect(ctx) }
	w.conns.of(t)
	defer t.CloseIdleConnections()
	return w.askItself(ctx, at, t, false)
}
