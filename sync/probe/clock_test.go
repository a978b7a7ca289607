package probe

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/wire"
)

// One clock that is apart is nobody's fault yet; a second one tells whose.
func TestWhoseClock(t *testing.T) {
	m := newMaker(t, "Our CA")
	well := m.leaf(false, nil)
	dated := func(off time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
			if r.URL.Path == "/healthz" {
				_ = json.NewEncoder(w).Encode(wire.Health{Product: wire.Product, ProtocolMin: 1, ProtocolMax: 1})
			}
		}
	}
	const none = 1000 * time.Hour
	for name, c := range map[string]struct {
		server, status time.Duration
		want           fault.ID
		confidence     fault.Confidence
	}{
		"ours":                        {-3 * time.Hour, -3 * time.Hour, "S03", fault.Proven},
		"the server's":                {-3 * time.Hour, 0, fault.OK, fault.Proven},
		"the server's or ours":        {-3 * time.Hour, none, fault.OK, fault.Proven},
		"the status host's":           {0, -3 * time.Hour, fault.OK, fault.Proven},
		"two minutes are near enough": {2 * time.Minute, 2 * time.Minute, fault.OK, fault.Proven},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := m.config(answers(t, well, nil, map[string]http.HandlerFunc{"/healthz": dated(c.server)}))
			if c.status != none {
				s := httptest.NewServer(dated(c.status))
				t.Cleanup(s.Close)
				cfg.Status = s.URL + "/"
			}
			r := New(cfg).Run(context.Background(), nil)
			if r.Fault != c.want || r.Confidence != c.confidence {
				raw, _ := json.Marshal(r.Observations)
				t.Errorf("%s %s, want %s %s\n%s", r.Confidence, r.Fault, c.confidence, c.want, raw)
			}
		})
	}
}

// A clock that is before the time at which the line last worked, and behind the server's,
// was set back.
func TestSetBack(t *testing.T) {
	m := newMaker(t, "Our CA")
	for _, c := range []struct {
		last, server time.Duration // from now
		want         fault.ID
	}{{2 * time.Hour, 3 * time.Hour, "S03"}, {2 * time.Hour, 0, fault.OK}, {2 * time.Hour, -3 * time.Hour, fault.OK}, {-time.Hour, 3 * time.Hour, fault.OK}} {
		cfg := m.config(answers(t, m.leaf(false, nil), nil, map[string]http.HandlerFunc{"/healthz": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(c.server).UTC().Format(http.TimeFormat))
			_ = json.NewEncoder(w).Encode(wire.Health{Product: wire.Product, ProtocolMin: 1, ProtocolMax: 1})
		}}))
		cfg.LastGood = &link.Snapshot{At: time.Now().Add(c.last)}
		if r := New(cfg).Run(context.Background(), nil); r.Fault != c.want {
			t.Errorf("%v: %s", c, r.Fault)
		}
	}
}

// What a server tells of where else to look is kept of a line that is well.
func TestElsewhereIsLearned(t *testing.T) {
	m := newMaker(t, "Our CA")
	h := wire.Health{Product: wire.Product, ProtocolMin: 1, ProtocolMax: 1, Elsewhere: wire.Elsewhere{Status: "http://status.example/", Ports: []string{"443"}, Nodes: []string{"b.example:8443"}}}
	raw := must(wire.Marshal(h))(t)
	r := New(m.config(answers(t, m.leaf(false, nil), nil, health(200, string(raw))))).Run(context.Background(), nil)
	if l := r.Learned; r.Fault != fault.OK || l.Status != h.Status || len(l.Ports) != 1 || len(l.Nodes) != 1 || l.Key == "" {
		t.Errorf("%s %+v", r.Fault, l)
	}
}
