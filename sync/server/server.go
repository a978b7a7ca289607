// Package server is the reference server of the sync protocol: a plain
// http.Handler over SQLite.
//
// It refuses to merge: a stale base is answered with the version it has. It
// refuses to apply an operation twice: its ledger gives a replay the stored
// answer. Numbers are given in the commit that issues.
package server

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"counterfoil/sync/wire"
)

// Config of a Server. Version and Environment go into the health answer.
type Config struct {
	Store       *Store
	Tokens      map[string]string // token → branch name; empty with Open: no token needed
	Open        bool              // practice: any token or none
	Now         func() time.Time
	NewID       func() string
	Environment string // "production", "practice", "test"
	Version     string
}

// Limits on a request, in bytes after decompression, and on operations.
const (
	maxBody = 32 << 20
	maxOps  = 2000
	maxPage = 1000
)

// Server is an http.Handler, safe for concurrent use.
type Server struct {
	cfg Config
	mux *http.ServeMux
}

// New makes a server over an open store.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /healthz", s.health)
	s.mux.HandleFunc("POST /v1/push", s.signedIn(s.push))
	s.mux.HandleFunc("GET /v1/pull", s.signedIn(s.pull))
	s.mux.HandleFunc("GET /v1/whoami", s.signedIn(s.whoami))
	s.mux.HandleFunc("GET /v1/events", s.signedIn(s.events))
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.Problem(w, r, http.StatusNotFound, wire.Problem{Code: "not_found", Title: "there is nothing at this path"})
	})
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(wire.HeaderProduct, wire.Product)
	w.Header().Set(wire.HeaderRequest, s.cfg.NewID())
	w.Header().Set("Date", s.cfg.Now().UTC().Format(http.TimeFormat))
	w.Header().Set("Cache-Control", "no-store")
	s.mux.ServeHTTP(w, r)
}

// Problem answers with a problem document.
func (s *Server) Problem(w http.ResponseWriter, _ *http.Request, status int, p wire.Problem) {
	p.RequestID = w.Header().Get(wire.HeaderRequest)
	w.Header().Set("Content-Type", "application/problem+json")
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p)
}

type caller struct{ branch string }

func (s *Server) signedIn(next func(http.ResponseWriter, *http.Request, caller)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if lo, hi, ok := protocolRange(r.Header.Get(wire.HeaderClient)); ok && (hi < wire.ProtocolMin || lo > wire.ProtocolMax) {
			s.Problem(w, r, http.StatusUpgradeRequired, wire.Problem{Code: "upgrade_required", Title: "this program is too old or too new for the server"})
			return
		}
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		branch, ok := s.cfg.Tokens[token]
		switch {
		case ok:
		case s.cfg.Open:
			branch = "practice"
			if d := r.Header.Get(wire.HeaderDevice); len(d) >= 4 {
				branch = "desk " + d[len(d)-4:]
			}
		default:
			s.Problem(w, r, http.StatusUnauthorized, wire.Problem{Code: "token_invalid", Title: "the access token is missing or not valid"})
			return
		}
		next(w, r, caller{branch})
	}
}

func protocolRange(client string) (lo, hi int, ok bool) {
	_, rest, found := strings.Cut(client, "protocol=")
	if !found {
		return 0, 0, false
	}
	n, err := fmt.Sscanf(rest, "%d-%d", &lo, &hi)
	return lo, hi, err == nil && n == 2
}

func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	h := wire.Health{
		Product: wire.Product, Environment: s.cfg.Environment, Version: s.cfg.Version,
		ProtocolMin: wire.ProtocolMin, ProtocolMax: wire.ProtocolMax, Time: s.cfg.Now().UTC(),
		Deps: map[string]string{"db": "ok", "tax": "ok"},
	}
	if !s.cfg.Store.TaxUp() {
		h.Deps["tax"] = "down"
	}
	epoch, err := s.cfg.Store.Epoch(r.Context())
	if err != nil {
		h.Deps["db"] = "down"
	}
	h.Epoch = epoch
	s.answer(w, r, h)
}

