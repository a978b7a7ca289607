package probe

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/wire"
)

// chainLook is one chain that a server shows, and what is found of it.
type chainLook struct {
	*walk
	shown []*x509.Certificate // the server's own first
	roots []*x509.Certificate // ours; where they are lost, those of the line as it last worked
	now   time.Time
	out   []fault.Observation
}

// ofChain asks a chain everything at once, because Go reports only the first fault it
// meets: is it for the host; does it lead to our roots, apart from time and use; is it
// strong, valid now, for servers, not withdrawn; and where it does not lead to our
// roots, what it looks like instead.
func (w *walk) ofChain(shown []*x509.Certificate, staple []byte) []fault.Observation {
	l := &chainLook{walk: w, shown: shown, roots: w.roots, now: w.Now()}
	if len(l.roots) == 0 && w.LastGood != nil {
		l.roots = parsed(w.LastGood.Roots)
	}
	l.name()
	if len(l.roots) == 0 {
		l.add("roots", fault.Unmeasured, "", "")
		l.time(shown[:1])
		return l.out
	}
	path, err := l.path()
	if path == nil {
		l.add("roots", fault.No, fault.OfError(err).Code, err.Error())
		l.time(shown[:1])
		l.ladder()
		return l.out
	}
	l.add("roots", fault.Yes, "", "")
	l.strength(path)
	l.purpose(err)
	l.age(path)
	if len(path) > 1 {
		l.staple(staple, path[0], path[1])
	}
	l.expiry(path)
	l.sameKey()
	return l.out
}

func (l *chainLook) add(stage string, o fault.Outcome, code, detail string) {
	l.out = append(l.out, fault.Observation{Kind: "chain", Stage: stage, Outcome: o, Code: code, Detail: detail, Values: map[string]string{"issuer": fault.Issuer(l.shown[len(l.shown)-1])}})
}

func (l *chainLook) name() {
	o := fault.OfError(l.shown[0].VerifyHostname(l.host))
	o.Kind, o.Stage = "chain", "name"
	if names := fault.Names(l.shown[0]); names != "" {
		o = o.With(map[string]string{"names": names})
	}
	l.out = append(l.out, o)
}

