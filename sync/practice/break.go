package practice

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"

	"counterfoil/sync/server"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/wire"
)

// silent: handshakes that fail on purpose are no news.
var silent = log.New(io.Discard, "", 0)

// slowness of every answer while it is slow.
const slowness = 2500 * time.Millisecond

const portal = `<!doctype html><html><head><title>Sign in to the network</title></head><body><h1>Welcome</h1><p>Please sign in. 请先登录网络。</p></body></html>`

// serve is the handler around the server: it cuts and loses answers.
func (p *Practice) serve(w http.ResponseWriter, r *http.Request) {
	lost := p.does(lose) && r.URL.Path == "/v1/push"
	half := p.does(cut)
	if !lost && !half || r.URL.Path == "/v1/events" {
		p.answer(w, r)
		return
	}
	rec := record(p.answer, r)
	if half && !lost && rec.body.Len() > 1 {
		rec.head(w)
		w.Header().Set("Content-Length", strconv.Itoa(rec.body.Len()))
		w.WriteHeader(rec.status)
		// Half an answer, then the line breaks: the error is the point.
		_, _ = w.Write(rec.body.Bytes()[:rec.body.Len()/2])
		_ = http.NewResponseController(w).Flush()
	}
	panic(http.ErrAbortHandler) // net/http's way to break the connection
}

// answer answers in the server's place while a fault is on, else the server does.
func (p *Practice) answer(w http.ResponseWriter, r *http.Request) {
	if p.does(beSlow) {
		t := time.NewTimer(slowness)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			return
		}
	}
	open := !strings.HasPrefix(r.URL.Path, "/v1/") || r.URL.Path == "/v1/probe204" || r.URL.Path == "/v1/echo" // asked without a token
	switch no, guarded := p.refusal(false), p.refusal(true); {
	case r.TLS == nil:
		http.Error(w, "this port speaks plain HTTP now", http.StatusBadRequest)
	case p.does(showPage):
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, portal)
	case no != nil:
		p.refuse(w, no)
	case open:
		p.open(w, r)
	case guarded != nil:
		p.refuse(w, guarded)
	case p.does(pause):
		m := p.maintenance()
		wait := max(1, int(m.Until.Sub(p.now())/time.Second))
		p.problem(w, http.StatusServiceUnavailable, wait, wire.Problem{Code: "maintenance", Title: "The server is under maintenance", Detail: m.Message, Maintenance: &m})
	default:
		p.srv.ServeHTTP(w, r)
	}
}

func (p *Practice) refuse(w http.ResponseWriter, a *answer) {
	if a.Challenge != "" {
		w.Header().Set("WWW-Authenticate", a.Challenge)
	}
	p.problem(w, a.Status, a.Wait, wire.Problem{Code: a.Code, Title: a.Title})
}

// problem answers as the server would; wait is in seconds, 0 is not said.
func (p *Practice) problem(w http.ResponseWriter, status, wait int, problem wire.Problem) {
	h := w.Header()
	h.Set(wire.HeaderProduct, p.product())
	h.Set(wire.HeaderRequest, newID())
	h.Set("Date", p.now().UTC().Format(http.TimeFormat))
	if wait > 0 {
		h.Set("Retry-After", strconv.Itoa(wait))
	}
	server.Refuse(w, status, problem)
}

// product is what the answers say they come from.
func (p *Practice) product() string {
	if p.does(beAnother) {
		return "warehouse"
	}
	return wire.Product
}

// open answers what is asked without a token: the server's own answer, which
// tells of the fault that is on.
func (p *Practice) open(w http.ResponseWriter, r *http.Request) {
	r = r.Clone(r.Context())
	r.Header.Del("Accept-Encoding")
	rec := record(p.srv.ServeHTTP, r)
	rec.header.Set(wire.HeaderProduct, p.product())
	var h wire.Health
	if r.URL.Path == "/healthz" && rec.status == http.StatusOK && wire.Unmarshal(rec.body.Bytes(), &h) == nil {
		h.Product = p.product()
		if p.does(beOld) {
			h.Version, h.ProtocolMin, h.ProtocolMax = "0.1.0", 0, 0
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

// recorder keeps an answer, so that it can be changed, cut or lost.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func record(h http.HandlerFunc, r *http.Request) *recorder {
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	h(rec, r)
	return rec
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// head copies the header of the answer.
func (r *recorder) head(w http.ResponseWriter) {
	for name, values := range r.header {
		w.Header()[name] = values
	}
}

// breakable is the store with a database that can be away.
type breakable struct {
	*sqlite.Store
	p *Practice
}

func (b breakable) down() error {
	if b.p.does(loseDatabase) {
		return server.ErrDown
	}
	return nil
}

func (b breakable) Update(ctx context.Context, fn func(server.Tx) error) error {
	if err := b.down(); err != nil {
		return err
	}
	return b.Store.Update(ctx, fn)
}

func (b breakable) Page(ctx context.Context, q server.PageQuery) (server.Page, error) {
	if err := b.down(); err != nil {
		return server.Page{}, err
	}
	return b.Store.Page(ctx, q)
}

func (b breakable) Head(ctx context.Context) (server.Head, error) {
	if err := b.down(); err != nil {
		return server.Head{}, err
	}
	return b.Store.Head(ctx)
}
