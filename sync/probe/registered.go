package probe

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"

	"counterfoil/sync/fault"
	"counterfoil/sync/trust"
)

// registered asks the address that the folder was registered with, where another is
// in the settings, whether it is well; no secret is shown to it.
func (w *walk) registered(ctx context.Context) (string, State) {
	if w.host == "" || w.unread || w.EnrolledURL == "" || sameAddress(w.ServerURL, w.EnrolledURL) {
		return "the same", Good
	}
	o := fault.Observation{Kind: "registered", Stage: "same", Via: "settings", Outcome: fault.No, Code: "host", Values: map[string]string{"typed": w.ServerURL, "enrolled": w.EnrolledURL}}
	if w.sameHost(w.base) {
		o.Code = "port"
	}
	if w.Asked {
		o.Via = "asked"
	}
	w.set.Add(o)
	if w.real == nil {
		return inTheWay, Skipped
	}
	t := w.conns.of(w.Transport(w.roots))
	defer t.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(w.EnrolledURL, "/")+"/healthz", nil)
	if err != nil {
		return err.Error(), Good // it was one when it was registered
	}
	r, err := t.RoundTrip(req)
	a := fault.OfError(err)
	a.Kind, a.Stage, a.Via, a.Code, a.Values = "registered", "answers", "", "", o.Values
	if err == nil {
		_ = r.Body.Close() // its status is enough
		a.Status, a.Outcome = r.StatusCode, yes(r.StatusCode == http.StatusOK)
	}
	w.set.Add(a)
	return "registered: " + w.EnrolledURL, Good
}

// sameAddress reports whether two addresses lead to one place.
func sameAddress(a, b string) bool {
	x, err := url.Parse(a)
	if err != nil {
		return false
	}
	y, err := url.Parse(b)
	port := func(u *url.URL) string {
		if p := u.Port(); p != "" {
			return p
		}
		return "443"
	}
	return err == nil && strings.EqualFold(x.Hostname(), y.Hostname()) && port(x) == port(y) && strings.Trim(x.Path, "/") == strings.Trim(y.Path, "/")
}

// trusted compares the CA that is kept with the one that was imported.
func (w *walk) trusted(roots []*x509.Certificate) fault.Observation {
	o := fault.Observation{Kind: "imported", Outcome: fault.Unmeasured}
	if w.Trusted == "" || len(roots) == 0 {
		return o
	}
	o.Outcome = fault.No
	for _, c := range roots {
		if strings.EqualFold(trust.Fingerprint(c), w.Trusted) {
			o.Outcome = fault.Yes
		}
	}
	return o
}
