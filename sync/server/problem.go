package server

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

// Refuse answers application/problem+json. It is for handlers that stand in front
// of a server as well.
func Refuse(w http.ResponseWriter, status int, p wire.Problem) {
	p.RequestID = w.Header().Get(wire.HeaderRequest)
	b, err := wire.Marshal(p)
	if err != nil {
		b = []byte(`{"code":"internal","title":"The answer could not be written"}`)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	// The client may be gone; there is no one left to tell.
	_, _ = w.Write(b)
}

// failed answers an error of the store.
func failed(w http.ResponseWriter, err error) {
	status, p := http.StatusServiceUnavailable, wire.Problem{Code: "database_down", Title: "The server cannot use its database now"}
	switch {
	case errors.Is(err, ErrFull):
		status, p = http.StatusInsufficientStorage, wire.Problem{Code: "storage_full", Title: "The server's disk is full"}
	case errors.Is(err, ErrLocked):
		p = wire.Problem{Code: "database_locked", Title: "Another program holds the server's database"}
	}
	w.Header().Set("Retry-After", "5")
	Refuse(w, status, p)
}

// requestID is the id that the client gave its request, so that both logs name it
// alike; else a new one.
func (s *Server) requestID(r *http.Request) string {
	if id := r.Header.Get(wire.HeaderRequest); wire.ValidID(id, 64) {
		return id
	}
	return s.cfg.NewID()
}

// unauthorized answers an error of package access.
func unauthorized(w http.ResponseWriter, err error) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="counterfoil", error="invalid_token"`)
	title := map[string]string{"token_expired": "The token has expired", "token_revoked": "The token was revoked"}
	code := access.Code(err)
	Refuse(w, http.StatusUnauthorized, wire.Problem{Code: code, Title: cmp.Or(title[code], "The token is missing or wrong")})
}

func upgrade(w http.ResponseWriter) {
	Refuse(w, http.StatusUpgradeRequired, wire.Problem{
		Code: "upgrade_required", Title: "This client's protocol is not understood",
		Detail: "this server speaks versions " + strconv.Itoa(wire.ProtocolMin) + " to " + strconv.Itoa(wire.ProtocolMax),
	})
}

// speaks reads "counterfoil/<version>; protocol=MIN-MAX"; a client that says
// nothing is let in.
func speaks(client string) bool {
	_, after, ok := strings.Cut(client, "protocol=")
	if !ok {
		return true
	}
	low, high, ok := strings.Cut(after, "-")
	if !ok {
		high = low
	}
	a, errA := strconv.Atoi(strings.TrimSpace(low))
	b, errB := strconv.Atoi(strings.TrimSpace(high))
	return errA == nil && errB == nil && a <= wire.ProtocolMax && b >= wire.ProtocolMin
}

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// retryAfter is whole seconds, at least 1.
func retryAfter(d time.Duration) string {
	return strconv.FormatInt(max(1, int64(d/time.Second)), 10)
}
