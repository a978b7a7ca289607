package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"

	"counterfoil/sync/fault"
	"counterfoil/sync/wire"
)

// despite asks the server how it is where the way to it is shut by no more than the time
// of its certificate, its name at an address that was the server's before, or the loss of
// the CA here: what the server then says of itself is another fault, not the same. The
// question carries no secret, and is put to nobody but whoever has the key of the
// certificate that was looked at.
func (w *walk) despite(ctx context.Context, shown []*x509.Certificate, seen []fault.Observation) {
	roots := w.roots
	if len(roots) == 0 && w.LastGood != nil {
		roots = parsed(w.LastGood.Roots)
	}
	set := fault.SetOf(seen...)
	if len(roots) == 0 || !w.ownServer(set) {
		return
	}
	t := w.Transport(roots)
	defer t.CloseIdleConnections()
	t.Proxy = nil
	t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return w.tunnel(ctx) }
	t.TLSClientConfig = t.TLSClientConfig.Clone()
	t.TLSClientConfig.InsecureSkipVerify = true //nolint:gosec // VerifyConnection does
	t.TLSClientConfig.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 || !bytes.Equal(s.PeerCertificates[0].Raw, shown[0].Raw) {
			return errAnother
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, itselfBudget)
	defer cancel()
	w.askItself(ctx, w.open, t, set.Saw(fault.Pattern{Kind: "chain", Stage: "name", Outcome: string(fault.No)}))
}

var errAnother = errors.New("another certificate than before")

// ownServer reports whether a chain is that of our own server although it cannot be used
// as it stands.
func (w *walk) ownServer(set *fault.Set) bool {
	bad := func(p fault.Pattern) bool { p.Outcome = string(fault.No); return set.Saw(p) }
	switch {
	case !set.Saw(fault.Pattern{Kind: "chain", Stage: "roots", Outcome: string(fault.Yes)}):
		return false
	case bad(fault.Pattern{Kind: "ocsp"}), bad(fault.Pattern{Kind: "chain", Stage: "strength|purpose"}):
		return false
	case bad(fault.Pattern{Kind: "chain", Stage: "name"}):
		return w.set.Saw(fault.Pattern{Kind: "peer", Stage: "known", Outcome: string(fault.Yes)})
	case bad(fault.Pattern{Kind: "chain", Stage: "time|now"}):
		return true
	}
	return len(w.roots) == 0
}

// askItself asks a server for its health over a transport of its own, without a sign-in,
// and notes what it says; doubtful lets nothing count but what names itself our product.
func (w *walk) askItself(ctx context.Context, at string, over *http.Transport, doubtful bool) string {
	a, h := w.askHealth(ctx, request{target: "health", path: "/healthz", over: over, via: "itself"})
	if a.Status == 0 {
		a.Kind, a.Target, a.Stage, a.Via = "itself", at, "http", ""
		w.set.Add(a.Observation)
		return a.Detail
	}
	if doubtful && a.Product != wire.Product {
		return "the answer of somebody else"
	}
	a.Kind, a.Target, a.Stage = "itself", at, "answer"
	w.set.Add(a.Observation)
	if a.Outcome != fault.Yes || h.Product != wire.Product {
		return "no word of its health"
	}
	for _, o := range w.ofHealth(ctx, h) {
		o.Kind, o.Target, o.Via = "itself", at, ""
		w.set.Add(o)
	}
	return h.Product + " " + h.Version
}
