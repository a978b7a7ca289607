package probe

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"counterfoil/sync/fault"
)

var localObservers = []observer{
	{"data", fault.Text{ZH: "本机数据", EN: "Local data"}, fault.PC, nil, false, (*walk).data},
	{"keyring", fault.Text{ZH: "密码库与 CA 证书", EN: "Keyring and CA certificate"}, fault.PC, nil, false, (*walk).keyring},
	{"address", fault.Text{ZH: "服务器地址", EN: "Server address"}, fault.PC, nil, false, (*walk).address},
}

// data looks at the local store and the room on its disk.
func (w *walk) data(ctx context.Context) (string, State) {
	text, ok := "ok", true
	if w.Held != nil {
		w.set.Add(fault.Observation{Kind: "folder", Stage: "alone", Outcome: yes(!w.Held())})
	}
	if w.CheckStore != nil {
		o := fault.OfError(w.CheckStore(ctx))
		o.Kind = "store"
		if err := ctx.Err(); err != nil {
			o.Outcome, text = fault.Unmeasured, "not ended: "+err.Error() // no finding is no fault
		} else if o.Outcome == fault.No {
			text, ok = o.Detail, false
		}
		w.set.Add(o)
	}
	if w.DataDir == "" {
		return text, good(ok)
	}
	free, err := freeBytes(w.DataDir)
	if err != nil {
		w.set.Add(fault.Observation{Kind: "disk", Outcome: fault.Unmeasured, Detail: err.Error()})
		return text, good(ok)
	}
	room := fault.Observation{Kind: "disk", Outcome: fault.Yes, Bytes: int64(free), Values: map[string]string{"free": fmt.Sprint(free >> 20)}} //nolint:gosec // below 8 EiB
	w.set.Add(room)
	if ok {
		text = fmt.Sprintf("%d MB free", free>>20)
	}
	return text, good(ok)
}

// keyring reads the CA as the program does.
func (w *walk) keyring(ctx context.Context) (string, State) {
	roots, err := w.Roots(ctx)
	o := fault.OfError(err)
	o.Kind = "keyring"
	w.set.Add(o)
	if err != nil {
		return err.Error(), Bad
	}
	w.set.Add(fault.Observation{Kind: "roots", Outcome: yes(len(roots) > 0)})
	if len(roots) == 0 {
		return "no root certificate", Bad
	}
	w.roots = roots
	w.real = w.Transport(roots)
	return fmt.Sprintf("%d certificate(s)", len(roots)), Good
}

// address reads the configured address.
func (w *walk) address(context.Context) (string, State) {
	dash := func(s string) string {
		if s == "" {
			return "—"
		}
		return s
	}
	o := fault.Observation{Kind: "url", Outcome: fault.No, Values: map[string]string{"typed": dash(w.ServerURL), "enrolled": dash(w.EnrolledURL)}}
	u, err := url.Parse(w.ServerURL)
	if w.ServerURL == "" || err != nil || u.Scheme != "https" || u.Hostname() == "" || strings.ContainsAny(w.ServerURL, " 　：／。") || u.User != nil {
		w.set.Add(o)
		return fmt.Sprintf("%q is no https address", w.ServerURL), Bad
	}
	w.base, w.host, w.port = u, u.Hostname(), u.Port()
	if w.port == "" {
		w.port = "443"
	}
	o.Outcome = fault.Yes
	w.set.Add(o.With(map[string]string{"host": w.host}))
	return u.Host, Good
}

// network looks at interfaces and routes; it sends nothing. A server on this
// very computer needs none.
func (w *walk) network(context.Context) (string, State) {
	if w.host == "" {
		return inTheWay, Skipped
	}
	if ip := net.ParseIP(w.host); w.host == "localhost" || ip != nil && ip.IsLoopback() {
		return "this computer", Good
	}
	all, err := net.Interfaces()
	if err != nil {
		w.set.Add(fault.Observation{Kind: "net", Stage: "link", Outcome: fault.Unmeasured, Detail: err.Error()})
		return "interfaces cannot be read: " + err.Error(), Good
	}
	up, addressed := connected(all)
	w.set.Add(fault.Observation{Kind: "net", Stage: "link", Outcome: yes(up > 0)})
	if up == 0 {
		return "no interface is connected", Bad
	}
	w.set.Add(fault.Observation{Kind: "net", Stage: "address", Outcome: yes(addressed > 0)})
	if addressed == 0 {
		return "no address", Bad
	}
	route := fault.Observation{Kind: "net", Stage: "route", Outcome: fault.Unmeasured}
	has, known := hasRoute(w.host)
	if known {
		route.Outcome = yes(has)
	}
	w.set.Add(route)
	if known && !has {
		return "no route to the outside", Bad
	}
	w.asBefore()
	return fmt.Sprintf("%d connected", up), Good
}

// connected counts the interfaces to the outside and their addresses.
func connected(all []net.Interface) (up, addressed int) {
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 || i.Flags&net.FlagUp == 0 || i.Flags&net.FlagRunning == 0 {
			continue
		}
		up++
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
				addressed++
			}
		}
	}
	return up, addressed
}

// hasRoute asks the system for a route without sending anything: connecting a
// UDP socket only looks one up. known is false when that tells nothing.
func hasRoute(host string) (has, known bool) {
	targets := []string{host}
	if net.ParseIP(host) == nil {
		// The name may not resolve without a route: any outside address will do. These
		// are for documentation; nothing is sent to them.
		targets = []string{"192.0.2.1", "2001:db8::1"}
	}
	known = true
	for _, t := range targets {
		c, err := net.Dial("udp", net.JoinHostPort(t, "9"))
		if err == nil {
			_ = c.Close()
			return true, true
		}
		code := fault.OfError(err).Code
		known = known && (code == "errno:ENETUNREACH" || code == "errno:EHOSTUNREACH" || code == "errno:EAFNOSUPPORT" || code == "errno:EADDRNOTAVAIL")
	}
	return false, known
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
