package probe

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/wire"
)

// clockTolerance is how far clocks may be apart before certificates are judged
// wrongly often enough to matter.
const clockTolerance = 5 * time.Minute

// A clock is not before the day on which the program was built, nor long after it; two
// days are for time zones and builds that say tomorrow.
const (
	builtBefore = 2 * 24 * time.Hour
	builtAfter  = 365 * 24 * time.Hour
)

// clock compares this computer's time with others: the server's, that of the company's
// status host, what its certificate is valid for, the day of the build, when the line last
// worked. One alone may be wrong itself. An unverified answer is good enough to suspect the clock, not to set it:
// nothing secret is asked.
func (w *walk) clock(ctx context.Context) (string, State) {
	here := w.Now()
	w.ofBuild(here, builtAt())
	if w.open == "" {
		return inTheWay, Skipped
	}
	status := make(chan fault.Observation, 1)
	go func() { status <- w.statusClock(ctx) }()
	there, leaf, ok := w.serverDate(ctx)
	here = w.Now()
	defer func() { w.set.Add(<-status) }()
	if !ok {
		w.set.Add(fault.Observation{Kind: "clock", Target: "server", Outcome: fault.Unmeasured})
		return "no time to compare with", Skipped
	}
	o := ofClock("server", here, there)
	w.set.Add(o)
	apart := o.Outcome == fault.No
	if leaf != nil && apart {
		w.set.Add(ofValidity(leaf, here, there), neverValid(leaf, here, there))
	}
	if w.LastGood != nil {
		w.set.Add(ofLastGood(w.LastGood, here, there)...)
	}
	off := there.Sub(here).Round(time.Second)
	if apart {
		return "the server's is off by " + off.String() + ", or this one", Good // the verdict tells whose
	}
	return "off by " + off.String(), Good
}

// ofLastGood compares two clocks with when the line last worked. How far they were apart
// is no witness of its own: it tells that one of the two has changed, not which. But no
// clock that is right is before a time at which it was right.
func ofLastGood(g *link.Snapshot, here, there time.Time) []fault.Observation {
	return []fault.Observation{
		{Kind: "clock", Target: "last_good", Outcome: yes((there.Sub(here) - g.Offset).Abs() <= clockTolerance), Offset: int64(g.Offset.Seconds())},
		{Kind: "clock", Target: "last_time", Outcome: yes(!here.Before(g.At.Add(-clockTolerance))), Offset: int64(g.At.Sub(here).Seconds())},
	}
}

// ofClock is how far another clock is from ours.
func ofClock(target string, here, there time.Time) fault.Observation {
	off := there.Sub(here)
	return fault.Observation{
		Kind: "clock", Target: target, Outcome: yes(off.Abs() <= clockTolerance), Offset: int64(off.Seconds()),
		Values: map[string]string{"here": here.Format("2006-01-02 15:04"), "there": there.In(here.Location()).Format("2006-01-02 15:04")},
	}
}

// ofValidity is what a certificate says of two clocks: No where it is valid by the
// other's and not by ours.
func ofValidity(leaf *x509.Certificate, here, there time.Time) fault.Observation {
	inside := func(t time.Time) bool { return !t.Before(leaf.NotBefore) && !t.After(leaf.NotAfter) }
	o := fault.Observation{Kind: "clock", Target: "certificate", Outcome: yes(inside(here) || !inside(there))}
	if o.Outcome == fault.No {
		o.Code = ofTime(leaf, here).Code
	}
	return o
}

// neverValid is whether a certificate is invalid by both clocks, so that neither of them
// is the reason.
func neverValid(leaf *x509.Certificate, here, there time.Time) fault.Observation {
	o := fault.Observation{Kind: "clock", Target: "both", Outcome: fault.Yes}
	if a, b := ofTime(leaf, here), ofTime(leaf, there); a.Outcome == fault.No && a.Code == b.Code {
		o.Outcome, o.Code, o.Values = fault.No, b.Code, b.Values
	}
	return o
}

// ofBuild notes a time that cannot be right, because the program was not built yet or
// long ago. That it might be right is no witness.
func (w *walk) ofBuild(here, built time.Time) {
	o := fault.Observation{Kind: "clock", Target: "build", Outcome: fault.Unmeasured}
	switch {
	case built.IsZero():
	case here.Before(built.Add(-builtBefore)):
		o.Outcome, o.Code = fault.No, "before"
	case here.After(built.Add(builtAfter)):
		o.Outcome, o.Code = fault.No, "long_after"
	}
	o.Offset = int64(built.Sub(here).Seconds())
	if built.IsZero() {
		o.Offset = 0
	}
	w.set.Add(o)
}

// builtAt is when the program's source was last changed; zero where the build does not
// tell.
func builtAt() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			t, _ := time.Parse(time.RFC3339, s.Value) // zero where it is none
			return t
		}
	}
	return time.Time{}
}

// serverDate reads the Date header of a request without any secret, and whose
// certificate was shown.
func (w *walk) serverDate(ctx context.Context) (time.Time, *x509.Certificate, bool) {
	config := wire.TLS()
	config.ServerName, config.InsecureSkipVerify = w.host, true //nolint:gosec // only the Date header is read
	tr := &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return w.tunnel(ctx) },
		TLSClientConfig: config,

		MaxResponseHeaderBytes: 64 << 10,
	}
	there, resp, ok := dateOf(ctx, tr, origin(w.base)+"/healthz")
	if resp == nil || resp.TLS == nil || len(resp.TLS.PeerCertificates) == 0 {
		return there, nil, ok
	}
	return there, resp.TLS.PeerCertificates[0], ok
}

// statusClock is the time of the company's status host, which is another computer than
// the server.
func (w *walk) statusClock(ctx context.Context) fault.Observation {
	none := fault.Observation{Kind: "clock", Target: "status", Outcome: fault.Unmeasured}
	address := w.Status
	if address == "" && w.LastGood != nil {
		address = w.LastGood.Status
	}
	if address == "" {
		return none
	}
	config := wire.TLS()
	config.InsecureSkipVerify = true //nolint:gosec // only the Date header is read
	there, _, ok := dateOf(ctx, &http.Transport{Proxy: w.Proxy, TLSClientConfig: config, MaxResponseHeaderBytes: 64 << 10}, address)
	if !ok {
		return none
	}
	return ofClock("status", w.Now(), there)
}

// dateOf asks for a page's header alone and returns the time in it, half the answer's
// way later. It follows no redirect.
func dateOf(ctx context.Context, t *http.Transport, address string) (time.Time, *http.Response, bool) {
	defer t.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, helloBudget)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return time.Time{}, nil, false
	}
	start := time.Now()
	resp, err := t.RoundTrip(req)
	if err != nil {
		return time.Time{}, nil, false
	}
	_ = resp.Body.Close()
	d, err := http.ParseTime(resp.Header.Get("Date"))
	return d.Add(time.Since(start) / 2), resp, err == nil
}
