package viewmodel

import (
	"context"
	"errors"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// Phrases gives translated sentences; args fill %s and %d.
type Phrases interface {
	T(key string, args ...any) string
}

// Bilingual is a text that comes in both languages from the fault catalogue.
type Bilingual struct{ ZH, EN string }

// In gives the text in the language of p.
func (b Bilingual) In(p Phrases) string {
	if p.T("connection.language") == "en" {
		return b.EN
	}
	return b.ZH
}

// Setup is what a view-model needs of its surroundings. Every method of a
// view-model, and Changed, runs on the window's goroutine; Post brings work of
// others back to it. All fields are needed.
type Setup struct {
	Post  func(func())     // runs the function on the window's goroutine, later
	Now   func() time.Time // wall clock
	Words Phrases
}

// away runs work on its own goroutine and done, with its result, back on the
// window's.
func away[T any](s Setup, ctx context.Context, work func(context.Context) (T, error), done func(T, error)) {
	go func() {
		v, err := work(ctx)
		s.Post(func() { done(v, err) })
	}()
}

// Sentence is an error as a person reads it: the translation of its code when
// there is one, its own text otherwise.
func Sentence(p Phrases, err error) string {
	if err == nil {
		return ""
	}
	var e *books.Error
	if errors.As(err, &e) {
		if t := p.T("error." + e.Code); t != "" && t != "error."+e.Code {
			return t
		}
		if t := Issue(p, invoice.Issue{Field: e.Field, Code: e.Code}); t != "" {
			return t
		}
		if e.Hint != "" {
			return e.Text + " — " + e.Hint
		}
		return e.Text
	}
	return err.Error()
}
