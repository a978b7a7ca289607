package viewmodel

import (
	"unicode"

	"counterfoil/app/books"
)

// Standing is how a document stands between this device and the server: "" where
// the server has all of it.
type Standing string

// What may be in the way.
const (
	StandsWaiting  Standing = "waiting"  // to be sent
	StandsRefused  Standing = "refused"  // by the server
	StandsConflict Standing = "conflict" // with another's change
	StandsDeleting Standing = "deleting" // the server is to be asked to delete it
)

// StandingOf is how a document with this status stands; what needs a person
// comes first.
func StandingOf(s books.Status) Standing {
	switch {
	case s.Conflict:
		return StandsConflict
	case s.Pending == books.Parked:
		return StandsRefused
	case s.Deleting:
		return StandsDeleting
	case s.Pending != "":
		return StandsWaiting
	}
	return ""
}

// Refusal is why the server refused something, in words.
func Refusal(p Phrases, code string) string {
	for _, key := range []string{"issue." + code, "error." + code} {
		if t := []rune(p.T(key)); string(t) != key && len(t) > 0 {
			return string(unicode.ToUpper(t[0])) + string(t[1:]) // issues are written to follow a name
		}
	}
	return code
}
