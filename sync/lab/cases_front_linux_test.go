package lab

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	frontPort    = "9443"           // where nginx or haproxy listens
	upstreamPort = "127.0.0.1:9550" // where a server of the case's own stands behind it
)

// nginx puts a real nginx before the server; http stands beside the server block, inside
// it %s are its locations. {up} is the real server, {own} another one of the case.
func nginx(http, server string) act {
	return act{"nginx: " + http + " " + server, func(w *world) error {
		dir := filepath.Join(w.dir, "nginx")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		listen := "listen " + frontPort + " ssl http2;"
		if strings.Contains(server, "#http1") {
			listen = "listen " + frontPort + " ssl;"
		}
		temp := ""
		for _, t := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			temp += t + "_temp_path " + dir + "/" + t + ";\n"
		}
		conf := "user root; daemon off; master_process off; pid " + dir + "/pid; error_log " + dir + "/log;\nevents {}\nhttp { access_log off;\n" + temp + http +
			"\nserver { " + listen + " server_name " + serverName + "; ssl_certificate " + w.ca.path("server.pem") + "; ssl_certificate_key " + w.ca.path("server.key") + ";\n" + server + "\n} }\n"
		conf = strings.NewReplacer("{up}", "proxy_pass https://127.0.0.1:8443;", "{own}", "proxy_pass http://"+upstreamPort+";", "{dir}", dir).Replace(conf)
		file := filepath.Join(dir, "conf")
		if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
			return err
		}
		return w.program443("nginx", "-c", file, "-e", filepath.Join(dir, "log"))
	}}
}

// haproxy puts a real haproxy before the server: front are lines of its frontend, back of
// its backend.
func haproxy(front, back string) act {
	return act{"haproxy: " + front + " " + back, func(w *world) error {
		both := filepath.Join(w.dir, "haproxy.pem")
		var pem []byte
		for _, f := range []string{"server.pem", "server.key"} {
			b, err := os.ReadFile(w.ca.path(f))
			if err != nil {
				return err
			}
			pem = append(pem, b...)
		}
		if err := os.WriteFile(both, pem, 0o600); err != nil {
			return err
		}
		file := filepath.Join(w.dir, "haproxy.cfg")
		conf := "defaults\n mode http\n timeout connect 2s\n timeout client 30s\n timeout server 30s\nfrontend f\n bind :" + frontPort + " ssl crt " + both + " alpn h2,http/1.1\n" + front + "\n default_backend b\nbackend b\n" + back + "\n"
		conf = strings.NewReplacer("{up}", "server s 127.0.0.1:8443 ssl verify none", "{own}", "server s "+upstreamPort).Replace(conf)
		if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
			return err
		}
		return w.program443("haproxy", "-db", "-f", file)
	}}
}

// program443 starts a program at the site that listens on frontPort, and leads port 443 there.
func (w *world) program443(name string, args ...string) error {
	c := exec.Command("nsenter", append([]string{"--net=/run/netns/" + site, name}, args...)...)
	if err := c.Start(); err != nil {
		return err
	}
	w.later(func() { _ = c.Process.Kill(); _, _ = c.Process.Wait(); _ = w.sh(site, "sleep 0.05") })
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if w.sh(site, "ss -Hltn 'sport = :"+frontPort+"' | grep -q .") == nil {
			break
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s does not listen", name)
		}
	}
	return w.sh(site, "nft insert rule inet lab pre tcp dport 443 redirect to :"+frontPort)
}

// behind is a server of the case's own behind the front.
func behind(text string, h http.Handler, raw func(net.Conn)) act {
	return act{"behind it: " + text, func(w *world) error {
		ln, err := w.listen(site, "tcp", upstreamPort)
		if err != nil {
			return err
		}
		w.later(func() { _ = ln.Close() })
		if raw == nil {
			go func() { _ = (&http.Server{Handler: h, ErrorLog: silentLog}).Serve(ln) }()
			return nil
		}
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				go raw(c)
			}
		}()
		return nil
	}}
}

// has reports whether a program is there, and says so once where it is not.
func has(name string) bool {
	_, err := exec.LookPath(name)
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab: cases of", name, "are skipped:", err)
	}
	return err == nil
}

