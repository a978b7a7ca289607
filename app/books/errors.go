package books

import "errors"

// Errors a Store gives; the Desk wraps them with a sentence for people.
var (
	ErrNotFound = errors.New("no such document")
	ErrStale    = errors.New("the document changed meanwhile")
	// ErrDamaged says that what is stored is not what was written.
	ErrDamaged = errors.New("the stored document is damaged")
)

// Error is an error for people: a stable code for programs, a sentence, a hint.
// Field names what it speaks of ("buyer.tax_no", "lines[2].qty"); empty when none.
// Code doubles as the key of the translated sentence in assets/locale.
type Error struct {
	Code  string
	Field string
	Text  string // English sentence; the window shows the translation of Code
	Hint  string // what to do
	Err   error
}

func (e *Error) Error() string {
	s := e.Text
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Hint != "" {
		s += " — " + e.Hint
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }
