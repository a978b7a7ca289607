package trust

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/disk"
	"counterfoil/sync/wire"
)

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
		if err := wire.Weak(c); err != nil {
			return nil, &books.Error{Code: "bundle_weak", Field: "file", Text: "the certificate of " + name + " is too weak: " + err.Error(), Hint: "ask for a CA certificate with RSA 2048 or more, or ECDSA, signed with SHA-256 or better", Err: wire.ErrWeak}
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

// sound takes a connection when one of its verified chains is strong and its signer has
// not withdrawn the server's certificate. Go takes RSA keys of 1024 bit, and does not
// look at the answer of OCSP that a server staples.
func sound(s tls.ConnectionState) error {
	var err error
	for _, chain := range s.VerifiedChains {
		if err = wire.Strong(chain); err != nil {
			continue
		}
		if len(chain) > 1 {
			_, err = wire.Revoked(s.OCSPResponse, chain[0], chain[1])
		}
		if err == nil {
			return nil
		}
	}
	return err
}
