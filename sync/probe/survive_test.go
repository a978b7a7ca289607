package probe

import (
	"context"
	"slices"
	"testing"

	"counterfoil/sync/fault"
)

// An observer with a mistake in it, or a page that is told of it, ends neither the
// program nor the check: what it looks at was not measured.
func TestSurvive(t *testing.T) {
	m := newMaker(t, "Our CA")
	cfg := m.config(answers(t, m.leaf(false, nil), nil, nil))
	cfg.CheckStore = func(context.Context) error { panic("a mistake") }
	told := 0
	r := New(cfg).Run(t.Context(), func(c Check) {
		if c.ID == "names" && c.State == Running {
			told++
			panic("another")
		}
	})
	if told != 1 {
		t.Fatalf("told %d times", told)
	}
	for _, id := range []string{"data", "names"} {
		if !slices.ContainsFunc(r.Observations, func(o fault.Observation) bool { return o.Kind == "observer" && o.Target == id && o.Code == "panic" }) {
			t.Errorf("%s: nothing says that it failed", id)
		}
		if i := slices.IndexFunc(r.Checks, func(c Check) bool { return c.ID == id }); r.Checks[i].State != Skipped {
			t.Errorf("%s is %v", id, r.Checks[i])
		}
	}
}
