package probe

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/route"
	"counterfoil/sync/wire"
)

// again asks once more where another answer tells more: one of several nodes that
// fails, and HTTP/2 that breaks where HTTP/1.1 works.
func (w *walk) again(ctx context.Context, a asked, h wire.Health) (asked, wire.Health) {
	health := request{target: "health", path: "/healthz"}
	switch {
	case strings.HasPrefix(a.Code, "h2:") || a.trace.h2() && slices.Contains([]string{"eof", "unexpected_eof", "errno:ECONNRESET"}, a.Code):
		over := w.varied(route.Route{HTTP1: true})
		if over == nil {
			return a, h
		}
		defer over.CloseIdleConnections()
		health.over, health.via = over, "http1"
		b, _ := w.askHealth(ctx, health)
		if b.Status == http.StatusOK && b.Code != "unexpected_eof" {
			b.Outcome = fault.Yes // what it holds is another question
		}
		a.more = append(a.more, b.Observation)
	case a.Status >= 500 || a.Code == "eof" && a.Stage == "header":
		good := h
		a = w.anotherNode(ctx, a, func() asked {
			b, h := w.askHealth(ctx, health)
			good = h
			return b
		})
		return a, good
	}
	return a, h
}

// quick is what an answer may take for its question to be asked again.
const quick = 500 * time.Millisecond

// anotherNode asks a question that a server failed at twice more: where it is answered
// then, and not by the same one, one of several nodes is bad. It returns the answer
// that counts.
func (w *walk) anotherNode(ctx context.Context, bad asked, ask func() asked) asked {
	if bad.Problem == "maintenance" {
		return bad
	}
	begun := time.Now()
	for range 2 {
		if bad.RTT > quick.Milliseconds() || time.Since(begun) > quick || ctx.Err() != nil {
			break
		}
		w.way.CloseIdleConnections() // a balancer chooses anew for a new connection
		b := ask()
		if b.Outcome != fault.Yes {
			continue
		}
		was, is := bad.Values["instance"], b.Values["instance"]
		if was != "" && was == is {
			return bad // one that fails now and then
		}
		node := fault.Observation{Kind: "node", Target: bad.Target, Outcome: fault.No, Values: map[string]string{"bad": was}}
		if was != "" && is != "" {
			node.Code = "instance"
		}
		failed := bad.Observation
		failed.Via = "node"
		b.more = append(b.more, failed, node)
		return b
	}
	return bad
}

// varied is the program's own transport with something different; nil where that cannot
// be tried.
func (w *walk) varied(r route.Route) *http.Transport {
	if w.Varied == nil || len(w.roots) == 0 {
		return nil
	}
	return w.conns.of(w.Varied(w.roots, r))
}

// h2 reports whether HTTP/2 was agreed on.
func (t *trace) h2() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.protocol == "h2"
}
