package probe

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
)

var routeObservers = []observer{
	{"route", fault.Text{ZH: "到服务器的线路", EN: "Route to the server"}, fault.Internet, []string{"names"}, false, (*walk).route},
}

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

// route connects to every address of the server at once.
func (w *walk) route(ctx context.Context) (string, State) {
	if w.host == "" || w.failed("net", "link|address|route") || w.failed("proxy", "") || w.failed("dns", "") && len(w.addresses) == 0 {
		return inTheWay, Skipped
	}
	if w.proxy != nil {
		return "through the proxy", Good
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	var last error
	text, refused := "", false
	for _, ip := range w.addresses {
		group.Go(func() {
			address := net.JoinHostPort(ip.String(), w.port)
			c, rtt, err := dial(ctx, address)
			o := fault.OfError(err)
			o.Kind, o.Target, o.Via, o.RTT = "tcp", address, "direct", rtt.Milliseconds()
			w.set.Add(o)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				last, refused = err, refused || o.Code == "errno:ECONNREFUSED"
				return
			}
			_ = c.Close()
			if w.open == "" { // the first that answers
				w.open, text = address, ip.String()+" "+rtt.Round(time.Millisecond).String()
				w.learn(func(s *link.Snapshot) { s.Address, s.RTT = address, rtt })
			}
		})
	}
	group.Wait()
	if w.open != "" {
		return text, Good
	}
	if last == nil {
		last = errors.New("no address")
	}
	if !refused && w.control(ctx) {
		return last.Error() + "; the name server beyond the office answers", Bad
	}
	return last.Error(), Bad
}
