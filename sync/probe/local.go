package probe

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"counterfoil/sync/fault"
)

var localObservers = []observer{
	{"data", fault.Text{ZH: "本机数据", EN: "Local data"}, fault.PC, nil, false, (*walk).data},
	{"keyring", fault.Text{ZH: "密码库与 CA 证书", EN: "Keyring and CA certificate"}, fault.PC, nil, false, (*walk).keyring},
	{"address", fault.Text{ZH: "服务器地址", EN: "Server address"}, fault.PC, nil, false, (*walk).address},
	{"registered", fault.Text{ZH: "登记的地址", EN: "Registered address"}, fault.PC, []string{"keyring", "address"}, true, (*walk).registered},
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
	w.limits()
	w.zone()
	w.stuck(ctx)
	if w.DataDir != "" {
		w.disk()
	}
	return text, good(ok)
}

// stuck looks for an operation that is refused again and again while others wait.
func (w *walk) stuck(ctx context.Context) {
	o := fault.Observation{Kind: "outbox", Stage: "moves", Outcome: fault.Unmeasured}
	if w.Stuck != nil {
		s, err := w.Stuck(ctx)
		switch {
		case err != nil:
			o.Detail = err.Error()
		case s == nil:
			o.Outcome = fault.Yes
		default:
			o.Outcome, o.Code = fault.No, s.Code
			o.Values = map[string]string{"document": s.Document, "tries": fmt.Sprint(s.Tries), "waiting": fmt.Sprint(s.Waiting)}
		}
	}
	w.set.Add(o)
}

// A Stuck operation is one that the server refused several times, or that is set aside
// for a person.
type Stuck struct {
	Document string // as people know it
	Tries    int
	Code     string // of the last refusal
	Waiting  int    // documents that wait besides
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
	w.set.Add(fault.Observation{Kind: "roots", Outcome: yes(len(roots) > 0)}, w.trusted(roots))
	if len(roots) == 0 {
		return "no root certificate", Bad
	}
	w.roots = roots
	w.real = w.conns.of(w.Transport(roots))
	// A copy made before the first request, which changes the original.
	w.offer = w.real.TLSClientConfig.Clone()
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
	if w.ServerURL == "" || err != nil || !addressed(u) || !utf8.ValidString(w.ServerURL) || strings.ContainsAny(w.ServerURL, " 　：／。") {
		o.Via = fault.Real
		w.set.Add(o)
		w.walkToRegistered()
		return fmt.Sprintf("%q is no https address", w.ServerURL), Bad
	}
	w.leadTo(u)
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

// leadTo makes an address that of the walk.
func (w *walk) leadTo(u *url.URL) {
	w.base, w.host, w.port = u, u.Hostname(), u.Port()
	if w.port == "" {
		w.port = "443"
	}
}

// walkToRegistered leads the walk to the address that the folder was registered with,
// where the one in the settings is none: what else is wrong on the way is told as well.
func (w *walk) walkToRegistered() {
	if u, err := url.Parse(w.EnrolledURL); err == nil && addressed(u) {
		w.leadTo(u)
		w.unread = true
	}
}

// sameHost reports whether an address leads to the host that the folder was registered
// with; also where it never was.
func (w *walk) sameHost(u *url.URL) bool {
	e, err := url.Parse(w.EnrolledURL)
	return err == nil && (e.Host == "" || e.Hostname() == u.Hostname())
}

// addressed reports whether an address of the server is one that can be dialled.
func addressed(u *url.URL) bool {
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	return u.Scheme == "https" && u.Hostname() != "" && u.User == nil
}
