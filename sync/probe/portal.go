package probe

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"counterfoil/sync/fault"
)

const (
	challengeHeader = "X-Counterfoil-Challenge" // comes back from whoever is really asked
	challengePath   = "/generate_204"
	portalConnect   = 700 * time.Millisecond // a sign-in page is near
	portalAnswer    = 1500 * time.Millisecond

	// nobodysHost is an address at which nobody is: RFC 5737 keeps it for documents.
	// Whoever answers for it answers for everybody.
	nobodysHost = "192.0.2.80"
)

// portal asks over plain HTTP where an honest network lets nothing but an echo come
// back: the server's own host, the status host, and an address that nobody has. It
// sends no name and no secret.
func (w *walk) portal(ctx context.Context) (string, State) {
	if w.host == "" || w.failed("net", "link|address") || w.host == "localhost" {
		return inTheWay, Skipped
	}
	if ip := net.ParseIP(w.host); ip != nil && ip.IsLoopback() {
		return "this computer", Good
	}
	// Routers tell only some times a second that somebody cannot be reached: of the server
	// before of an address that nobody has.
	if !pause(ctx, lineAfter) {
		return "not needed", Good
	}
	targets := map[string]string{"nobody": nobodysHost, "server": w.host}
	if s := w.statusHost(); s != "" && s != w.host {
		targets["status"] = s
	}
	client := &http.Client{Transport: plainly(), Timeout: portalAnswer, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	var group sync.WaitGroup
	for via, host := range targets {
		group.Go(func() {
			if via == "nobody" || pause(ctx, leadTime) { // the name servers are asked for the server first
				w.set.Add(challenge(ctx, client, via, host))
			}
		})
	}
	group.Wait()
	if w.failed("portal", "") {
		return "somebody else answers", Bad
	}
	return "nobody else answers", Good
}

// plainly is a transport past every proxy that keeps nothing open.
func plainly() *http.Transport {
	d := &net.Dialer{Timeout: portalConnect}
	return &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}
}

// statusHost is the host of the page that tells how the service is; empty where none is known.
func (w *walk) statusHost() string {
	page := w.Status
	if page == "" && w.LastGood != nil {
		page = w.LastGood.Status
	}
	u, err := url.Parse(page)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// challenge is how a host answers a request that is to come back unchanged.
func challenge(ctx context.Context, client *http.Client, via, host string) fault.Observation {
	o := fault.Observation{Kind: "portal", Via: via, Target: host, Outcome: fault.Unmeasured}
	at := "http://" + net.JoinHostPort(host, "80") + challengePath
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		o.Detail = err.Error()
		return o
	}
	word := rand.Text()
	req.Header.Set(challengeHeader, word)
	t := time.Now()
	resp, err := client.Do(req)
	o.RTT = time.Since(t).Milliseconds()
	if err != nil {
		o.Detail = err.Error() // nobody answers: that is no sign of a sign-in page
		return o
	}
	defer resp.Body.Close()
	o.Status, o.Values = resp.StatusCode, map[string]string{"page": at}
	if strings.Contains(resp.Header.Get("Content-Type"), "html") {
		o.Media = "html"
	}
	to, err := resp.Location()
	switch {
	case resp.StatusCode == http.StatusNoContent && resp.Header.Get(challengeHeader) == word:
		o.Outcome = fault.Yes
	case resp.StatusCode == http.StatusNetworkAuthenticationRequired:
		o.Outcome, o.Code = fault.No, "portal:511"
	case err == nil && to.Hostname() != host:
		o.Outcome, o.Code, o.Values["page"] = fault.No, "portal:redirect", to.String()
	case err == nil && via != "nobody":
		o.Detail = "leads to " + to.Scheme + " of the same host" // a server that wants encryption
	case resp.StatusCode < 400:
		o.Outcome, o.Code = fault.No, "portal:page"
	default:
		o.Detail = "answers " + resp.Status // a proxy on the way, or a server that knows no such page
	}
	return o
}
