package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"counterfoil/sync/practice"
)

// What the self-check named is what status says and what wants attention, in another
// process; a snooze outlasts that as well.
func TestAttention(t *testing.T) {
	p, err := practice.Start(context.Background(), practice.Config{Dir: t.TempDir(), Version: "test", Empty: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	pem := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(pem, p.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSeat(t)
	s.must(t, "", "trust", "import", pem, "--fingerprint", p.Fingerprint(), "--yes")
	s.must(t, "", "connect", p.URL(), "--token", p.Token())
	if v := s.must(t, "", "attention"); len(at(v, "attention").([]any)) != 0 {
		t.Errorf("a new desk: %v", v)
	}
	for _, id := range []string{"S07", "H21"} {
		if err := p.Set(id, true); err != nil {
			t.Fatal(err)
		}
		s.check(t, id, "proven")
		v := s.must(t, "", "status")
		if at(v, "fault") != id || at(v, "fault_title") == nil || at(v, "attention") != float64(1) {
			t.Errorf("status after %s: %v", id, v)
		}
		r := s.run(t, "", "attention")
		a := at(oneValue(t, r.out), "attention", 0)
		if r.code != 1 || at(a, "key") != "fault."+id || at(a, "zh") == at(a, "en") || at(a, "who") != at(v, "fault_who") {
			t.Errorf("%d %v", r.code, a)
		}
		if err := p.Set(id, false); err != nil {
			t.Fatal(err)
		}
	}
	s.must(t, "", "attention", "--snooze", "fault.H21", "--for", "2d")
	v := s.must(t, "", "attention")
	until, err := time.Parse(time.RFC3339, at(v, "attention", 0, "snoozed_until").(string))
	if d := time.Until(until); err != nil || d < 47*time.Hour || d > 48*time.Hour {
		t.Errorf("snoozed until %v, %v", until, err)
	}
	s.must(t, "", "attention", "--wake", "fault.H21")
	if r := s.run(t, "", "attention"); r.code != 1 {
		t.Errorf("it is not back: %s", r.out)
	}
	for _, wrong := range [][]string{{"--snooze", "nothing"}, {"--snooze", "fault.H21", "--for", "99d"}, {"more"}} {
		if r := s.run(t, "", append([]string{"attention"}, wrong...)...); r.code == 0 {
			t.Errorf("%v: %s", wrong, r.out)
		}
	}
	s.check(t, "OK", "proven")
	if v := s.must(t, "", "status"); at(v, "fault") != "" {
		t.Errorf("status when all is well: %v", v)
	}
}
