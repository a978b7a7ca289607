package lab

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ocsp"
)

// alerts answers every hello with one alert of TLS.
func alerts(n byte) act {
	return bytesOf(fmt.Sprintf("alert %d for every hello", n), func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = c.Write([]byte{21, 3, 3, 0, 2, 2, n})
		_, _ = io.Copy(io.Discard, c) // the client hangs up
		_ = c.Close()
	})
}

// keyring chooses where the program keeps its secrets.
func keyring(which string) act {
	return act{"--keyring " + which, func(w *world) error { w.keyring = which; return nil }}
}

// background starts a program that runs until the case is over.
func (w *world) background(name string, args ...string) error {
	ctx, cancel := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, name, args...)
	out, err := c.StdoutPipe()
	if err != nil {
		cancel()
		return err
	}
	if err := c.Start(); err != nil {
		cancel()
		return err
	}
	w.later(func() { cancel(); _ = c.Wait() })
	_, err = out.Read(make([]byte, 16)) // it says that it is ready
	return err
}

// moreCases are of rows that need a world of their own.
func moreCases() (out []trial) {
	at443 := serverName + ":443"
	add := func(id, name string, do []act, seen []check, want ...string) *trial {
		out = append(out, trial{name: id + " " + name, do: do, seen: seen, want: append([]string{id}, want...)})
		return &out[len(out)-1]
	}
	add("S08", "no CA was ever loaded", []act{inFolder("rm -rf ./* ./.[!.]*"), server(serverURL)}, []check{holds("ls -A | wc -l", "^0"), serverOpen}, "K03")
	add("S12", "withdrawn, by the answer that the server staples", []act{handshake("stapled answer: revoked", func(w *world, c *tls.Config) {
		cert := w.ca.leaf(leafOf{})
		staple, err := ocsp.CreateResponse(w.ca.root.cert, w.ca.root.cert, ocsp.Response{Status: ocsp.Revoked, SerialNumber: cert.Leaf.SerialNumber, ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(day), RevokedAt: time.Now().Add(-day)}, w.ca.root.key)
		if err != nil {
			panic(err)
		}
		cert.OCSPStaple = staple
		c.Certificates = []tls.Certificate{cert}
	})}, []check{openssl("Cert Status: revoked", at443, "-status")})
	for _, a := range []struct {
		n    byte
		want []string
	}{
		{70, []string{"S15"}}, {40, []string{"S16", "S21"}}, {71, []string{"S16"}}, {112, []string{"S20"}}, {80, []string{"S20", "S16"}},
		{45, []string{"S22"}}, {48, []string{"S23"}}, {44, []string{"S23"}}, {46, []string{"S23"}}, {42, []string{"S23"}}, {116, []string{"S21"}},
		{120, []string{"S24"}}, {20, []string{"S29"}}, {50, []string{"S29"}}, {51, []string{"S29"}},
	} {
		add(a.want[0], fmt.Sprintf("alert %d", a.n), []act{alerts(a.n)}, []check{openssl("alert", at443)}, a.want[1:]...)
	}
	h2 := func(text string, h func(rw http.ResponseWriter, r *http.Request)) act {
		return answers(text, func(w *world) http.Handler {
			p := w.pass(nil)
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.ProtoMajor == 2 {
					h(rw, r)
					return
				}
				p.ServeHTTP(rw, r)
			})
		})
	}
	works := curl(0, "200", "--http1.1", serverURL+"/healthz")
	add("H30", "streams of HTTP/2 are reset", []act{h2("RST_STREAM for every stream", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })}, []check{works, curl(-1, "", "--http2", serverURL+"/healthz")})
	add("H30", "HTTP/2 is said goodbye at once", []act{{"GOAWAY after the preface", func(w *world) error {
		c := &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{})}, NextProtos: []string{"h2", "http/1.1"}}
		return w.stand(site, "", "443", front{raw: func(n net.Conn) {
			defer n.Close()
			t := tls.Server(n, c)
			if t.Handshake() != nil {
				return
			}
			if t.ConnectionState().NegotiatedProtocol != "h2" {
				buf := make([]byte, 4096)
				_, _ = t.Read(buf)
				_, _ = io.WriteString(t, "HTTP/1.1 200 OK\r\nX-Counterfoil-Product: counterfoil\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
				_ = t.CloseWrite()
				return
			}
			// SETTINGS, then GOAWAY with INTERNAL_ERROR.
			_, _ = t.Write([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2})
			_, _ = io.Copy(io.Discard, t)
		}})
	}}}, []check{works, curl(-1, "", "--http2", serverURL+"/healthz")})
	add("H08", "400", []act{everywhere(ours(400, "malformed"))}, []check{curl(0, "400", serverURL+"/healthz")})
	add("H08", "422", []act{everywhere(ours(422, "malformed"))}, []check{curl(0, "422", serverURL+"/healthz")})
	add("H06", "409", []act{signed(ours(409, "scope_changed"))}, []check{curl(0, "409", serverURL+"/v1/whoami")}, "OK")
	add("H07", "413", []act{everywhere(page(413, "413 Request Entity Too Large", "Server", "nginx"))}, []check{curl(0, "413", serverURL+"/healthz")})
	add("H22", "530 of a CDN", []act{everywhere(page(530, "Origin error", "Server", "cloudflare", "CF-Ray", "1"))}, []check{curl(0, "530", serverURL+"/healthz")})
	add("B05", "one of two nodes answers 500", []act{{"500 at " + nodeIP, func(w *world) error {
		return w.stand(site, nodeIP, "443", front{tls: &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{})}}, handler: ours(500, "internal")})
	}}}, []check{curl(0, "500", "--resolve", serverName+":443:"+nodeIP, serverURL+"/healthz"), curl(0, "200", "--resolve", serverName+":443:"+serverIP, serverURL+"/healthz")}, "T12").base = "nodes"
	add("K02", "no session bus", []act{keyring("os"), env("DBUS_SESSION_BUS_ADDRESS="), env("XDG_RUNTIME_DIR=/proc/none")}, []check{shell(client, "ls /proc/none 2>&1 || true", "No such file")})
	add("K07", "another program holds the database", []act{{"begin exclusive, held", func(w *world) error {
		return w.background("python3", "-uc", fmt.Sprintf(`import sqlite3, time; c = sqlite3.connect("%s", isolation_level=None); c.execute("PRAGMA locking_mode=EXCLUSIVE"); c.execute("BEGIN EXCLUSIVE"); print("ready"); time.sleep(60)`, filepath.Join(w.desk, "counterfoil.db")))
	}}}, []check{shell(client, "cat /proc/locks", "POSIX.*WRITE"), serverOpen}, "K13")
	add("K18", "one invoice is refused again and again", []act{{"the server answers every push with 422; three syncs", func(w *world) error {
		if err := w.stand(site, "", "443", front{tls: &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{})}}, handler: at(ours(422, "malformed"), w.pass(nil), "/v1/push")}); err != nil {
			return err
		}
		if err := w.sh(client, `printf '{"party":{"name":"Test"}}' > `+w.dir+"/doc.json"); err != nil {
			return err
		}
		out, errs, code := w.cfoil(w.desk, "draft", w.dir+"/doc.json", "--type", "customer")
		if code != 0 {
			return fmt.Errorf("draft: %s %s", out, errs)
		}
		for range 4 {
			_, _, _ = w.cfoil(w.desk, "sync", "--once")
		}
		return nil
	}}}, []check{curl(0, "422", "-X", "POST", "-d", "{}", serverURL+"/v1/push")})
	add("D02", "answers that are no messages", []act{knows(serverName, record{noise: true})}, []check{names(dnsIP, "udp", serverName, "noise"), serverOpen}, "D04", "D03").slow = true
	add("X06", "PAC file not found, direct shut", []act{nft(router, "forward", "ip daddr 10.88.0.0/24 drop"), pac(reply{status: 404})}, []check{serverSilent, curl(0, "404", "http://"+secondIP+"/proxy.pac")}).slow = true
	return out
}

