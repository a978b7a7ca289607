package probe

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"counterfoil/sync/link"
	"counterfoil/sync/osnet"
)

// Place is how this computer stands in its network on the way to a server. It
// reads settings and sends nothing. The interface is known where the server is called
// by its address.
func Place(server string, proxy func(*http.Request) (*url.URL, error)) link.Place {
	facts := osnet.Look()
	p := link.Place{Network: strings.Join(addresses(facts), ", "), Resolver: strings.Join(facts.Resolvers, ", ")}
	for _, r := range facts.Defaults {
		if r.Gateway.IsValid() {
			p.Gateway = r.Gateway.String()
			break
		}
	}
	u, err := url.Parse(server)
	if err != nil || proxy == nil {
		return p
	}
	leavesBy(&p, facts, u.Hostname())
	switch via, err := proxy(&http.Request{URL: u, Header: http.Header{}}); {
	case err != nil:
	case via == nil:
		p.Proxy = link.Direct
	default:
		p.Proxy = via.Host // without a password
	}
	return p
}

// leavesBy notes the interface that packets to an address leave by.
func leavesBy(p *link.Place, facts osnet.Facts, address string) {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return
	}
	if r, err := osnet.RouteTo(ip.Unmap()); err == nil {
		i := facts.Interface(r.Interface)
		p.Interface, p.LinkType = i.Name, string(i.Kind)
	}
}

// addresses are those that this computer has to the outside, with their nets;
// those of IPv6 change daily and are given only where there are no others.
func addresses(facts osnet.Facts) []string {
	var four, six []string
	for _, i := range facts.Interfaces {
		if i.Kind == osnet.Virtual || i.Kind == osnet.Loopback {
			continue
		}
		for _, a := range addressesOf([]osnet.Interface{i}) {
			if a.Addr().Is4() {
				four = append(four, a.String())
			} else {
				six = append(six, a.String())
			}
		}
	}
	if len(four) == 0 {
		four = six
	}
	slices.Sort(four)
	return four
}

// place is where this computer stands now, and by which of its interfaces the server
// was reached.
func (w *walk) place() link.Place {
	p := Place(w.ServerURL, w.Proxy)
	if host, _, err := net.SplitHostPort(w.open); err == nil {
		leavesBy(&p, osnet.Look(), host)
	}
	return p
}
