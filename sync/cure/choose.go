package cure

import (
	"cmp"
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

	Segments bool     // this system lets a program choose its segment size
	Cards    []Card   // network cards that lead out, those of a tunnel left out
	Proxy    string   // host:port that the plain way goes through; empty: none
	System   string   // the same by the system's settings
	SignIns  []string // proxies that a user name is kept for
	Spare    string   // what the program can do without on this disk, like "12.3 MB"
	Folder   string   // that the data can be moved to
	Acts     []Name   // that are at hand besides the routes
}

// A Card is a network card and its address of IPv4.
type Card struct{ Name, Address string }

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

// Guesses are the cures worth a try where none of For helps: those without a risk that
// nobody has to agree to and that change the way alone. None where what is wrong is on
// this computer.
func Guesses(c Case) []Offer {
	if row, ok := fault.Lookup(c.Fault); c.Fault == fault.OK || ok && row.Layer == fault.PC {
		return nil
	}
	known := For(c)
	var out []Offer
	for _, n := range []Name{RememberedBeside, HTTP1, IdentityEncoding, ClassicKeys, IPv4Only, LastGoodAddress, FreshDNS, SmallSegments, OtherNode, OtherPort, OSProxy} {
		o, ok := c.offer(n, c.Finding)
		if ok && o.Risk.EN == "" && !o.Consent && !slices.ContainsFunc(known, func(x Offer) bool { return x.Name == n }) {
			out = append(out, o)
		}
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
	FreshDNS:        {OtherNode, LastGoodAddress},
	SmallSegments:   {ClassicKeys},
	DirectWay:       {OSProxy},
	OtherNode:       {LastGoodAddress},
	OtherPort:       {OtherNode},
	OSProxy:         {DirectWay},
	HTTP1:           {ClassicKeys},
	ClassicKeys:     {SmallSegments},
	RestoreBackup:   {RepairData},
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
	switch n {
	case RestoreURL:
		o.Values["typed"], o.Values["enrolled"] = c.URL, c.Enrolled
		ok = ok && c.Enrolled != "" && c.URL != c.Enrolled
	case FreeSpace:
		o.Values["size"] = c.Spare
		ok = ok && c.Spare != ""
	case MoveData:
		o.Values["folder"] = c.Folder
		ok = ok && c.Folder != ""
	case HTTPS:
		ok = ok && strings.HasPrefix(strings.ToLower(c.URL), "http://")
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

// port is the one in the server's address.
func (c Case) port() string {
	u, err := url.Parse(c.URL)
	if err != nil {
		return ""
	}
	return cmp.Or(u.Port(), "443")
}

// saw are the observations that match.
func (c Case) saw(match func(fault.Observation) bool) []fault.Observation {
	return slices.DeleteFunc(slices.Clone(c.Seen), func(o fault.Observation) bool { return !match(o) })
}

// answering are the addresses of the server that took a connection directly at the port
// in its address, or at another one.
func (c Case) answering(otherPort bool) []string {
	var out []string
	for _, o := range c.saw(func(o fault.Observation) bool {
		direct := (o.Kind == "tcp" || o.Kind == "port") && o.Via != "proxy" && o.Stage != "source"
		proved := o.Kind == "answer" && o.Stage == "tls" // the system does not give it
		return o.Outcome == fault.Yes && (direct || proved)
	}) {
		host, port, err := net.SplitHostPort(o.Target)
		if err == nil && net.ParseIP(host) != nil && (port != c.port()) == otherPort && !slices.Contains(out, o.Target) {
			out = append(out, o.Target)
		}
	}
	return out
}

// otherPort is one that the server may listen on too: where a connection was taken, else
// where it listened before, else the usual ones; empty where there is none.
func (c Case) otherPort() string {
	var out []string
	for _, a := range c.answering(true) {
		_, port, _ := net.SplitHostPort(a) // it was split there
		out = append(out, port)
	}
	if c.LastGood != nil {
		out = append(out, c.LastGood.Ports...)
	}
	for _, port := range append(out, "443", "8443") {
		if port != c.port() && port != "80" {
			return port
		}
	}
	return ""
}

// nodes are other addresses of the service than the one that the name leads to first.
func (c Case) nodes() []string {
	out := c.answering(false)
	if c.LastGood == nil {
		return out
	}
	for _, a := range c.LastGood.Addresses {
		if a = net.JoinHostPort(a, c.port()); !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	for _, a := range c.LastGood.Nodes {
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// card is the network card to leave by: the one over which the line last worked, else
// the first.
func (c Case) card() (Card, bool) {
	for _, k := range c.Cards {
		if c.LastGood != nil && k.Name == c.LastGood.Interface {
			return k, true
		}
	}
	if len(c.Cards) == 0 {
		return Card{}, false
	}
	return c.Cards[0], true
}

// routes prepare what a cure changes on the way.
var routes = map[Name]func(Case, *Offer) bool{
	LastGoodAddress: lastGood,
	OtherNode:       func(c Case, o *Offer) bool { return c.fixed(o, c.nodes()...) },
	OtherPort: func(c Case, o *Offer) bool {
		o.Route.Host, o.Route.Port = c.host(), c.otherPort()
		o.Values["port"] = o.Route.Port
		return o.Route.Host != "" && o.Route.Port != ""
	},
	SourceAddress: func(c Case, o *Offer) bool {
		k, ok := c.card()
		_ = lastGood(c, o) // names may be looked up through what is in the way
		o.Route.Interface, o.Route.Source = k.Name, k.Address
		o.Values["interface"] = k.Name
		return ok
	},
	ProxySignIn: func(c Case, o *Offer) bool {
		o.Route.SignIn = true
		proxy := c.Proxy
		if proxy == "" { // it is the system's that wants it
			proxy, o.Route.Proxy = c.System, route.System
		}
		o.Values["proxy"] = proxy
		return slices.Contains(c.SignIns, proxy)
	},
	TCPDNS:   func(_ Case, o *Offer) bool { o.Route.Names = route.OverTCP; return true },
	FreshDNS: func(_ Case, o *Offer) bool { o.Route.Names = route.Fresh; return true },
	IPv4Only: func(_ Case, o *Offer) bool { o.Route.Family = route.IPv4; return true },
	ClassicKeys: func(_ Case, o *Offer) bool {
		o.Route.Classic = true
		return true
	},
	SmallSegments: func(c Case, o *Offer) bool {
		// Elsewhere the hello and what is sent are small; what comes is the server's.
		o.Route.SegmentSize, o.Route.Classic = smallSegment, !c.Segments
		return true
	},
	DirectWay: func(c Case, o *Offer) bool { o.Route.Proxy = route.Direct; return c.Proxy != "" },
	OSProxy: func(c Case, o *Offer) bool {
		o.Route.Proxy = route.System
		return c.System != "" && c.System != c.Proxy
	},
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

// lastGood makes an offer dial the address that worked last.
func lastGood(c Case, o *Offer) bool {
	if c.LastGood == nil || c.LastGood.Proxy != "" && c.LastGood.Proxy != link.Direct {
		return false // what was dialled then was the proxy
	}
	host, _, err := net.SplitHostPort(c.LastGood.Address)
	if err != nil || net.ParseIP(host) == nil || net.ParseIP(c.host()) != nil {
		return false
	}
	return c.fixed(o, c.LastGood.Address)
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
