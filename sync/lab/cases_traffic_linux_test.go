package lab

import (
	"fmt"
	"io"
	"net"
	"net/http"
)

// justAt answers one of the two paths that invoices take; all others reach the server.
func justAt(path string, h http.Handler, text string) act {
	return answers(path+" alone: "+text, func(w *world) http.Handler { return at(h, w.pass(nil), path) })
}

// trafficCases break what invoices go over and nothing else: the server is well by its own
// words, and the sign-in works.
func trafficCases() (out []trial) {
	nginx := func(status int, title string) reply { return page(status, title, "Server", "nginx/1.24.0") }
	posted := func(says string) check { return curl(0, says, "-X", "POST", "-d", "{}", serverURL+"/v1/push") }
	read := func(says string) check { return curl(0, says, serverURL+"/v1/pull") }
	broken := func(path string) check {
		return curl(-1, "", "-X", map[string]string{"/v1/push": "POST", "/v1/pull": "GET"}[path], serverURL+path)
	}
	for path, seen := range map[string]func(string) check{"/v1/push": posted, "/v1/pull": read} {
		add := func(id, name string, h http.Handler, c check, more ...string) *trial {
			out = append(out, trial{name: id + " " + name + " for " + path + " alone", do: []act{justAt(path, h, name)}, seen: []check{c}, want: append([]string{id}, more...)})
			return &out[len(out)-1]
		}
		for _, r := range []struct {
			id     string
			status int
			title  string
		}{{"H07", 413, "413 Request Entity Too Large"}, {"H17", 500, "500 Internal Server Error"}, {"H18", 502, "502 Bad Gateway"}, {"H19", 503, "503 Service Temporarily Unavailable"},
			{"H20", 504, "504 Gateway Time-out"}, {"H03", 403, "403 Forbidden"}, {"H04", 404, "404 Not Found"}, {"H11", 429, "429 Too Many Requests"}, {"H16", 200, "Sign in - Intranet"}} {
			add(r.id, fmt.Sprint(r.status, " of a gateway"), nginx(r.status, r.title), seen(fmt.Sprint(r.status)))
		}
		add("H01", "401", ours(401, "token_invalid"), seen("401"))
		add("H02", "403 of ours", ours(403, "role_missing"), seen("role_missing"))
		add("B01", "database down", ours(503, "database_down", "Retry-After", "5"), seen("database_down"))
		add("B07", "disk full", ours(507, "storage_full", "Retry-After", "5"), seen("storage_full"))
		add("H08", "400", ours(400, "malformed"), seen("malformed"))
		add("H26", "an answer of another shape", reply{status: 200, header: map[string]string{"Content-Type": "application/json", "X-Counterfoil-Product": "counterfoil"}, body: `{"ok":true}`}, seen("ok"))
		add("H31", "no answer begins", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }), broken(path)).slow = true
		add("H30", "streams are reset", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), broken(path), "H27")
		add("T09", "connections are reset", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if c, ok := r.Context().Value(naked).(net.Conn); ok {
				_ = c.(*net.TCPConn).SetLinger(0)
				_ = c.Close()
			}
		}), broken(path), "H27", "H30")
	}
	return out
}
