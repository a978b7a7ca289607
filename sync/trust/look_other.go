//go:build !linux

package trust

import "context"

// look finds nothing wrong beforehand: the Credential Manager and the Keychain
// are open while the user is signed in.
func look(context.Context) error { return nil }
