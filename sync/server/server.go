// Package server is the invoice server as one plain http.Handler: push, pull,
// health and hints of the sync protocol. docs/openapi.yaml and docs/protocol.md
// describe it from outside.
//
// Words: the ledger remembers the answer to every operation; seq is the one
// change counter, raised inside the committing transaction; a series is one run of
// invoice numbers; a principal is who a token speaks for (package access); a
// handler is what the server does with documents of one type.
//
// The package refuses to know TLS, files and clocks, and to play: Store, Now and
// NewID come in through Config, and what goes wrong on purpose does so outside.
package server

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
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
	Instance    string // which of several servers this is, as every answer names it; empty is not said
	Company     string // whose invoices these are, as healthz and receipts name it
	Environment string // as healthz names it; empty is "production"
	Version     string
	MinClient   string         // oldest client that may connect; empty is any
	Elsewhere   wire.Elsewhere // where a client may look when it does not get through
	// PassLife is how long what a token is changed for counts; 0: tokens are shown with
	// every request.
	PassLife time.Duration
	MaxBody  int64 // bytes of a push after decompression; 0 is 4 MiB
	// TaxUp reports whether the tax service can be reached; nil is always. While it
	// cannot, submitted invoices wait: call IssueWaiting when it can again.
	TaxUp func() bool
	// Vitals tells what the server stands on, without ever being held up by it; nil
	// asks the store, for as long as that takes.
	Vitals func() Vitals
	// NumberPrefix stands before every invoice number that this server gives.
	NumberPrefix string
	// A submitted invoice is dated at most DateBack days before and DateAhead days
	// after today; DateBack 0 is no limit.
	DateBack, DateAhead int
}

// Server is an http.Handler, safe for concurrent use.
type Server struct {
	cfg     Config
	mux     *http.ServeMux
	guesses access.Guesses
	echoes  pace

	closing atomic.Bool // no new work is wanted

	mu        sync.Mutex // guards all below
	listeners map[chan int64]bool
	hinted    int64              // the seq that listeners were told last
	signer    ed25519.PrivateKey // nil until it was read
}

// New makes a server; it touches nothing yet.
func New(cfg Config) *Server {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 4 << 20
	}
	if cfg.Environment == "" {
		cfg.Environment = "production"
	}
	if cfg.TaxUp == nil {
		cfg.TaxUp = func() bool { return true }
	}
	if cfg.Vitals == nil {
		cfg.Vitals = func() Vitals { return unwatched(cfg) }
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux(), listeners: map[chan int64]bool{}}
	s.route("/healthz", http.MethodGet, s.health, false)
	s.route("/readyz", http.MethodGet, s.Ready, false)
	s.route("/generate_204", http.MethodGet, Reached, false)
	s.route("/v1/probe204", http.MethodGet, Reached, false)
	s.route("/v1/echo", http.MethodPost, s.echo, false)
	s.route("/v1/push", http.MethodPost, s.push, true)
	s.route("/v1/pull", http.MethodGet, s.pull, true)
	s.route("/v1/events", http.MethodGet, s.events, true)
	s.route("/v1/whoami", http.MethodGet, s.whoami, true)
	s.guard("/v1/token", http.MethodPost, s.pass, func(_ context.Context, token string) (access.Principal, error) { return s.cfg.Access(token) })
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		Refuse(w, http.StatusNotFound, wire.Problem{Code: "not_found", Title: "There is no such path", Detail: r.URL.Path})
	})
	return s
}

// route serves a path; token: for those alone whom admit lets in.
func (s *Server) route(path, method string, h http.HandlerFunc, token bool) {
	if token {
		s.guard(path, method, h, s.admit)
	} else {
		s.guard(path, method, h, nil)
	}
}

// guard serves a path for those whom admit lets in; nil is anybody.
func (s *Server) guard(path, method string, h http.HandlerFunc, admit func(context.Context, string) (access.Principal, error)) {
	s.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method && (method != http.MethodGet || r.Method != http.MethodHead) {
			w.Header().Set("Allow", method)
			Refuse(w, http.StatusMethodNotAllowed, wire.Problem{Code: "method_not_allowed", Title: "Use " + method})
			return
		}
		if admit == nil {
			h(w, r)
			return
		}
		if !speaks(r.Header.Get(wire.HeaderClient)) {
			upgrade(w)
			return
		}
		token := bearer(r)
		if wait := s.guesses.Wait(r.RemoteAddr, token, s.cfg.Now()); wait > 0 {
			w.Header().Set("Retry-After", retryAfter(wait+time.Second))
			Refuse(w, http.StatusTooManyRequests, wire.Problem{Code: "rate_limited", Title: "Too many wrong tokens came from this address"})
			return
		}
		who, err := admit(r.Context(), token)
		if errors.Is(err, errKey) {
			failed(w, err)
			return
		}
		s.guesses.Note(r.RemoteAddr, token, err, s.cfg.Now())
		if err == nil {
			err = who.Allows(r.RemoteAddr)
		}
		if err != nil {
			unauthorized(w, r, err)
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
	h.Set(wire.HeaderRequest, s.requestID(r))
	if s.cfg.Instance != "" {
		h.Set(wire.HeaderInstance, s.cfg.Instance)
	}
	h.Set("Date", s.cfg.Now().UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	s.mux.ServeHTTP(w, r)
}

// Tend forgets answers that no desk asks for any more, now and once a day, until
// ctx ends. What fails is tried again the next day.
func (s *Server) Tend(ctx context.Context) {
	day := time.NewTicker(24 * time.Hour)
	defer day.Stop()
	for {
		_, _ = s.cfg.Store.Prune(ctx, s.cfg.Now().Add(-keptAnswers))
		select {
		case <-ctx.Done():
			return
		case <-day.C:
		}
	}
}

// keptAnswers is how long the ledger remembers; desks offer answers again for 90 days.
const keptAnswers = 100 * 24 * time.Hour
