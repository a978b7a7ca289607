package probe

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	_ "crypto/md5" //nolint:gosec // to tell what is signed with it
	"crypto/rsa"
	_ "crypto/sha1" //nolint:gosec // to tell what is signed with it
	"crypto/x509"
	"slices"
	"time"
)

// ageless are copies of certificates that are valid at any time.
func ageless(all []*x509.Certificate) []*x509.Certificate {
	var out []*x509.Certificate
	for _, c := range all {
		a := *c
		a.NotBefore, a.NotAfter = time.Time{}, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
		out = append(out, &a)
	}
	return out
}

func pool(certs []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certs {
		p.AddCert(c)
	}
	return p
}

// signed is how a certificate leads to a root by names and signatures alone, also weak
// ones and those of certificates that may not sign; nil where it does not. It says who
// made a certificate, never that it may be trusted.
func signed(c *x509.Certificate, between, roots []*x509.Certificate, most int) []*x509.Certificate {
	for _, r := range roots {
		if bytes.Equal(c.Raw, r.Raw) {
			return []*x509.Certificate{c}
		}
		if signedBy(c, r) {
			return []*x509.Certificate{c, r}
		}
	}
	if most == 0 {
		return nil
	}
	for i, b := range between {
		if !signedBy(c, b) {
			continue
		}
		rest := slices.Delete(slices.Clone(between), i, i+1)
		if path := signed(b, rest, roots, most-1); path != nil {
			return append([]*x509.Certificate{c}, path...)
		}
	}
	return nil
}

// signedBy reports whether the key of one certificate made the signature of another.
func signedBy(c, by *x509.Certificate) bool {
	if !bytes.Equal(c.RawIssuer, by.RawSubject) {
		return false
	}
	if by.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil {
		return true
	}
	hash := crypto.SHA1
	switch c.SignatureAlgorithm {
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1:
	case x509.MD5WithRSA:
		hash = crypto.MD5
	default:
		return false
	}
	h := hash.New()
	_, _ = h.Write(c.RawTBSCertificate) // a hash takes all
	switch k := by.PublicKey.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, hash, h.Sum(nil), c.Signature) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, h.Sum(nil), c.Signature)
	}
	return false
}

func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawSubject, c.RawIssuer) && signedBy(c, c)
}
