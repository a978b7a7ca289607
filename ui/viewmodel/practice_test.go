package viewmodel

import (
	"context"
	"sync"
	"testing"
)

type school struct {
	mu sync.Mutex
	on bool
}

func (s *school) Faults() []PracticeFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []PracticeFault{{ID: "S01", On: s.on}}
}
func (s *school) Set(_ context.Context, _ string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = on
	return nil
}
func (s *school) EditDraft(context.Context) (string, error) { return "R1", nil }

func TestPractice(t *testing.T) {
	w, s := newWindow(t)
	m := NewPractice(s, &school{})
	m.Set(context.Background(), "S01", true)
	if !m.Busy("S01") {
		t.Fatal("not busy")
	}
	w.until("switched", func() bool { return m.Faults()[0].On && !m.Busy("S01") })
	m.SecondBranchEdits(context.Background())
	w.until("edited", func() bool { return m.Message() == "practice.edited[R1]" })
}
