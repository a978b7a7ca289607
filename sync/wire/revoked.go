package wire

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ocsp"
)

// ErrRevoked says that whoever signed a certificate has withdrawn it.
var ErrRevoked = errors.New("the certificate was withdrawn")

// Revoked returns what the answer that a server staples says of its certificate: an
// error that wraps ErrRevoked where the signer has withdrawn it, nil where not.
// answered is false where there is none, or one that the signer did not sign.
func Revoked(staple []byte, leaf, signer *x509.Certificate) (answered bool, err error) {
	if len(staple) == 0 {
		return false, nil
	}
	r, perr := ocsp.ParseResponseForCert(staple, leaf, signer)
	switch {
	case perr != nil:
		return false, nil
	case r.Status == ocsp.Revoked:
		return true, fmt.Errorf("%w on %s", ErrRevoked, r.RevokedAt.Local().Format(time.DateOnly))
	}
	return r.Status == ocsp.Good, nil
}
