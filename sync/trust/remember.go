package trust

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"
)

// Remembering returns a configuration that checks a server of a host like c does, and
// besides may use certificates (DER) that the server sent beside its own before: each
// signature up to the roots of c, the time, the name and the strength are checked.
func Remembering(c *tls.Config, host string, beside [][]byte) *tls.Config {
	out, roots := c.Clone(), c.RootCAs
	if roots == nil {
		roots = x509.NewCertPool() // nil would be the system's
	}
	// Package tls has no other way to let certificates in between: it would not check
	// the chain, so VerifyConnection does the whole of it, on resumption too.
	out.InsecureSkipVerify = true //nolint:gosec // see above
	out.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 {
			return errNone
		}
		with := x509.VerifyOptions{
			Roots: roots, Intermediates: x509.NewCertPool(), DNSName: cmp.Or(s.ServerName, host),
			CurrentTime: clock(c), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		for _, sent := range s.PeerCertificates[1:] {
			with.Intermediates.AddCert(sent)
		}
		for _, raw := range beside {
			// What cannot be read leads nowhere.
			if cert, err := x509.ParseCertificate(raw); err == nil {
				with.Intermediates.AddCert(cert)
			}
		}
		var err error
		if s.VerifiedChains, err = s.PeerCertificates[0].Verify(with); err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
		}
		if c.VerifyConnection != nil {
			return c.VerifyConnection(s)
		}
		return nil
	}
	return out
}

var errNone = errors.New("the server shows no certificate")

func clock(c *tls.Config) time.Time {
	if c.Time != nil {
		return c.Time()
	}
	return time.Now()
}
