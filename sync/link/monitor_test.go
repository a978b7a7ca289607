package link

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestStateDoesNotFlicker(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	m := New(Config{Now: func() time.Time { return now }})
	var fail error
	tr := m.Wrap(roundTrip(func(*http.Request) (*http.Response, error) {
		if fail != nil {
			return nil, fail
		}
		return &http.Response{StatusCode: 200, Header: http.Header{}}, nil
	}))
	changes := 0
	m.Subscribe(func() { changes++ })
	ask := func() {
		req, _ := http.NewRequest(http.MethodGet, "https://x/", nil)
		_, _ = tr.RoundTrip(req)
	}
	want := func(k Kind) {
		t.Helper()
		if got := m.State(); got.Kind != k {
			t.Fatalf("%s, want %s", got.Kind, k)
		}
	}
	want(Unknown)
	ask()
	want(Online)
	fail = errors.New("cut")
	ask()
	want(Online) // one failure is no diagnosis
	now = now.Add(6 * time.Second)
	want(Degraded)
	now = now.Add(6 * time.Second)
	want(Offline)
	now = now.Add(time.Second)
	fail = nil
	ask()
	want(Online) // good news at once
	if changes < 2 {
		t.Errorf("%d changes were told", changes)
	}
	raw, err := m.Export()
	if err != nil {
		t.Fatal(err)
	}
	again := New(Config{Now: func() time.Time { return now }})
	if err := again.Restore(raw); err != nil || again.LastGood() == nil || len(again.Timeline(now.Add(-time.Hour))) != 4 {
		t.Errorf("%v %v", err, again.Timeline(now.Add(-time.Hour)))
	}
	s := m.Stats(time.Hour)
	if s.Requests != 3 || s.Success < 0.66 || s.Success > 0.67 || s.Availability >= 1 {
		t.Errorf("%+v", s)
	}
}
