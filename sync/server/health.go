package server

import (
	"context"
	"crypto/ed25519"
	"net"
	"net/http"
	"time"

	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

// Vitals is what a server stands on, as it was seen last.
type Vitals struct {
	Epoch string            // of the data; empty when it was never read
	Deps  map[string]string // state by what it is; see wire.Health
	// QueueLag is how long the oldest invoice has been seen to wait to be issued.
	QueueLag time.Duration
}

// unwatched are the vitals of a server that nobody watches.
func unwatched(cfg Config) Vitals {
	v := Vitals{Deps: map[string]string{"db": "ok", "tax": "ok"}}
	now, err := cfg.Store.Head(context.Background())
	if v.Epoch = now.Epoch; err != nil {
		v.Deps["db"] = "down"
	}
	if !cfg.TaxUp() {
		v.Deps["tax"] = "down"
	}
	return v
}

func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	v := s.cfg.Vitals()
	h := wire.Health{
		Product: wire.Product, Environment: s.cfg.Environment, Version: s.cfg.Version, Instance: s.cfg.Instance,
		ProtocolMin: wire.ProtocolMin, ProtocolMax: wire.ProtocolMax, MinClient: s.cfg.MinClient,
		Company: s.cfg.Company, Time: s.cfg.Now().UTC(), Epoch: v.Epoch, Deps: v.Deps, QueueLag: v.QueueLag.Seconds(),
		Elsewhere: s.cfg.Elsewhere, PassLife: s.cfg.PassLife.Seconds(),
	}
	if key, err := s.key(r.Context()); err == nil {
		h.ReceiptKey = key.Public().(ed25519.PublicKey)
		h.Server = wire.Identity(h.ReceiptKey)
	}
	s.send(w, r, h)
}

// Ready answers GET /readyz: 200 while requests may be sent here, else 503 with
// the reason: "closing", "database_down" or "storage_full". It is for balancers.
func (s *Server) Ready(w http.ResponseWriter, r *http.Request) {
	deps := s.cfg.Vitals().Deps
	no := func(code, title string) {
		Refuse(w, http.StatusServiceUnavailable, wire.Problem{Code: code, Title: title})
	}
	switch {
	case s.closing.Load():
		no("closing", "The server is shutting down")
	case deps["db"] == "down":
		no("database_down", "The server cannot use its database now")
	case deps["disk"] == "full":
		no("storage_full", "The server's disk is full")
	default:
		s.send(w, r, map[string]any{"ready": true, "deps": deps})
	}
}

// Who is the body of GET /v1/whoami.
type Who struct {
	Branch  string   `json:"branch"`
	Device  string   `json:"device,omitempty"`
	Person  string   `json:"person,omitempty"` // the only drawer that the token is for
	Roles   []string `json:"roles,omitempty"`
	Writes  []string `json:"writes"`  // the types of documents that it may change
	Address string   `json:"address"` // the client's address as the server sees it
}

func (s *Server) whoami(w http.ResponseWriter, r *http.Request) {
	who := access.From(r.Context())
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	s.send(w, r, Who{Branch: who.Branch, Device: r.Header.Get(wire.HeaderDevice), Person: who.Person, Roles: who.Roles, Writes: writes(who), Address: host})
}
