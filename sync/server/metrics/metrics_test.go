package metrics

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/server/traffic"
	"counterfoil/sync/server/vitals"
)

// rig is a server's metrics over a store of its own.
type rig struct {
	t *testing.T
	m *Metrics
	w *vitals.Watch
	h http.Handler
}

func newRig(t *testing.T, change func(*vitals.Config)) *rig {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "server.db"), "epoch-1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	r := &rig{t: t, m: New()}
	cfg := vitals.Config{Store: store, Dir: t.TempDir(), Observe: r.m.Database, Free: func(string) (free, total uint64, err error) { return 3 << 30, 9 << 30, nil }}
	if change != nil {
		change(&cfg)
	}
	r.w = vitals.New(cfg)
	about := About{Version: "1.2.3", Instance: "node-a"}
	ends := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	r.m.Watch(r.w, about, &tls.Certificate{Leaf: &x509.Certificate{NotAfter: ends}})
	started := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	ready := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	r.h = r.m.Handler(ready, func() Figures { return r.m.Figures(r.w, about, started) })
	return r
}

func (r *rig) get(method, path string) (status int, media, body string) {
	r.t.Helper()
	w := httptest.NewRecorder()
	r.h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	b, err := io.ReadAll(w.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return w.Code, w.Header().Get("Content-Type"), string(b)
}

// lines are those of /metrics, by name and labels.
func (r *rig) lines() map[string]string {
	r.t.Helper()
	status, _, body := r.get(http.MethodGet, "/metrics")
	if status != http.StatusOK {
		r.t.Fatal(status, body)
	}
	out := map[string]string{}
	for line := range strings.Lines(body) {
		if i := strings.LastIndexByte(line, ' '); i > 0 && line[0] != '#' {
			out[line[:i]] = strings.TrimSpace(line[i:])
		}
	}
	return out
}

func (r *rig) want(lines map[string]string, want map[string]string) {
	r.t.Helper()
	for name, value := range want {
		if got, ok := lines[name]; got != value {
			r.t.Errorf("%s is %q (there: %v), not %q", name, got, ok, value)
		}
	}
}

// Requests are counted by route and status; a stream of events, which lasts for hours,
// says nothing of how long answers take.
func TestRequests(t *testing.T) {
	r := newRig(t, nil)
	for range 3 {
		r.m.Request(traffic.Request{Route: "/v1/push", Status: 200, Took: 30 * time.Millisecond})
	}
	r.m.Request(traffic.Request{Route: "/v1/push", Status: 503, Took: 7 * time.Second})
	r.m.Request(traffic.Request{Route: "/v1/events", Status: 200, Took: 3 * time.Hour, Stream: true})
	r.m.Request(traffic.Request{Route: "other", Status: 404, Device: "secret-device", From: "10.2.3.4:5", ID: "request-1"})
	lines := r.lines()
	r.want(lines, map[string]string{
		`counterfoil_http_requests_total{route="/v1/push",status="200"}`:                    "3",
		`counterfoil_http_requests_total{route="/v1/push",status="503"}`:                    "1",
		`counterfoil_http_requests_total{route="/v1/events",status="200"}`:                  "1",
		`counterfoil_http_request_seconds_bucket{route="/v1/push",status="200",le="0.025"}`: "0",
		`counterfoil_http_request_seconds_bucket{route="/v1/push",status="200",le="0.05"}`:  "3",
		`counterfoil_http_request_seconds_bucket{route="/v1/push",status="503",le="6"}`:     "0",
		`counterfoil_http_request_seconds_bucket{route="/v1/push",status="503",le="12"}`:    "1",
	})
	for name := range lines {
		if strings.HasPrefix(name, "counterfoil_http_request_seconds") && strings.Contains(name, "events") {
			t.Error("a stream counts as an answer:", name)
		}
		for _, private := range []string{"secret-device", "10.2.3.4", "request-1"} {
			if strings.Contains(name, private) {
				t.Error("told:", name)
			}
		}
	}
}

// Uses of the database are counted with their wait, which only who writes has.
func TestDatabase(t *testing.T) {
	r := newRig(t, nil)
	r.m.Database("write", 300*time.Millisecond, 500*time.Millisecond)
	r.m.Database("read", 0, 2*time.Millisecond)
	lines := r.lines()
	r.want(lines, map[string]string{
		`counterfoil_db_wait_seconds_bucket{op="write",le="0.2"}`: "0",
		`counterfoil_db_wait_seconds_bucket{op="write",le="0.4"}`: "1",
		`counterfoil_db_seconds_bucket{op="write",le="0.4"}`:      "0",
		`counterfoil_db_seconds_bucket{op="write",le="0.8"}`:      "1",
	})
	if _, there := lines[`counterfoil_db_wait_seconds_count{op="read"}`]; there {
		t.Error("who reads does not wait")
	}
}

// What the server stands on is told as it is now.
func TestGround(t *testing.T) {
	up := true
	r := newRig(t, func(c *vitals.Config) {
		c.TaxUp = func() bool { return up }
		c.Fresh = time.Nanosecond
		c.Patience = time.Minute // a look is waited for
	})
	r.want(r.lines(), map[string]string{
		`counterfoil_info{epoch="epoch-1",instance="node-a",version="1.2.3"}`: "1",
		`counterfoil_seq`: "0",
		`counterfoil_dep_state{dep="db",state="ok"}`:  "1",
		`counterfoil_dep_state{dep="tax",state="ok"}`: "1",
		`counterfoil_disk_free_bytes`:                 "3.221225472e+09",
		`counterfoil_disk_bytes`:                      "9.663676416e+09",
		`counterfoil_certificate_end_seconds`:         "1.798859045e+09",
	})
	up = false
	r.want(r.lines(), map[string]string{`counterfoil_dep_state{dep="tax",state="down"}`: "1"})
}

// A disk that does not say how much is left is not told as empty.
func TestDiskUnknown(t *testing.T) {
	r := newRig(t, func(c *vitals.Config) {
		c.Patience = time.Minute
		c.Free = func(string) (free, total uint64, err error) { return 0, 0, io.ErrUnexpectedEOF }
	})
	for _, name := range []string{"counterfoil_disk_free_bytes", "counterfoil_disk_bytes"} {
		if v, there := r.lines()[name]; there {
			t.Errorf("%s is %s", name, v)
		}
	}
}

// The figures for syncd doctor are JSON of seconds and bytes.
func TestFigures(t *testing.T) {
	r := newRig(t, func(c *vitals.Config) { c.Patience = time.Minute })
	r.m.Database("write", 0, 4*time.Second)
	status, media, body := r.get(http.MethodGet, "/figures")
	var f Figures
	if err := json.Unmarshal([]byte(body), &f); err != nil || status != http.StatusOK || media != "application/json" {
		t.Fatal(status, media, body, err)
	}
	if f.Version != "1.2.3" || f.Instance != "node-a" || f.Started.Hour() != 9 || f.Deps["db"] != "ok" || f.Slowest < 4 || f.Slowest > 30 ||
		f.DiskFree != 3<<30 || f.Disk != 9<<30 || f.GC < 0 || f.Paused < 0 || f.Paused > 1 || f.Locked != 0 || f.QueueLag != 0 {
		t.Errorf("%+v", f)
	}
	if strings.Contains(body, `"db_locked_s":"`) {
		t.Error("a time is text:", body)
	}
}

// Nothing else is answered, and nothing but GET.
func TestHandler(t *testing.T) {
	r := newRig(t, nil)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/readyz", http.StatusNoContent}, {http.MethodPost, "/metrics", http.StatusMethodNotAllowed}, {http.MethodDelete, "/figures", http.StatusMethodNotAllowed},
		{http.MethodGet, "/", http.StatusNotFound}, {http.MethodGet, "/debug/pprof/", http.StatusNotFound},
	} {
		if got, _, _ := r.get(c.method, c.path); got != c.status {
			t.Errorf("%s %s: %d, not %d", c.method, c.path, got, c.status)
		}
	}
}

// The slowest transaction counts for ten minutes.
func TestSlowest(t *testing.T) {
	var s slowest
	s.note(time.Second)
	s.note(3 * time.Second)
	s.note(2 * time.Second)
	now := time.Now()
	for _, c := range []struct {
		after time.Duration
		want  time.Duration
	}{{0, 3 * time.Second}, {8 * time.Minute, 3 * time.Second}, {11 * time.Minute, 0}, {24 * time.Hour, 0}} {
		if got := s.last(now.Add(c.after)); got != c.want {
			t.Errorf("after %s: %s, not %s", c.after, got, c.want)
		}
	}
}
