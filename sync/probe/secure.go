package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/wire"
)

// clockTolerance is how far clocks may be apart before certificates are judged
// wrongly often enough to matter.
const clockTolerance = 5 * time.Minute

// interceptors are makers whose products re-sign connections.
var interceptors = []string{"kaspersky", "eset", "avast", "avg ", "bitdefender", "fortinet", "zscaler", "sophos", "palo alto",
	"umbrella", "360", "sangfor", "深信服", "qianxin", "奇安信", "mcafee", "symantec", "netskope", "blue coat", "checkpoint", "huorong"}

// capture does a handshake that verifies nothing and sends no request.
func (l *Ladder) capture(ctx context.Context) ([]*x509.Certificate, error) {
	c, err := l.tunnel(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(3 * time.Second))
	t := tls.Client(c, l.unverified())
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return t.ConnectionState().PeerCertificates, nil
}

// unverified is for a handshake that only looks: no secret is sent over it.
func (l *Ladder) unverified() *tls.Config {
	c := wire.TLS()
	c.ServerName, c.InsecureSkipVerify = l.host, true //nolint:gosec // see above
	return c
}

// clock compares this computer's time with the server's. An unverified answer is
// good enough to suspect the clock, not to set it: nothing secret is asked.
func (l *Ladder) clock(ctx context.Context) (string, bool) {
	there, ok := l.serverDate(ctx)
	if !ok {
		return "no time to compare with", true
	}
	off := there.Sub(l.cfg.Now())
	if off.Abs() <= clockTolerance {
		return "off by " + off.Round(time.Second).String(), true
	}
	// A second, independent witness makes it sure: the certificate's own time, or
	// the offset when the line last worked.
	confidence := fault.Likely
	chain, err := l.capture(ctx)
	if err == nil && len(chain) > 0 {
		leaf, here := chain[0], l.cfg.Now()
		inThere := !there.Before(leaf.NotBefore) && !there.After(leaf.NotAfter)
		inHere := !here.Before(leaf.NotBefore) && !here.After(leaf.NotAfter)
		if inThere && !inHere {
			confidence = fault.Proven
		}
	}
	if g := l.cfg.LastGood; g != nil && (off-g.Offset).Abs() > clockTolerance {
		confidence = fault.Proven
	}
	values := map[string]string{"here": l.cfg.Now().Format("2006-01-02 15:04"), "there": there.In(l.cfg.Now().Location()).Format("2006-01-02 15:04")}
	l.found("S03", confidence, values)
	return "off by " + off.Round(time.Second).String(), false
}

// serverDate reads the Date header of a request without any secret.
func (l *Ladder) serverDate(ctx context.Context) (time.Time, bool) {
	tr := &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return l.tunnel(ctx) },
		TLSClientConfig: l.unverified(), // only the Date header is read

		MaxResponseHeaderBytes: 64 << 10,
	}
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr, Timeout: 3 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, l.serverURL.String()+"/healthz", nil)
	if err != nil {
		return time.Time{}, false
	}
	start := time.Now()
	resp, err := c.Do(req)
	if err != nil {
		return time.Time{}, false
	}
	defer resp.Body.Close()
	d, err := http.ParseTime(resp.Header.Get("Date"))
	return d.Add(time.Since(start) / 2), err == nil
}

