package cure

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/route"
)

// A Case is what cures are chosen from: plain data.
type Case struct {
	fault.Verdict
	Seen     []fault.Observation
	LastGood *link.Snapshot // nil: it never worked
	URL      string         // the server's address as it is set up, maybe malformed
	Enrolled string         // as it was registered

	Segments bool   // this system lets a program choose its segment size
	Acts     []Name // that are at hand besides the routes
}

// For returns the cures for a case, the best first: those of the root, then those of
// independent faults, none twice; where an address is not the registered one, that is
// offered last. A cure that has nothing to work with here is left out.
func For(c Case) []Offer {
	var out []Offer
	add := func(n Name, f fault.Finding) {
		o, ok := c.offer(n, f)
		if ok && !slices.ContainsFunc(out, func(x Offer) bool { return x.Name == n }) {
			out = append(out, o)
		}
	}
	for _, f := range append([]fault.Finding{c.Finding}, c.Also...) {
		row, ok := fault.Lookup(f.Fault)
		if !ok {
			continue
		}
		for _, n := range named(row) {
			add(n, f)
		}
	}
	if c.Fault != fault.OK {
		add(RestoreURL, c.Finding)
	}
	return out
}

// named are the cures that a row speaks of, and what can stand in for them.
func named(row fault.Fault) []Name {
	var out []Name
	add := func(n Name) {
		if _, ok := Lookup(n); ok && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	add(Name(row.Cure))
	for _, s := range row.Steps {
		add(Name(strings.TrimPrefix(s.Action, "cure:")))
	}
	for _, n := range slices.Clone(out) {
		for _, m := range instead[n] {
			add(m)
		}
	}
	return out
}

// instead are cures worth a try where the one that a row names is not to be had or does
// not help.
var instead = map[Name][]Name{
	LastGoodAddress: {TCPDNS, FreshDNS},
	TCPDNS:          {LastGoodAddress},
	FreshDNS:        {LastGoodAddress},
	SmallSegments:   {ClassicKeys},
	DirectWay:       {OSProxy},
	OtherNode:       {LastGoodAddress},
}

// offer prepares a cure; false where it has nothing to work with.
func (c Case) offer(n Name, f fault.Finding) (Offer, bool) {
	known, ok := Lookup(n)
	if !ok {
		return Offer{}, false
	}
	o := Offer{Cure: known, Fault: f.Fault, Values: map[string]string{}}
	for k, v := range f.Values {
		o.Values[k] = v
	}
	if build := routes[n]; build != nil {
		ok = build(c, &o) && !o.Route.IsPlain()
	} else {
		ok = slices.Contains(c.Acts, n)
	}
	if n == RestoreURL {
		o.Values["typed"], o.Values["enrolled"] = c.URL, c.Enrolled
		ok = ok && c.Enrolled != "" && c.URL != c.Enrolled
	}
	return o, ok
}

func (c Case) host() string {
	u, err := url.Parse(c.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// saw are the observations that match.
func (c Case) saw(match func(fault.Observation) bool) []fault.Observation {
	return slices.DeleteFunc(slices.Clone(c.Seen), func(o fault.Observation) bool { return !match(o) })
}

// answering are the addresses of the server that took a connection directly.
func (c Case) answering() []string {
	var out []string
	for _, o := range c.saw(func(o fault.Observation) bool {
		return o.Kind == "tcp" && o.Outcome == fault.Yes && o.Via != "proxy" && o.Stage == ""
	}) {
		if host, _, err := net.SplitHostPort(o.Target); err == nil && net.ParseIP(host) != nil && !slices.Contains(out, o.Target) {
			out = append(out, o.Target)
		}
	}
	return out
}

// routes prepare what a cure changes on the way.
var routes = map[Name]func(Case, *Offer) bool{
	LastGoodAddress: func(c Case, o *Offer) bool {
		if c.LastGood == nil || c.LastGood.Proxy != "" && c.LastGood.Proxy != link.Direct {
			return false // what was dialled then was the proxy
		}
		host, _, err := net.SplitHostPort(c.LastGood.Address)
		if err != nil || net.ParseIP(host) == nil || net.ParseIP(c.host()) != nil {
			return false
		}
		return c.fixed(o, c.LastGood.Address)
	},
	OtherNode: func(c Case, o *Offer) bool { return c.fixed(o, c.answering()...) },
	TCPDNS:    func(_ Case, o *Offer) bool { o.Route.Names = route.OverTCP; return true },
	FreshDNS:  func(_ Case, o *Offer) bool { o.Route.Names = route.Fresh; return true },
	IPv4Only:  func(_ Case, o *Offer) bool { o.Route.Family = route.IPv4; return true },
	ClassicKeys: func(_ Case, o *Offer) bool {
		o.Route.Classic = true
		return true
	},
	SmallSegments: func(c Case, o *Offer) bool {
		o.Route.SegmentSize = smallSegment
		return c.Segments
	},
	DirectWay:        func(_ Case, o *Offer) bool { o.Route.Proxy = route.Direct; return true },
	OSProxy:          func(_ Case, o *Offer) bool { o.Route.Proxy = route.System; return true },
	HTTP1:            func(_ Case, o *Offer) bool { o.Route.HTTP1 = true; return true },
	IdentityEncoding: func(_ Case, o *Offer) bool { o.Route.Identity = true; return true },
	RememberedBeside: func(c Case, o *Offer) bool {
		if c.LastGood == nil || len(c.LastGood.Beside) == 0 {
			return false
		}
		o.Route.Remembered = c.LastGood.Beside
		return true
	},
}

// smallSegment passes through every tunnel in use, in bytes.
const smallSegment = 1200

// fixed makes an offer dial addresses of the server.
func (c Case) fixed(o *Offer, addresses ...string) bool {
	if len(addresses) == 0 || c.host() == "" {
		return false
	}
	o.Route.Host, o.Route.Addresses = c.host(), addresses
	o.Values["address"] = strings.Join(addresses, ", ")
	return true
}
