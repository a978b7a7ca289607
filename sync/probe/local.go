package probe

import (
	"context"
	"fmt"
	"net/url"
	"strings"

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
	free, err := FreeBytes(w.DataDir)
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
	plain := err == nil && u.Scheme == "http" && w.sameHost(u)
	if plain {
		u.Scheme = "https"
		if u.Port() == "80" {
			u.Host = u.Hostname()
		}
	}
	if w.ServerURL == "" || err != nil || u.Scheme != "https" || u.Hostname() == "" || strings.ContainsAny(w.ServerURL, " 　：／。") || u.User != nil {
		w.set.Add(o)
		return fmt.Sprintf("%q is no https address", w.ServerURL), Bad
	}
	w.base, w.host, w.port = u, u.Hostname(), u.Port()
	if w.port == "" {
		w.port = "443"
	}
	if plain {
		// The walk goes on with encryption; that the program does not is on the real path.
		o.Code, o.Via = "url_http", fault.Real
		w.set.Add(o.With(map[string]string{"host": w.host}))
		return fmt.Sprintf("%q is without encryption", w.ServerURL), Bad
	}
	o.Outcome = fault.Yes
	w.set.Add(o.With(map[string]string{"host": w.host}))
	return u.Host, Good
}

// sameHost reports whether an address leads to the host that the folder was registered
// with; also where it never was.
func (w *walk) sameHost(u *url.URL) bool {
	e, err := url.Parse(w.EnrolledURL)
	return err == nil && (e.Host == "" || e.Hostname() == u.Hostname())
}