// secure captures the chain and verifies it in more than one way, because Go
// reports only the first fault it meets.
func (l *Ladder) secure(ctx context.Context) (string, bool) {
	chain, err := l.capture(ctx)
	if err != nil {
		var rec tls.RecordHeaderError
		switch {
		case errors.As(err, &rec) && string(rec.RecordHeader[:]) == "HTTP/":
			l.hard("S17", fault.Proven, nil)
		case errors.As(err, &rec):
			l.hard("S18", fault.Proven, nil)
		case Outdated(err):
			l.hard("S16", fault.Likely, nil)
		default:
			l.hard(fault.Unknown, fault.Likely, nil)
		}
		return err.Error(), false
	}
	if len(chain) == 0 {
		l.hard(fault.Unknown, fault.Likely, nil)
		return "no certificate", false
	}
	leaf := chain[0]
	inter := x509.NewCertPool()
	for _, c := range chain[1:] {
		inter.AddCert(c)
	}
	pool := x509.NewCertPool()
	for _, c := range l.roots {
		pool.AddCert(c)
	}
	now := l.cfg.Now()
	if l.clockWrong() {
		// The clock is named already; what else is wrong shows at a good time.
		now = leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2)
	}
	good := true
	bad := func(id fault.ID, values map[string]string) {
		l.found(id, fault.Proven, values)
		good, l.stop = false, true
	}
	inside := leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2)
	if found, err := leaf.Verify(x509.VerifyOptions{Roots: pool, Intermediates: inter, CurrentTime: inside}); err != nil {
		id, values := l.stranger(leaf, chain, inside)
		bad(id, values)
	} else if !slices.ContainsFunc(found, func(c []*x509.Certificate) bool { return wire.Strong(c) == nil }) {
		bad("S13", nil)
	}
	switch {
	case now.After(leaf.NotAfter):
		bad("S01", map[string]string{"date": leaf.NotAfter.Local().Format("2006-01-02")})
	case now.Before(leaf.NotBefore):
		bad("S02", map[string]string{"date": leaf.NotBefore.Local().Format("2006-01-02")})
	}
	if err := leaf.VerifyHostname(l.host); err != nil {
		var names []string
		names = append(names, leaf.DNSNames...)
		for _, ip := range leaf.IPAddresses {
			names = append(names, ip.String())
		}
		bad("S04", map[string]string{"names": strings.Join(names, ", ")})
	}
	if good && !l.clockWrong() {
		// The server's own certificate is good: what is left is the age of our roots.
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool, Intermediates: inter, CurrentTime: now}); err != nil {
			bad("K04", nil)
			return err.Error(), false
		}
	}
	return fmt.Sprintf("%s, until %s", leaf.Issuer.CommonName, leaf.NotAfter.Format("2006-01-02")), good
}

// Outdated reports whether a handshake failed because the other side knows no
// version or suite that is safe today.
func Outdated(err error) bool {
	if err == nil {
		return false
	}
	// Alerts have no type of their own here.
	var op *net.OpError
	for _, alert := range []string{"handshake failure", "protocol version", "insufficient security"} {
		if errors.As(err, &op) && op.Op == "remote error" && strings.Contains(op.Err.Error(), alert) {
			return true
		}
	}
	return strings.Contains(err.Error(), "server selected unsupported protocol version")
}

func (l *Ladder) clockWrong() bool {
	for _, s := range l.symptoms {
		if s.Fault == "S03" {
			return true
		}
	}
	return false
}

// stranger tells why a chain does not lead to our roots.
func (l *Ladder) stranger(leaf *x509.Certificate, chain []*x509.Certificate, at time.Time) (fault.ID, map[string]string) {
	top := chain[len(chain)-1]
	issuer := top.Issuer.CommonName
	if issuer == "" {
		issuer = top.Issuer.String()
	}
	values := map[string]string{"issuer": issuer}
	for _, r := range l.roots {
		if bytes.Equal(top.RawIssuer, r.RawSubject) && (top.CheckSignatureFrom(r) != nil) {
			return "S07", values
		}
	}
	all := strings.ToLower(leaf.Issuer.String() + " " + top.Issuer.String() + " " + top.Subject.String())
	for _, name := range interceptors {
		if strings.Contains(all, name) {
			return "S11", values
		}
	}
	inter := x509.NewCertPool()
	for _, c := range chain[1:] {
		inter.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Intermediates: inter, CurrentTime: at}); err == nil {
		// The system trusts it and we do not: something re-signs on this computer.
		return "S11", values
	}
	if len(chain) == 1 && bytes.Equal(leaf.RawSubject, leaf.RawIssuer) && leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil {
		return "S10", values
	}
	return "S06", values
}
