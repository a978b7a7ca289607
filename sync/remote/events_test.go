package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

// A stream is read line by line; what is no hint is passed over; how it ended is told.
func TestEvents(t *testing.T) {
	product := func(w http.ResponseWriter) { w.Header().Set("X-Counterfoil-Product", "counterfoil") }
	stream := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			product(w)
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, text)
		}
	}
	for name, c := range map[string]struct {
		h      http.HandlerFunc
		hints  []int64
		status int
		ours   bool
	}{
		"hints":              {stream("event: seq\ndata: 3\n\n: still here\n\nevent: seq\ndata: 9\n\ndata: x\n\ndata: -1\n\n"), []int64{3, 9}, 200, true},
		"a line of a portal": {stream("data: 1\n\n" + string(make([]byte, maxLine+1))), []int64{1}, 200, true},
		"refused": {func(w http.ResponseWriter, r *http.Request) {
			product(w)
			w.Header().Set("Content-Type", "application/problem+json")
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"code":"closing","title":"x"}`)
		}, nil, 503, true},
		"another program": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: 1\n\n")
		}, nil, 200, false},
	} {
		s := httptest.NewTLSServer(c.h)
		client, err := New(Config{BaseURL: s.URL, Token: func() string { return "t" }, Transport: s.Client().Transport, Device: func() string { return "d" }, Version: "1", Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		var hints []int64
		err = client.Events(t.Context(), func(seq int64) { hints = append(hints, seq) })
		var e *Error
		if !errors.As(err, &e) || e.Status != c.status || e.NotOurs == c.ours || !slices.Equal(hints, c.hints) {
			t.Errorf("%s: %v, hints %v", name, err, hints)
		}
		if name == "refused" && (e.Problem.Code != "closing" || e.RetryAfter != 7*time.Second) {
			t.Errorf("%s: %+v", name, e)
		}
		s.Close()
	}
}

// Who asked is free at once when he does not want it any more.
func TestEventsEnd(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Counterfoil-Product", "counterfoil")
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	defer s.Close()
	client, err := New(Config{BaseURL: s.URL, Token: func() string { return "" }, Transport: s.Client().Transport, Device: func() string { return "d" }, Version: "1", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := client.Events(ctx, func(int64) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
