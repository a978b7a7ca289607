package practice

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"counterfoil/sync/server"
	"counterfoil/sync/wire"
)

// answer comes in the server's place: a refusal of the server, a page of something
// in front of it, or a body as it is. Guarded: only where a token is needed.
type answer struct {
	Status    int               `json:"status"`
	Wait      int               `json:"wait"` // seconds; 0 is not said
	Code      string            `json:"code"`
	Title     string            `json:"title"`
	Challenge string            `json:"challenge"`
	Guarded   bool              `json:"guarded"`
	Every     int               `json:"every"`   // only each so many-th request of a client, the first among them; 0: all
	Page      string            `json:"page"`    // title of a web page
	Server    string            `json:"server"`  // that the page is from
	Body      string            `json:"body"`    // as it is, from the server itself
	Type      string            `json:"type"`    // of Body
	Headers   map[string]string `json:"headers"` // besides
}

// health is what healthz says instead of the truth.
type health struct {
	Product     string            `json:"product"`
	Version     string            `json:"version"`
	Environment string            `json:"environment"`
	MinClient   string            `json:"min_client"`
	ProtocolMin *int              `json:"protocol_min"`
	ProtocolMax *int              `json:"protocol_max"`
	Deps        map[string]string `json:"deps"`
	QueueLag    float64           `json:"queue_lag_s"`
}

// change puts in what is said instead.
func (x *health) change(h *wire.Health) {
	put := func(to *string, s string) {
		if s != "" {
			*to = s
		}
	}
	put(&h.Product, x.Product)
	put(&h.Version, x.Version)
	put(&h.Environment, x.Environment)
	put(&h.MinClient, x.MinClient)
	if x.ProtocolMin != nil {
		h.ProtocolMin = *x.ProtocolMin
	}
	if x.ProtocolMax != nil {
		h.ProtocolMax = *x.ProtocolMax
	}
	if len(x.Deps) > 0 {
		h.Deps = maps.Clone(h.Deps)
		maps.Copy(h.Deps, x.Deps)
	}
	h.QueueLag = max(h.QueueLag, x.QueueLag)
}

// refusal is the answer of a switch that is on; nil for none.
func (p *Practice) refusal(r *http.Request, guarded bool) *answer {
	for _, f := range p.Faults() {
		if !f.On || f.Answer == nil || f.Answer.Guarded != guarded {
			continue
		}
		if n := f.Answer.Every; n > 0 && p.turn(r)%n != 0 {
			continue
		}
		return f.Answer
	}
	return nil
}

// turn counts the requests of a client, from 0.
func (p *Practice) turn(r *http.Request) int {
	who := r.Header.Get(wire.HeaderClient)
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.turns[who]
	p.turns[who] = n + 1
	return n
}

// refuse gives an answer.
func (p *Practice) refuse(w http.ResponseWriter, r *http.Request, a *answer) {
	h := w.Header()
	if a.Challenge != "" {
		h.Set("WWW-Authenticate", a.Challenge)
	}
	for name, value := range a.Headers {
		h.Set(name, value)
	}
	switch {
	case a.Page != "":
		if a.Server != "" {
			h.Set("Server", a.Server)
		}
		h.Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(a.Status)
		title := html.EscapeString(a.Page)
		// The client may be gone; it will ask again.
		_, _ = fmt.Fprintf(w, "<!doctype html><html><head><title>%s</title></head><body><h1>%s</h1></body></html>", title, title)
	case a.Body != "":
		p.named(h)
		h.Set("Content-Type", a.Type)
		w.WriteHeader(a.Status)
		_, _ = io.WriteString(w, a.Body) // see above
	default:
		p.problem(w, a.Status, a.Wait, wire.Problem{Code: a.Code, Title: a.Title})
	}
}

// named sets what every answer of the server says.
func (p *Practice) named(h http.Header) {
	h.Set(wire.HeaderProduct, p.product())
	h.Set(wire.HeaderRequest, newID())
	h.Set("Date", p.now().UTC().Format(http.TimeFormat))
	if h.Get(wire.HeaderInstance) == "" {
		h.Set(wire.HeaderInstance, p.cfg.Instance)
	}
}

// problem answers as the server would; wait is in seconds, 0 is not said.
func (p *Practice) problem(w http.ResponseWriter, status, wait int, problem wire.Problem) {
	h := w.Header()
	p.named(h)
	if wait > 0 {
		h.Set("Retry-After", strconv.Itoa(wait))
	}
	server.Refuse(w, status, problem)
}

// product is what the answers say they come from.
func (p *Practice) product() string {
	if f, on := p.that(beAnother); on && f.Health != nil && f.Health.Product != "" {
		return f.Health.Product
	}
	return wire.Product
}

// unguarded reports whether a path is asked without a token.
func unguarded(path string) bool {
	return !strings.HasPrefix(path, "/v1/") || path == "/v1/probe204" || path == "/v1/echo"
}

// open answers what is asked without a token: the server's own answer, which
// tells of the switches that are on.
func (p *Practice) open(w http.ResponseWriter, r *http.Request) {
	r = r.Clone(r.Context())
	r.Header.Del("Accept-Encoding")
	rec := record(p.srv.ServeHTTP, r)
	rec.header.Set(wire.HeaderProduct, p.product())
	var h wire.Health
	if r.URL.Path == "/healthz" && rec.status == http.StatusOK && wire.Unmarshal(rec.body.Bytes(), &h) == nil {
		for _, f := range p.Faults() {
			if f.On && f.Health != nil {
				f.Health.change(&h)
			}
		}
		if p.does(pause) {
			m := p.maintenance()
			h.Maintenance = &m
		}
		if b, err := wire.Marshal(h); err == nil {
			rec.header.Set("Content-Length", strconv.Itoa(len(b)))
			rec.body = *bytes.NewBuffer(b)
		}
	}
	rec.head(w)
	w.WriteHeader(rec.status)
	// The client may be gone; it will ask again.
	_, _ = w.Write(rec.body.Bytes())
}