// path is how the server's certificate leads to one of our roots, apart from time, use
// and strength; nil, and why, where it does not. Beside a path the error is what
// forbids its use.
func (l *chainLook) path() ([]*x509.Certificate, error) {
	with := x509.VerifyOptions{Roots: pool(ageless(l.roots)), Intermediates: pool(ageless(l.shown[1:])), CurrentTime: l.now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	leaf := ageless(l.shown[:1])[0]
	paths, err := leaf.Verify(with)
	if err == nil {
		best := l.whole(paths[0])
		for _, p := range paths[1:] {
			if p = l.whole(p); wire.Strong(best) != nil && wire.Strong(p) == nil {
				best = p
			}
		}
		with.KeyUsages = nil // for servers
		_, err = leaf.Verify(with)
		return best, err
	}
	path := signed(l.shown[0], l.shown[1:], l.roots, 6)
	if path == nil {
		return nil, err
	}
	if wire.Strong(path) != nil {
		err = nil // Go refuses the weak signature, which is told of by itself
	}
	return path, err
}

// whole is a path with the dates that its certificates have.
func (l *chainLook) whole(path []*x509.Certificate) []*x509.Certificate {
	var out []*x509.Certificate
	for _, c := range path {
		for _, known := range slices.Concat(l.shown, l.roots) {
			if bytes.Equal(c.Raw, known.Raw) {
				c = known
				break
			}
		}
		out = append(out, c)
	}
	return out
}

func (l *chainLook) strength(path []*x509.Certificate) {
	o := fault.OfError(wire.Strong(path))
	l.add("strength", o.Outcome, o.Code, o.Detail)
}

func (l *chainLook) purpose(err error) {
	o := fault.OfError(err)
	switch o.Code {
	case "", "x509:purpose", "x509:constraints", "x509:path":
	default: // as a certificate that may not sign, and did
		o.Code = "x509:purpose"
	}
	l.add("purpose", o.Outcome, o.Code, o.Detail)
}

// age looks whether what the server shows is valid now, and whether our root is.
func (l *chainLook) age(path []*x509.Certificate) {
	if !l.time(path[:max(1, len(path)-1)]) {
		return
	}
	o := ofTime(path[len(path)-1], l.now)
	l.add("now", o.Outcome, o.Code, o.Detail)
}

// time notes the first of some certificates that is not valid now, or that all are,
// which it reports.
func (l *chainLook) time(all []*x509.Certificate) bool {
	for _, c := range all {
		if o := ofTime(c, l.now); o.Outcome == fault.No {
			l.out = append(l.out, o)
			return false
		}
	}
	l.out = append(l.out, fault.Observation{Kind: "chain", Stage: "time", Outcome: fault.Yes})
	return true
}

func ofTime(c *x509.Certificate, now time.Time) fault.Observation {
	o := fault.Observation{Kind: "chain", Stage: "time", Outcome: fault.Yes}
	switch {
	case now.After(c.NotAfter):
		o.Outcome, o.Code, o.Values = fault.No, "x509:expired", map[string]string{"date": c.NotAfter.Local().Format(time.DateOnly)}
		o.Detail = "valid until " + o.Values["date"]
	case now.Before(c.NotBefore):
		o.Outcome, o.Code, o.Values = fault.No, "x509:not_yet", map[string]string{"date": c.NotBefore.Local().Format(time.DateOnly)}
		o.Detail = "valid from " + o.Values["date"]
	}
	return o
}

func (l *chainLook) staple(staple []byte, leaf, signer *x509.Certificate) {
	answered, err := wire.Revoked(staple, leaf, signer)
	o := fault.OfError(err)
	o.Kind, o.Stage = "ocsp", "stapled"
	if !answered {
		o.Outcome = fault.Unmeasured
	}
	l.out = append(l.out, o)
}

// warnings are the days before its end at which a certificate is told of.
var warnings = []int{7, 14, 30}

// expiry notes how soon the server's certificate, one above it and our root end.
func (l *chainLook) expiry(path []*x509.Certificate) {
	for i, c := range path {
		whose := "chain"
		switch i {
		case 0:
			whose = "leaf"
		case len(path) - 1:
			whose = "root"
		}
		left := c.NotAfter.Sub(l.now)
		o := fault.Observation{Kind: "expiry", Target: whose, Outcome: fault.Yes, Offset: int64(left.Seconds())}
		if left <= 0 {
			continue // it has ended, which is more
		}
		for _, days := range warnings {
			if left < time.Duration(days)*24*time.Hour {
				o.Outcome, o.Code = fault.No, "within:"+strconv.Itoa(days)
				break
			}
		}
		o.Values = map[string]string{"ends": c.NotAfter.Local().Format(time.DateOnly), "days": strconv.Itoa(int(left.Hours() / 24)), "whose": c.Subject.CommonName}
		l.out = append(l.out, o)
	}
}

// sameKey is whether the server has the key that it had when the line last worked.
func (l *chainLook) sameKey() {
	if l.LastGood == nil || l.LastGood.Key == "" {
		return
	}
	o := yes(l.LastGood.Key == keyOf(l.shown[0]))
	l.add("key", o, "", "")
}

// keyOf is the SHA-256 of a certificate's public key, in hex.
func keyOf(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

// ladder is what a chain looks like that does not lead to our roots.
func (l *chainLook) ladder() {
	leaf, top := l.shown[0], l.shown[len(l.shown)-1]
	is := func(stage string, b bool) { l.add(stage, yes(b), "", "") }
	is("same_name", slices.ContainsFunc(l.roots, func(r *x509.Certificate) bool {
		return slices.ContainsFunc(l.shown, func(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, r.RawSubject) && !signedBy(c, r) })
	}))
	is("maker", reSigned(leaf, top))
	is("system", l.systemTrusts(leaf))
	is("self", selfSigned(leaf))
	// A certificate that leads to one which signs itself misses nothing in between.
	is("complete", signed(leaf, l.shown[1:], slices.DeleteFunc(slices.Clone(l.shown), func(c *x509.Certificate) bool { return !selfSigned(c) }), 6) != nil)
	l.add("remembered", l.remembered(), "", "")
	is("kin", l.kin(top))
}

// systemTrusts reports whether this computer trusts a certificate that we do not: it is
// re-signed here, or by the office.
func (l *chainLook) systemTrusts(leaf *x509.Certificate) bool {
	with := x509.VerifyOptions{Intermediates: pool(l.shown[1:]), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	for _, at := range []time.Time{l.now, leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2)} {
		with.CurrentTime = at
		if _, err := leaf.Verify(with); err == nil {
			return true
		}
	}
	return false
}

// remembered is whether a leaf leads to our roots by what the server sends beside it now
// and what it sent when the line last worked.
func (l *chainLook) remembered() fault.Outcome {
	if l.LastGood == nil {
		return fault.Unmeasured
	}
	beside := slices.Concat(parsed(l.LastGood.Beside), l.shown[1:])
	_, err := ageless(l.shown[:1])[0].Verify(x509.VerifyOptions{Roots: pool(ageless(l.roots)), Intermediates: pool(ageless(beside)), CurrentTime: l.now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return yes(err == nil)
}

// learnChain keeps what a server shows whose line is well.
func (w *walk) learnChain(shown []*x509.Certificate) {
	w.learn(func(s *link.Snapshot) {
		sum := sha256.Sum256(shown[0].Raw)
		s.Chain, s.Key, s.NotAfter = hex.EncodeToString(sum[:]), keyOf(shown[0]), shown[0].NotAfter
		for _, c := range shown[1:min(len(shown), 6)] {
			s.Beside = append(s.Beside, c.Raw)
		}
		for _, c := range w.roots {
			s.Roots = append(s.Roots, c.Raw)
		}
	})
}

// parsed are certificates as they were kept; one that cannot be read leads nowhere.
func parsed(all [][]byte) []*x509.Certificate {
	var out []*x509.Certificate
	for _, raw := range all {
		if c, err := x509.ParseCertificate(raw); err == nil {
			out = append(out, c)
		}
	}
	return out
}
