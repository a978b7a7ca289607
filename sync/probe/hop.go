package probe

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

// hopBudget is less than what a system waits for a hardware address: an error within
// it comes from somebody on the way.
const hopBudget = 900 * time.Millisecond

// hopped is what became of connections to one address whose packets live for one hop,
// for two, and for all the way: their codes, "" for a connection.
type hopped struct {
	address string
	via     string // "server" or "outside": whose address it is
	codes   [3]string
	rtt     [3]time.Duration
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
// router, each of which says so where it is alive. The server sees none of them, but one
// where it is not known before how the whole way ends.
func (w *walk) hops(all context.Context, h hopped) {
	if !w.claim("hops", h.address) {
		return
	}
	ctx, cancel := context.WithTimeout(all, hopBudget)
	defer cancel()
	done := make(chan struct{}, len(h.codes))
	for i, ttl := range []int{1, 2, 0} {
		go func() {
			defer func() { done <- struct{}{} }()
			if ttl == 0 && !pause(ctx, lineAfter) {
				h.codes[i] = "cancelled"
				return
			}
			h.codes[i], h.rtt[i] = connectWithin(ctx, h.address, ttl)
		}()
	}
	for range h.codes {
		<-done
	}
	if h.codes[0] == "timeout" && all.Err() == nil { // a router tells only some times a second
		more, cancel := context.WithTimeout(all, hopBudget)
		defer cancel()
		h.codes[0], h.rtt[0] = connectWithin(more, h.address, 1)
	}
	if slices.Contains(h.codes[:], "cancelled") {
		return
	}
	w.learning.Lock()
	w.hopped = append(w.hopped, h)
	w.learning.Unlock()
}

// connectWithin connects with packets that live for some hops, 0 for as many as usual;
// it returns how that ended, "" for a connection.
func connectWithin(ctx context.Context, address string, hops int) (string, time.Duration) {
	d := net.Dialer{FallbackDelay: -1}
	if hops > 0 {
		d.Control = func(network, _ string, c syscall.RawConn) error {
			var err error
			if cerr := c.Control(func(fd uintptr) { err = limitHops(fd, strings.HasSuffix(network, "6"), hops) }); cerr != nil {
				return cerr
			}
			return err
		}
	}
	start := time.Now()
	c, err := d.DialContext(ctx, "tcp", address)
	took := time.Since(start)
	if err == nil {
		_ = c.Close()
	}
	return fault.OfError(err).Code, took
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
	telling := slices.ContainsFunc(all, func(h hopped) bool { return h.codes[0] == expired || h.codes[0] == noNetwork })
	for _, h := range all {
		for _, o := range h.conclude() {
			if o.Outcome == fault.No && !telling {
				continue
			}
			w.set.Add(o)
			if o.Stage == "2" && o.Outcome == fault.Yes {
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
		if two == expired && whole != expired {
			return append(out, note(2, fault.Yes))
		}
		if two == "timeout" && whole == "timeout" {
			return append(out, note(2, fault.No))
		}
		return out
	case "", refused:
		return []fault.Observation{note(1, fault.Yes)}
	case expired:
	case noNetwork:
		return []fault.Observation{note(1, fault.Yes), note(2, fault.No)} // it knows no way
	default: // this computer's own errors
		return nil
	}
	out := []fault.Observation{note(1, fault.Yes)}
	switch {
	case two == "timeout":
		out = append(out, note(2, fault.No))
	case two == expired && whole != expired || two == "" || two == refused && whole != refused:
		out = append(out, note(2, fault.Yes))
	}
	return out
}

// Codes of what ends a connection on the way.
const (
	expired   = "errno:EHOSTUNREACH" // a packet's hops are used up, or the host cannot be reached
	noNetwork = "errno:ENETUNREACH"
	refused   = "errno:ECONNREFUSED"
)
