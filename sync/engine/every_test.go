package engine

import "testing"

// Who is told of changes as they come polls half as often, and no longer than he is told.
func TestEvery(t *testing.T) {
	told := true
	e := New(Config{Told: func() bool { return told }})
	if got := e.every(); got != 2*pollEvery {
		t.Error(got)
	}
	if told = false; e.every() != pollEvery || New(Config{}).every() != pollEvery {
		t.Error("it is not told")
	}
}