// frontCases stand real servers of others before ours.
func frontCases() (out []trial) {
	if has("nginx") {
		out = append(out, nginxCases()...)
	}
	if has("haproxy") {
		out = append(out, haproxyCases()...)
	}
	return append(out, wordCases()...)
}

func nginxCases() (out []trial) {
	add := func(id, name string, do act, c check, more ...string) {
		out = append(out, trial{name: id + " nginx: " + name, do: []act{do}, seen: []check{c}, want: append([]string{id}, more...)})
	}
	well := func(name string, do act) {
		out = append(out, trial{name: "OK nginx: " + name, kind: healthy, do: []act{do}, seen: []check{serverOpen}, want: []string{"OK"}})
	}
	const all = "location / { {up} proxy_set_header Host $host; }"
	ask := func(says, path string, more ...string) check { return curl(0, says, append(more, serverURL+path)...) }
	post := func(says string, n int) check {
		return curl(0, says, "-X", "POST", "-d", strings.Repeat("x", n), serverURL+"/v1/push")
	}
	well("passes on", nginx("", all))
	well("HTTP/1.1 alone", nginx("", "#http1\n"+all))
	well("compresses all", nginx("gzip on; gzip_types *; gzip_proxied any; gzip_min_length 1;", all))
	well("does not buffer", nginx("proxy_buffering off; proxy_request_buffering off;", all))
	well("HTTP/1.1 behind", nginx("proxy_http_version 1.1;", all))
	well("says that it is cached", nginx("add_header X-Cache MISS always; add_header Via '1.1 varnish' always;", all))
	well("one request a connection", nginx("keepalive_requests 1;", "#http1\n"+all))
	well("keeps no connection", nginx("keepalive_timeout 0;", "#http1\n"+all))
	well("keeps no connection, HTTP/2", nginx("keepalive_timeout 0; keepalive_requests 1;", all))
	well("20 requests a second", nginx("limit_req_zone $binary_remote_addr zone=z:1m rate=20r/s;", "limit_req zone=z burst=20;\n"+all))
	well("10 requests a second, 10 at once", nginx("limit_req_zone $binary_remote_addr zone=z:1m rate=10r/s;", "limit_req zone=z burst=10 nodelay;\n"+all))
	well("bodies of 16 kB", nginx("client_max_body_size 16k;", all))
	well("two connections at a time", nginx("limit_conn_zone $binary_remote_addr zone=c:1m;", "limit_conn c 4;\n"+all))

	add("H18", "nothing behind it", nginx("", "location / { {own} }"), ask("502", "/healthz"))
	add("H18", "nothing behind what is sent", nginx("", all+" location /v1/push { {own} }"), post("502", 2))
	out = append(out, trial{name: "H20 nginx: silence behind it", do: []act{behind("silence", nil, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), nginx("proxy_read_timeout 1s;", "location / { {own} }")}, seen: []check{ask("504", "/healthz")}, want: []string{"H20"}})
	out = append(out, trial{name: "H31 nginx: long silence behind it", slow: true, do: []act{behind("silence", nil, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), nginx("", "location / { {own} }")}, seen: []check{curl(28, "", serverURL+"/healthz")}, want: []string{"H31"}})
	out = append(out, trial{name: "H18 nginx: garbage behind it", do: []act{behind("garbage", nil, func(c net.Conn) { _, _ = io.WriteString(c, "\x00garbage\r\n\r\n"); _ = c.Close() }), nginx("", "location / { {own} }")}, seen: []check{curl(92, "", serverURL+"/healthz")}, want: []string{"H18", "H15", "H26", "H24", "H29"}})
	out = append(out, trial{name: "H18 nginx: resets behind it", do: []act{behind("resets", nil, resetAfter(1)), nginx("", "location / { {own} }")}, seen: []check{ask("502", "/healthz")}, want: []string{"H18"}})
	out = append(out, trial{name: "H24 nginx: cut behind it", do: []act{behind("half an answer", nil, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX-Counterfoil-Product: counterfoil\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"product\":")
		_ = c.Close()
	}), nginx("", "location / { {own} }")}, seen: []check{curl(-1, "", serverURL+"/healthz")}, want: []string{"H24"}})
	out = append(out, trial{name: "H32 nginx: stands still behind it", slow: true, do: []act{behind("half an answer", nil, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX-Counterfoil-Product: counterfoil\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"product\":")
		_, _ = io.Copy(io.Discard, c)
	}), nginx("proxy_buffering off;", "location / { {own} }")}, seen: []check{curl(28, "", serverURL+"/healthz")}, want: []string{"H32"}})
	zone := "limit_req_zone $server_name zone=z:1m rate=1r/m;"
	add("H19", "one request a minute", nginx(zone, "limit_req zone=z;\n"+all), ask("200|503", "/healthz"))
	add("H11", "one request a minute, 429", nginx(zone+" limit_req_status 429;", "limit_req zone=z;\n"+all), ask("200|429", "/healthz"))
	add("H11", "one push a minute, 429", nginx(zone+" limit_req_status 429;", all+" location /v1/push { limit_req zone=z; {up} }"), post("4..", 2))
	add("H07", "1 kB for what is sent", nginx("", all+" location /v1/push { client_max_body_size 1k; {up} }"), post("413", 2000))
	add("H07", "10 bytes for what is sent", nginx("", all+" location /v1/push { client_max_body_size 10; {up} }"), post("413", 2000))
	add("H07", "1 kB for all", nginx("client_max_body_size 1k;", all), post("413", 2000))
	add("H03", "deny all", nginx("", "deny all;\n"+all), ask("403", "/healthz"))
	add("H03", "deny what is sent", nginx("", all+" location /v1/push { deny all; }"), post("403", 2))
	add("H03", "GET and HEAD alone", nginx("", "location / { limit_except GET { deny all; } {up} }"), post("403", 2))
	add("H16", "auth_basic", nginx("", "auth_basic office; auth_basic_user_file /dev/null;\n"+all), ask("401", "/healthz"), "H01")
	add("H16", "auth_basic behind the sign-in", nginx("", all+" location /v1/ { auth_basic office; auth_basic_user_file /dev/null; {up} }"), ask("401", "/v1/whoami"), "H01")
	add("H16", "auth_request", nginx("", "location = /ask { internal; return 401; } "+all+" location /v1/ { auth_request /ask; {up} }"), ask("401", "/v1/whoami"), "H01")
	add("H03", "auth_request 403", nginx("", "location = /ask { internal; return 403; } "+all+" location /v1/ { auth_request /ask; {up} }"), ask("403", "/v1/whoami"))
	add("H17", "auth_request fails", nginx("", "location = /ask { internal; proxy_pass http://127.0.0.1:9/; } "+all+" location /v1/ { auth_request /ask; {up} }"), ask("500", "/v1/whoami"), "B08")
	add("H09", "421", nginx("", "location / { return 421; }"), ask("421", "/healthz"))
	add("H23", "moved", nginx("", "return 301 https://new.elsewhere.test$request_uri;"), ask("301", "/healthz"))
	add("H23", "to a sign-in page", nginx("", "location / { return 302 /login; } location /login { return 200 login; }"), ask("302", "/healthz"))
	add("H23", "what is read to a sign-in page", nginx("", all+" location /v1/pull { return 302 /login; }"), ask("302", "/v1/pull"))
	add("H23", "to plain HTTP", nginx("", "return 308 http://$host$request_uri;"), ask("308", "/healthz"))
	add("H04", "its default page", nginx("", "root {dir};"), ask("404", "/healthz"))
	add("H04", "405 for what is sent", nginx("", all+" location /v1/push { root {dir}; error_page 404 =405 @no; } location @no { return 405; }"), post("40[45]", 2))
	add("H05", "408", nginx("", "location / { return 408; }"), curl(-1, "", serverURL+"/healthz"), "H27")
	add("H03", "a filter that knows programs by their names", nginx("", `location / { if ($http_user_agent ~* "counterfoil") { return 403; } {up} }`), ask("200", "/healthz"))
	add("H15", "the product's name is taken away", nginx("", "location / { {up} proxy_hide_header X-Counterfoil-Product; }"), ask("200", "/healthz"), "H26")
	add("H15", "the product's name is taken from what is read", nginx("", all+" location /v1/pull { {up} proxy_hide_header X-Counterfoil-Product; }"), ask("401", "/v1/pull"), "H26")
	add("H13", "451", nginx("", "location / { return 451; }"), ask("451", "/healthz"))
	add("H10", "426", nginx("", "location / { return 426; }"), ask("426", "/healthz"))
	add("H22", "521", nginx("add_header CF-Ray 8a1-HKG always;", "location / { return 521; }"), ask("521", "/healthz"))
	add("H27", "444", nginx("", "location / { return 444; }"), curl(-1, "", serverURL+"/healthz"), "H30")
	add("H27", "444, HTTP/1.1", nginx("", "#http1\nlocation / { return 444; }"), curl(-1, "", serverURL+"/healthz"))
	add("H27", "444 for what is sent", nginx("", all+" location /v1/push { return 444; }"), curl(-1, "", "-X", "POST", "-d", "{}", serverURL+"/v1/push"), "H30")
	add("H21", "503 and a page of maintenance", nginx("", `location / { default_type text/html; return 503 "<html><head><meta charset=utf-8><title>系统维护中</title></head><body>系统维护，请稍后再试</body></html>"; }`), ask("503", "/healthz"), "H19")
	add("H17", "500", nginx("", "location / { return 500; }"), ask("500", "/healthz"))
	add("H19", "503 for what is read", nginx("", all+" location /v1/pull { return 503; }"), ask("503", "/v1/pull"))
	add("H24", "100 bytes a second for what is read", nginx("", all+" location /v1/pull { limit_rate 20; {up} }"), curl(28, "", serverURL+"/v1/pull"), "P04", "H31", "H32", "P01")
	add("H15", "empty answers", nginx("", "location / { return 204; }"), ask("204", "/healthz"), "H16", "H26")
	return out
}

