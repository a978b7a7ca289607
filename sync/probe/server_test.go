package probe

import (
	"context"
	"crypto/tls"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/wire"
)

func TestBefore(t *testing.T) {
	for _, c := range []struct {
		a, b         string
		older, known bool
	}{
		{"0.1.0", "9.0.0", true, true}, {"1.10.0", "1.9.0", false, true}, {"v1.2", "1.2.0", true, true}, {"1.2.0-rc1", "1.2.0", false, true},
		{"test", "1.0", false, false}, {"1.0", "", false, false},
	} {
		older, known := before(c.a, c.b)
		if known != c.known || known && older != c.older {
			t.Errorf("%s before %s: %v %v", c.a, c.b, older, known)
		}
	}
}

// What is not named, or called by a word that nobody knows, is not measured.
func TestOfDeps(t *testing.T) {
	h := wire.Health{Deps: wire.Deps{"database": "Down", "redis": "degraded", "tax": "up", "bank": "unreachable", "disk": "purple"}, QueueLag: 600}
	got := map[string]fault.Observation{}
	for _, o := range ofDeps(h) {
		got[o.Stage] = o
	}
	for stage, want := range map[string]struct {
		outcome   fault.Outcome
		code, via string
	}{
		"db": {fault.No, "down", fault.Real}, "cache": {fault.No, "slow", told}, "tax": {fault.Yes, "", told}, "pay": {fault.No, "down", told},
		"queue": {fault.No, "slow", told}, "disk": {fault.Unmeasured, "", told}, "login": {fault.Unmeasured, "", told},
	} {
		if o := got[stage]; o.Outcome != want.outcome || o.Code != want.code || o.Via != want.via {
			t.Errorf("%s: %+v", stage, o)
		}
	}
	if got["queue"].Values["queue_min"] != "11" || got["pay"].Values["dependency"] != "bank=unreachable" {
		t.Errorf("%+v %+v", got["queue"].Values, got["pay"].Values)
	}
}

// raw is a server that shakes hands and leaves the rest to say.
func (m *maker) raw(t *testing.T, say func(net.Conn)) string {
	t.Helper()
	ln := must(tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{*m.leaf(false, nil)}}))(t)
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = c.Read(make([]byte, 8192))
				say(c)
			}()
		}
	}()
	return "https://" + ln.Addr().String()
}

// Answers that are none, as a real server gives them.
func TestBrokenAnswers(t *testing.T) {
	m := newMaker(t, "Our CA")
	const head = "HTTP/1.1 200 OK\r\nX-Counterfoil-Product: counterfoil\r\nContent-Type: application/json\r\n"
	until := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) } // the client gives up
	for _, c := range []struct {
		name string
		want fault.ID
		say  func(net.Conn)
	}{
		{"hangs up", "H27", func(net.Conn) {}},
		{"garbage", "H29", func(c net.Conn) { _, _ = io.WriteString(c, "\x00\x01garbage\r\n\r\n") }},
		{"cut short", "H24", func(c net.Conn) { _, _ = io.WriteString(c, head+"Content-Length: 500\r\n\r\n{") }},
		{"not gzip", "H25", func(c net.Conn) {
			_, _ = io.WriteString(c, head+"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}")
		}},
		{"not JSON", "H26", func(c net.Conn) { _, _ = io.WriteString(c, head+"Content-Length: 1\r\n\r\n{") }},
		{"elsewhere", "H23", func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.test/\r\nContent-Length: 0\r\n\r\n")
		}},
		{"silence", "H31", until},
		{"silence after the headers", "H32", func(c net.Conn) { _, _ = io.WriteString(c, head+"Content-Length: 500\r\n\r\n{"); until(c) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := m.config(m.raw(t, c.say))
			r := New(cfg).Run(context.Background(), nil)
			if r.Fault != c.want {
				t.Errorf("%s %s, want %s", r.Confidence, r.Fault, c.want)
			}
			showsAt(t, r)
		})
	}
}

// One of several nodes fails: the others' answer counts, and the bad one is named.
func TestBadNode(t *testing.T) {
	m := newMaker(t, "Our CA")
	n := 0
	r := New(m.config(answers(t, m.leaf(false, nil), nil, map[string]http.HandlerFunc{"/healthz": func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 1 {
			w.Header().Set(wire.HeaderInstance, "node-2")
			w.WriteHeader(500)
			return
		}
		w.Header().Set(wire.HeaderInstance, "node-1")
		_, _ = io.WriteString(w, `{"product":"counterfoil","protocol_min":1,"protocol_max":1}`)
	}}))).Run(context.Background(), nil, "server")
	if r.Fault != "B05" || r.Values["bad"] != "node-2" {
		t.Errorf("%s %s %v", r.Confidence, r.Fault, r.Values)
	}
}

