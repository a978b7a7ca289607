package link

import (
	"encoding/json"
	"testing"
	"time"
)

// What is kept is read, what makes no sense is as by default.
func TestGoals(t *testing.T) {
	own := Goals{0.99, 0.95, time.Second, 2 * time.Second}
	raw, err := json.Marshal(own)
	if err != nil || GoalsOf(string(raw)) != own || !own.Valid() {
		t.Errorf("%v %s", err, raw)
	}
	for _, bad := range []string{"", "{", `{"availability":1.5,"success":-1,"p99":0,"slowest":90000000000}`} {
		if GoalsOf(bad) != DefaultGoals() {
			t.Errorf("%q: %+v", bad, GoalsOf(bad))
		}
	}
	if (Goals{Availability: 2}).Valid() {
		t.Error("twice all the time")
	}
	a, s, p := DefaultGoals().Missed(Stats{Requests: 1000, Availability: 0.9994, Success: 0.999, P99: 201 * time.Millisecond})
	if !a || s || !p {
		t.Error(a, s, p)
	}
	if a, s, p := DefaultGoals().Missed(Stats{}); a || s || p {
		t.Error("nothing was asked")
	}
}
