package attack

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// A middle stands between desks and their server and ends TLS with a
// certificate that the desks trust. It passes everything on until it is told how
// to lie.
type middle struct {
	t    *testing.T
	url  string
	http *http.Client

	mu     sync.Mutex // guards below
	target string
	lie    lie
	pushed []object // the operations that came by
}

// A lie sees a request and may answer it (true) instead of the server. pass asks
// the server.
type lie func(w http.ResponseWriter, r *http.Request, pass func() *passed) bool

// passed is the server's answer, opened; a liar changes it before it is sent.
type passed struct {
	status int
	header http.Header
	body   []byte
	value  object // nil when the body is no JSON object
}

func newMiddle(t *testing.T, s *server) *middle {
	t.Helper()
	m := &middle{t: t, target: s.url, http: newHTTP(t)}
	h := httptest.NewUnstartedServer(m)
	h.TLS = &tls.Config{Certificates: []tls.Certificate{ca(t).server}}
	h.Config.ErrorLog = log.New(io.Discard, "", 0) // desks hang up on liars
	h.StartTLS()
	t.Cleanup(func() { h.CloseClientConnections(); h.Close() })
	m.url = h.URL
	return m
}

// lies sets how it lies from now on; nil is the truth.
func (m *middle) lies(l lie) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lie, m.pushed = l, nil
}

// at sends desks to another server from now on.
func (m *middle) at(s *server) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.target = s.url
}

// operations are those pushed since the last lie began.
func (m *middle) operations() []object {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]object{}, m.pushed...)
}

func (m *middle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m.mu.Lock()
	l, target := m.lie, m.target
	if r.URL.Path == "/v1/push" {
		m.pushed = append(m.pushed, operationsOf(body)...)
	}
	m.mu.Unlock()
	var answer *passed
	pass := func() *passed {
		if answer == nil {
			answer = m.ask(target, r, body)
		}
		return answer
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if l != nil && l(w, r, pass) {
		return
	}
	pass().send(w)
}

func operationsOf(body []byte) (out []object) {
	if z, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
		body, _ = io.ReadAll(z)
	}
	var req struct{ Operations []object }
	_ = json.Unmarshal(body, &req) // what is no push holds none
	return req.Operations
}

func (m *middle) ask(target string, r *http.Request, body []byte) *passed {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, target+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return &passed{status: http.StatusBadGateway}
	}
	req.Header = r.Header.Clone()
	resp, err := m.http.Do(req)
	if err != nil {
		return &passed{status: http.StatusBadGateway, header: http.Header{}}
	}
	defer resp.Body.Close()
	p := &passed{status: resp.StatusCode, header: resp.Header}
	p.body, _ = opened(resp)
	for _, h := range []string{"Content-Encoding", "Content-Length"} {
		p.header.Del(h)
	}
	_ = json.Unmarshal(p.body, &p.value)
	return p
}

func (p *passed) send(w http.ResponseWriter) {
	for k, v := range p.header {
		w.Header()[k] = v
	}
	w.WriteHeader(p.status)
	_, _ = w.Write(p.body) // the desk may be gone
}

// changed sends the answer with the value as it is now.
func (p *passed) changed(w http.ResponseWriter) bool {
	p.body = encode(p.value)
	p.send(w)
	return true
}

// ours writes the headers that every answer of the product has.
func ours(w http.ResponseWriter, kind string) {
	w.Header().Set("X-Counterfoil-Product", "counterfoil")
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
}

// says answers a status and a body in the server's name.
func says(status int, body string) lie {
	return func(w http.ResponseWriter, _ *http.Request, _ func() *passed) bool {
		ours(w, "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

// on tells a lie at one path alone.
func on(path string, l lie) lie {
	return func(w http.ResponseWriter, r *http.Request, pass func() *passed) bool {
		return r.URL.Path == path && l(w, r, pass)
	}
}
