package probe

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/wire"
)

var serverObservers = []observer{
	{"server", fault.Text{ZH: "发票服务器", EN: "Invoice server"}, fault.Server, []string{"address", "keyring"}, false, (*walk).server},
	{"signin", fault.Text{ZH: "登录", EN: "Sign-in"}, fault.Server, []string{"server"}, false, (*walk).signIn},
	{"nodes", fault.Text{ZH: "服务器的各个节点", EN: "Nodes of the server"}, fault.Server, []string{"server", "names"}, false, (*walk).nodes},
	{"echo", fault.Text{ZH: "大块数据", EN: "Large messages"}, fault.Internet, []string{"server", beside + "signin"}, false, (*walk).echoes},
	{"pace", fault.Text{ZH: "快慢", EN: "Pace"}, fault.Internet, []string{"signin", "echo", "route"}, false, (*walk).tempo},
}

// server asks how the server is, at once and on the way that the program's own requests
// take, whatever the other observers find.
func (w *walk) server(ctx context.Context) (string, State) {
	if w.base == nil || w.real == nil {
		return inTheWay, Skipped
	}
	beside := w.besides(ctx)
	health := request{target: "health", path: "/healthz", quiet: beside.begin}
	w.way = w.real
	a, h := w.askHealth(ctx, health)
	if a.Outcome == fault.No && a.Code == "timeout" && (a.Kind == "dns" || a.Kind == "tcp" && w.portOpen()) { // packets may have been lost
		w.way = w.conns.of(w.Transport(w.roots))
		a, h = w.askHealth(ctx, health)
	}
	beside.end(a.Code == "timeout" && a.Kind != "dns" && a.Kind != "tcp" && !a.taken())
	if a.Outcome == fault.No && a.Kind == "http" {
		a, h = w.again(ctx, a, h)
	}
	w.health = a
	w.set.Add(a.Observation)
	w.set.Add(a.more...)
	switch {
	case a.Outcome == fault.Unmeasured:
		return a.Detail, Skipped
	case a.Outcome == fault.No && a.Kind != "http":
		return inTheWay, Skipped
	case a.Outcome == fault.No:
		return words(a.Observation), Bad
	case h.Product != wire.Product:
		w.set.Add(fault.Observation{Kind: "health", Stage: "product", Via: fault.Real, Outcome: fault.No, Values: map[string]string{"product": h.Product}})
		return "not the invoice server: " + h.Product, Bad
	}
	seen := w.ofHealth(ctx, h)
	w.set.Add(seen...)
	for _, s := range seen {
		if s.Outcome == fault.No && s.Via == fault.Real {
			return s.Detail, Bad
		}
	}
	w.ours, w.passes = true, h.PassLife > 0
	for _, s := range seen {
		if s.Outcome == fault.No {
			return s.Detail, Bad
		}
	}
	return fmt.Sprintf("%s %s, %d ms", h.Product, h.Version, a.RTT), Good
}

// askHealth asks for the health and reads it. Yes is an answer that can be read.
func (w *walk) askHealth(ctx context.Context, q request) (asked, wire.Health) {
	var h wire.Health
	a := w.ask(ctx, q)
	switch {
	case a.Outcome != fault.Yes:
	case a.Status != http.StatusOK:
		a.Outcome = fault.No // it answers, and has no such thing
	default:
		a.judgeBody(notJSON(a.body, &h))
	}
	return a, h
}

// portOpen reports whether another observer has connected to the server.
func (w *walk) portOpen() bool {
	return w.set.Saw(fault.Pattern{Kind: "port", Via: "direct", Stage: "service", Outcome: string(fault.Yes)})
}

// taken reports whether the server's system took a request that was not answered.
func (a *asked) taken() bool {
	return slices.ContainsFunc(a.more, func(o fault.Observation) bool { return o.Kind == "taken" && o.Outcome == fault.Yes })
}

