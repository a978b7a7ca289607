package probe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/wire"
)

var secureObservers = []observer{
	{"clock", fault.Text{ZH: "电脑时间", EN: "Computer's time"}, fault.PC, []string{"route"}, false, (*walk).clock},
	{"tls", fault.Text{ZH: "安全连接", EN: "Secure connection"}, fault.Secure, []string{"route", "keyring"}, false, (*walk).secure},
}

// clockTolerance is how far clocks may be apart before certificates are judged
// wrongly often enough to matter.
const clockTolerance = 5 * time.Minute

// interceptors are makers whose products re-sign connections.
var interceptors = []string{"kaspersky", "eset", "avast", "avg ", "bitdefender", "fortinet", "zscaler", "sophos", "palo alto",
	"umbrella", "360", "sangfor", "深信服", "qianxin", "奇安信", "mcafee", "symantec", "netskope", "blue coat", "checkpoint", "huorong"}

// capture does a handshake that verifies nothing and sends no request.
func (w *walk) capture(ctx context.Context) ([]*x509.Certificate, error) {
	c, err := w.tunnel(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(3 * time.Second))
	t := tls.Client(c, w.unverified())
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return t.ConnectionState().PeerCertificates, nil
}

// unverified is for a handshake that only looks: no secret is sent over it.
func (w *walk) unverified() *tls.Config {
	c := wire.TLS()
	c.ServerName, c.InsecureSkipVerify = w.host, true //nolint:gosec // see above
	return c
}

// clock compares this computer's time with the server's. An unverified answer is
// good enough to suspect the clock, not to set it: nothing secret is asked. A second
// witness is the certificate: whether it is valid there and not here.
func (w *walk) clock(ctx context.Context) (string, State) {
	if w.open == "" {
		return inTheWay, Skipped
	}
	there, leaf, ok := w.serverDate(ctx)
	here := w.Now()
	if !ok {
		w.set.Add(fault.Observation{Kind: "clock", Target: "server", Outcome: fault.Unmeasured})
		return "no time to compare with", Good
	}
	off := there.Sub(here)
	apart := off.Abs() > clockTolerance
	w.set.Add(fault.Observation{
		Kind: "clock", Target: "server", Outcome: yes(!apart), Offset: int64(off.Seconds()),
		Values: map[string]string{"here": here.Format("2006-01-02 15:04"), "there": there.In(here.Location()).Format("2006-01-02 15:04")},
	})
	if leaf != nil && apart {
		inside := func(t time.Time) bool { return !t.Before(leaf.NotBefore) && !t.After(leaf.NotAfter) }
		w.set.Add(fault.Observation{Kind: "clock", Target: "certificate", Outcome: yes(inside(here) || !inside(there))})
	}
	if g := w.LastGood; g != nil {
		w.set.Add(fault.Observation{Kind: "clock", Target: "last_good", Outcome: yes((off - g.Offset).Abs() <= clockTolerance), Offset: int64(g.Offset.Seconds())})
	}
	return "off by " + off.Round(time.Second).String(), good(!apart)
}

// serverDate reads the Date header of a request without any secret, and whose
// certificate was shown.
func (w *walk) serverDate(ctx context.Context) (time.Time, *x509.Certificate, bool) {
	tr := &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return w.tunnel(ctx) },
		TLSClientConfig: w.unverified(), // only the Date header is read

		MaxResponseHeaderBytes: 64 << 10,
	}
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr, Timeout: 3 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, w.base.String()+"/healthz", nil)
	if err != nil {
		return time.Time{}, nil, false
	}
	start := time.Now()
	resp, err := c.Do(req)
	if err != nil {
		return time.Time{}, nil, false
	}
	defer resp.Body.Close()
	var leaf *x509.Certificate
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		leaf = resp.TLS.PeerCertificates[0]
	}
	d, err := http.ParseTime(resp.Header.Get("Date"))
	return d.Add(time.Since(start) / 2), leaf, err == nil
}

// secure captures the chain and verifies it in more than one way, because Go
// reports only the first fault it meets.
func (w *walk) secure(ctx context.Context) (string, State) {
	if w.open == "" {
		return inTheWay, Skipped
	}
	chain, err := w.capture(ctx)
	o := fault.OfError(err)
	if err == nil && len(chain) == 0 {
		o.Outcome, o.Detail = fault.No, "no certificate"
	}
	o.Kind, o.Via = "tls", "look"
	w.set.Add(o)
	if o.Outcome != fault.Yes {
		return o.Detail, Bad
	}
	seen := w.ofChain(chain)
	w.set.Add(seen...)
	for _, s := range seen {
		if s.Outcome == fault.No && slices.Contains([]string{"roots", "strength", "time", "name", "now"}, s.Stage) {
			return s.Detail, Bad
		}
	}
	leaf := chain[0]
	w.learn(func(s *link.Snapshot) {
		sum := sha256.Sum256(leaf.Raw)
		s.Chain, s.NotAfter = hex.EncodeToString(sum[:]), leaf.NotAfter
		for _, c := range chain[1:min(len(chain), 6)] {
			s.Beside = append(s.Beside, c.Raw)
		}
	})
	return fmt.Sprintf("%s, until %s", leaf.Issuer.CommonName, leaf.NotAfter.Format(time.DateOnly)), Good
}

