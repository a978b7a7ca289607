package server_test

import (
	"net/http"
	"testing"

	"counterfoil/sync/server"
)

// Requests are wanted while the database answers and the disk has room, until the end.
func TestReady(t *testing.T) {
	deps := map[string]string{}
	r := start(t, func(c *server.Config) { c.Vitals = func() server.Vitals { return server.Vitals{Deps: deps} } })
	for _, c := range []struct {
		deps map[string]string
		code string
	}{
		{map[string]string{"db": "ok", "disk": "ok"}, ""}, {map[string]string{"db": "down"}, "database_down"}, {map[string]string{"db": "ok", "disk": "full"}, "storage_full"},
		{map[string]string{"db": "lock"}, ""}, {map[string]string{"db": "ok", "tax": "down", "login": "down"}, ""},
	} {
		deps = c.deps
		if c.code != "" {
			r.problem(r.request(http.MethodGet, "/readyz", nil), http.StatusServiceUnavailable, c.code)
		} else if resp, _, err := r.do(r.request(http.MethodGet, "/readyz", nil)); err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%v: %v %v", c.deps, resp, err)
		}
	}
	r.srv.Close()
	r.problem(r.request(http.MethodGet, "/readyz", nil), http.StatusServiceUnavailable, "closing")
}
