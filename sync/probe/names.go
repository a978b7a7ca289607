package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/osnet"
)

var nameObservers = []observer{
	{"names", fault.Text{ZH: "域名解析", EN: "Names"}, fault.Internet, []string{"proxy"}, false, (*walk).names},
	{"resolvers", fault.Text{ZH: "域名服务器", EN: "Name servers"}, fault.Internet, []string{"proxy"}, true, (*walk).resolvers},
	{"portal", fault.Text{ZH: "网络登录页", EN: "Sign-in page of the network"}, fault.Network, []string{"network"}, true, (*walk).portal},
	{"elsewhere", fault.Text{ZH: "服务器的其他地址", EN: "The server's other addresses"}, fault.Internet, []string{"proxy", beside + "keyring"}, true, (*walk).elsewhere},
}

const (
	systemBudget = 2 * time.Second        // of the system's look-up
	systemGrace  = 400 * time.Millisecond // it has left once the name servers have told us
	systemLast   = time.Second            // it has left once they have all been asked in vain
)

// names resolves the server by the system. Where the name servers tell us sooner, their
// addresses will do; the system is not waited for.
func (w *walk) names(ctx context.Context) (string, State) {
	if w.host == "" || w.failed("net", "link|address") || w.failed("proxy", "") {
		return inTheWay, Skipped
	}
	if ip := net.ParseIP(w.host); ip != nil {
		w.addresses = []net.IP{ip}
		return "an address, no name", Good
	}
	if w.proxy != nil {
		return "left to the proxy", Good
	}
	q := w.inquire(ctx)
	defer close(q.sys)
	w.readHosts()
	ips, took, err := w.system(ctx, q)
	if err == nil {
		w.set.Add(fault.Observation{Kind: "dns", Via: "system", Outcome: fault.Yes, RTT: took.Milliseconds(), Detail: join(ips)})
		w.addresses = ips
		w.learn(func(s *link.Snapshot) {
			for _, ip := range ips {
				s.Addresses = append(s.Addresses, ip.String())
			}
		})
		w.asKnown(ips)
		w.pace(ctx, q, took)
		return join(ips), Good
	}
	o := fault.OfError(err)
	o.Kind, o.Via, o.RTT = "dns", "system", took.Milliseconds()
	w.set.Add(o)
	for _, ip := range q.addresses() {
		w.addresses = append(w.addresses, net.IP(ip.AsSlice()))
	}
	if len(w.addresses) > 0 {
		return join(w.addresses) + "; the system: " + err.Error(), good(o.Outcome != fault.No)
	}
	return err.Error(), Bad
}

// system asks the system, for as long as it can still tell something: not much longer
// than the name servers themselves take.
func (w *walk) system(ctx context.Context, q *inquiry) ([]net.IP, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, systemBudget)
	defer cancel()
	ended := make(chan struct{})
	defer close(ended)
	vain := make(chan struct{})
	go func() {
		grace := systemGrace
		select {
		case <-q.some:
		case <-q.done:
			if len(q.addresses()) == 0 {
				grace = systemLast
			}
		case <-ended:
			return
		}
		late := time.NewTimer(grace)
		defer late.Stop()
		select {
		case <-late.C:
			if grace == systemLast {
				close(vain)
			}
			cancel()
		case <-ended:
		}
	}()
	q.first(ctx)
	t := time.Now()
	ips, err := net.DefaultResolver.LookupIP(ctx, "ip", w.host)
	if silent := over(vain) || errors.Is(ctx.Err(), context.DeadlineExceeded); silent && err != nil {
		err = &net.DNSError{Err: "i/o timeout", Name: w.host, IsTimeout: true}
	} else if ctx.Err() != nil && err != nil {
		err = context.Canceled // it has not failed
	}
	return ips, time.Since(t), err
}

// over reports whether a channel is.
func over(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// asKnown notes whether what the system gives is an address at all, and one that the
// server had when the line last worked.
func (w *walk) asKnown(ips []net.IP) {
	good := w.goodAddresses()
	sane, known, loop := w.host == "localhost", false, false
	for _, ip := range ips {
		a, _ := netip.AddrFromSlice(ip)
		a = a.Unmap()
		was := slices.ContainsFunc(good, func(g netip.AddrPort) bool { return g.Addr() == a })
		known = known || was
		sane, loop = sane || was || !bogon(a), loop || a.IsLoopback()
	}
	values := map[string]string{"address": join(ips)}
	if r := w.router(); r.IsValid() && among(ips, r) {
		w.set.Add(fault.Observation{Kind: "name", Stage: "router", Outcome: fault.No, Values: values})
	}
	o := fault.Observation{Kind: "name", Stage: "sane", Outcome: yes(sane), Values: values}
	if !sane {
		o.Code = map[bool]string{true: "bogon:this_computer", false: "bogon:nobody"}[loop]
	}
	w.set.Add(o)
	if len(good) > 0 {
		w.set.Add(fault.Observation{Kind: "name", Stage: "as_before", Outcome: yes(known), Values: values})
	}
	v6, v4 := false, false
	for _, ip := range ips {
		v4, v6 = v4 || ip.To4() != nil, v6 || ip.To4() == nil
	}
	if v6 && !v4 {
		has, sure := hasRoute(ips[0].String())
		if sure {
			w.set.Add(fault.Observation{Kind: "name", Stage: "family", Outcome: yes(has), Values: values})
		}
	}
}

// pace notes how long a name takes beside the way to the name server.
func (w *walk) pace(ctx context.Context, q *inquiry, took time.Duration) {
	if best, ok := q.fastest(); ok && best < took {
		took = best // the system's question was lost, or it asked more than one
	}
	if took < 500*time.Millisecond {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, dnsBudget)
	defer cancel()
	for _, s := range osnet.Resolvers() {
		t := time.Now()
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(s, "53"))
		line := time.Since(t)
		if err == nil {
			_ = c.Close()
		} else if fault.OfError(err).Code != "errno:ECONNREFUSED" {
			continue
		}
		w.set.Add(fault.Observation{Kind: "dns", Via: "system", Stage: "pace", Target: s, Outcome: fault.Yes, RTT: max(took-line, 0).Milliseconds()}.
			With(map[string]string{"lookup": fmt.Sprintf("%.1f", took.Seconds())}))
		return
	}
}
