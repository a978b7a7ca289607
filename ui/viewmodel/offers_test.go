package viewmodel

import (
	"context"
	"testing"
	"time"
)

// An answer that comes late belongs to an earlier text: it is not shown, and
// Enter does not take it.
func TestLateCompletions(t *testing.T) {
	w, setup := newWindow(t)
	answers := map[string]chan []string{"fa": make(chan []string, 2), "falan": make(chan []string, 2)}
	o := newOffers(setup, func(ctx context.Context, text string) ([]string, error) {
		select {
		case got := <-answers[text]:
			return got, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	o.Ask("fa")
	o.Ask("falan")
	answers["falan"] <- []string{"法兰"}
	w.until("the answer", func() bool { return len(o.Of("falan")) == 1 })
	answers["fa"] <- []string{"发票"}
	for len(w.q) == 0 {
		time.Sleep(time.Millisecond)
	}
	(<-w.q)()
	if got := o.Of("falan"); len(got) != 1 || got[0] != "法兰" || o.Of("fa") != nil {
		t.Errorf("the late answer is shown: %q %q", got, o.Of("fa"))
	}
	if first, ok := o.First("falan"); !ok || first != "法兰" {
		t.Errorf("%q", first)
	}
	if first, ok := o.First("fal"); ok {
		t.Errorf("%q for another text", first)
	}
	// Typed on, and Enter before the answer: it is waited for, never the old one taken.
	o.Ask("fa")
	answers["fa"] <- []string{"发票"}
	answers["fa"] <- []string{"发票"}
	if first, ok := o.First("fa"); !ok || first != "发票" {
		t.Errorf("%q %v", first, ok)
	}
	// A store that does not answer holds nothing up.
	o.Ask("falan")
	if first, ok := o.First("falan"); ok {
		t.Errorf("%q from nowhere", first)
	}
	// What was dismissed does not come back.
	o.Dismiss()
	answers["falan"] <- []string{"法兰"}
	answers["falan"] <- []string{"法兰"}
	if first, ok := o.First("falan"); ok || o.Of("falan") != nil {
		t.Errorf("%q was dismissed", first)
	}
}
