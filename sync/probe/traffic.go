package probe

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/route"
	"counterfoil/sync/wire"
)

// trafficBudget is what each step of a request of traffic may take, trafficQuiet how long the
// sign-in and it may take, beside their round trips, before more is asked beside them.
const (
	trafficBudget = 1700 * time.Millisecond
	trafficQuiet  = 400 * time.Millisecond
)

// traffic asks the two paths that invoices take, as the program itself does: for one
// change, and to take nothing. They may be shut where the sign-in is open. It returns
// what came of them, none where the server is too slow to be asked more.
func (w *walk) traffic(ctx context.Context, token string, took time.Duration) []asked {
	if token == "" || took > 2*slowThink {
		return nil
	}
	ways := []asks{func(over *http.Transport, via string) asked { return w.askPull(ctx, token, over, via) }}
	if w.Device != "" {
		ways = append(ways, func(over *http.Transport, via string) asked { return w.askPush(ctx, token, over, via) })
	}
	out := make([]asked, len(ways))
	var group sync.WaitGroup
	for i, ask := range ways {
		one := func() { out[i] = w.oftenEnough(ctx, ask) }
		if w.health.trace.h2() {
			group.Go(one)
			continue
		}
		// Each would make a connection of its own.
		if one(); out[i].Outcome == fault.No {
			out = out[:i+1]
			break
		}
	}
	group.Wait()
	for _, a := range out {
		if a.Outcome == fault.Yes {
			w.slowest = max(w.slowest, a.trace.waited())
		}
		w.stalled = w.stalled || a.Code == "timeout"
	}
	return out
}

// oftenEnough asks again where a server may have been slow once.
func (w *walk) oftenEnough(ctx context.Context, ask asks) asked {
	a := w.insist(ctx, ask)
	if w.slower(a) {
		if b := ask(w.way, ""); b.Outcome == fault.Yes && b.trace.waited() < a.trace.waited() {
			return b
		}
	}
	return a
}

// An asks puts one question over a transport, and calls the way so; "" is the real one.
type asks func(over *http.Transport, via string) asked

// insist asks again where another answer tells more: of another node, and over another
// connection where a kept one turned out to be dead.
func (w *walk) insist(ctx context.Context, ask asks) asked {
	a := ask(w.way, "")
	switch {
	case a.Outcome != fault.No:
	case a.Status >= 500:
		return w.anotherNode(ctx, a, func() asked { return ask(w.way, "") })
	case a.Stage == "kept" && a.Code == "timeout":
		a.Stage = "header" // it served a moment ago
	case a.Stage == "kept":
		w.way.CloseIdleConnections()
		kept := a.Observation
		kept.Via = "kept"
		if a = ask(w.way, ""); a.Outcome == fault.Yes && !w.health.trace.h2() { // HTTP/2 says goodbye as it likes
			a.more = append(a.more, kept)
		}
	}
	if a.Outcome == fault.No && strings.HasPrefix(a.Code, "h2:") {
		if over := w.varied(route.Route{HTTP1: true}); over != nil {
			defer over.CloseIdleConnections()
			a.more = append(a.more, ask(over, "http1").Observation)
		}
	}
	return a
}

// askPull asks for the first change, without its body where this computer made it.
func (w *walk) askPull(ctx context.Context, token string, over *http.Transport, via string) asked {
	query := url.Values{"cursor": {""}, "limit": {"1"}}
	if w.Device != "" {
		query.Set("without", w.Device)
	}
	a := w.ask(ctx, request{target: "pull", over: over, via: via, path: "/v1/pull?" + query.Encode(), token: token, step: trafficBudget, header: http.Header{"Accept": {acceptJSON}}})
	var answer wire.PullAnswer
	a.ofTraffic(&answer, func() bool { return answer.Epoch != "" && answer.Changes != nil })
	return a
}

// askPush sends a push without operations: a server takes it and does nothing. It is as
// large as one with a small invoice, by words that gzip carries beside what it packs: what
// is in front of the server may limit it.
func (w *walk) askPush(ctx context.Context, token string, over *http.Transport, via string) asked {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	z.Extra = make([]byte, pushSize)
	// None of these fails: it is written into memory.
	_, _ = rand.Read(z.Extra)
	_ = wire.MarshalWrite(z, wire.PushRequest{Device: w.Device, Protocol: wire.Protocol})
	_ = z.Close()
	a := w.ask(ctx, request{target: "push", over: over, via: via, method: http.MethodPost, path: "/v1/push", token: token, step: trafficBudget, body: body.Bytes(), header: http.Header{
		"Accept": {acceptJSON}, "Content-Type": {"application/json"}, "Content-Encoding": {"gzip"},
	}})
	if a.Problem == "device_foreign" { // a copied folder takes another id when it syncs
		a.Outcome = fault.Unmeasured
		return a
	}
	var answer wire.PushAnswer
	a.ofTraffic(&answer, func() bool { return answer.Epoch != "" })
	return a
}

// pushSize is what a small invoice takes, packed, in bytes; it fits one packet.
const pushSize = 1030

const acceptJSON = "application/json, application/problem+json"

// ofTraffic judges an answer as the program's own client does. A server of ours that has
// no such path is another version of it: nothing is measured.
func (a *asked) ofTraffic(into any, whole func() bool) {
	switch a.Status {
	case 0:
		return
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		if a.Product == wire.Product || a.Media != "html" {
			a.Outcome = fault.Unmeasured
		}
		return
	case http.StatusOK:
	default:
		if a.Outcome == fault.Yes {
			a.Outcome = fault.No
		}
	}
	a.sameProduct()
	if a.Outcome != fault.Yes {
		return
	}
	if a.judgeBody(notJSON(a.body, into)); a.Outcome == fault.Yes && (a.Media != "json" || !whole()) {
		a.judgeBody("json:schema")
	}
}

// A gate is shut while the line is busy with what is measured. The zero value is not
// ready.
type gate struct {
	once sync.Once
	open chan struct{}
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

// leave opens it.
func (g *gate) leave() { g.once.Do(func() { close(g.open) }) }

// soon opens it after a time.
func (g *gate) soon(d time.Duration) { time.AfterFunc(d, g.leave) }

// enter waits until it is open.
func (g *gate) enter(ctx context.Context) {
	select {
	case <-g.open:
	case <-ctx.Done():
	}
}
