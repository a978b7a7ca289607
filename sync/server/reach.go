package server

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"counterfoil/sync/server/listen"
	"counterfoil/sync/wire"
)

// Challenge is the header that the sign-in probe sends and /generate_204 echoes:
// a portal that answers in our place does not know it.
const Challenge = "X-Counterfoil-Challenge"

// Reached answers 204 and echoes the challenge: whoever gets it back has reached
// an invoice server.
func Reached(w http.ResponseWriter, r *http.Request) {
	if c := r.Header.Get(Challenge); c != "" && len(c) <= 128 {
		w.Header().Set(Challenge, c)
	}
	w.WriteHeader(http.StatusNoContent)
}

// Plain is what may be asked without encryption: whether the server is reached,
// by GET /generate_204. It holds no secret and takes none.
func Plain() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /generate_204", Reached)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(wire.HeaderProduct, wire.Product)
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

// MaxEcho is the largest body that POST /v1/echo answers, in bytes.
const MaxEcho = 16 << 10

// echo answers the bytes that came, so that a client can see whether large
// messages pass both ways.
func (s *Server) echo(w http.ResponseWriter, r *http.Request) {
	if wait := s.echoes.take(r.RemoteAddr, s.cfg.Now()); wait > 0 {
		w.Header().Set("Retry-After", retryAfter(wait+time.Second))
		Refuse(w, http.StatusTooManyRequests, wire.Problem{Code: "rate_limited", Title: "Too many echoes were asked for from this address"})
		return
	}
	body, err := readAll(r.Body, MaxEcho)
	switch {
	case err == errTooLarge:
		Refuse(w, http.StatusRequestEntityTooLarge, wire.Problem{Code: "too_large", Title: "The body is too large", Detail: "at most " + strconv.Itoa(MaxEcho) + " bytes"})
		return
	case err != nil:
		Refuse(w, http.StatusRequestTimeout, wire.Problem{Code: "too_slow", Title: "The body did not arrive in time"})
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	// The client may be gone; it will ask again.
	_, _ = w.Write(body)
}

// How many echoes a network may ask for in a minute: an office behind one address
// that checks all its desks at once; and how many networks are remembered.
const (
	echoesAMinute = 240
	echoNetworks  = 10_000
)

// A pace counts what each network asks for within a minute. The zero value is
// ready; it is safe for concurrent use.
type pace struct {
	mu    sync.Mutex
	begun time.Time // of the minute
	asked map[netip.Prefix]int
}

// take returns 0 for one that may be answered, else how long to wait. remote is host:port.
func (p *pace) take(remote string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if past := now.Sub(p.begun); past >= time.Minute || past < 0 || len(p.asked) >= echoNetworks {
		p.begun, p.asked = now, map[netip.Prefix]int{}
	}
	from := listen.Network(remote)
	if p.asked[from] >= echoesAMinute {
		return p.begun.Add(time.Minute).Sub(now)
	}
	p.asked[from]++
	return 0
}
