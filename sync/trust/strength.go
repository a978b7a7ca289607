package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/disk"
)

// ErrWeak says that a certificate's key or signature can be forged.
var ErrWeak = errors.New("a certificate is too weak to be trusted")

// ReadFile returns the content of a certificate file. A pipe, a device and a file
// over 1 MB are refused as *books.Error; it never waits for a writer.
func ReadFile(name string) ([]byte, error) {
	raw, err := disk.Read(name, maxBundle)
	return raw, unread(err)
}

// ReadAll is ReadFile for what is open already.
func ReadAll(r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxBundle+1))
	if err == nil && len(raw) > maxBundle {
		err = disk.ErrLarge
	}
	return raw, unread(err)
}

func unread(err error) error {
	switch {
	case errors.Is(err, disk.ErrNoFile):
		return badBundle("bundle_no_file", "this is a folder, a pipe or a device, not a file", "choose the CA certificate file; to read from a pipe write -")
	case errors.Is(err, disk.ErrLarge):
		return badBundle("bundle_too_large", "the file is larger than 1 MB", "ask for the CA certificate only")
	}
	return err
}

// Import reads PEM as ParseBundle does, and besides refuses what must not become
// a new root: weak keys and signatures, and certificates that have run out.
func Import(raw []byte, now time.Time) (*Bundle, error) {
	b, err := ParseBundle(raw)
	if err != nil {
		return nil, err
	}
	for _, c := range b.Certs {
		name := c.Subject.String()
		if err := weak(c, bytes.Equal(c.RawSubject, c.RawIssuer)); err != nil {
			return nil, &books.Error{Code: "bundle_weak", Field: "file", Text: "the certificate of " + name + " is too weak: " + err.Error(), Hint: "ask for a CA certificate with RSA 2048 or more, or ECDSA, signed with SHA-256 or better", Err: ErrWeak}
		}
		if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
			return nil, badBundle("bundle_not_ca", "the certificate of "+name+" may not sign certificates", "ask for the CA certificate, not the server's")
		}
		if now.After(c.NotAfter) {
			return nil, badBundle("bundle_expired", "the certificate of "+name+" ran out on "+c.NotAfter.Format("2006-01-02"), "ask for the new CA certificate; if it is new, look at this computer's clock")
		}
	}
	return b, nil
}

// weak says what makes a certificate forgeable; nil when nothing does. Nobody
// relies on the signature of a root.
func weak(c *x509.Certificate, root bool) error {
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
	if root {
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
		if err := weak(c, bytes.Equal(c.RawSubject, c.RawIssuer)); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrWeak, c.Subject, err)
		}
	}
	return nil
}

// strongChain takes a connection when one of its verified chains is strong. Go
// takes RSA keys of 1024 bit.
func strongChain(s tls.ConnectionState) error {
	var err error
	for _, chain := range s.VerifiedChains {
		if err = Strong(chain); err == nil {
			return nil
		}
	}
	return err
}
