package wire

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

// ErrWeak says that a certificate's key or signature can be forged.
var ErrWeak = errors.New("a certificate is too weak to be trusted")

// Weak says what makes a certificate forgeable; nil when nothing does. Nobody
// relies on the signature of a root.
func Weak(c *x509.Certificate) error {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return fmt.Errorf("its key is RSA with %d bit", k.N.BitLen())
		}
	case *ecdsa.PublicKey:
		if bits := k.Curve.Params().BitSize; bits < 256 {
			return fmt.Errorf("its key is ECDSA with %d bit", bits)
		}
	case ed25519.PublicKey:
	default:
		return fmt.Errorf("its key is %s", c.PublicKeyAlgorithm)
	}
	if bytes.Equal(c.RawSubject, c.RawIssuer) {
		return nil
	}
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return fmt.Errorf("it is signed with %s", c.SignatureAlgorithm)
	}
	return nil
}

// Strong reports whether a chain, the server's certificate first, holds no weak
// certificate: nil, or an error that wraps ErrWeak.
func Strong(chain []*x509.Certificate) error {
	for _, c := range chain {
		if err := Weak(c); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrWeak, c.Subject, err)
		}
	}
	return nil
}