// ofChain asks a chain everything at once: does it lead to our roots, apart from
// time; is it strong; is it valid now; is it for the host; and where it does not
// lead to our roots, what it looks like instead.
func (w *walk) ofChain(chain []*x509.Certificate) []fault.Observation {
	leaf, top, now := chain[0], chain[len(chain)-1], w.Now()
	with := x509.VerifyOptions{Roots: pool(w.roots), Intermediates: pool(chain[1:])}
	with.CurrentTime = leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2)
	out := []fault.Observation{ofTime(leaf, now), ofName(leaf, w.host)}
	add := func(stage string, o fault.Outcome, code, detail string) {
		out = append(out, fault.Observation{Kind: "chain", Stage: stage, Outcome: o, Code: code, Detail: detail, Values: map[string]string{"issuer": fault.Issuer(top)}})
	}
	if len(w.roots) == 0 {
		add("roots", fault.Unmeasured, "", "")
		return out
	}
	paths, err := leaf.Verify(with)
	if err == nil {
		add("roots", fault.Yes, "", "")
		if !slices.ContainsFunc(paths, func(c []*x509.Certificate) bool { return wire.Strong(c) == nil }) {
			add("strength", fault.No, "x509:weak", wire.Strong(paths[0]).Error())
		}
		with.CurrentTime = now // what is left is the age of our roots
		_, err := leaf.Verify(with)
		add("now", yes(err == nil), fault.OfError(err).Code, fault.OfError(err).Detail)
		return out
	}
	add("roots", fault.No, fault.OfError(err).Code, err.Error())
	add("same_name", yes(slices.ContainsFunc(w.roots, func(r *x509.Certificate) bool {
		return bytes.Equal(top.RawIssuer, r.RawSubject) && top.CheckSignatureFrom(r) != nil
	})), "", "")
	add("maker", yes(reSigned(leaf, top)), "", "")
	with.Roots = nil // what the system trusts and we do not is re-signed on this computer
	_, err = leaf.Verify(with)
	add("system", yes(err == nil), "", "")
	add("self", yes(len(chain) == 1 && selfSigned(leaf)), "", "")
	add("complete", yes(selfSigned(top)), "", "")
	add("remembered", w.remembered(leaf, with), "", "")
	return out
}

// remembered is whether a leaf leads to our roots by what the server sent beside it
// when the line last worked.
func (w *walk) remembered(leaf *x509.Certificate, with x509.VerifyOptions) fault.Outcome {
	if w.LastGood == nil {
		return fault.Unmeasured
	}
	with.Roots, with.Intermediates = pool(w.roots), x509.NewCertPool()
	for _, raw := range w.LastGood.Beside {
		// What cannot be read leads nowhere.
		if c, err := x509.ParseCertificate(raw); err == nil {
			with.Intermediates.AddCert(c)
		}
	}
	_, err := leaf.Verify(with)
	return yes(err == nil)
}

func ofTime(leaf *x509.Certificate, now time.Time) fault.Observation {
	o := fault.Observation{Kind: "chain", Stage: "time", Outcome: fault.Yes}
	switch {
	case now.After(leaf.NotAfter):
		o.Outcome, o.Code, o.Values = fault.No, "x509:expired", map[string]string{"date": leaf.NotAfter.Local().Format(time.DateOnly)}
		o.Detail = "valid until " + o.Values["date"]
	case now.Before(leaf.NotBefore):
		o.Outcome, o.Code, o.Values = fault.No, "x509:not_yet", map[string]string{"date": leaf.NotBefore.Local().Format(time.DateOnly)}
		o.Detail = "valid from " + o.Values["date"]
	}
	return o
}

func ofName(leaf *x509.Certificate, host string) fault.Observation {
	o := fault.OfError(leaf.VerifyHostname(host))
	o.Kind, o.Stage = "chain", "name"
	return o.With(map[string]string{"names": fault.Names(leaf)})
}

func pool(certs []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certs {
		p.AddCert(c)
	}
	return p
}

func reSigned(leaf, top *x509.Certificate) bool {
	all := strings.ToLower(leaf.Issuer.String() + " " + top.Issuer.String() + " " + top.Subject.String())
	return slices.ContainsFunc(interceptors, func(name string) bool { return strings.Contains(all, name) })
}

func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawSubject, c.RawIssuer) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}
