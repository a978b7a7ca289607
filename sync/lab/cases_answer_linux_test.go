package lab

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// health changes the server's own health answer.
func health(text string, change func(h map[string]any)) act {
	return answers("healthz: "+text, func(w *world) http.Handler {
		return w.pass(func(r *http.Response) error {
			if r.Request.URL.Path != "/healthz" {
				return nil
			}
			return changed(r, func(b []byte) []byte {
				h := map[string]any{}
				if json.Unmarshal(b, &h) != nil {
					return b
				}
				change(h)
				out, err := json.Marshal(h)
				if err != nil {
					return b
				}
				return out
			})
		})
	})
}

// deps sets what the server says of what it depends on.
func deps(name, state string) act {
	return health("deps."+name+"="+state, func(h map[string]any) {
		d, _ := h["deps"].(map[string]any)
		if d == nil {
			d = map[string]any{}
		}
		d[name] = state
		h["deps"] = d
	})
}

// everywhere answers all, signed the paths behind the sign-in.
func everywhere(r reply) act {
	return answers(fmt.Sprintf("%d %.60s", r.status, r.body), func(*world) http.Handler { return r })
}

func signed(r reply) act {
	return answers(fmt.Sprintf("behind the sign-in %d %.60s", r.status, r.body), func(w *world) http.Handler {
		return at(r, w.pass(nil), "/v1/whoami", "/v1/pull", "/v1/push", "/v1/events")
	})
}

// slowly lets the server think.
func slowly(d time.Duration, paths ...string) act {
	return answers("answers after "+d.String(), func(w *world) http.Handler {
		p := w.pass(nil)
		return at(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			time.Sleep(d) // a slow server is what is played
			p.ServeHTTP(rw, r)
		}), p, paths...)
	})
}

