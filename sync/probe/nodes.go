package probe

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/route"
)

// How many addresses of a server are asked one by one, and how long that may take.
const (
	maxNodes   = 4
	nodeBudget = 1200 * time.Millisecond
)

// nodes asks every address of the server how it is, where it has more than one: a bad
// one is met now and then. The path is open already; this is beside it.
func (w *walk) nodes(ctx context.Context) (string, State) {
	if !w.ours || w.proxy != nil || len(w.addresses) < 2 {
		return "one", Skipped
	}
	ctx, cancel := context.WithTimeout(ctx, nodeBudget)
	defer cancel()
	var mu sync.Mutex
	var group sync.WaitGroup
	bad, well := "", 0
	for _, ip := range w.addresses[:min(len(w.addresses), maxNodes)] {
		over := w.varied(route.Route{Host: w.host, Addresses: []string{ip.String()}})
		if over == nil {
			continue
		}
		group.Go(func() {
			defer over.CloseIdleConnections()
			a, _ := w.askHealth(ctx, request{target: "health", path: "/healthz", over: over, via: "node", step: nodeBudget})
			at := net.JoinHostPort(ip.String(), w.port)
			if a.Kind != "http" || a.Outcome == fault.Unmeasured || a.Code == "timeout" || a.trace.address() != at {
				return // whether it is reached is looked at elsewhere
			}
			mu.Lock()
			defer mu.Unlock()
			if a.Outcome == fault.Yes {
				well++
				return
			}
			a.Target, bad = at, at
			w.set.Add(a.Observation)
		})
	}
	group.Wait()
	if bad == "" || well == 0 {
		return fmt.Sprintf("%d answer", well), Good
	}
	w.set.Add(fault.Observation{Kind: "node", Target: bad, Outcome: fault.No, Code: "address", Values: map[string]string{"bad": bad}})
	return bad + " fails", Bad
}

// address is that of the other end, host:port; "" where there was no connection.
func (t *trace) address() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn == nil || t.conn.RemoteAddr() == nil {
		return ""
	}
	return t.conn.RemoteAddr().String()
}