func haproxyCases() (out []trial) {
	add := func(id, name string, do act, c check, more ...string) {
		out = append(out, trial{name: id + " haproxy: " + name, do: []act{do}, seen: []check{c}, want: append([]string{id}, more...)})
	}
	ask := func(says, path string) check { return curl(0, says, serverURL+path) }
	out = append(out, trial{name: "OK haproxy: passes on", kind: healthy, do: []act{haproxy("", "{up}")}, seen: []check{serverOpen}, want: []string{"OK"}})
	out = append(out, trial{name: "OK haproxy: closes after each", kind: healthy, do: []act{haproxy(" option httpclose", "{up}")}, seen: []check{serverOpen}, want: []string{"OK"}})
	add("H19", "nothing behind it", haproxy("", "{own}"), ask("503", "/healthz"), "H18")
	add("H19", "no server", haproxy("", " server s 127.0.0.1:9 disabled"), ask("503", "/healthz"), "H18")
	out = append(out, trial{name: "H20 haproxy: silence behind it", do: []act{behind("silence", nil, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), haproxy("", " timeout server 1s\n{own}")}, seen: []check{ask("504", "/healthz")}, want: []string{"H20"}})
	out = append(out, trial{name: "H18 haproxy: garbage behind it", do: []act{behind("garbage", nil, func(c net.Conn) { _, _ = io.WriteString(c, "garbage\r\n\r\n"); _ = c.Close() }), haproxy("", "{own}")}, seen: []check{ask("502", "/healthz")}, want: []string{"H18"}})
	add("H03", "denies", haproxy(" http-request deny", "{up}"), ask("403", "/healthz"))
	add("H03", "denies what is sent", haproxy(" http-request deny if { path /v1/push }", "{up}"), serverOpen)
	add("H11", "429", haproxy(" http-request deny deny_status 429", "{up}"), ask("429", "/healthz"))
	add("H27", "rejects", haproxy(" http-request reject", "{up}"), curl(-1, "", serverURL+"/healthz"), "H30")
	add("H31", "drops silently", haproxy(" http-request silent-drop", "{up}"), curl(28, "", serverURL+"/healthz"), "H27")
	out[len(out)-1].slow = true
	add("H31", "tarpit", haproxy(" timeout tarpit 20s\n http-request tarpit", "{up}"), curl(28, "", serverURL+"/healthz"))
	out[len(out)-1].slow = true
	add("H31", "tarpit for what is sent", haproxy(" timeout tarpit 20s\n http-request tarpit if { path /v1/push }", "{up}"), curl(28, "", "-X", "POST", "-d", "{}", serverURL+"/v1/push"))
	out[len(out)-1].slow = true
	return out
}

