// Package trust keeps the CA certificates and the access token in the OS keyring
// and makes them the only root used for the invoice server.
//
// A Bundle is one or more CA certificates; a Keyring holds small items; a Store
// keeps a bundle in a keyring in parts, because Windows takes 2,560 bytes an item.
//
// The package refuses to trust a certificate whose fingerprint nobody compared,
// and has no way to switch verification off.
package trust

import (
	"context"
	"time"

	"counterfoil/app/books"
)

// Keyring holds items by name. Get gives ErrMissing when there is none.
type Keyring interface {
	Get(ctx context.Context, name string) (string, error)
	Set(ctx context.Context, name, value string) error
	Delete(ctx context.Context, name string) error
	// Kind is "os", "file" or "memory", for the window to say.
	Kind() string
}

// What can be wrong with a keyring. Each is a *books.Error with a way on.
var (
	ErrLocked      = &books.Error{Code: "keyring_locked", Text: "the system's password store is locked", Hint: "unlock it with your sign-in password, then try again"}
	ErrUnavailable = &books.Error{Code: "keyring_unavailable", Text: "this computer has no password store", Hint: "ask IT to set one up, or choose the encrypted file (--keyring file)"}
	ErrHanging     = &books.Error{Code: "keyring_hanging", Text: "the system's password store does not answer", Hint: "look for its window asking for a password, then try again"}
	ErrTooBig      = &books.Error{Code: "keyring_too_big", Text: "the item is too large for the system's password store", Hint: "your invoices are not affected; give the report to the program's makers"}
	ErrMissing     = &books.Error{Code: "ca_missing", Text: "no CA certificate is kept on this computer yet", Hint: "import the certificate the invoice team gave you"}
	ErrDamaged     = &books.Error{Code: "ca_damaged", Text: "the kept CA certificate is damaged", Hint: "import it again; your invoices are not affected"}
	ErrPassphrase  = &books.Error{Code: "passphrase_wrong", Text: "the passphrase does not open the key file", Hint: "type it again, or set COUNTERFOIL_PASSPHRASE"}
)

// callCap is how long the OS keyring may take before it counts as hanging: one that
// starts on demand needs more than a second.
const callCap = 2500 * time.Millisecond
