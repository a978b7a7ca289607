package link

import (
	"testing"
	"time"

	"counterfoil/sync/fault"
)

// One hard error or two soft ones within 20 s ask for a check; the same fault asks
// again later and later.
func TestWatchErrors(t *testing.T) {
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	var w watch
	after := func(d time.Duration) time.Time { at = at.Add(d); return at }
	want := func(what string, got, want Reason) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	want("one soft", w.failed(after(0), "H20", false), "")
	want("another, late", w.failed(after(21*time.Second), "H20", false), "")
	want("two together", w.failed(after(5*time.Second), "H20", false), TwoErrors)
	w.looked(after(time.Second), "H20")
	want("the same, just looked at", w.failed(after(2*time.Second), "H20", false), "")
	want("another, just looked at", w.failed(after(2*time.Second), "S01", true), "")
	want("another, hard", w.failed(after(30*time.Second), "S01", true), HardError)
	w.looked(after(time.Second), "S01")
	for i, d := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 15 * time.Minute} {
		want("too soon", w.failed(after(d-time.Second), "S01", true), "")
		want("it goes on", w.failed(after(time.Second), "S01", true), Again)
		w.looked(at, "S01")
		if w.times != i+2 {
			t.Errorf("%d times", w.times)
		}
	}
	w.worked()
	want("anew", w.failed(after(time.Minute), "S01", true), HardError)
}

// A check that found nothing does not make each failure after it ask for the next.
func TestWatchContradicted(t *testing.T) {
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	m := New(Config{Now: func() time.Time { return at }})
	fail := func() { m.Observe(fault.Observation{Kind: "tls", Outcome: fault.No, Code: "x509:expired"}) }
	rung := func() Reason {
		select {
		case why := <-m.Bell():
			return why
		default:
			return ""
		}
	}
	fail()
	if why := rung(); why != HardError {
		t.Fatal(why)
	}
	m.Looked()
	m.Cleared()
	for range 50 {
		at = at.Add(time.Second)
		fail()
		if why := rung(); why != "" {
			t.Fatal(why)
		}
	}
}

// Sleep shows on one clock or the other; a clock that only runs does not.
func TestWatchSleep(t *testing.T) {
	at, mono := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC), time.Duration(0)
	var w watch
	step := func(wall, run time.Duration) Reason {
		at, mono = at.Add(wall), mono+run
		return w.tick(Stamp{at, mono})
	}
	for what, c := range map[string]struct {
		wall, mono time.Duration
		want       Reason
	}{
		"a second":                    {time.Second, time.Second, ""},
		"a busy computer":             {4 * time.Second, 4 * time.Second, ""},
		"the clock set a little":      {6 * time.Second, time.Second, ""},
		"slept, monotonic stood":      {time.Hour, time.Second, Woke},
		"slept, monotonic ran on":     {time.Hour, time.Hour, Woke},
		"the clock set back a minute": {-time.Minute, time.Second, Woke},
	} {
		step(time.Second, time.Second)
		if got := step(c.wall, c.mono); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

// A network counts as changed once it stays; the first one is no change.
func TestWatchPlace(t *testing.T) {
	var w watch
	home, hotspot := Place{Network: "192.168.1.20/24"}, Place{Network: "172.20.10.3/28"}
	for i, c := range []struct {
		p    Place
		at   time.Duration
		want Reason
	}{
		{home, 0, ""}, {home, 5, ""},
		{hotspot, 10, ""}, {home, 15, ""}, // a card that blinked
		{hotspot, 20, ""}, {hotspot, 21, ""}, {hotspot, 25, Moved}, {hotspot, 30, ""},
	} {
		if got := w.stands(c.p, c.at*time.Second); got != c.want {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
	}
}

// Hours that are over stay when their samples are gone, and sum up to days.
func TestHours(t *testing.T) {
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	m := New(Config{Now: func() time.Time { return at }})
	for h := range 30 {
		for i := range 100 {
			took := 40 * time.Millisecond
			if i >= 95 {
				took = time.Second
			}
			r := request{start: at, end: at.Add(took), answered: true, seen: fault.Observation{Outcome: fault.Yes}}
			if h == 3 && i == 50 {
				r.seen = fault.Observation{Kind: "tls", Outcome: fault.No, Code: "x509:expired"}
			}
			m.seen(r)
			at = at.Add(36 * time.Second)
		}
	}
	hours := m.Hours(at.Add(-48 * time.Hour))
	if len(hours) < 24 || hours[0].At.Minute() != 0 {
		t.Fatalf("%d hours, the first of %v", len(hours), hours[0].At)
	}
	raw, err := m.Export()
	if err != nil {
		t.Fatal(err)
	}
	again := New(Config{Now: func() time.Time { return at }})
	if err := again.Restore(raw); err != nil {
		t.Fatal(err)
	}
	s := SumUp(again.Hours(at.Add(-48 * time.Hour)))
	near := func(what string, got, want time.Duration) {
		t.Helper()
		if got < want*9/10 || got > want*11/10 {
			t.Errorf("%s is %v, want about %v", what, got, want)
		}
	}
	near("P50", s.P50, 40*time.Millisecond)
	near("P99", s.P99, time.Second)
	day := again.Stats(24 * time.Hour)
	near("exact P50", day.P50, 40*time.Millisecond)
	if day.P95 != time.Second || day.Requests < 2390 || day.Requests > 2410 {
		t.Errorf("%+v", day)
	}
}
