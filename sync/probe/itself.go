package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/wire"
)

// itselfBudget is how long a connection to the server past what is in the way is waited
// for.
const itselfBudget = 1500 * time.Millisecond

// itself looks at the server past what shuts the way to it, a name or a proxy: at the
// address where it was when the line last worked. What is wrong there is so whatever
// shuts the way.
func (w *walk) itself(ctx context.Context) (string, State) {
	at := w.pastAddress()
	if at == "" || w.failed("net", "link|address|route") || w.open == at && w.proxy == nil {
		return "the way leads to it, or it was never seen", Skipped
	}
	if w.set.Saw(fault.Pattern{Kind: "tcp|port", Target: at, Via: "direct"}) {
		return "looked at on the way", Skipped
	}
	connect := func(ctx context.Context) (net.Conn, error) {
		c, _, err := dial(ctx, at)
		return c, err
	}
	ctx, cancel := context.WithTimeout(ctx, itselfBudget)
	defer cancel()
	start := time.Now()
	c, err := connect(ctx)
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
	g := w.greetOver(ctx, small, itselfBudget, nil, connect)
	chain := g.state.PeerCertificates
	if g.o.Outcome != fault.Yes || len(chain) == 0 {
		return g.o.Detail, Skipped
	}
	fine := true
	for _, o := range w.ofChain(chain, g.state.OCSPResponse) {
		if o.Kind != "chain" && o.Kind != "ocsp" {
			continue
		}
		o.Kind, o.Target = "itself", at
		w.set.Add(o)
		fine = fine && (o.Outcome != fault.No || o.Stage == "key")
	}
	if !fine {
		return "its certificate is not as it should be", Skipped
	}
	return w.healthItself(ctx, at, connect), Good
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
	if w.proxy != nil {
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
	defer t.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, origin(w.base)+"/healthz", nil)
	if err != nil {
		return err.Error()
	}
	resp, err := t.RoundTrip(req)
	if err != nil {
		return w.note(at, "http", err).Detail
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	var h wire.Health
	if err != nil || resp.StatusCode != http.StatusOK || wire.Unmarshal(body, &h) != nil || h.Product != wire.Product {
		return "no word of its health"
	}
	for _, dep := range []string{"db", "tax"} {
		if state := h.Deps[dep]; state != "" {
			w.set.Add(fault.Observation{Kind: "itself", Target: at, Stage: dep, Outcome: yes(state != "down"), Code: state})
		}
	}
	w.set.Add(fault.Observation{Kind: "itself", Target: at, Stage: "maintenance", Outcome: yes(h.Maintenance == nil)})
	return h.Product + " " + h.Version
}
