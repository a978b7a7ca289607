// Package access says who a token speaks for.
//
// A Principal is the company, branch, device, person and roles behind a token. A Tokens holds
// the tokens of a file by their hashes and follows changes of that file.
//
// The package refuses to keep a token: a file holds its SHA-256 and nothing more.
package access

import (
	"context"
	"errors"
	"net/netip"
	"slices"
)

// Catalog is the role that may change the items of the company.
const Catalog = "catalog"

// Roles are all that a token can have.
var Roles = []string{Catalog}

// Principal is who a request speaks for.
type Principal struct {
	Company, Branch string
	// Device is the only device that may use the token; empty is any of the branch.
	Device string
	// Person is the drawer the token belongs to; empty is anybody of the branch.
	Person string
	// Roles are what it may do besides; see Roles. One that this program does not
	// know allows nothing.
	Roles []string
	// From are the networks that requests come from; empty is anywhere.
	From []netip.Prefix
	// Whole sees and writes the documents of every branch of the company.
	Whole bool
}

// Has reports whether the principal has a role.
func (p Principal) Has(role string) bool { return slices.Contains(p.Roles, role) }

// Why a token is not let in.
var (
	ErrUnknown = errors.New("the token is missing or wrong")
	ErrNotYet  = errors.New("the token does not count yet")
	ErrExpired = errors.New("the token has expired")
	ErrRevoked = errors.New("the token was revoked")
	ErrDevice  = errors.New("the computer that the token was for was removed")
	ErrLocked  = errors.New("the account is locked")
	ErrAddress = errors.New("requests of this token may not come from this address")
)

var codes = []struct {
	err  error
	code string
}{
	{ErrNotYet, "token_nbf"}, {ErrExpired, "token_expired"}, {ErrRevoked, "token_revoked"},
	{ErrDevice, "device_revoked"}, {ErrLocked, "account_locked"}, {ErrAddress, "ip_denied"},
}

// Code returns the problem code of an error of this package: "token_nbf",
// "token_expired", "token_revoked", "device_revoked", "account_locked",
// "ip_denied", else "token_invalid".
func Code(err error) string {
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return "token_invalid"
}

// Allows returns ErrAddress when a request of the principal may not come from
// remote, which is host:port.
func (p Principal) Allows(remote string) error {
	at, err := netip.ParseAddrPort(remote)
	ip := at.Addr().Unmap().WithZone("")
	if len(p.From) == 0 || err == nil && slices.ContainsFunc(p.From, func(n netip.Prefix) bool { return n.Contains(ip) }) {
		return nil
	}
	return ErrAddress
}

type key struct{}

// With returns a context that carries the principal.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, key{}, p)
}

// From returns the principal of a request's context, the zero one when there is none.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(key{}).(Principal)
	return p
}
