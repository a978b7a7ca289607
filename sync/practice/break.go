package practice

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"strconv"
	"time"

	"counterfoil/sync/server"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/wire"
)

// silent: handshakes that fail on purpose are no news.
var silent = log.New(io.Discard, "", 0)

// slowness of every answer while P01 is on.
const slowness = 2500 * time.Millisecond

const portal = `<!doctype html><html><head><title>Sign in to the network</title></head><body><h1>Welcome</h1><p>Please sign in. 请先登录网络。</p></body></html>`

// serve is the handler around the server: it cuts and loses answers.
func (p *Practice) serve(w http.ResponseWriter, r *http.Request) {
	lost := p.is("H27") && r.URL.Path == "/v1/push"
	cut := p.is("H24")
	if !lost && !cut || r.URL.Path == "/v1/events" {
		p.srv.ServeHTTP(w, r)
		return
	}
	rec := &recorder{header: w.Header(), status: http.StatusOK}
	p.srv.ServeHTTP(rec, r)
	if cut && !lost && rec.body.Len() > 1 {
		w.Header().Set("Content-Length", strconv.Itoa(rec.body.Len()))
		w.WriteHeader(rec.status)
		// Half an answer, then the line breaks: the error is the point.
		_, _ = w.Write(rec.body.Bytes()[:rec.body.Len()/2])
		_ = http.NewResponseController(w).Flush()
	}
	panic(http.ErrAbortHandler) // net/http's way to break the connection
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// intercept answers in the server's place while a fault is on.
func (p *Practice) intercept(w http.ResponseWriter, r *http.Request) bool {
	guarded := r.URL.Path != "/healthz" && r.URL.Path != "/v1/probe204"
	problem := func(status int, code, title string) bool {
		p.srv.Problem(w, r, status, wire.Problem{Code: code, Title: title})
		return true
	}
	if p.is("P01") {
		t := time.NewTimer(slowness)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			return true
		}
	}
	switch {
	case r.TLS == nil:
		http.Error(w, "this port speaks plain HTTP now", http.StatusBadRequest)
		return true
	case p.is("H16"):
		w.Header().Del(wire.HeaderProduct)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, portal)
		return true
	case p.is("H17"):
		return problem(http.StatusInternalServerError, "internal", "The server failed")
	case p.is("H19"):
		w.Header().Set("Retry-After", "5")
		return problem(http.StatusServiceUnavailable, "overloaded", "The server has too much to do")
	case p.is("H11"):
		w.Header().Set("Retry-After", "3")
		return problem(http.StatusTooManyRequests, "rate_limited", "Too many requests")
	case p.is("H01") && guarded:
		w.Header().Set("WWW-Authenticate", `Bearer realm="counterfoil", error="invalid_token"`)
		return problem(http.StatusUnauthorized, "token_invalid", "The token has expired")
	case p.is("H02") && guarded:
		return problem(http.StatusForbidden, "forbidden", "This account may not do that")
	case p.is("H15"):
		w.Header().Set(wire.HeaderProduct, "warehouse")
		if guarded {
			return problem(http.StatusNotFound, "not_found", "There is no such path")
		}
	case p.is("H14") && guarded:
		return problem(http.StatusNotFound, "not_found", "There is no such path")
	}
	if r.URL.Path == "/healthz" && (p.is("H14") || p.is("H15")) {
		h := p.srv.Health(r)
		if p.is("H14") {
			h.Version, h.ProtocolMin, h.ProtocolMax = "0.1.0", 0, 0
		}
		if p.is("H15") {
			h.Product = "warehouse"
		}
		p.srv.Send(w, r, h)
		return true
	}
	return false
}

// breakable is the store with a database that can be away.
type breakable struct {
	*sqlite.Store
	p *Practice
}

func (b breakable) down() error {
	if b.p.is("B01") {
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

func (b breakable) Epoch(ctx context.Context) (string, error) {
	if err := b.down(); err != nil {
		return "", err
	}
	return b.Store.Epoch(ctx)
}