var clientAuth = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}

// taxDownAnswer says in a health answer that the tax platform is away.
func taxDownAnswer(r *http.Response) error {
	if r.Request.URL.Path != "/healthz" {
		return nil
	}
	return changed(r, func(b []byte) []byte { return bytes.Replace(b, []byte(`"tax":"ok"`), []byte(`"tax":"down"`), 1) })
}

// morePairs are double faults of one layer.
func morePairs() (out []trial) {
	at443 := serverName + ":443"
	add := func(first, second string, seen check, do ...act) {
		out = append(out, trial{name: first + "+" + second + " together", kind: double, either: true, do: do, seen: []check{seen}, want: []string{first}, also: []string{second}})
	}
	add("S06", "S01", openssl("expired|unable to", at443), shows("of a stranger, expired", func(a *authorities) leafOf { return leafOf{by: a.stranger, to: -day} }))
	add("S06", "S04", openssl("mismatch|unable to", at443), shows("of a stranger, another host", func(a *authorities) leafOf {
		return leafOf{by: a.stranger, names: []string{"mail.test"}, ips: []string{"10.1.1.1"}}
	}))
	add("S10", "S01", openssl("expired|self.signed", at443), shows("signs itself, expired", func(*authorities) leafOf { return leafOf{self: true, to: -day} }))
	add("S14", "S01", openssl("expired|unsuitable", at443), shows("for clients, expired", func(*authorities) leafOf { return leafOf{to: -day, purpose: clientAuth} }))
	both := func(text string, values map[string]any, change func(h map[string]any)) act {
		return health(text, func(h map[string]any) {
			if values != nil {
				h["deps"] = values
			}
			if change != nil {
				change(h)
			}
		})
	}
	until := time.Now().Add(30 * time.Minute).UTC().Format(time.RFC3339)
	add("H21", "B04", direct("maintenance"), both("maintenance, tax down", map[string]any{"db": "ok", "tax": "down"}, func(h map[string]any) { h["maintenance"] = map[string]any{"until": until} }))
	add("H10", "B04", direct("9.0.0"), both("min_client 9, tax down", map[string]any{"db": "ok", "tax": "down"}, func(h map[string]any) { h["min_client"] = "9.0.0" }))
	out = append(out, trial{name: "B04+S27 together", kind: double, either: true, do: []act{{"5 days left, tax down", func(w *world) error {
		return w.stand(site, "", "443", front{tls: &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{to: 5 * day})}}, handler: w.pass(taxDownAnswer)})
	}}}, seen: []check{direct(`"tax":"down"`)}, want: []string{"B04"}, also: []string{"S27"}})
	out = append(out, trial{name: "D11+T01 together", kind: double, either: true, slow: true, do: []act{nft(isp, "forward", "udp dport 53 drop"), stopped}, seen: []check{names(dnsIP, "tcp", serverName, serverIP), tcp(serverIP+":443", "refused")}, want: []string{"D11"}, also: []string{"T01"}})
	out = append(out, trial{name: "N11+B04 together", base: "dual", kind: double, either: true, do: []act{nft(isp, "forward", "ip6 daddr fd88::/64 drop"), deps("tax", "down")}, seen: []check{tcp("["+serverIP6+"]:443", "timeout"), direct(`"tax":"down"`)}, want: []string{"B04"}, also: []string{"N11"}})
	return out
}