// judgeBody notes that an answer of our server cannot be read.
func (a *asked) judgeBody(code string) {
	if code != "" {
		a.Outcome, a.Code, a.Detail = fault.No, code, "an answer that is not what it should be"
	}
}

// signIn asks a question that needs the token; only our own server is shown it.
func (w *walk) signIn(ctx context.Context) (string, State) {
	defer w.free.leave()
	if !w.ours || w.unread {
		return inTheWay, Skipped
	}
	token := ""
	if w.Token != nil {
		t, err := w.Token(ctx)
		if err != nil {
			w.set.Add(fault.Observation{Kind: "http", Target: "signin", Via: fault.Real, Outcome: fault.Unmeasured, Detail: err.Error()})
			return "the token cannot be read: " + err.Error(), Good
		}
		token = t
	}
	w.free.soon(trafficQuiet + 3*w.health.trace.roundTrip())
	if w.passes && token != "" {
		var a asked
		if a, token = w.askPass(ctx, token); a.Outcome == fault.No {
			seen := append([]fault.Observation{a.Observation}, a.more...)
			if a.Status >= 500 { // it, or all that is behind the sign-in?
				seen = append(seen, w.askWho(ctx, token, w.way, "").Observation)
			}
			w.set.Add(seen...)
			return words(a.Observation), Bad
		}
	}
	a := w.insist(ctx, func(over *http.Transport, via string) asked { return w.askWho(ctx, token, over, via) })
	all := []asked{a}
	if a.Status != 0 {
		took := w.secondLook(ctx, a, token)
		w.waits = append(w.waits, took)
		if a.Outcome == fault.Yes {
			all = append(all, w.traffic(ctx, token, took)...)
		}
	}
	var seen []fault.Observation
	said, state := "ok", Good
	for _, x := range all {
		seen = append(append(seen, x.Observation), x.more...)
		if state == Good && (x.Outcome == fault.No || x.Target == "signin" && x.Outcome != fault.Yes) {
			said, state = words(x.Observation), good(x.Outcome != fault.No)
		}
	}
	w.set.Add(seen...) // at once: until all was asked nobody may say that the way is open
	return said, state
}

// secondLook is how long the sign-in took to be answered; where that was much longer than
// the health did, the shorter of two.
func (w *walk) secondLook(ctx context.Context, a asked, token string) time.Duration {
	took := a.trace.waited()
	if !w.slower(a) {
		return took
	}
	if b := w.askWho(ctx, token, w.way, ""); b.Outcome == fault.Yes {
		took = min(took, b.trace.waited())
	}
	return took
}

// slower reports whether an answer took much longer than the health's.
func (w *walk) slower(a asked) bool {
	took := a.trace.waited()
	return took-w.health.trace.roundTrip() >= slowThink && took >= 2*w.health.trace.waited() && a.Outcome == fault.Yes
}

// askWho asks who the token is for.
func (w *walk) askWho(ctx context.Context, token string, over *http.Transport, via string) asked {
	a := w.ask(ctx, request{target: "signin", over: over, via: via, path: "/v1/whoami", token: token})
	a.sameProduct()
	if a.Outcome == fault.Yes && a.Status != http.StatusOK {
		a.Outcome = fault.No
	}
	if a.Outcome == fault.Yes {
		a.judgeBody(notJSON(a.body, &struct{}{}))
	}
	return a
}

// sameProduct takes an answer that names nobody for one of the server, which named itself
// before.
// A good answer must name it all the same: the program takes no other.
func (a *asked) sameProduct() {
	if a.Product != "" || a.Status == 0 || a.Media == "html" || a.Status >= 500 {
		return
	}
	if a.Product = wire.Product; a.Status == http.StatusOK {
		a.judgeBody("json:schema")
	}
}

// words are what an answer says.
func words(o fault.Observation) string {
	if o.Detail != "" {
		return o.Detail
	}
	return fmt.Sprintf("status %d", o.Status)
}
