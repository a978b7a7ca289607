package probe

import (
	"testing"
	"time"
)

func TestLateOf(t *testing.T) {
	const ms = time.Millisecond
	for what, c := range map[string]struct {
		times []time.Duration
		want  int
	}{
		"all at once":              {[]time.Duration{3 * ms, 4 * ms, 5 * ms}, 0},
		"a far server":             {[]time.Duration{1100 * ms, 1200 * ms, 1300 * ms}, 0},
		"two after a second":       {[]time.Duration{3 * ms, 1003 * ms, 1004 * ms}, 2},
		"one not at all":           {[]time.Duration{3 * ms, 0, 5 * ms}, 1},
		"none":                     {[]time.Duration{0, 0}, 2},
		"the first is not at all ": {[]time.Duration{0, 2 * ms, 1002 * ms}, 2},
	} {
		if got := lateOf(c.times); got != c.want {
			t.Errorf("%s: %d", what, got)
		}
	}
}
