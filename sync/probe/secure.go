package probe

import (
	"context"
	"fmt"
	"slices"
	"time"

	"counterfoil/sync/fault"
)

var secureObservers = []observer{
	{"clock", fault.Text{ZH: "电脑时间", EN: "Computer's time"}, fault.PC, []string{"route"}, false, (*walk).clock},
	{"tls", fault.Text{ZH: "安全连接", EN: "Secure connection"}, fault.Secure, []string{"route", beside + "keyring"}, false, (*walk).secure},
	{"itself", fault.Text{ZH: "服务器本身", EN: "The server itself"}, fault.Server, []string{"network", beside + "keyring", beside + "names", beside + "proxy"}, true, (*walk).itself},
}

// How long handshakes are waited for; a round trip is added to each. One that is silent
// is followed by others, beside it, that tell why.
const (
	helloBudget = 2000 * time.Millisecond
	smallAfter  = 600 * time.Millisecond
	othersAfter = 1200 * time.Millisecond
)

// secure opens a secure connection as the real path does, judges the certificates that
// the server shows, and where it does not come to that finds out what does.
func (w *walk) secure(ctx context.Context) (string, State) {
	if w.open == "" {
		return inTheWay, Skipped
	}
	w.set.Add(w.ofPeer())
	g := w.hellos(ctx)
	chain := g.state.PeerCertificates
	if len(chain) > 0 && !w.awaitKeys(ctx) {
		return "not ended: the keyring was not read", Skipped
	}
	if g.o.Outcome == fault.Yes && len(chain) == 0 {
		g.o.Outcome, g.o.Detail = fault.No, "no certificate"
	}
	w.set.Add(g.o)
	w.set.Add(g.more...)
	var seen []fault.Observation
	if len(chain) > 0 {
		seen = w.ofChain(chain, g.state.OCSPResponse)
		w.set.Add(seen...)
		w.despite(ctx, chain, seen)
	}
	switch {
	case g.o.Outcome == fault.Unmeasured:
		return "not ended: " + g.o.Detail, Skipped
	case g.o.Outcome == fault.No:
		return g.o.Detail, Bad
	case len(w.roots) == 0:
		return "no root certificate to check it with", Skipped
	}
	for _, s := range seen {
		if s.Outcome == fault.No && slices.Contains([]string{"roots", "strength", "time", "name", "purpose", "now", "stapled"}, s.Stage) {
			return s.Detail, Bad
		}
	}
	w.learnChain(chain)
	return fmt.Sprintf("%s, until %s", chain[0].Issuer.CommonName, chain[0].NotAfter.Format(time.DateOnly)), Good
}

// ofPeer is whether the address that answers is one at which the server was before: it
// is not where names lead to somebody else.
func (w *walk) ofPeer() fault.Observation {
	o := fault.Observation{Kind: "peer", Stage: "known", Target: w.open, Outcome: fault.Unmeasured, Values: map[string]string{"address": w.open}}
	if w.LastGood != nil && w.LastGood.Address != "" && w.proxy == nil {
		o.Outcome = yes(w.LastGood.Address == w.open || slices.Contains(w.LastGood.Addresses, hostOf(w.open)))
	}
	return o
}

// hellos says the hello of the real path, and where that is not answered as it should
// be, the others; what those came to it adds to the set.
func (w *walk) hellos(ctx context.Context) greeting {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o := &others{walk: w, begun: time.Now(), settled: make(chan struct{}), hurry: make(chan struct{})}
	defer o.group.Wait()
	rtt := w.roundTrip()
	answer := make(chan greeting, 1)
	go func() { answer <- w.greet(ctx, look, helloBudget+rtt, o.hurry) }()
	first, then := time.NewTimer(smallAfter+rtt), time.NewTimer(othersAfter+rtt)
	defer first.Stop()
	defer then.Stop()
	settled := o.settled
	for {
		select {
		case <-first.C:
			o.ask(ctx, small)
		case <-settled:
			settled = nil // known; the first gets what is left of its time to answer after all
			o.hurryAt(othersAfter + rtt)
		case <-then.C:
			if settled != nil {
				o.ask(ctx, http1, tls12, noName)
			}
		case g := <-answer:
			if othersTell(g.o) && settled != nil {
				o.ask(ctx, small, http1, tls12, noName)
				o.group.Wait()
			}
			cancel() // what still runs tells nothing more
			return g
		}
	}
}

// othersTell reports whether it helps to try other hellos after one that failed.
func othersTell(o fault.Observation) bool {
	if o.Outcome != fault.No {
		return false
	}
	switch o.Code {
	case "timeout", "eof", "unexpected_eof", "errno:ECONNRESET", "errno:ECONNABORTED", "errno:EPIPE",
		"alert:handshake_failure", "alert:insufficient_security", "alert:illegal_parameter", "alert:decode_error", "alert:internal_error", "alert:unexpected_message",
		"alert:unrecognized_name", "alert:no_application_protocol", "alert:record_overflow":
		return true
	}
	return false
}

// roundTrip is how long one takes to the server; 0 where that is not known.
func (w *walk) roundTrip() time.Duration {
	w.learning.Lock()
	defer w.learning.Unlock()
	return w.learned.RTT
}
