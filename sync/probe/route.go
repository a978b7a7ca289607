package probe

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
)

var routeObservers = []observer{
	{"route", fault.Text{ZH: "到服务器的线路", EN: "Route to the server"}, fault.Internet, []string{"names"}, false, (*walk).route},
}

// route connects to every address of the server at once.
func (w *walk) route(ctx context.Context) (string, State) {
	if w.host == "" || w.failed("net", "link|address|route") || w.failed("proxy", "") || w.failed("dns", "") && len(w.addresses) == 0 {
		return inTheWay, Skipped
	}
	if w.proxy != nil {
		return "through the proxy", Good
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	var last error
	text, refused := "", false
	for _, ip := range w.addresses {
		group.Go(func() {
			address := net.JoinHostPort(ip.String(), w.port)
			c, rtt, err := dial(ctx, address)
			o := fault.OfError(err)
			o.Kind, o.Target, o.Via, o.RTT = "tcp", address, "direct", rtt.Milliseconds()
			w.set.Add(o)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				last, refused = err, refused || o.Code == "errno:ECONNREFUSED"
				return
			}
			_ = c.Close()
			if w.open == "" { // the first that answers
				w.open, text = address, ip.String()+" "+rtt.Round(time.Millisecond).String()
				w.learn(func(s *link.Snapshot) { s.Address, s.RTT = address, rtt })
			}
		})
	}
	group.Wait()
	if w.open != "" {
		return text, Good
	}
	if last == nil {
		last = errors.New("no address")
	}
	if !refused && w.control(ctx) {
		return last.Error() + "; the name server beyond the office answers", Bad
	}
	return last.Error(), Bad
}

// dial connects within its budget.
func dial(ctx context.Context, address string) (net.Conn, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 2500*time.Millisecond)
	defer cancel()
	var d net.Dialer
	t := time.Now()
	c, err := d.DialContext(ctx, "tcp", address)
	return c, time.Since(t), err
}
