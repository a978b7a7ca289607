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
	// Whole sees and writes the documents of every branch of the company.
	Whole bool
}

// Has reports whether the principal has a role.
func (p Principal) Has(role string) bool { return slices.Contains(p.Roles, role) }

// Why a token is not let in.
var (
	ErrUnknown = errors.New("the token is missing or wrong")
	ErrExpired = errors.New("the token has expired")
	ErrRevoked = errors.New("the token was revoked")
)

// Code returns the problem code of an error of this package: "token_expired",
// "token_revoked", else "token_invalid".
func Code(err error) string {
	switch {
	case errors.Is(err, ErrExpired):
		return "token_expired"
	case errors.Is(err, ErrRevoked):
		return "token_revoked"
	}
	return "token_invalid"
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
