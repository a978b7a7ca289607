// Package server is the invoice server as one plain http.Handler: push, pull,
// health and hints of the sync protocol. docs/openapi.yaml and docs/protocol.md
// describe it from outside.
//
// Words: the ledger remembers the answer to every operation; seq is the one
// change counter, raised inside the committing transaction; a principal is who a
// token speaks for (package access).
//
// The package refuses to know TLS, files and clocks: Store, Now and NewID come
// in through Config.
package server

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"strings"
	"sync"
	"time"

	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

// Config of a Server. Store, Access, Now and NewID are needed.
type Config struct {
	Store Store
	// Access returns who a token speaks for, or an error of package access; an
	// empty token means that none was sent.
	Access      func(token string) (access.Principal, error)
	Now         func() time.Time
	NewID       func() string
	Company     string // whose invoices these are, as healthz and receipts name it
	Environment string // "production", "practice", "test"; empty is production
	Version     string
	MinClient   string // oldest client that may connect; empty is any
	// Intercept may answer a request itself (true) before the server does.
	Intercept func(w http.ResponseWriter, r *http.Request) bool
	MaxBody   int64 // bytes of a push after decompression; 0 is 4 MiB
	// A submitted invoice is dated at most DateBack days before and DateAhead days
	// after today; DateBack 0 is no limit.
	DateBack, DateAhead int
}

// Server is an http.Handler, safe for concurrent use.
type Server struct {
	cfg     Config
	mux     *http.ServeMux
	guesses access.Guesses

	mu          sync.Mutex // guards all below
	tax         bool
	maintenance *wire.Maintenance
	shift       time.Duration
	listeners   map[chan int64]bool
	signer      ed25519.PrivateKey // nil until it was read
}

// New makes a server; it touches nothing yet.
func New(cfg Config) *Server {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 4 << 20
	}
	if cfg.Environment == "" {
		cfg.Environment = "production"
	}
	s := &Server{cfg: cfg, tax: true, mux: http.NewServeMux(), listeners: map[chan int64]bool{}}
	s.route("/healthz", http.MethodGet, s.health, false)
	s.route("/v1/probe204", http.MethodGet, s.probe, false)
	s.route("/v1/push", http.MethodPost, s.push, true)
	s.route("/v1/pull", http.MethodGet, s.pull, true)
	s.route("/v1/events", http.MethodGet, s.events, true)
	s.route("/v1/whoami", http.MethodGet, s.whoami, true)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.Problem(w, r, http.StatusNotFound, wire.Problem{Code: "not_found", Title: "There is no such path", Detail: r.URL.Path})
	})
	return s
}

func (s *Server) route(path, method string, h http.HandlerFunc, token bool) {
	s.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method && (method != http.MethodGet || r.Method != http.MethodHead) {
			w.Header().Set("Allow", method)
			s.Problem(w, r, http.StatusMethodNotAllowed, wire.Problem{Code: "method_not_allowed", Title: "Use " + method})
			return
		}
		if !token {
			h(w, r)
			return
		}
		if m := s.Maintenance(); m != nil {
			w.Header().Set("Retry-After", retryAfter(m.Until.Sub(s.now())))
			s.Problem(w, r, http.StatusServiceUnavailable, wire.Problem{Code: "maintenance", Title: "The server is under maintenance", Detail: m.Message, Maintenance: m})
			return
		}
		if !speaks(r.Header.Get(wire.HeaderClient)) {
			s.upgrade(w, r)
			return
		}
		token := bearer(r)
		if wait := s.guesses.Wait(r.RemoteAddr, token, s.cfg.Now()); wait > 0 {
			w.Header().Set("Retry-After", retryAfter(wait+time.Second))
			s.Problem(w, r, http.StatusTooManyRequests, wire.Problem{Code: "rate_limited", Title: "Too many wrong tokens came from this address"})
			return
		}
		who, err := s.cfg.Access(token)
		s.guesses.Note(r.RemoteAddr, token, err, s.cfg.Now())
		if err != nil {
			s.unauthorized(w, r, err)
			return
		}
		h(w, r.WithContext(access.With(r.Context(), who)))
	})
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set(wire.HeaderProduct, wire.Product)
	h.Set("Server", strings.TrimSuffix("Counterfoil/"+s.cfg.Version, "/"))
	h.Set(wire.HeaderRequest, s.cfg.NewID())
	h.Set("Date", s.now().UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if s.cfg.Intercept != nil && s.cfg.Intercept(w, r) {
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg.Now().Add(s.shift)
}

// Shift makes the server's clock tell another time, for practice.
func (s *Server) Shift(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shift = d
}

// SetTax says whether the tax service can be reached. While it cannot, submitted
// invoices wait; call IssueWaiting when it can again.
func (s *Server) SetTax(up bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tax = up
}

func (s *Server) taxUp() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tax
}

// SetMaintenance announces a pause, or ends it with nil.
func (s *Server) SetMaintenance(m *wire.Maintenance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.maintenance = m
}

// Maintenance gives the pause under way, or nil.
func (s *Server) Maintenance() *wire.Maintenance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.maintenance
}

// Tend forgets answers that no desk asks for any more, now and once a day, until
// ctx ends. What fails is tried again the next day.
func (s *Server) Tend(ctx context.Context) {
	day := time.NewTicker(24 * time.Hour)
	defer day.Stop()
	for {
		_, _ = s.cfg.Store.Prune(ctx, s.now().Add(-keptAnswers))
		select {
		case <-ctx.Done():
			return
		case <-day.C:
		}
	}
}

// keptAnswers is how long the ledger remembers; desks offer answers again for 90 days.
const keptAnswers = 100 * 24 * time.Hour
