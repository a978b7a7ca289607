package probe

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

// An inquiry asks the system's name servers themselves, beside the system, which folds
// the causes of what fails. It runs once in a walk.
type inquiry struct {
	once sync.Once
	done chan struct{} // closed when all have answered or were given up
	some chan struct{} // closed when one has given addresses
	sys  chan struct{} // closed when the system's own look-up has ended
	lead chan struct{} // closed when the first word of any has come

	gateway, led sync.Once

	mu    sync.Mutex
	found []netip.Addr
	best  time.Duration // of the fastest answer; 0: none yet
}

// inquire returns the walk's inquiry, begun if it was not.
func (w *walk) inquire(ctx context.Context) *inquiry {
	q := &w.inquiry
	q.once.Do(func() {
		q.done, q.some, q.sys, q.lead = make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
		facts := osnet.Look()
		w.set.Add(fault.Observation{Kind: "resolver", Stage: "list", Outcome: yes(len(facts.Resolvers) > 0)})
		go w.intercepted(ctx)
		go func() {
			defer close(q.done)
			var group sync.WaitGroup
			for _, s := range facts.Resolvers {
				ip, _ := netip.ParseAddr(s) // invalid: near
				ask := &asking{walk: w, inquiry: q, server: s, far: ip.IsValid() && !facts.Near(ip)}
				for stage := range kinds {
					group.Go(func() { ask.one(ctx, stage) })
				}
			}
			group.Wait()
		}()
	})
	return q
}

// leadTime is how long others wait with their questions for the first word of a name
// server. A computer says only a few times a second that nobody listens; more questions
// at once and it says so to some of them.
const leadTime = 30 * time.Millisecond

// first waits for the first word of a name server, for a little while.
func (q *inquiry) first(ctx context.Context) {
	late := time.NewTimer(leadTime)
	defer late.Stop()
	select {
	case <-q.lead:
	case <-late.C:
	case <-ctx.Done():
	}
}

// nobodysNames is an address at which nobody is: RFC 5737 keeps it for documents.
const nobodysNames = "192.0.2.53"

// interceptAfter is when it is asked where the way is shut.
const interceptAfter = 600 * time.Millisecond

// intercepted asks for the root where no name server is. An answer comes from somebody
// between who answers for all.
func (w *walk) intercepted(ctx context.Context) {
	select {
	case <-w.opened.open:
	case <-time.After(interceptAfter): // what tells why the way is shut goes first
	case <-ctx.Done():
		return
	}
	if o, _ := query(ctx, "udp", nobodysNames, ".", "a"); answered(o) {
		w.set.Add(fault.Observation{Kind: "intercept", Via: "udp", Target: nobodysNames, Outcome: fault.Yes, Code: o.Code, RTT: o.RTT})
	}
}

// addresses are those that any name server gave until now.
func (q *inquiry) addresses() []netip.Addr {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.found)
}

// fastest is how long the fastest answer took; false where none has come.
func (q *inquiry) fastest() (time.Duration, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.best, q.best > 0
}

func (q *inquiry) add(o fault.Observation, ips []netip.Addr) {
	q.led.Do(func() { close(q.lead) })
	q.mu.Lock()
	defer q.mu.Unlock()
	if rtt := max(time.Duration(o.RTT)*time.Millisecond, 1); answered(o) && (q.best == 0 || rtt < q.best) {
		q.best = rtt
	}
	if len(q.found) == 0 && len(ips) > 0 {
		close(q.some)
	}
	for _, ip := range ips {
		if !slices.Contains(q.found, ip) {
			q.found = append(q.found, ip)
		}
	}
}

// asking is the questions to one name server.
type asking struct {
	*walk
	*inquiry
	server string
	far    bool // it stands outside of this computer's networks

	told  sync.Once // that the line to it is open
	alive sync.Once // is looked whether it is there
}

