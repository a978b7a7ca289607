//go:build !linux

package trust

import (
	"context"
	"errors"
)

// look finds nothing wrong beforehand: the Credential Manager and the Keychain
// are open while the user is signed in.
func look(context.Context) error { return nil }

// unlock reads an item, because the system itself asks for the password where its
// keyring is locked, and waits for the answer until ctx ends.
func (k *osKeyring) unlock(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		_, err := k.get(service, "unlock")
		done <- typed(err)
	}()
	select {
	case err := <-done:
		if errors.Is(err, ErrMissing) {
			return nil // it was open enough to say so
		}
		return err
	case <-ctx.Done():
		return ErrHanging
	}
}