func TestSteadiness(t *testing.T) {
	ms := func(n ...int) (out []time.Duration) {
		for _, x := range n {
			out = append(out, time.Duration(x)*time.Millisecond)
		}
		return out
	}
	even := ms(20, 21, 22, 23, 24, 25, 26)
	for name, c := range map[string]struct {
		s            samples
		loss, jitter fault.Outcome
	}{
		"well":                  {samples{took: ms(20, 21, 22, 30), tcp: link.TCP{RTT: 20}}, fault.Yes, fault.Yes},
		"a server that varies":  {samples{took: ms(20, 400, 22, 600), tcp: link.TCP{RTT: 20}}, fault.Yes, fault.Yes},
		"a line that varies":    {samples{took: ms(20, 400, 22, 600), tcp: link.TCP{RTT: 20, Spread: 90 * time.Millisecond}}, fault.Yes, fault.No},
		"connections that vary": {samples{pings: pings{took: ms(20, 50, 90, 130, 200, 260)}}, fault.Unmeasured, fault.No},
		"one odd one":           {samples{pings: pings{took: ms(20, 21, 22, 23, 24, 500)}}, fault.Unmeasured, fault.Yes},
		"much was sent again":   {samples{took: ms(20, 21), again: 5}, fault.No, fault.Unmeasured},
		"much was lost":         {samples{took: ms(20, 300), again: 1, pings: pings{took: even, lost: 5}}, fault.No, fault.Yes},
		"only connections were": {samples{took: ms(20, 21), pings: pings{took: even, lost: 5}}, fault.Unmeasured, fault.Yes},
	} {
		got := c.s.steadiness()
		if got[0].Outcome != c.loss || got[1].Outcome != c.jitter {
			t.Errorf("%s: loss %s, jitter %s", name, got[0].Outcome, got[1].Outcome)
		}
	}
}

// What invoices go over may be shut where all else is open.
func TestTraffic(t *testing.T) {
	m := newMaker(t, "Our CA")
	nginx := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Del(wire.HeaderProduct)
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<html><title>nginx</title></html>")
		}
	}
	reset := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	silent := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	ok := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
	}
	well := map[string]http.HandlerFunc{
		"/v1/whoami": ok(`{}`), "/v1/echo": func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) },
		"/v1/pull": ok(`{"epoch":"e","cursor":"e:0:all","changes":[]}`), "/v1/push": ok(`{"epoch":"e","answers":[]}`),
	}
	for _, c := range []struct {
		name string
		path string
		own  http.HandlerFunc
		want []fault.ID
	}{
		{"all is well", "", nil, []fault.ID{fault.OK}},
		{"a server without them", "/v1/push", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, []fault.ID{fault.OK}},
		{"push is too large", "/v1/push", nginx(413), []fault.ID{"H07"}},
		{"pull is forbidden", "/v1/pull", nginx(403), []fault.ID{"H03"}},
		{"push fails", "/v1/push", nginx(500), []fault.ID{"H17"}},
		{"pull is a page", "/v1/pull", nginx(200), []fault.ID{"H16"}},
		{"pull is not there", "/v1/pull", nginx(404), []fault.ID{"H04"}},
		{"pull has another shape", "/v1/pull", ok(`{}`), []fault.ID{"H26"}},
		{"push is cut", "/v1/push", reset, []fault.ID{"H27", "H30"}},
		{"push is not answered", "/v1/push", silent, []fault.ID{"H31"}},
		{"pull is not answered", "/v1/pull", silent, []fault.ID{"H31"}},
	} {
		for _, two := range []bool{true, false} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				own := maps.Clone(well)
				if c.own != nil {
					own[c.path] = c.own
				}
				cfg := m.config(answers(t, m.leaf(false, nil), func(x *tls.Config) {
					if !two {
						x.NextProtos = []string{"http/1.1"}
					}
				}, own))
				cfg.Device = "d"
				cfg.Token = func(context.Context) (string, error) { return "token", nil }
				r := New(cfg).Run(context.Background(), nil)
				if !slices.Contains(c.want, r.Fault) {
					t.Errorf("HTTP/2 %v: %s %s %v, want %v", two, r.Confidence, r.Fault, r.Also, c.want)
				}
				showsAt(t, r)
			})
		}
	}
}

// A server that gives passes is asked for one first; that it gives none tells why.
func TestAskPass(t *testing.T) {
	m := newMaker(t, "Our CA")
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   fault.ID
	}{
		{"given", 200, `{"token":"pass","expires_in":60}`, fault.OK},
		{"no such path", 404, `{"code":"not_found"}`, "H01"},
		{"taken back", 401, `{"code":"token_revoked"}`, "A02"},
		{"the sign-in service is down", 503, `{"code":"overloaded"}`, "B08"},
		{"the database is down", 503, `{"code":"database_down"}`, "B01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			behind := func(body string) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("Authorization") != "Bearer pass" {
						w.WriteHeader(401)
						body = `{"code":"token_expired"}`
					}
					_, _ = io.WriteString(w, body)
				}
			}
			cfg := m.config(answers(t, m.leaf(false, nil), nil, map[string]http.HandlerFunc{
				"/healthz": func(w http.ResponseWriter, _ *http.Request) {
					_, _ = io.WriteString(w, `{"product":"counterfoil","protocol_min":1,"protocol_max":1,"pass_life_s":60}`)
				},
				"/v1/token": func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(c.status)
					_, _ = io.WriteString(w, c.body)
				},
				"/v1/whoami": behind(`{}`), "/v1/pull": behind(`{"epoch":"e","cursor":"e:0:all","changes":[]}`), "/v1/push": behind(`{"epoch":"e","answers":[]}`),
			}))
			cfg.Device, cfg.Token = "d", func(context.Context) (string, error) { return "token", nil }
			if r := New(cfg).Run(context.Background(), nil, "signin"); r.Fault != c.want {
				t.Errorf("%s %s %v, want %s", r.Confidence, r.Fault, r.Also, c.want)
			}
		})
	}
}
