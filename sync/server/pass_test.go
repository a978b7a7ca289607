package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

// passed asks for a pass with a bearer.
func (r *rig) passed(bearer string) wire.Pass {
	r.t.Helper()
	req := r.request(http.MethodPost, "/v1/token", nil)
	req.Header.Set("Authorization", "Bearer "+bearer)
	resp, b, err := r.do(req)
	var p wire.Pass
	if err != nil || resp.StatusCode != 200 || json.Unmarshal(b, &p) != nil || p.Token == "" {
		r.t.Fatalf("%s %v", b, err)
	}
	return p
}

// as asks for a page with a bearer, which is refused with a code; "" is let in.
func (r *rig) as(bearer, code string) {
	r.t.Helper()
	req := r.request(http.MethodGet, "/v1/pull", nil)
	req.Header.Set("Authorization", "Bearer "+bearer)
	if code != "" {
		r.problem(req, 401, code)
		return
	}
	if resp, b, err := r.do(req); err != nil || resp.StatusCode != 200 {
		r.t.Errorf("%s %v", b, err)
	}
}

func TestPass(t *testing.T) {
	var late atomic.Int64 // seconds
	var revoked atomic.Bool
	r := start(t, func(c *server.Config) {
		c.PassLife = time.Hour
		c.Now = func() time.Time { return time.Now().Add(time.Duration(late.Load()) * time.Second) }
		let := c.Access
		c.Access = func(s string) (access.Principal, error) {
			if revoked.Load() {
				return access.Principal{}, access.ErrRevoked
			}
			return let(s)
		}
	})
	r.as(token, "token_expired") // it is to be changed
	r.problem(func() *http.Request {
		req := r.request(http.MethodPost, "/v1/token", nil)
		req.Header.Set("Authorization", "Bearer wrong")
		return req
	}(), 401, "token_invalid")
	one, two := r.passed(token), r.passed(token)
	if one.ExpiresIn != 3600 || strings.Contains(one.Token, token) || one.Token == two.Token {
		t.Errorf("%+v", one)
	}
	r.as(one.Token, "")
	r.as(two.Token, "") // the second ends not the first
	r.as(one.Token, "")
	r.as(one.Token[:len(one.Token)-2]+"xx", "token_invalid")
	r.as("cfp1.", "token_invalid")
	req := r.request(http.MethodPost, "/v1/token", nil)
	req.Header.Set("Authorization", "Bearer "+one.Token) // it gets no other
	r.problem(req, 401, "token_invalid")
	late.Store(3601)
	r.as(one.Token, "token_expired")
	three := r.passed(token)
	r.as(three.Token, "")
	revoked.Store(true)
	r.as(three.Token, "token_revoked") // at once, not at its end
	r.problem(r.request(http.MethodPost, "/v1/token", nil), 401, "token_revoked")
}

// A pass is of one server's data; where tokens are shown as they are, none is given.
func TestPassElsewhere(t *testing.T) {
	give := func(c *server.Config) { c.PassLife = time.Hour }
	p := start(t, give).passed(token)
	start(t, give).as(p.Token, "token_invalid")
	r := start(t, nil)
	r.as(token, "")
	r.problem(r.request(http.MethodPost, "/v1/token", nil), 404, "not_found")
}
