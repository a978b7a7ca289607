package probe

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
)

var nameObservers = []observer{
	{"names", fault.Text{ZH: "域名解析", EN: "Names"}, fault.Internet, []string{"proxy"}, false, (*walk).names},
}

// names resolves the server by the system and, because that folds causes, by asking
// every resolver itself.
func (w *walk) names(ctx context.Context) (string, State) {
	if w.host == "" || w.failed("net", "link|address|route") || w.failed("proxy", "") {
		return inTheWay, Skipped
	}
	if ip := net.ParseIP(w.host); ip != nil {
		w.addresses = []net.IP{ip}
		return "an address, no name", Good
	}
	if w.proxy != nil {
		return "left to the proxy", Good
	}
	own := make(chan []fault.Observation, 1)
	go func() {
		seen := askResolvers(ctx, w.host)
		if !slices.ContainsFunc(seen, func(o fault.Observation) bool { return o.Outcome == fault.Yes || strings.HasPrefix(o.Code, "rcode:") }) {
			w.askGateway(ctx) // nobody answers: is it they, or the way to them?
		}
		own <- seen
	}()
	sys, cancel := context.WithTimeout(ctx, 2500*time.Millisecond)
	defer cancel()
	ips, err := net.DefaultResolver.LookupIP(sys, "ip", w.host)
	if err == nil {
		w.set.Add(fault.Observation{Kind: "dns", Via: "system", Outcome: fault.Yes})
		w.addresses = ips
		w.learn(func(s *link.Snapshot) {
			for _, ip := range ips {
				s.Addresses = append(s.Addresses, ip.String())
			}
		})
		return ips[0].String(), Good
	}
	o := fault.OfError(err)
	o.Kind, o.Via = "dns", "system"
	if sys.Err() != nil {
		o.Code, o.Outcome = "timeout", fault.No
	}
	w.set.Add(o)
	w.set.Add(<-own...)
	w.set.Add(fault.Observation{Kind: "dns", Via: "last_good", Outcome: yes(w.knownName())})
	return err.Error(), Bad
}

// knownName reports whether the line worked before under this very name.
func (w *walk) knownName() bool {
	u, err := url.Parse(w.EnrolledURL)
	return err == nil && w.LastGood != nil && u.Hostname() == w.host
}