// wordCases are answers in the words of other products, and odd ones in ours.
func wordCases() (out []trial) {
	add := func(id, name string, r reply, more ...string) {
		out = append(out, trial{name: id + " words: " + name, do: []act{everywhere(r)}, seen: []check{curl(0, fmt.Sprint(r.status), serverURL+"/healthz")}, want: append([]string{id}, more...)})
	}
	behindSignIn := func(id, name string, r reply, more ...string) {
		out = append(out, trial{name: id + " words behind the sign-in: " + name, do: []act{signed(r)}, seen: []check{curl(0, fmt.Sprint(r.status), serverURL+"/v1/whoami")}, want: append([]string{id}, more...)})
	}
	is := func(status int, kind, body string, more ...string) reply {
		return reply{status: status, header: map[string]string{"Content-Type": kind}, body: body}.with(more...)
	}
	const json = "application/json"
	add("H17", "Spring's 500", is(500, json, `{"timestamp":"2026-12-01T03:20:11.123+00:00","status":500,"error":"Internal Server Error","path":"/healthz"}`))
	add("H18", "Kong's 502", is(502, json, `{"message":"An invalid response was received from the upstream server"}`, "Server", "kong/3.4"))
	add("H19", "Kong's 503", is(503, json, `{"message":"failure to get a peer from the ring-balancer"}`), "H18")
	add("H04", "Kong's 404", is(404, json, `{"message":"no Route matched with those values"}`))
	add("H11", "Kong's 429", is(429, json, `{"message":"API rate limit exceeded"}`, "RateLimit-Reset", "12"))
	add("H20", "Envoy's 504", is(504, "text/plain", "upstream request timeout", "Server", "envoy"))
	add("H19", "Envoy's 503", is(503, "text/plain", "upstream connect error or disconnect/reset before headers. reset reason: connection failure", "Server", "envoy"), "H18")
	add("H03", "API gateway's 403", is(403, json, `{"message":"Forbidden"}`))
	add("H17", "a page in GBK", is(500, "text/html; charset=gbk", "<html><title>\xcf\xb5\xcd\xb3\xb7\xb1\xc3\xa6</title></html>"))
	add("H18", "a page in Chinese", is(502, "text/html; charset=utf-8", "<html><title>网关错误</title><body>服务暂时不可用</body></html>"))
	add("H03", "a block page in Chinese", is(403, "text/html; charset=utf-8", "<html><title>访问被拒绝</title><body>您的IP 10.77.0.2 不在白名单</body></html>"))
	add("H15", "code and msg", is(200, json, `{"code":0,"msg":"ok","data":null}`), "H26")
	add("H26", "a mark before the JSON", is(200, json, "\xef\xbb\xbf"+`{"product":"counterfoil","protocol_min":1,"protocol_max":1}`, "X-Counterfoil-Product", "counterfoil"))
	add("H26", "UTF-16", is(200, "application/json; charset=utf-16", "\xff\xfe{\x00}\x00", "X-Counterfoil-Product", "counterfoil"))
	add("H26", "a key twice", is(200, json, `{"product":"counterfoil","product":"x","protocol_min":1,"protocol_max":1}`, "X-Counterfoil-Product", "counterfoil"), "OK")
	add("H26", "nothing at all", is(200, json, "", "X-Counterfoil-Product", "counterfoil"))
	add("H26", "null", is(200, json, "null", "X-Counterfoil-Product", "counterfoil"), "H15")
	add("H11", "wait until nonsense", ours(429, "rate_limited", "Retry-After", "soon"))
	add("H19", "wait for ever", ours(503, "overloaded", "Retry-After", "99999999999999999999"))
	add("H19", "wait less than nothing", ours(503, "overloaded", "Retry-After", "-5"))
	add("H21", "maintenance mode", ours(503, "maintenance_mode"))
	add("H17", "501", is(501, "text/html", "<html><title>Not Implemented</title></html>"))
	add("H17", "505", is(505, "text/plain", ""))
	add("H08", "418", is(418, json, `{}`, "X-Counterfoil-Product", "counterfoil"))
	add("H16", "410 of a page", is(410, "text/html", "<html><title>Gone</title></html>"), "H04")
	behindSignIn("H01", "401 and nothing more", reply{status: 401, header: map[string]string{"X-Counterfoil-Product": "counterfoil"}})
	behindSignIn("H01", "another's 401", is(401, json, `{"error":"unauthorized"}`), "H15")
	behindSignIn("H01", "jwt_expired", ours(401, "jwt_expired"), "A01")
	behindSignIn("H01", "session_expired", ours(401, "session_expired"), "A02")
	behindSignIn("A02", "invalid_grant", ours(401, "invalid_grant"))
	behindSignIn("A02", "invalid_grant as OAuth says it", is(400, json, `{"error":"invalid_grant","error_description":"Token has been revoked"}`, "X-Counterfoil-Product", "counterfoil"))
	behindSignIn("A05", "user_disabled", ours(403, "user_disabled"), "H02")
	behindSignIn("A03", "device_not_registered", ours(403, "device_not_registered"), "H02")
	behindSignIn("H03", "ip_not_allowed", ours(403, "ip_not_allowed"))
	behindSignIn("H03", "geo_blocked", ours(451, "geo_blocked"), "H13")
	behindSignIn("A06", "token_used_too_early", ours(401, "token_used_too_early"), "H01")
	behindSignIn("A07", "tenant_suspended", ours(403, "tenant_suspended"))
	behindSignIn("B02", "db_deadlock", ours(500, "db_deadlock"), "H17")
	behindSignIn("B01", "database_unreachable", ours(503, "database_unreachable"), "H19")
	behindSignIn("B08", "sso_down", ours(503, "sso_down"))
	behindSignIn("B04", "upstream_down", ours(502, "upstream_down"))
	n := 0
	out = append(out, trial{name: "H17 words: one of three answers", do: []act{answers("500 for two of three", func(w *world) http.Handler {
		p := w.pass(nil)
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if n++; n%3 != 0 {
				ours(500, "internal").ServeHTTP(rw, r)
				return
			}
			p.ServeHTTP(rw, r)
		})
	})}, seen: []check{serverOpen}, want: []string{"H17", "B05"}})
	out = append(out, trial{name: "H31 words: headers byte by byte", slow: true, do: []act{{"TLS, then a byte each 300 ms", func(w *world) error {
		return w.secureRaw(func(c net.Conn) {
			_, _ = c.Read(make([]byte, 8192))
			for _, b := range []byte("HTTP/1.1 200 OK\r\nX-Counterfoil-Product: counterfoil\r\nContent-Type: application/json\r\n\r\n") {
				if _, err := c.Write([]byte{b}); err != nil {
					break
				}
				time.Sleep(300 * time.Millisecond) // a slow server is what is played
			}
			_ = c.Close()
		})
	}}}, seen: []check{curl(28, "", serverURL+"/healthz")}, want: []string{"H31", "H32", "P01"}})
	out = append(out, trial{name: "OK words: early hints", kind: healthy, do: []act{answers("103 before each answer", func(w *world) http.Handler {
		p := w.pass(nil)
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Link", "</a>; rel=preload")
			rw.WriteHeader(http.StatusEarlyHints)
			p.ServeHTTP(rw, r)
		})
	})}, seen: []check{serverOpen}, want: []string{"OK"}})
	out = append(out, trial{name: "OK words: HTTP/1.0", kind: healthy, do: []act{{"each answer as HTTP/1.0, then closed", func(w *world) error { return w.secureRaw(w.oldAnswers()) }}}, seen: []check{serverOpen}, want: []string{"OK"}})
	return out
}

// oldAnswers answers one request as HTTP/1.0 does, from the real server.
func (w *world) oldAnswers() func(net.Conn) {
	p := w.pass(nil)
	return func(c net.Conn) {
		defer c.Close()
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		rec := httptest.NewRecorder()
		p.ServeHTTP(rec, r)
		rec.Header().Del("Content-Length")
		_, _ = fmt.Fprintf(c, "HTTP/1.0 %d %s\r\n", rec.Code, http.StatusText(rec.Code))
		_ = rec.Header().Write(c)
		_, _ = io.WriteString(c, "\r\n"+rec.Body.String())
	}
}
