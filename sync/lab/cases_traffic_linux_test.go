package lab

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
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
		half := func(stall bool) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				rw.Header().Set("Content-Type", "application/json")
				rw.Header().Set("X-Counterfoil-Product", "counterfoil")
				rw.Header().Set("Content-Length", "500")
				_, _ = io.WriteString(rw, `{"epoch":`)
				_ = http.NewResponseController(rw).Flush()
				if stall {
					<-r.Context().Done()
				}
				panic(http.ErrAbortHandler)
			})
		}
		is := func(body string, more ...string) reply {
			return reply{status: 200, header: map[string]string{"Content-Type": "application/json", "X-Counterfoil-Product": "counterfoil"}, body: body}.with(more...)
		}
		add("H24", "half an answer", half(false), broken(path))
		add("H32", "half an answer, then nothing", half(true), broken(path)).slow = true
		add("H25", "broken gzip", is(`{"epoch":"e"}`, "Content-Encoding", "gzip"), seen("200"))
		add("H26", "text in place of JSON", is(`{"epoch":"e","cursor":"e:0:all","changes":[],"answers":[]}`, "Content-Type", "text/plain"), seen("200"))
		add("H26", "JSON that ends early", is(`{"epoch":"e",`), seen("200"))
		add("H26", "nothing in place of JSON", is(""), seen("200"))
		add("H23", "sent to a sign-in page", reply{status: 302, header: map[string]string{"Location": serverURL + "/login"}}, seen("302"))
		add("H21", "maintenance", ours(503, "maintenance", "Retry-After", "600"), seen("503"))
		add("H11", "429 of ours", ours(429, "rate_limited", "Retry-After", "60"), seen("429"))
		add("H08", "415", ours(415, "malformed"), seen("415"))
		add("H05", "408", ours(408, "too_slow"), seen("408"))
		add("H22", "522 of a CDN", page(522, "Connection timed out", "Server", "cloudflare", "CF-Ray", "8a1f2c-HKG"), seen("522"))
		add("A03", "device revoked", ours(403, "device_revoked"), seen("403"))
		add("H09", "421", nginx(421, "421 Misdirected Request"), seen("421"))
		out = append(out, trial{name: "P01 thinks 1.3 s for " + path + " alone", do: []act{slowly(1300*time.Millisecond, path)}, seen: []check{serverOpen}, want: []string{"P01"}})
		add("H01", "401", ours(401, "token_invalid"), seen("401"))
		add("H02", "403 of ours", ours(403, "role_missing"), seen("role_missing"))
		add("B01", "database down", ours(503, "database_down", "Retry-After", "5"), seen("database_down"))
		add("B07", "disk full", ours(507, "storage_full", "Retry-After", "5"), seen("storage_full"))
		add("H08", "400", ours(400, "malformed"), seen("malformed"))
		add("H26", "an answer of another shape", is(`{"ok":true}`), seen("ok"))
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
