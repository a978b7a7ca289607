package link

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"counterfoil/sync/wire"
)

// A real connection tells its stages once, and what the system knows of it.
func TestStagesOfARealConnection(t *testing.T) {
	left := ""
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(wire.HeaderProduct, wire.Product)
		if left != "" {
			w.Header().Set("Retry-After", left)
		}
		time.Sleep(2 * time.Millisecond) // so that the wait can be told from none
	}))
	defer srv.Close()
	now := time.Now
	m := New(Config{Now: now})
	client := &http.Client{Transport: m.Wrap(&http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}})}
	ask := func() {
		t.Helper()
		resp, err := client.Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	ask()
	first := m.Stages()
	if first.Connect <= 0 || first.Secure <= 0 || first.Wait < 2*time.Millisecond || first.Name != 0 || first.Protocol != "http/1.1" || first.Reused != 0 {
		t.Errorf("%+v", first)
	}
	if (runtime.GOOS == "linux" || runtime.GOOS == "darwin") && first.TCP.RTT <= 0 {
		t.Errorf("%+v", first.TCP)
	}
	g := m.LastGood()
	if g == nil || "https://"+g.Address != srv.URL || g.RTT != first.Connect || g.Protocol != "http/1.1" || g.NotAfter.IsZero() {
		t.Errorf("%+v", g)
	}
	left = "120"
	ask()
	second := m.Stages()
	if second.Connect != first.Connect || second.Reused != 1 || second.Requests != 2 {
		t.Errorf("%+v", second)
	}
	if d := time.Until(m.LeftAlone()); d < 100*time.Second || d > 120*time.Second {
		t.Errorf("left alone for %v", d)
	}
}

func TestAsked(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "30": 30 * time.Second, "-5": 0, "soon": 0, now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		if got := asked(text, now); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// What older versions kept is read.
func TestSamplesOfOldVersions(t *testing.T) {
	m := New(Config{Now: func() time.Time { return time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC) }})
	if err := m.Restore([]byte(`{"samples":[{"at":"2026-11-30T08:59:00Z","took":42000000},{"at":"2026-11-30T08:59:30Z","took":1000000,"fault":"S01"}]}`)); err != nil {
		t.Fatal(err)
	}
	if s := m.Stats(time.Hour); s.Requests != 2 || s.Success != 0.5 || s.P50 != 42*time.Millisecond {
		t.Errorf("%+v", s)
	}
	raw, err := m.Export()
	if err != nil || !strings.Contains(string(raw), `[[1796029140000,42],[1796029170000,1,"S01"]]`) {
		t.Errorf("%v %s", err, raw)
	}
}

// An answer that breaks off is a failure, although it began well; one that is given up
// is none, and one that is closed unread is well.
func TestAnswersEnd(t *testing.T) {
	cut := false
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(wire.HeaderProduct, wire.Product)
		if cut {
			w.Header().Set("Content-Length", "100")
		}
		_, _ = w.Write([]byte(`{"seq":1}`))
	}))
	defer srv.Close()
	m := New(Config{Now: time.Now})
	client := &http.Client{Transport: m.Wrap(&http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}})}
	ask := func(ctx context.Context, read func(io.Reader)) {
		t.Helper()
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		read(resp.Body)
		resp.Body.Close()
	}
	whole := func(r io.Reader) { _, _ = io.ReadAll(r) }
	ask(t.Context(), whole)
	ask(t.Context(), func(io.Reader) {})
	ctx, stop := context.WithCancel(t.Context())
	ask(ctx, func(r io.Reader) { stop(); whole(r) })
	if s := m.Stats(time.Hour); s.Requests != 3 || s.Success != 1 {
		t.Errorf("%+v", s)
	}
	cut = true
	for range 2 {
		ask(t.Context(), whole)
	}
	s := m.Stats(time.Hour)
	if s.Requests != 5 || s.Success != 0.6 {
		t.Errorf("%+v", s)
	}
	if why := <-m.Bell(); why != TwoErrors {
		t.Errorf("rang for %q", why)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.found.Fault != "H24" {
		t.Errorf("called %q", m.found.Fault)
	}
}

// Silence until our own limit is the line's, not ours.
func TestSilenceCounts(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer srv.Close()
	defer close(release)
	m := New(Config{Now: time.Now})
	client := &http.Client{Timeout: 50 * time.Millisecond, Transport: m.Wrap(&http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}})}
	if _, err := client.Get(srv.URL); err == nil {
		t.Fatal("it answered")
	}
	if s := m.Stats(time.Hour); s.Requests != 1 || s.Success != 0 {
		t.Errorf("%+v", s)
	}
}