// one asks one question over UDP, and over TCP where that is silent or too short.
func (a *asking) one(ctx context.Context, stage string) {
	quick := make(chan fault.Observation, 1)
	go func() { quick <- a.over(ctx, "udp", stage) }()
	silence := time.NewTimer(tcpAfter)
	defer silence.Stop()
	select {
	case o := <-quick:
		if !whole(o) {
			a.over(ctx, "tcp", stage)
		}
		return
	case <-silence.C:
	case <-ctx.Done():
		return
	}
	var group sync.WaitGroup
	group.Go(func() { a.alive.Do(func() { a.isThere(ctx) }) })
	group.Go(func() { a.gateway.Do(func() { a.askGateway(ctx) }) }) // is it they, or the way to them?
	shut := a.over(ctx, "tcp", stage)
	<-quick
	group.Wait()
	if stage == "a" && shut.Code == refused {
		a.again(ctx)
	}
}

// again asks a silent name server of a computer that refuses TCP: it may say now that
// nobody listens, for less is asked.
func (a *asking) again(ctx context.Context) {
	for range 2 {
		ctx, cancel := context.WithTimeout(ctx, dnsAgain)
		o := a.over(ctx, "udp", "a")
		cancel()
		if o.Code != "timeout" {
			return
		}
	}
}

// whole reports whether nothing more need be asked.
func whole(o fault.Observation) bool {
	return answered(o) && o.Code != "truncated" || o.Outcome == fault.Unmeasured && o.Code != unable
}

// over asks over one way and notes what comes of it.
func (a *asking) over(ctx context.Context, via, stage string) fault.Observation {
	o, ips := query(ctx, via, a.server, a.host, stage)
	if stage == "a" {
		o.Values = map[string]string{"resolver": a.server}
	}
	a.set.Add(o)
	a.add(o, ips)
	if a.far && (answered(o) || o.Code == "dns:noise") {
		a.told.Do(func() {
			a.set.Add(fault.Observation{Kind: "control", Target: a.server, Via: "dns", Outcome: fault.Yes, RTT: o.RTT})
		})
	}
	return o
}

// isThere looks whether a silent name server's computer takes or refuses connections.
func (a *asking) isThere(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 600*time.Millisecond)
	defer cancel()
	ports := []string{"443", "80"}
	seen := make(chan bool, len(ports))
	for _, port := range ports {
		go func() {
			var d net.Dialer
			c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(a.server, port))
			if err == nil {
				_ = c.Close()
			}
			seen <- err == nil || fault.OfError(err).Code == "errno:ECONNREFUSED"
		}()
	}
	for range ports {
		if <-seen {
			a.set.Add(fault.Observation{Kind: "resolver", Stage: "alive", Target: a.server, Outcome: fault.Yes})
			if a.far {
				a.told.Do(func() {
					a.set.Add(fault.Observation{Kind: "control", Target: a.server, Via: "tcp", Outcome: fault.Yes})
				})
			}
			return
		}
	}
}

// resolvers waits for what every name server says.
func (w *walk) resolvers(ctx context.Context) (string, State) {
	if w.host == "" || w.failed("net", "link|address") || net.ParseIP(w.host) != nil || w.proxy != nil {
		return inTheWay, Skipped
	}
	q := w.inquire(ctx)
	select {
	case <-q.done:
	case <-ctx.Done():
	}
	ips := q.addresses()
	if len(ips) == 0 {
		if w.failed("dns", "a") {
			return "no address", Bad
		}
		return "given up", Skipped
	}
	return join(ips), Good
}

// bogon reports whether an address can be nobody's on a network: what filters and
// poisoners answer with.
func bogon(ip netip.Addr) bool {
	return ip.IsUnspecified() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() ||
		slices.ContainsFunc(nobodys, func(p netip.Prefix) bool { return p.Contains(ip) })
}

var nobodys = func() (out []netip.Prefix) {
	for _, p := range strings.Fields("0.0.0.0/8 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 2001:db8::/32 100::/64") {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}()
