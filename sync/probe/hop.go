package probe

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

const (
	// hopBudget is less than what a system waits for a hardware address: an error within
	// it comes from somebody on the way.
	hopBudget = 1500 * time.Millisecond
	// hopAgain is when the nearest router is asked again: it tells only some times a second.
	hopAgain = 500 * time.Millisecond
	// outsideAfter is when it is asked of an address outside: what it tells of the server
	// counts, and goes first.
	outsideAfter = hopAgain + 20*time.Millisecond
)

// hopped is what became of connections to one address whose packets live for one hop,
// for two, and for all the way: their codes, "" for a connection.
type hopped struct {
	address string
	via     string // "server" or "outside": whose address it is
	codes   [3]string
	rtt     [3]time.Duration
	from    [3]netip.Addr // who said so; invalid where the system does not tell
}

// hopTargets are the addresses whose way can be looked at before any name is known: the
// server's as it is typed or as it last was, and a name server's outside.
func (w *walk) hopTargets() []hopped {
	var out []hopped
	if all := w.lastGood(); len(all) > 0 {
		out = append(out, hopped{address: all[0], via: "server"})
	}
	for _, s := range w.facts.Resolvers {
		if ip, err := netip.ParseAddr(s); err == nil && !w.facts.Near(ip) {
			return append(out, hopped{address: net.JoinHostPort(s, "53"), via: "outside"})
		}
	}
	return out
}

// hops connects to an address with packets that end after the first and the second
// router, each of which says so where it is alive. The server sees none of them.
func (w *walk) hops(all context.Context, h hopped) {
	if has, known := hasRoute(hostOf(h.address)); known && !has || !w.claim("hops", h.address) {
		return // without a way the errors are this computer's own
	}
	ctx, cancel := context.WithTimeout(all, hopBudget)
	defer cancel()
	var group sync.WaitGroup
	group.Go(func() { h.first(ctx) })
	group.Go(func() { h.connect(ctx, 2) })
	group.Go(func() {
		if pause(ctx, lineAfter) { // others begin meanwhile
			h.codes[2], h.rtt[2] = w.wholeWay(ctx, h.address)
		} else {
			h.codes[2] = "cancelled"
		}
	})
	group.Wait()
	if slices.Contains(h.codes[:], "cancelled") {
		return
	}
	w.learning.Lock()
	w.hopped = append(w.hopped, h)
	w.learning.Unlock()
}

// first asks the nearest router, of the server more than once.
func (h *hopped) first(ctx context.Context) {
	tries := 3
	if h.via == "outside" {
		tries = 1
		if !pause(ctx, outsideAfter) {
			h.codes[0] = "cancelled"
			return
		}
	}
	for range tries {
		short, cancel := context.WithTimeout(ctx, hopAgain)
		h.connect(short, 1)
		cancel()
		if h.codes[0] != "timeout" {
			return
		}
	}
}

// connect connects with packets that live for one or two hops.
func (h *hopped) connect(ctx context.Context, hops int) {
	i := hops - 1
	to, err := netip.ParseAddrPort(h.address)
	if err != nil {
		h.codes[i] = "cancelled"
		return
	}
	start := time.Now()
	told, err := osnet.Reach(ctx, to, hops)
	h.codes[i], h.rtt[i], h.from[i] = fault.OfError(err).Code, time.Since(start), told.From
	if told.What != "" && told.What != osnet.Expired && h.codes[i] != noNetwork {
		h.codes[i] = saysNo
	}
}

// wholeWay is how a connection to an address ends, "" for one that stands: that which is
// made already, or one of its own.
func (w *walk) wholeWay(ctx context.Context, address string) (string, time.Duration) {
	d, mine := w.dialling(address)
	if mine {
		start := time.Now()
		to, err := netip.ParseAddrPort(address)
		if err == nil {
			_, err = osnet.Reach(ctx, to, 0)
		}
		d.end(fault.OfError(err).Code, time.Since(start))
	}
	select {
	case <-d.ended:
		return d.code, d.rtt
	case <-ctx.Done():
		if ctx.Err() == context.Canceled {
			return "cancelled", 0
		}
		return "timeout", hopBudget
	}
}

// A dialling is a connection to one address that somebody makes.
type dialling struct {
	once  sync.Once
	ended chan struct{}
	code  string // "" for one that stands; with rtt to be read when ended
	rtt   time.Duration
}

