package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

// repeated stands after all that connect to the server.
var repeated = observer{"repeat", fault.Text{ZH: "重复连接", EN: "Connecting again"}, fault.Server, []string{"addresses", "clock", "tls", "signin"}, false, (*walk).repeat}

var routeObservers = []observer{
	{"route", fault.Text{ZH: "到服务器的线路", EN: "Route to the server"}, fault.Internet, []string{"names"}, false, (*walk).route},
	{"addresses", fault.Text{ZH: "服务器的各个地址", EN: "The server's addresses"}, fault.Internet, []string{"route"}, false, (*walk).allAddresses},
}

// defaultPort is where a server listens unless it is told otherwise.
const defaultPort = "8443"

// route connects to every address of the server at once, and ends with the first that
// is open.
func (w *walk) route(ctx context.Context) (string, State) {
	if w.host == "" || w.failed("net", "link|address") || w.failed("proxy", "") {
		return inTheWay, Skipped
	}
	if w.proxy != nil {
		return "through the proxy", Good
	}
	services := w.services()
	if len(services) == 0 {
		return inTheWay, Skipped
	}
	w.ofWay(services)
	w.ofReach(services)
	w.waiting.Store(true)
	defer w.waiting.Store(false)
	w.table = newTable(ctx, w, services)
	text, open := w.table.first()
	if open == "" {
		return text, Bad
	}
	w.open = open
	return text, Good
}

// allAddresses waits for the rest of the table.
func (w *walk) allAddresses(context.Context) (string, State) {
	if w.table == nil {
		return inTheWay, Skipped
	}
	silent := w.table.rest()
	if silent > 0 {
		return strconv.Itoa(silent) + " of the server's addresses do not answer", Bad
	}
	return "all answer", Good
}

// services are host:port of the server as its name says now.
func (w *walk) services() []string {
	var out []string
	for _, ip := range w.addresses {
		out = append(out, net.JoinHostPort(ip.String(), w.port))
	}
	if net.ParseIP(w.host) != nil {
		w.set.Add(fault.Observation{Kind: "address", Stage: "typed", Outcome: fault.Yes})
	}
	return out
}

// lastGood are host:port where the server answered when the line last worked.
func (w *walk) lastGood() []string {
	var out []string
	for _, a := range w.goodAddresses() {
		out = append(out, a.String())
	}
	return out[:min(len(out), 3)]
}

// askPastTunnel dials the server where it answered when the line last worked, past a
// tunnel that the way there leaves by.
func (w *walk) askPastTunnel(ctx context.Context) {
	all := w.lastGood()
	w.ofWay(all)
	var group sync.WaitGroup
	for _, address := range all {
		if card := w.byCard(address); card.Name != "" && w.claim("source", address) {
			group.Go(func() { w.other(ctx, "source", address, &card) })
		}
	}
	group.Wait()
}

// alternatives are other ports of the server's own addresses.
func (w *walk) alternatives() []string {
	ports := []string{"443", defaultPort, "80"}
	if w.LastGood != nil {
		ports = append(slices.Clone(w.LastGood.Ports), ports...)
		if _, p, err := net.SplitHostPort(w.LastGood.Address); err == nil {
			ports = append(ports, p)
		}
	}
	var out []string
	for _, p := range ports {
		if p != w.port && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out[:min(len(out), 4)]
}

// ofWay notes by what a packet to the server would leave this computer, and whether this
// computer's own rules let it.
func (w *walk) ofWay(all []string) {
	for _, address := range all {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			continue
		}
		r, err := osnet.RouteTo(to.Addr().Unmap())
		if err != nil && (osnet.Forbidden(err) || errors.Is(err, syscall.EHOSTUNREACH)) {
			w.set.Add(fault.Observation{Kind: "way", Stage: "allowed", Target: address, Outcome: fault.No, Code: fault.OfError(err).Code, Detail: err.Error()})
		}
		if err != nil {
			continue
		}
		i := w.facts.Interface(r.Interface)
		o := fault.Observation{Kind: "way", Stage: "card", Target: address, Outcome: yes(i.Kind != osnet.Tunnel), Values: map[string]string{"interface": i.Name}}
		w.set.Add(o)
		if g := w.LastGood; g != nil && g.Interface != "" {
			o.Stage, o.Outcome = "as_before", yes(g.Interface == i.Name || g.LinkType == string(i.Kind))
			w.set.Add(o)
		}
	}
}

// ofReach notes whether this computer knows a way to the server's addresses, and whether
// they lie beyond a router or in one of its own networks.
func (w *walk) ofReach(services []string) {
	for _, address := range services {
		to, err := netip.ParseAddrPort(address)
		if err != nil || to.Addr().IsLoopback() {
			continue
		}
		r, err := osnet.RouteTo(to.Addr().Unmap())
		o := fault.Observation{Kind: "way", Stage: "route", Target: address, Outcome: yes(err == nil), Code: fault.OfError(err).Code}
		if err != nil && o.Code != noNetwork {
			o.Outcome = fault.Unmeasured
		}
		w.set.Add(o)
		if err == nil && len(w.facts.Interfaces) > 0 && !ownAddress(w.facts, to.Addr().Unmap()) {
			o.Stage, o.Outcome = "beyond", yes(r.Gateway.IsValid() || w.facts.Interface(r.Interface).Kind == osnet.Tunnel)
			w.set.Add(o)
		}
	}
}

// asksNeighbour is when a computer in the same network has told its hardware address, or
// is not there.
const asksNeighbour = 900 * time.Millisecond

// neighbour notes whether a server in one of this computer's own networks, which does not
// answer, is there at all.
func (t *table) neighbour(address string) {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !t.w.set.Saw(fault.Pattern{Kind: "way", Stage: "beyond", Target: address, Outcome: string(fault.No)}) {
		return
	}
	if !pause(t.ctx, time.Until(t.start.Add(asksNeighbour))) || t.isOpen() {
		return
	}
	o := fault.Observation{Kind: "neighbour", Stage: "server", Target: address, Outcome: fault.Unmeasured}
	switch state, age := osnet.Neighbour(to.Addr().Unmap()); {
	case state == osnet.Present && age < time.Since(t.start): // it told us, not another before
		o.Outcome = fault.Yes
	case state == osnet.Absent:
		o.Outcome = fault.No
	}
	t.w.set.Add(o)
}

// byCard is this computer's own card, where the way to an address leaves by a tunnel;
// its Name is empty where it does not.
func (w *walk) byCard(address string) osnet.Interface {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return osnet.Interface{}
	}
	r, err := osnet.RouteTo(to.Addr().Unmap())
	if err != nil || w.facts.Interface(r.Interface).Kind != osnet.Tunnel {
		return osnet.Interface{}
	}
	for _, d := range w.facts.Defaults {
		if i := w.facts.Interface(d.Interface); i.Card() && i.Up && i.Running && d.To.Addr().Is6() == to.Addr().Unmap().Is6() {
			return i
		}
	}
	return osnet.Interface{}
}

// dial connects within its budget.
func dial(ctx context.Context, address string) (net.Conn, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, silentAfter)
	defer cancel()
	var d net.Dialer
	t := time.Now()
	c, err := d.DialContext(ctx, "tcp", address)
	return c, time.Since(t), err
}

var errNoAddress = errors.New("no address")
