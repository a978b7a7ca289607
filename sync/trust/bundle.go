package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/wire"
)

// Limits of a bundle.
const (
	maxBundle = 1 << 20 // bytes of PEM
	maxCerts  = 64
)

// Bundle is one or more CA certificates, without duplicates, in file order.
type Bundle struct{ Certs []*x509.Certificate }

// Summary is what is shown of a certificate before it is trusted.
type Summary struct {
	Subject, Issuer     string
	NotBefore, NotAfter time.Time
	Fingerprint         string // SHA-256 of the DER, upper-case hex in pairs with colons
}

func badBundle(code, text, hint string) error {
	return &books.Error{Code: code, Field: "file", Text: text, Hint: hint}
}

// ParseBundle reads PEM. Only CA certificates are taken; a private key, a server
// certificate, garbage or nothing at all is refused as *books.Error.
func ParseBundle(raw []byte) (*Bundle, error) {
	if len(raw) > maxBundle {
		return nil, badBundle("bundle_too_large", "the file is larger than 1 MB", "ask for the CA certificate only")
	}
	b := &Bundle{}
	seen := map[string]bool{}
	for rest := raw; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			if len(bytes.TrimSpace(rest)) > 0 && len(b.Certs) > 0 && bytes.Contains(rest, []byte("-----BEGIN")) {
				return nil, badBundle("bundle_cut", "the file is cut or damaged after the first certificates", "ask for it again")
			}
			break
		}
		switch {
		case strings.Contains(block.Type, "PRIVATE KEY"):
			return nil, badBundle("bundle_private_key", "the file holds a private key", "do not pass it on; ask the invoice team for the CA certificate only")
		case block.Type != "CERTIFICATE":
			return nil, badBundle("bundle_not_certificate", "the file holds a "+strings.ToLower(block.Type), "ask for the CA certificate in PEM form")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, badBundle("bundle_damaged", "a certificate in the file cannot be read: "+err.Error(), "ask for it again")
		}
		if !c.IsCA || !c.BasicConstraintsValid {
			return nil, badBundle("bundle_not_ca", "the certificate of "+c.Subject.String()+" is not a CA certificate", "ask for the CA certificate, not the server's")
		}
		if !seen[string(c.Raw)] {
			seen[string(c.Raw)] = true
			b.Certs = append(b.Certs, c)
		}
		if len(b.Certs) > maxCerts {
			return nil, badBundle("bundle_too_many", fmt.Sprintf("the file holds more than %d certificates", maxCerts), "ask for your company's CA certificate only")
		}
	}
	if len(b.Certs) == 0 {
		return nil, badBundle("bundle_empty", "there is no certificate in the file", "it must begin with -----BEGIN CERTIFICATE-----")
	}
	return b, nil
}

// Fingerprint writes the SHA-256 of a certificate in hex pairs with colons.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	h := strings.ToUpper(hex.EncodeToString(sum[:]))
	var out strings.Builder
	for i := 0; i < len(h); i += 2 {
		if i > 0 {
			out.WriteByte(':')
		}
		out.WriteString(h[i : i+2])
	}
	return out.String()
}

// Whole is the SHA-256 over all certificates' DER in file order, hex: the
// fingerprint of a bundle. For one certificate it is that certificate's.
func (b *Bundle) Whole() string {
	h := sha256.New()
	for _, c := range b.Certs {
		h.Write(c.Raw)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Confirm compares a fingerprint that came by another way. One certificate: its
// own. Several: that of the whole (Whole), or that of the only self-signed
// certificate when all others chain to it. Colons, spaces and case do not count.
func (b *Bundle) Confirm(fingerprint string) error {
	given := strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(" :-\t\n\r", r) {
			return -1
		}
		return r
	}, fingerprint))
	if raw, err := hex.DecodeString(given); err != nil || len(raw) != sha256.Size {
		return &books.Error{Code: "fingerprint_malformed", Field: "fingerprint", Text: "a SHA-256 fingerprint has 64 hexadecimal digits", Hint: "type it as the invoice team reads it to you"}
	}
	good := subtle.ConstantTimeCompare([]byte(given), []byte(b.Whole()))
	if root := b.onlyRoot(); root != nil {
		good |= subtle.ConstantTimeCompare([]byte(given), []byte(strings.ToLower(strings.ReplaceAll(Fingerprint(root), ":", ""))))
	}
	if good != 1 {
		return &books.Error{Code: "fingerprint_mismatch", Field: "fingerprint", Text: "the fingerprint is not that of this file: do not trust it", Hint: "ask the invoice team for the right file and compare again"}
	}
	return nil
}

// onlyRoot is the one self-signed certificate that all others chain to, or nil.
func (b *Bundle) onlyRoot() *x509.Certificate {
	var root *x509.Certificate
	inter := x509.NewCertPool()
	for _, c := range b.Certs {
		if bytes.Equal(c.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(c) == nil {
			if root != nil {
				return nil
			}
			root = c
			continue
		}
		inter.AddCert(c)
	}
	if root == nil {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	for _, c := range b.Certs {
		if c == root {
			continue
		}
		if _, err := c.Verify(x509.VerifyOptions{Roots: pool, Intermediates: inter, CurrentTime: c.NotBefore.Add(time.Second), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
			return nil
		}
	}
	return root
}

// Summary describes each certificate.
func (b *Bundle) Summary() []Summary {
	var out []Summary
	for _, c := range b.Certs {
		out = append(out, Summary{c.Subject.String(), c.Issuer.String(), c.NotBefore, c.NotAfter, Fingerprint(c)})
	}
	return out
}

// Pool is the bundle as roots.
func (b *Bundle) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range b.Certs {
		p.AddCert(c)
	}
	return p
}

// PEM writes the bundle.
func (b *Bundle) PEM() []byte {
	var out bytes.Buffer
	for _, c := range b.Certs {
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // a buffer takes all
	}
	return out.Bytes()
}

// TLSConfig trusts the bundle and nothing else; a weak certificate of the server is
// refused with wire.ErrWeak, one that its signer has withdrawn with wire.ErrRevoked.
func TLSConfig(b *Bundle, now func() time.Time) *tls.Config {
	c := wire.TLS()
	c.RootCAs, c.Time, c.VerifyConnection = b.Pool(), now, sound
	return c
}