func (d *dialling) end(code string, rtt time.Duration) {
	d.once.Do(func() {
		d.code, d.rtt = code, rtt
		close(d.ended)
	})
}

// dialling is the connection that is made to an address; mine: by who asked, and he ends it.
func (w *walk) dialling(address string) (d *dialling, mine bool) {
	w.learning.Lock()
	defer w.learning.Unlock()
	if d := w.dials[address]; d != nil {
		return d, false
	}
	if w.dials == nil {
		w.dials = map[string]*dialling{}
	}
	d = &dialling{ended: make(chan struct{})}
	w.dials[address] = d
	return d, true
}

// concludeHops notes who on the way is alive, from all that was dialled so far.
func (w *walk) concludeHops() {
	w.learning.Lock()
	all := w.hopped
	w.hopped = nil
	w.learning.Unlock()
	// A router whose hardware address is asked for in vain says nothing: the errors are
	// this computer's own.
	if ip := w.router(); ip.IsValid() {
		if state, _ := osnet.Neighbour(ip); state == osnet.Absent {
			return
		}
	}
	// Where nothing comes back at all, neither router nor system may tell of such packets.
	tells := func(h hopped) bool { return h.codes[0] == expired || h.codes[0] == noNetwork || h.codes[0] == saysNo }
	telling := slices.ContainsFunc(all, tells) || w.set.Saw(fault.Pattern{Kind: "hop", Stage: "1", Outcome: string(fault.Yes), Code: expired + "|" + noNetwork + "|" + saysNo})
	for _, h := range all {
		seen := h.conclude()
		if !telling && !slices.ContainsFunc(seen, func(o fault.Observation) bool { return o.Outcome == fault.Yes }) {
			w.learning.Lock()
			w.hopped = append(w.hopped, h) // until one tells
			w.learning.Unlock()
			continue
		}
		for _, o := range seen {
			if o.Outcome == fault.No && !telling {
				continue
			}
			w.set.Add(o)
			// That the next router is alive says little where those outside were asked and
			// are silent: the line may be dead behind it.
			if o.Stage == "2" && o.Outcome == fault.Yes && !w.failed("control", "") {
				w.set.Add(fault.Observation{Kind: "control", Target: h.address, Via: "hops", Outcome: fault.Yes, RTT: o.RTT})
			}
		}
	}
}

// conclude is what the three connections tell. Who answers a packet that lives for one
// hop is this computer or its router; who answers one that lives for two may be the
// router too, unless the whole way ends otherwise.
func (h hopped) conclude() []fault.Observation {
	note := func(hop int, o fault.Outcome) fault.Observation {
		return fault.Observation{Kind: "hop", Target: h.address, Via: h.via, Stage: strconv.Itoa(hop), Outcome: o, Code: h.codes[hop-1], RTT: h.rtt[hop-1].Milliseconds()}
	}
	one, two, whole := h.codes[0], h.codes[1], h.codes[2]
	switch one {
	case "timeout":
		out := []fault.Observation{note(1, fault.No)}
		if two == expired && (whole != expired || h.from[1].IsValid()) {
			return append(out, note(2, fault.Yes))
		}
		if two == "timeout" && whole == "timeout" {
			return append(out, note(2, fault.No))
		}
		return out
	case "", refused:
		return []fault.Observation{note(1, fault.Yes)}
	case expired:
	case saysNo:
		return []fault.Observation{note(1, fault.Yes)}
	case noNetwork:
		return []fault.Observation{note(1, fault.Yes), note(2, fault.No)} // it knows no way
	default: // this computer's own errors
		return nil
	}
	out := []fault.Observation{note(1, fault.Yes)}
	switch {
	case two == "timeout":
		out = append(out, note(2, fault.No))
	case two == expired && (whole != expired || h.another()) || two == "" || two == refused && whole != refused:
		out = append(out, note(2, fault.Yes))
	}
	return out
}

// another reports whether the packets that live for two hops were known to end at another
// router than those that live for one.
func (h hopped) another() bool {
	return h.from[0].IsValid() && h.from[1].IsValid() && h.from[0] != h.from[1]
}

// Codes of what ends a connection on the way.
const (
	expired   = "errno:EHOSTUNREACH" // a packet's hops are used up, or the host cannot be reached
	noNetwork = "errno:ENETUNREACH"
	refused   = "errno:ECONNREFUSED"
	saysNo    = "told:no" // a router's word that a packet may or can not go on
)
