package viewmodel

import (
	"context"
	"time"
)

// patience is how long Enter waits for the completions of what was just typed.
const patience = 150 * time.Millisecond

// Offers are the completions of what is typed in one place. They belong to the
// text they were found for; for any other text there are none. Its methods and
// Changed run on the window's goroutine.
type Offers[T any] struct {
	Changed func() // others are there

	setup Setup
	find  func(ctx context.Context, text string) ([]T, error)
	asked string // the newest text; empty when nobody waits for one
	text  string // got was found for it
	got   []T
}

func newOffers[T any](s Setup, find func(context.Context, string) ([]T, error)) *Offers[T] {
	return &Offers[T]{setup: s, find: find}
}

// Ask looks for completions of a text. The answer to an earlier one is dropped.
func (o *Offers[T]) Ask(text string) {
	if o.asked = text; text == "" {
		o.Dismiss()
		return
	}
	away(o.setup, context.Background(), func(ctx context.Context) ([]T, error) { return o.find(ctx, text) },
		func(got []T, err error) {
			if text != o.asked || err != nil {
				return
			}
			o.text, o.got = text, got
			o.changed()
		})
}

// Of gives the completions of a text, as far as they are there.
func (o *Offers[T]) Of(text string) []T {
	if text == "" || text != o.text {
		return nil
	}
	return o.got
}

// First gives the first completion of exactly this text. Where the answer is
// still under way it looks itself, for a moment; what was dismissed is not
// looked for again.
func (o *Offers[T]) First(text string) (first T, ok bool) {
	if text == "" || text != o.asked {
		return first, false
	}
	if text != o.text {
		ctx, stop := context.WithTimeout(context.Background(), patience)
		defer stop()
		got, err := o.find(ctx, text)
		if err != nil {
			return first, false
		}
		o.text, o.got = text, got
	}
	if len(o.got) == 0 {
		return first, false
	}
	return o.got[0], true
}

// Dismiss takes the completions away, also those under way; false when there
// were none.
func (o *Offers[T]) Dismiss() bool {
	had := len(o.got) > 0
	o.asked, o.text, o.got = "", "", nil
	if had {
		o.changed()
	}
	return had
}

func (o *Offers[T]) changed() {
	if o.Changed != nil {
		o.Changed()
	}
}