func answerCases() (out []trial) {
	add := func(id, name string, do act, seen check, want ...string) {
		if want == nil {
			want = []string{id}
		}
		out = append(out, trial{name: id + " " + name, do: []act{do}, seen: []check{seen}, want: want})
	}
	ask := func(says string) check { return curl(0, says, serverURL+"/healthz") }
	who := func(says string) check { return curl(0, says, serverURL+"/v1/whoami") }
	nginx := func(status int, title string) reply { return page(status, title, "Server", "nginx/1.24.0") }

	bearer := []string{"WWW-Authenticate", `Bearer realm="counterfoil", error="invalid_token"`}
	add("H01", "token wrong", signed(ours(401, "token_invalid", bearer...)), who("401"))
	add("H01", "token expired", signed(ours(401, "token_expired", bearer...)), who("401"), "H01", "A01")
	add("H01", "401 without a problem document", signed(reply{status: 401, header: map[string]string{"X-Counterfoil-Product": "counterfoil"}}.with(bearer...)), who("401"))
	add("A02", "session revoked", signed(ours(401, "token_revoked", bearer...)), who("401"), "A02")
	add("A02", "session revoked, as the server says now", signed(ours(401, "session_revoked", bearer...)), who("401"), "A02")
	add("A03", "another computer than was registered", signed(ours(403, "device_changed")), who("device_changed"))
	add("A07", "tenant changed", signed(ours(403, "tenant_changed")), who("tenant_changed"))
	add("B08", "login centre down behind the sign-in", signed(ours(503, "auth_centre_down")), who("auth_centre_down"))
	add("B07", "507 behind the sign-in", signed(ours(507, "storage_full")), who("storage_full"))
	add("H02", "role missing", signed(ours(403, "role_missing")), who("role_missing"))
	add("B04", "bank down", deps("bank", "down"), ask(`"bank":"down"`))
	add("B02", "database locked", deps("db", "lock"), ask(`"db":"lock"`))
	add("B04", "tax platform down, told as an object", health("deps.tax as an object", func(h map[string]any) {
		h["deps"] = map[string]any{"db": "up", "tax": map[string]any{"status": "down", "since": "09:10"}}
	}), ask(`"status":"down"`))
	n := 0
	add("B05", "every second answer of a balancer is a bad node's", answers("node-2 behind the balancer answers 500", func(w *world) http.Handler {
		p := w.pass(func(r *http.Response) error { r.Header.Set("X-Counterfoil-Instance", "node-1"); return nil })
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if n++; n%2 == 0 {
				ours(500, "internal", "X-Counterfoil-Instance", "node-2").ServeHTTP(rw, r)
				return
			}
			p.ServeHTTP(rw, r)
		})
	}), serverOpen)
	add("H02", "forbidden", signed(ours(403, "forbidden")), who("403"))
	add("H03", "address not allowed, our code", everywhere(ours(403, "ip_denied")), ask("403"))
	add("H03", "firewall's page", everywhere(page(403, "Access denied - WAF", "Server", "cloud-waf")), ask("403"))
	add("H03", "nginx 403", everywhere(nginx(403, "403 Forbidden")), ask("403"))
	add("H03", "firewall's page behind the sign-in", signed(page(403, "Your IP is not allowed")), who("403"))
	add("H04", "404 of nginx", everywhere(nginx(404, "404 Not Found")), ask("404"))
	out = append(out, trial{name: "H04 path typed", do: []act{server(serverURL + "/invoices")}, seen: []check{curl(0, "404", serverURL+"/invoices/healthz")}, want: []string{"H04", "K12"}})
	add("H04", "405 of nginx", everywhere(nginx(405, "405 Not Allowed")), ask("405"))
	add("H05", "408", everywhere(ours(408, "too_slow")), ask("408"))
	add("H05", "408 of a gateway", everywhere(nginx(408, "408 Request Time-out")), ask("408"))
	add("H09", "421", everywhere(nginx(421, "421 Misdirected Request")), ask("421"))
	add("H10", "426", everywhere(ours(426, "upgrade_required")), ask("426"))
	add("H10", "426 behind the sign-in", signed(ours(426, "upgrade_required")), who("426"))
	add("H10", "server wants a later client", health("min_client 9.0.0", func(h map[string]any) { h["min_client"] = "9.0.0" }), ask("9.0.0"), "H10", "K14")
	add("H10", "protocol of the server is newer", health("protocol 7-9", func(h map[string]any) { h["protocol_min"], h["protocol_max"] = 7, 9 }), ask(`"protocol_min":7`))
	add("H11", "429, 30 s", everywhere(ours(429, "rate_limited", "Retry-After", "30")), ask("429"))
	add("H11", "429 until a date", everywhere(ours(429, "rate_limited", "Retry-After", time.Now().Add(2*time.Minute).UTC().Format(http.TimeFormat))), ask("429"))
	add("H11", "429 behind the sign-in", signed(ours(429, "rate_limited", "Retry-After", "30")), who("429"))
	add("H11", "429 of a gateway", everywhere(nginx(429, "429 Too Many Requests")), ask("429"))
	add("H12", "431", everywhere(nginx(431, "431 Request Header Fields Too Large")), ask("431"))
	add("H12", "answer's headers are huge", everywhere(ours(200, "x", "X-Large", strings.Repeat("x", 200_000))), curl(-1, "", serverURL+"/healthz"))
	out[len(out)-1].seen = []check{curl(0, "^HTTP/2 200", "-o", "/dev/null", "-w", "HTTP/2 %{http_code} %{size_header}", serverURL+"/healthz")}
	out[len(out)-1].seen = []check{serverOpen}
	add("H13", "451", everywhere(page(451, "Unavailable For Legal Reasons")), ask("451"))
	add("H14", "server is older", health("protocol 0-0", func(h map[string]any) { h["protocol_min"], h["protocol_max"] = 0, 0 }), ask(`"protocol_max":0`))
	add("H15", "another product", health("product warehouse", func(h map[string]any) { h["product"] = "warehouse" }), ask("warehouse"))
	add("H15", "another product in JSON", everywhere(reply{status: 200, header: map[string]string{"Content-Type": "application/json"}, body: `{"app":"grafana","version":"11.1"}`}), ask("grafana"), "H15")
	add("H15", "test server", health("environment test", func(h map[string]any) { h["environment"] = "test" }), ask(`"environment":"test"`))
	add("H16", "a page", everywhere(nginx(200, "Welcome to nginx!")), ask("200.*Welcome to nginx"), "H16")
	add("H16", "a sign-in page", everywhere(page(200, "Sign in - Intranet")), ask("200.*Sign in"))
	add("H16", "a page behind the sign-in", signed(page(200, "Sign in - Intranet")), who("200.*Sign in"))
	add("H16", "a page that calls itself JSON", everywhere(page(200, "Login", "Content-Type", "application/json")), ask("200.*<title>Login"))
	add("H17", "500", everywhere(ours(500, "internal")), ask("500"))
	add("H17", "500 behind the sign-in", signed(ours(500, "internal")), who("500"))
	add("H17", "500 of nginx", everywhere(nginx(500, "500 Internal Server Error")), ask("500"))
	add("H18", "502 of nginx", everywhere(nginx(502, "502 Bad Gateway")), ask("502"))
	add("H18", "502 behind the sign-in", signed(nginx(502, "502 Bad Gateway")), who("502"))
	add("H18", "502 without a body", everywhere(reply{status: 502}), ask("502"))
	add("H19", "503 overloaded", everywhere(ours(503, "overloaded", "Retry-After", "5")), ask("503"))
	add("H19", "503 of nginx", everywhere(nginx(503, "503 Service Temporarily Unavailable")), ask("503"))
	add("H19", "503 behind the sign-in", signed(ours(503, "overloaded")), who("503"))
	add("H20", "504 of nginx", everywhere(nginx(504, "504 Gateway Time-out")), ask("504"))
	until := time.Now().Add(30 * time.Minute).UTC().Format(time.RFC3339)
	add("H21", "maintenance announced", health("maintenance", func(h map[string]any) { h["maintenance"] = map[string]any{"until": until, "message": "planned"} }), ask("maintenance"))
	pause := ours(503, "maintenance", "Retry-After", "1800")
	pause.body = `{"code":"maintenance","title":"maintenance","maintenance":{"until":"` + until + `"}}`
	add("H21", "503 with maintenance", everywhere(pause), ask("503.*maintenance"))
	add("H21", "503 with maintenance behind the sign-in", signed(pause), who("503.*maintenance"))
	for _, n := range []int{520, 521, 522, 523, 525} {
		add("H22", fmt.Sprint(n, " of a CDN"), everywhere(page(n, "Web server is down", "Server", "cloudflare", "CF-Ray", "8a1f2c-HKG")), ask(fmt.Sprint(n)))
	}
	add("H22", "502 of a CDN", everywhere(page(502, "Bad gateway", "Server", "cloudflare", "CF-Ray", "8a1f2c-HKG")), ask("502"), "H22", "H18")
	loop := func(status int, to string) reply {
		return reply{status: status, header: map[string]string{"Location": to}}
	}
	add("H23", "redirects to itself", everywhere(loop(302, serverURL+"/healthz")), ask("302"))
	add("H23", "redirects to another host", everywhere(loop(301, "https://new.elsewhere.test/")), ask("301"))
	add("H23", "redirects to http", everywhere(loop(307, "http://"+serverName+"/healthz")), ask("307"))
	add("H23", "redirects nowhere", everywhere(reply{status: 302}), ask("302"))
	half := func(chunked bool) act {
		return answers("answers end in the middle", func(w *world) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Content-Type", "application/json")
				rw.Header().Set("X-Counterfoil-Product", "counterfoil")
				if !chunked {
					rw.Header().Set("Content-Length", "500")
				}
				_, _ = io.WriteString(rw, `{"product":"counterfoil","environment":"prod`)
				_ = http.NewResponseController(rw).Flush()
				panic(http.ErrAbortHandler)
			})
		})
	}
	add("H24", "cut short of its length", half(false), curl(-1, "", "--http1.1", serverURL+"/healthz"))
	add("H24", "chunks without an end", half(true), curl(-1, "", "--http1.1", serverURL+"/healthz"))
	zipped := func(spoil func([]byte) []byte) reply {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, `{"product":"counterfoil","environment":"production","version":"1","protocol_min":1,"protocol_max":1,"deps":{}}`)
		_ = z.Close()
		return reply{status: 200, header: map[string]string{"Content-Type": "application/json", "X-Counterfoil-Product": "counterfoil", "Content-Encoding": "gzip"}, body: string(spoil(b.Bytes()))}
	}
	add("H25", "gzip with a wrong checksum", everywhere(zipped(func(b []byte) []byte { b[len(b)-6] ^= 0xff; return b })), curl(-1, "", "--compressed", serverURL+"/healthz"))
	add("H25", "calls itself gzip and is none", everywhere(reply{status: 200, header: map[string]string{"Content-Type": "application/json", "X-Counterfoil-Product": "counterfoil", "Content-Encoding": "gzip"}, body: `{"product":"counterfoil"}`}), curl(-1, "", "--compressed", serverURL+"/healthz"))
	jsonOf := func(body string) reply {
		return reply{status: 200, header: map[string]string{"Content-Type": "application/json", "X-Counterfoil-Product": "counterfoil"}, body: body}
	}
	add("H26", "JSON that ends early", everywhere(jsonOf(`{"product":"counterfoil","version":`)), ask("200"))
	add("H26", "a list in place of an object", everywhere(jsonOf(`[1,2,3]`)), ask("200"))
	add("H26", "numbers are texts", everywhere(jsonOf(`{"product":"counterfoil","protocol_min":"one","protocol_max":"two"}`)), ask("200"))
	afterTLS := func(text string, f func(net.Conn)) act {
		return act{text, func(w *world) error { return w.secureRaw(f) }}
	}
	request := func(c net.Conn) { _, _ = c.Read(make([]byte, 8192)) }
	add("H27", "hangs up without an answer", afterTLS("TLS, then nothing", func(c net.Conn) { request(c); _ = c.Close() }), curl(52, "", serverURL+"/healthz"))
	add("H27", "resets the connection without an answer", afterTLS("TLS, then a reset", func(c net.Conn) {
		request(c)
		if t, ok := c.(*tls.Conn); ok {
			_ = t.NetConn().(*net.TCPConn).SetLinger(0)
			_ = t.NetConn().Close()
		}
	}), curl(-1, "", serverURL+"/healthz"), "H27", "T09")
	add("H29", "garbage for an answer", afterTLS("TLS, then garbage", func(c net.Conn) { request(c); _, _ = io.WriteString(c, "\x00\x01garbage\r\n\r\n"); _ = c.Close() }), curl(-1, "", serverURL+"/healthz"))
	add("H29", "SMTP within TLS", afterTLS("TLS, then SMTP", func(c net.Conn) { _, _ = io.WriteString(c, "220 mail.test ESMTP\r\n"); request(c); _ = c.Close() }), curl(-1, "", serverURL+"/healthz"))
	stall := func(header bool) act {
		return answers(fmt.Sprint("stalls, headers sent: ", header), func(w *world) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if header {
					rw.Header().Set("Content-Type", "application/json")
					rw.Header().Set("X-Counterfoil-Product", "counterfoil")
					rw.Header().Set("Content-Length", "500")
					_, _ = io.WriteString(rw, `{"product"`)
					_ = http.NewResponseController(rw).Flush()
				}
				<-r.Context().Done()
			})
		})
	}
	add("H31", "no answer begins", stall(false), curl(28, "", serverURL+"/healthz"))
	add("H32", "the body stops", stall(true), curl(28, "", serverURL+"/healthz"))
	for i := range out[len(out)-2:] {
		out[len(out)-2+i].slow = true
	}

	taking := func(d time.Duration) check {
		return check{"curl takes " + d.String(), func(w *world) error {
			t := time.Now()
			if err := curl(0, "", serverURL+"/healthz").ok(w); err != nil {
				return err
			}
			if took := time.Since(t); took < d {
				return fmt.Errorf("%v", took)
			}
			return nil
		}}
	}
	add("P01", "server thinks 1.2 s", slowly(1200*time.Millisecond, "/"), taking(1200*time.Millisecond))
	add("P01", "server thinks 2 s", slowly(2*time.Second, "/"), taking(2*time.Second))
	add("P01", "only what is behind the sign-in takes 1.2 s", slowly(1200*time.Millisecond, "/v1/whoami", "/v1/pull", "/v1/push"), curl(0, "", serverURL+"/v1/whoami"))
	sent := func(r reply) act {
		return answers(fmt.Sprintf("what is sent: %d", r.status), func(w *world) http.Handler { return at(r, w.pass(nil), "/v1/push", "/v1/echo") })
	}
	post := func(says string) check { return curl(0, says, "-X", "POST", "-d", "{}", serverURL+"/v1/push") }
	add("H07", "413 of a gateway for what is sent", sent(nginx(413, "413 Request Entity Too Large")), post("413"))
	add("H18", "502 for what is sent", sent(nginx(502, "502 Bad Gateway")), post("502"))
	far := roundTrip(serverIP, 280*time.Millisecond, 900*time.Millisecond)
	add("P02", "line of 400 ms", slowLine("400 ms", line{delay: 200 * time.Millisecond}), far)
	add("P02", "line of 300 ms", slowLine("300 ms", line{delay: 150 * time.Millisecond}), far)
	lossy := func(p float64) act {
		return slowLine(fmt.Sprintf("%.0f %% lost", 100*p), line{loss: p, delay: 15 * time.Millisecond})
	}
	lost := check{"pings are lost", func(w *world) error {
		n := 0
		for range 20 {
			if _, err := echo(serverIP, 56); err != nil {
				n++
			}
			if n > 0 {
				return nil
			}
		}
		return fmt.Errorf("none of 20")
	}}
	add("P03", "15 % lost both ways", lossy(0.15), lost)
	add("P03", "25 % lost both ways", lossy(0.25), lost)
	add("P03", "round trips between 20 and 320 ms", slowLine("jitter", line{delay: 10 * time.Millisecond, jitter: 150 * time.Millisecond}), ping(serverIP, true))
	add("P04", "line of 64 kbit", slowLine("8 kB a second", line{rate: 8000, delay: 20 * time.Millisecond}), ping(serverIP, true), "P04", "OK")
	add("P04", "line of 32 kbit", slowLine("4 kB a second", line{rate: 4000, delay: 20 * time.Millisecond}), ping(serverIP, true), "P04", "P02")

	add("B01", "database down", deps("db", "down"), ask(`"db":"down"`))
	add("B02", "database slow", deps("db", "slow"), ask(`"db":"slow"`))
	add("B02", "deadlock behind the sign-in", signed(ours(500, "deadlock", "Retry-After", "1")), who("deadlock"), "B02")
	add("B03", "cache down", deps("cache", "down"), ask(`"cache":"down"`))
	add("B04", "tax platform down", deps("tax", "down"), ask(`"tax":"down"`))
	add("B04", "bank gateway down", deps("pay", "down"), ask(`"pay":"down"`))
	add("B06", "queue is long", deps("queue", "slow"), ask(`"queue":"slow"`))
	add("B07", "507", everywhere(ours(507, "disk_full")), ask("507"))
	add("B07", "disk full by its own words", deps("disk", "full"), ask(`"disk":"full"`))
	add("B08", "login centre down", deps("login", "down"), ask(`"login":"down"`))
	add("B01", "database down behind the sign-in", signed(ours(503, "database_down", "Retry-After", "5")), who("database_down"))
	add("A03", "device taken off", signed(ours(403, "device_revoked")), who("device_revoked"))
	add("A05", "account locked", signed(ours(403, "account_locked")), who("account_locked"))
	add("A05", "password expired", signed(ours(403, "password_expired")), who("password_expired"))
	add("A07", "branch changed", signed(ours(403, "branch_changed")), who("branch_changed"))
	add("A06", "token not valid yet", signed(ours(401, "token_not_yet_valid", bearer...)), who("token_not_yet_valid"))
	add("A04", "wrong one-time code", signed(ours(401, "otp_invalid", bearer...)), who("otp_invalid"), "A04", "H01")
	for _, r := range []struct {
		id string
		do act
		by check
	}{{"H17", everywhere(ours(500, "internal")), ask("500")}, {"H18", everywhere(nginx(502, "502 Bad Gateway")), ask("502")}, {"H16", everywhere(nginx(200, "Welcome to nginx!")), ask("Welcome")}, {"H01", signed(ours(401, "token_invalid", bearer...)), who("401")}, {"H21", everywhere(pause), ask("maintenance")}} {
		out = append(out, trial{name: r.id + ", never worked", base: "fresh", do: []act{r.do}, seen: []check{r.by}, want: []string{r.id}})
	}
	return out
}

// secureRaw shakes hands as the server and leaves the rest to f; HTTP/1.1 alone.
func (w *world) secureRaw(f func(net.Conn)) error {
	return w.stand(site, "", "443", front{raw: func(c net.Conn) {
		t := w.serverSide(c)
		if t.Handshake() != nil {
			_ = c.Close()
			return
		}
		_ = t.SetDeadline(time.Now().Add(10 * time.Second))
		f(t)
	}})
}
