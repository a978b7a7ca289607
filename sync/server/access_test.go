package server_test

import (
	"bufio"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

var guarded = []struct{ method, path string }{
	{http.MethodPost, "/v1/push"}, {http.MethodGet, "/v1/pull"}, {http.MethodGet, "/v1/events"}, {http.MethodGet, "/v1/whoami"},
}

func TestWithoutToken(t *testing.T) {
	r := start(t, nil)
	for _, g := range guarded {
		for _, auth := range []string{"", "Bearer", "Bearer wrong", "Basic " + token, token} {
			req := r.request(g.method, g.path, bodyOf(r.op("put", 0, draft())))
			req.Header.Set("Authorization", auth)
			if resp, _ := r.problem(req, 401, "token_invalid"); resp.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: a 401 without WWW-Authenticate", g.path)
			}
		}
	}
	if p := r.pull("", 10); len(p.Changes) != 0 {
		t.Errorf("%+v", p.Changes)
	}
	// The scheme is not case sensitive.
	req := r.request(http.MethodGet, "/v1/whoami", nil)
	req.Header.Set("Authorization", "bearer "+token)
	if resp, b, err := r.do(req); err != nil || resp.StatusCode != 200 {
		t.Errorf("%s %v", b, err)
	}
	// Health and the sign-in probe need none, and say nothing secret.
	for path, status := range map[string]int{"/healthz": 200, "/v1/probe204": 204} {
		req := r.request(http.MethodGet, path, nil)
		req.Header.Del("Authorization")
		if resp, b, err := r.do(req); err != nil || resp.StatusCode != status {
			t.Errorf("%s: %s %v", path, b, err)
		}
	}
}

func TestProtocolRange(t *testing.T) {
	r := start(t, nil)
	for client, ok := range map[string]bool{
		"": true, "curl/8": true, "counterfoil/1.0; protocol=1-1": true, "counterfoil/2; protocol=1-7": true, "x; protocol=1": true,
		"counterfoil/9; protocol=2-3": false, "counterfoil/0; protocol=0-0": false, "x; protocol=one": false, "x; protocol=": false, "x; protocol=1-": false,
	} {
		for _, path := range []string{"/v1/pull", "/v1/whoami"} {
			req := r.request(http.MethodGet, path, nil)
			req.Header.Set(wire.HeaderClient, client)
			if !ok {
				r.problem(req, 426, "upgrade_required")
			} else if resp, b, err := r.do(req); err != nil || resp.StatusCode != 200 {
				t.Errorf("%q: %s %v", client, b, err)
			}
		}
	}
	// Health answers any client, so that it can say which versions are understood.
	req := r.request(http.MethodGet, "/healthz", nil)
	req.Header.Set(wire.HeaderClient, "counterfoil/9; protocol=8-9")
	if resp, b, err := r.do(req); err != nil || resp.StatusCode != 200 {
		t.Errorf("%s %v", b, err)
	}
}

// What will pass says when to come again.
func TestRetryAfter(t *testing.T) {
	r := start(t, nil)
	body := bodyOf(r.op("put", 0, draft()))
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, g := range guarded[:3] { // whoami needs no data
		if resp, _ := r.problem(r.request(g.method, g.path, body), 503, "database_down"); resp.Header.Get("Retry-After") != "5" {
			t.Errorf("%s: Retry-After %q", g.path, resp.Header.Get("Retry-After"))
		}
	}
}

func TestWrongMethodAndPath(t *testing.T) {
	r := start(t, nil)
	for path, allowed := range map[string]string{"/v1/push": "POST", "/v1/pull": "GET", "/healthz": "GET", "/v1/events": "GET"} {
		for _, m := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch} {
			if resp, _ := r.problem(r.request(m, path, nil), 405, "method_not_allowed"); resp.Header.Get("Allow") != allowed {
				t.Errorf("%s %s: Allow %q", m, path, resp.Header.Get("Allow"))
			}
		}
	}
	for _, path := range []string{"/", "/v1", "/v1/push/", "/v2/push", "/v1/pull/x"} {
		r.problem(r.request(http.MethodGet, path, nil), 404, "not_found")
	}
}

// Each way in which a token is refused has a code of its own.
func TestTokenRefused(t *testing.T) {
	why := map[string]error{"gone": access.ErrExpired, "back": access.ErrRevoked, "soon": access.ErrNotYet, "what": access.ErrUnknown, "removed": access.ErrDevice, "locked": access.ErrLocked}
	r := start(t, func(c *server.Config) {
		c.Access = func(s string) (access.Principal, error) {
			return access.Principal{From: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}, why[s]
		}
	})
	for s, want := range map[string]struct {
		status int
		code   string
	}{"gone": {401, "token_expired"}, "back": {401, "token_revoked"}, "soon": {401, "token_nbf"}, "what": {401, "token_invalid"}, "removed": {403, "device_revoked"}, "locked": {403, "account_locked"}, "afar": {403, "ip_denied"}} {
		req := r.request(http.MethodGet, "/v1/whoami", nil)
		req.Header.Set("Authorization", "Bearer "+s)
		if _, p := r.problem(req, want.status, want.code); want.code == "ip_denied" && p.Detail != "127.0.0.1" {
			t.Errorf("the address that was seen is not told: %+v", p)
		}
	}
}

// After ten wrong tokens an address waits; who was let in from there goes on.
func TestGuessing(t *testing.T) {
	r := start(t, nil)
	r.pull("", 1)
	ask := func(s string) *http.Request {
		req := r.request(http.MethodGet, "/v1/whoami", nil)
		req.Header.Set("Authorization", "Bearer "+s)
		return req
	}
	for i := range 10 {
		r.problem(ask("guess "+strconv.Itoa(i)), 401, "token_invalid")
	}
	resp, _ := r.problem(ask("one more"), 429, "rate_limited")
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || n < 1 || n > 61 {
		t.Errorf("Retry-After %q", resp.Header.Get("Retry-After"))
	}
	r.pull("", 1)
}

// A stream of hints ends when its token is taken back.
func TestEventsOfARevokedToken(t *testing.T) {
	var revoked atomic.Bool
	r := start(t, func(c *server.Config) {
		let := c.Access
		c.Access = func(s string) (access.Principal, error) {
			if revoked.Load() && s == "other" {
				return access.Principal{}, access.ErrRevoked
			}
			return let(token)
		}
	})
	req := r.request(http.MethodGet, "/v1/events", nil)
	req.Header.Set("Authorization", "Bearer other")
	resp, err := r.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	if line, err := lines.ReadString('\n'); err != nil || line != "event: seq\n" {
		t.Fatalf("%q %v", line, err)
	}
	revoked.Store(true)
	r.push(r.op("put", 0, draft()))
	if rest, err := io.ReadAll(lines); err != nil || strings.Contains(string(rest), "event:") {
		t.Errorf("%q %v", rest, err)
	}
}
