package server

import (
	"crypto/ed25519"
	"net"
	"net/http"

	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	h := wire.Health{
		Product: wire.Product, Environment: s.cfg.Environment, Version: s.cfg.Version,
		ProtocolMin: wire.ProtocolMin, ProtocolMax: wire.ProtocolMax, MinClient: s.cfg.MinClient,
		Company: s.cfg.Company, Time: s.cfg.Now().UTC(), Deps: map[string]string{"db": "ok", "tax": "ok"},
	}
	now, err := s.cfg.Store.Head(r.Context())
	if h.Epoch = now.Epoch; err != nil {
		h.Deps["db"] = "down"
	}
	if key, err := s.key(r.Context()); err == nil {
		h.ReceiptKey = key.Public().(ed25519.PublicKey)
		h.Server = wire.Identity(h.ReceiptKey)
	}
	if !s.cfg.TaxUp() {
		h.Deps["tax"] = "down"
	}
	s.send(w, r, h)
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
