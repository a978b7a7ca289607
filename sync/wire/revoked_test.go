package wire

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// Only the signer's own word that a certificate is withdrawn counts.
func TestRevoked(t *testing.T) {
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	certificate := func(name string, n int64, k *ecdsa.PrivateKey, by *x509.Certificate, with *ecdsa.PrivateKey) *x509.Certificate {
		c := &x509.Certificate{SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IsCA: by == nil, BasicConstraintsValid: true}
		if by == nil {
			by = c
		}
		der, err := x509.CreateCertificate(rand.Reader, c, by, &k.PublicKey, with)
		if err != nil {
			t.Fatal(err)
		}
		out, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	ours, other := key(), key()
	ca, stranger := certificate("CA", 1, ours, nil, ours), certificate("CA", 1, other, nil, other)
	leaf := certificate("leaf", 2, key(), ca, ours)
	says := func(by *x509.Certificate, k *ecdsa.PrivateKey, status int, serial int64) []byte {
		raw, err := ocsp.CreateResponse(by, by, ocsp.Response{Status: status, SerialNumber: big.NewInt(serial), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour), RevokedAt: time.Now()}, k)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	for name, c := range map[string]struct {
		staple   []byte
		answered bool
		revoked  bool
	}{
		"nothing":               {nil, false, false},
		"noise":                 {[]byte("x"), false, false},
		"good":                  {says(ca, ours, ocsp.Good, 2), true, false},
		"not known":             {says(ca, ours, ocsp.Unknown, 2), false, false},
		"withdrawn":             {says(ca, ours, ocsp.Revoked, 2), true, true},
		"another's is":          {says(ca, ours, ocsp.Revoked, 3), false, false},
		"somebody else says so": {says(stranger, other, ocsp.Revoked, 2), false, false},
	} {
		answered, err := Revoked(c.staple, leaf, ca)
		if answered != c.answered || errors.Is(err, ErrRevoked) != c.revoked || (err != nil) != c.revoked {
			t.Errorf("%s: %v %v", name, answered, err)
		}
	}
}
