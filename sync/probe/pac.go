package probe

import (
	"context"
	"errors"
	"net/url"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/osproxy"
)

// systemProxy reads the proxy of the system's settings, whose script is fetched and run,
// and where the program does not use it, looks whether it leads to the server.
func (w *walk) systemProxy(ctx context.Context) (string, State) {
	if w.host == "" || w.Settings == nil || w.failed("net", "link|address") {
		return inTheWay, Skipped
	}
	s := w.Settings(ctx)
	if s.Detect && w.wayShut(ctx) { // few networks have a script; where the way is open none is needed
		s = s.Located(ctx)
	}
	set := fault.Observation{Kind: "os_proxy", Stage: "set", Outcome: yes(!s.IsNone()), Detail: s.From, Values: map[string]string{"keeper": s.From}}
	if s.Script != "" {
		set.Values["script"] = s.Script
	}
	w.set.Add(set)
	if s.IsNone() {
		return "none", Good
	}
	p, err := w.bySettings(ctx, s)
	if err != nil {
		return err.Error(), Bad
	}
	used := w.chosenProxy(ctx)
	switch {
	case p == nil:
		return "none for the server", Good
	case used != nil && proxyAddress(used) == proxyAddress(p), w.set.Worked():
		return p.Host, Good
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	c, last := w.through(ctx, "os_proxy", p)
	if c == nil {
		return p.Host + ": " + last.Detail, Good // the program does not use it
	}
	defer c.Close()
	w.verifies(ctx, c, fault.Observation{Kind: "os_proxy", Target: proxyAddress(p), Stage: "tls", Values: map[string]string{"os_proxy": p.Host}})
	return p.Host, Good
}

// wayShut waits a while whether the way to the server opens, and reports whether it does
// not.
func (w *walk) wayShut(ctx context.Context) bool {
	select {
	case <-w.opened.open:
		return false
	case <-ctx.Done():
		return false
	case <-time.After(interceptAfter):
		return true
	}
}

// bySettings is the proxy that settings have for the server, and notes how a script of
// theirs does.
func (w *walk) bySettings(ctx context.Context, s osproxy.Settings) (*url.URL, error) {
	p, err := s.For(ctx, w.base)
	if s.Script == "" {
		return p, err
	}
	o := fault.Observation{Kind: "pac", Outcome: yes(err == nil), Values: map[string]string{"script": s.Script}}
	var se *osproxy.ScriptError
	if errors.As(err, &se) {
		o.Stage, o.Status, o.Detail, o.Code = se.Step, se.Status, se.Error(), "pac:"+se.Step
		if seen := fault.OfError(se.Err); se.Err != nil && seen.Code != "" {
			o.Code, o.Outcome = seen.Code, seen.Outcome
		}
	}
	w.set.Add(o)
	return p, err
}
