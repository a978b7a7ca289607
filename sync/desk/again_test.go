package desk

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A hundred desks whose streams end together do not come back together, whether the server
// asks for a time or not; and the more often they fail the rarer they come.
func TestHundredDesks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, asked := range []time.Duration{0, 5 * time.Second} {
		at := map[time.Duration]int{}
		var last time.Duration
		for range 100 {
			w := hintAgain(0, asked, r.Float64())
			at[w/(250*time.Millisecond)]++
			if last = max(last, w); w < asked {
				t.Errorf("%v, asked for %v", w, asked)
			}
		}
		for n, desks := range at {
			if desks > 20 {
				t.Errorf("asked for %v: %d desks in the quarter of a second after %v", asked, desks, n*250*time.Millisecond)
			}
		}
		if last > asked+hintAnew {
			t.Errorf("one waits %v", last)
		}
	}
	for n := range 40 {
		if w := hintAgain(n, 0, 1); w > hintRest || n > 0 && n < 6 && w <= hintAgain(n-1, 0, 1) {
			t.Errorf("after %d failures %v", n, w)
		}
	}
	if w := hintAgain(0, 0, 0); w < hintSpread {
		t.Errorf("%v is a storm", w)
	}
}
