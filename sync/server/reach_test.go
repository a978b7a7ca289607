package server_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/sync/server"
)

// What was asked with a challenge gives it back, with encryption and without; a
// challenge that is too long is none.
func TestReached(t *testing.T) {
	r := start(t, nil)
	plain := httptest.NewServer(server.Plain())
	defer plain.Close()
	for _, url := range []string{r.tls.URL + "/generate_204", r.tls.URL + "/v1/probe204", plain.URL + "/generate_204"} {
		for challenge, want := range map[string]string{"abc": "abc", strings.Repeat("x", 129): "", "": ""} {
			req, err := http.NewRequest(http.MethodGet, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set(server.Challenge, challenge)
			resp, body, err := r.do(req)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != http.StatusNoContent || resp.Header.Get(server.Challenge) != want || len(body) > 0 {
				t.Errorf("%s: %d %q", url, resp.StatusCode, resp.Header.Get(server.Challenge))
			}
		}
	}
	// Nothing else is there without encryption.
	for _, path := range []string{"/", "/healthz", "/v1/whoami"} {
		if resp, err := http.Get(plain.URL + path); err != nil || resp.Body.Close() != nil || resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %v %v", path, resp, err)
		}
	}
}

// Echoes come back byte for byte up to 16 kB, and 240 a minute.
func TestEcho(t *testing.T) {
	var ahead atomic.Int64
	r := start(t, func(c *server.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	echo := func(n int) *http.Request {
		req := r.request(http.MethodPost, "/v1/echo", bytes.Repeat([]byte("counterf"), n/8+1)[:n])
		req.Header.Del("Authorization")
		return req
	}
	for _, n := range []int{0, 1, 3000, 12000, server.MaxEcho} {
		resp, body, err := r.do(echo(n))
		if err != nil || resp.StatusCode != http.StatusOK || !bytes.Equal(body, bytes.Repeat([]byte("counterf"), n/8+1)[:n]) {
			t.Errorf("%d bytes: %d bytes, %v %v", n, len(body), resp, err)
		}
	}
	r.problem(echo(server.MaxEcho+1), http.StatusRequestEntityTooLarge, "too_large")
	for range 240 - 6 {
		if resp, _, err := r.do(echo(1)); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
	}
	resp, _ := r.problem(echo(1), http.StatusTooManyRequests, "rate_limited")
	if resp.Header.Get("Retry-After") == "" {
		t.Error("it is not said when to come again")
	}
	ahead.Store(int64(time.Minute))
	if resp, _, err := r.do(echo(1)); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("a minute later: %v %v", resp, err)
	}
}
