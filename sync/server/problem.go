package server

import (
	"errors"
	"net"
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
	noteRefusal(w, p.Code)
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

// noteRefusal tells the code to whoever notes requests in front of the server.
func noteRefusal(w http.ResponseWriter, code string) {
	for w != nil {
		if n, ok := w.(interface{ Refused(code string) }); ok {
			n.Refused(code)
			return
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return
		}
		w = u.Unwrap()
	}
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

// refusals of package access by their codes: 403 where another token of the same
// desk would be refused as well.
var refusals = map[string]struct {
	status int
	title  string
}{
	"token_nbf":      {http.StatusUnauthorized, "The token does not count yet"},
	"token_expired":  {http.StatusUnauthorized, "The token has expired"},
	"token_revoked":  {http.StatusUnauthorized, "The token was revoked"},
	"token_invalid":  {http.StatusUnauthorized, "The token is missing or wrong"},
	"device_revoked": {http.StatusForbidden, "This computer was removed by the administrator"},
	"account_locked": {http.StatusForbidden, "This account is locked"},
	"ip_denied":      {http.StatusForbidden, "Requests may not come from this address"},
}

// unauthorized answers an error of package access.
func unauthorized(w http.ResponseWriter, r *http.Request, err error) {
	code := access.Code(err)
	no := refusals[code]
	if no.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="counterfoil", error="invalid_token"`)
	}
	p := wire.Problem{Code: code, Title: no.title}
	if errors.Is(err, access.ErrAddress) {
		p.Detail = r.RemoteAddr
		if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
			p.Detail = host
		}
	}
	Refuse(w, no.status, p)
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
