//go:build !windows

package route

// SignedIn begins a sign-in at a proxy as who is signed in to this computer; nil: this
// system gives programs none.
var SignedIn func(scheme, host string) (Exchange, error)