func (s *Server) whoami(w http.ResponseWriter, r *http.Request, c caller) {
	s.answer(w, r, map[string]string{"branch": c.branch, "address": r.RemoteAddr})
}

// answer writes JSON, compressed when the client takes it.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, v any) {
	w.Header().Set("Content-Type", "application/json")
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		_ = json.NewEncoder(w).Encode(v)
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	zip, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is valid
	_ = json.NewEncoder(zip).Encode(v)
	_ = zip.Close()
}

var errTooLarge = errors.New("too large")

// body reads a request body, decompressed and capped.
func body(r *http.Request) ([]byte, error) {
	in := io.Reader(http.MaxBytesReader(nil, r.Body, maxBody))
	if r.Header.Get("Content-Encoding") == "gzip" {
		zip, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = zip
	}
	b, err := io.ReadAll(io.LimitReader(in, maxBody+1))
	var max *http.MaxBytesError
	if len(b) > maxBody || errors.As(err, &max) {
		return nil, errTooLarge
	}
	return b, err
}

func (s *Server) push(w http.ResponseWriter, r *http.Request, c caller) {
	raw, err := body(r)
	if errors.Is(err, errTooLarge) {
		s.Problem(w, r, http.StatusRequestEntityTooLarge, wire.Problem{Code: "too_large", Title: "the batch is too large; send fewer operations"})
		return
	}
	var req wire.PushRequest
	if err == nil {
		err = json.Unmarshal(raw, &req)
	}
	if err == nil {
		err = checkPush(req)
	}
	if err != nil {
		s.Problem(w, r, http.StatusBadRequest, wire.Problem{Code: "malformed", Title: "the batch is malformed", Detail: err.Error()})
		return
	}
	ans, err := s.cfg.Store.Push(r.Context(), req, c.branch)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.answer(w, r, ans)
}

func checkPush(req wire.PushRequest) error {
	if req.Device == "" || len(req.Device) > 64 || strings.Contains(req.Device, ":") {
		return errors.New("device is missing or malformed")
	}
	if len(req.Operations) > maxOps {
		return fmt.Errorf("%d operations, at most %d are taken", len(req.Operations), maxOps)
	}
	for i, o := range req.Operations {
		switch {
		case !strings.HasPrefix(o.OperationID, req.Device+":") || len(o.OperationID) > 100:
			return fmt.Errorf("operations[%d].operation_id does not belong to the device", i)
		case o.DocumentID == "" || len(o.DocumentID) > 64:
			return fmt.Errorf("operations[%d].document_id is missing or too long", i)
		}
	}
	return nil
}

func (s *Server) failed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	s.Problem(w, r, http.StatusInternalServerError, wire.Problem{Code: "internal", Title: "the server failed; nothing was changed", Detail: err.Error()})
}

func (s *Server) pull(w http.ResponseWriter, r *http.Request, _ caller) {
	cur, err := wire.ParseCursor(r.URL.Query().Get("cursor"))
	limit := 500
	if l := r.URL.Query().Get("limit"); err == nil && l != "" {
		limit, err = strconv.Atoi(l)
		if err == nil && limit < 1 {
			err = errors.New("limit is below 1")
		}
	}
	if err != nil {
		s.Problem(w, r, http.StatusBadRequest, wire.Problem{Code: "malformed", Title: "the request is malformed", Detail: err.Error()})
		return
	}
	ans, err := s.cfg.Store.Pull(r.Context(), cur, min(limit, maxPage))
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.answer(w, r, ans)
}

// events streams the highest seq as a hint; polling is the truth.
func (s *Server) events(w http.ResponseWriter, r *http.Request, _ caller) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for last := int64(-1); ; {
		seq, err := s.cfg.Store.Seq(r.Context())
		if err != nil {
			return
		}
		if seq != last {
			last = seq
			if _, err := fmt.Fprintf(w, "event: seq\ndata: %d\n\n", seq); err != nil || out.Flush() != nil {
				return
			}
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}
