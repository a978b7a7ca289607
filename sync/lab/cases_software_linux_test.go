package lab

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// files writes a certificate with its chain, and its key.
func (w *world) files(name string, l leafOf) (cert, key string, err error) {
	c := w.ca.leaf(l)
	cert, key = w.ca.path(name+".pem"), w.ca.path(name+".key")
	if err := writePEM(cert, "CERTIFICATE", c.Certificate...); err != nil {
		return "", "", err
	}
	raw, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return "", "", err
	}
	return cert, key, writePEM(key, "PRIVATE KEY", raw)
}

// hears reports whether a program of the site listens on a port.
func (w *world) hears(port string) bool {
	to, err := w.dial(context.Background(), site, "tcp", "127.0.0.1:"+port)
	if err == nil {
		_ = to.Close()
	}
	return err == nil
}

// software puts a program of others, which listens on port 4431, in the server's place.
func (w *world) software(name string, args ...string) error {
	if w.hears("4431") {
		return fmt.Errorf("another program listens where %s is to", name)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := w.command(ctx, site, name, args...)
	log, err := os.Create(filepath.Join(w.dir, "software.log"))
	if err != nil {
		cancel()
		return err
	}
	c.Stdout, c.Stderr, c.Dir = log, log, w.dir
	in, err := c.StdinPipe() // s_server ends with its input
	if err != nil {
		cancel()
		return err
	}
	if err := c.Start(); err != nil {
		cancel()
		return err
	}
	w.later(func() { cancel(); _ = in.Close(); _ = c.Wait(); _ = log.Close() })
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if w.hears("4431") {
			break
		}
		if time.Now().After(end) {
			raw, _ := os.ReadFile(log.Name())
			return fmt.Errorf("%s does not listen: %.300s", name, raw)
		}
	}
	return w.sh(site, "nft insert rule inet lab pre tcp dport 443 redirect to :4431")
}

// openssl's server, with a certificate and words of its own.
func sServer(l func(a *authorities) leafOf, words ...string) act {
	return act{"openssl s_server", func(w *world) error {
		of := leafOf{}
		if l != nil {
			of = l(w.ca)
		}
		cert, key, err := w.files("software", of)
		if err != nil {
			return err
		}
		all := []string{"s_server", "-accept", "4431", "-cert", cert, "-key", key, "-cert_chain", cert, "-quiet"}
		return w.software("openssl", append(all, words...)...)
	}}
}

// ownNginx is nginx before the real server; more stands in its server block.
func ownNginx(l func(a *authorities) leafOf, more string) act {
	return act{"nginx: " + more, func(w *world) error {
		of := leafOf{}
		if l != nil {
			of = l(w.ca)
		}
		cert, key, err := w.files("software", of)
		if err != nil {
			return err
		}
		config := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/nginx.pid; error_log %[1]s/nginx.log;
events { worker_connections 64; }
http { access_log off; client_body_temp_path %[1]s/nb; proxy_temp_path %[1]s/np; fastcgi_temp_path %[1]s/nf; uwsgi_temp_path %[1]s/nu; scgi_temp_path %[1]s/ns;
 server { listen 4431 ssl http2; server_name %[2]s; ssl_certificate %[3]s; ssl_certificate_key %[4]s; %[5]s
  location / { proxy_pass https://127.0.0.1:8443; proxy_set_header Host %[2]s; } } }`, w.dir, serverName, cert, key, more)
		file := filepath.Join(w.dir, "nginx.conf")
		if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
			return err
		}
		return w.software("nginx", "-c", file, "-p", w.dir)
	}}
}

// ownHaproxy is haproxy before the real server; bind stands behind the certificate.
func ownHaproxy(bind string) act {
	return act{"haproxy: " + bind, func(w *world) error {
		cert, key, err := w.files("software", leafOf{})
		if err != nil {
			return err
		}
		if err := w.sh(client, "cat "+key+" >> "+cert); err != nil {
			return err
		}
		config := fmt.Sprintf("global\n ssl-default-bind-options ssl-min-ver TLSv1.0\ndefaults\n mode http\n timeout connect 2s\n timeout client 9s\n timeout server 9s\nlisten l\n bind :4431 ssl crt %s %s\n server s 127.0.0.1:8443 ssl verify none sni str(%s)\n", cert, bind, serverName)
		file := filepath.Join(w.dir, "haproxy.cfg")
		if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
			return err
		}
		return w.software("haproxy", "-f", file, "-db")
	}}
}

// stunnel before the real server, which hears plain HTTP from it.
func stunnel(more string) act {
	return act{"stunnel: " + more, func(w *world) error {
		cert, key, err := w.files("software", leafOf{})
		if err != nil {
			return err
		}
		if err := w.stand(site, "", "8000", front{handler: w.pass(nil)}); err != nil {
			return err
		}
		if err := w.sh(site, "nft add rule inet lab nout tcp dport 8000 redirect to :$(nft list chain inet lab pre | sed -n 's/.*dport 8000.*:\\([0-9]*\\)$/\\1/p')"); err != nil {
			return err
		}
		config := fmt.Sprintf("foreground = yes\npid =\nsyslog = no\n[https]\naccept = :::4431\nconnect = 127.0.0.1:8000\ncert = %s\nkey = %s\n%s\n", cert, key, more)
		file := filepath.Join(w.dir, "stunnel.conf")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			return err
		}
		return w.software("stunnel4", file)
	}}
}

// softwareCases are faults of servers that others wrote.
func softwareCases() (out []trial) {
	at443 := serverName + ":443"
	bad := openssl("verify error|alert|unsupported protocol|no protocols|disallowed", at443)
	add := func(tool, id, name string, do act, or ...string) *trial {
		out = append(out, trial{name: id + " " + tool + ": " + name, needs: tool, do: []act{do}, seen: []check{bad}, want: append([]string{id}, or...)})
		return &out[len(out)-1]
	}
	well := func(tool, name string, do act) *trial {
		t := add(tool, "OK", name, do)
		t.kind, t.seen = healthy, []check{curl(0, "200.*counterfoil", serverURL+"/healthz")}
		return t
	}
	wants := []check{openssl("Acceptable client certificate CA names", at443)}
	rsa := func(*authorities) leafOf { return leafOf{key: rsaKey(2048)} }
	expired := func(*authorities) leafOf { return leafOf{to: -day} }
	ssl := func(id, name string, l func(a *authorities) leafOf, words ...string) *trial {
		return add("openssl", id, name, sServer(l, words...))
	}
	ssl("S01", "expired", expired)
	ssl("S01", "expired, TLS 1.2", expired, "-tls1_2")
	ssl("S02", "from tomorrow", func(*authorities) leafOf { return leafOf{from: day} })
	ssl("S04", "of another host", func(*authorities) leafOf { return leafOf{names: []string{"mail.test"}, ips: []string{"10.1.1.1"}} })
	ssl("S06", "of a stranger", func(a *authorities) leafOf { return leafOf{by: a.stranger} })
	ssl("S10", "signs itself", func(*authorities) leafOf { return leafOf{self: true} })
	ssl("S15", "TLS 1.0", rsa, "-tls1", "-cipher", "ALL:@SECLEVEL=0")
	ssl("S15", "TLS 1.1", rsa, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
	suites := func(words ...string) []check { return []check{openssl("alert", at443, words...)} }
	ssl("S16", "CBC alone", rsa, "-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA").seen = suites("-cipher", "ECDHE+AESGCM")
	ssl("S16", "without ECDHE", rsa, "-tls1_2", "-cipher", "AES128-GCM-SHA256").seen = suites("-cipher", "ECDHE+AESGCM")
	ssl("S16", "DHE alone", rsa, "-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256").seen = suites("-cipher", "ECDHE+AESGCM")
	ssl("S16", "X448 alone", nil, "-groups", "X448").seen = suites("-groups", "X25519:P-256")
	ssl("S16", "CCM alone, TLS 1.3", nil, "-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256")
	ssl("S21", "client certificate, TLS 1.3", nil, "-Verify", "1", "-tls1_3").seen = wants
	ssl("S21", "client certificate, TLS 1.2", nil, "-Verify", "1", "-tls1_2").seen = wants
	ssl("S24", "another protocol, fatal", nil, "-alpn", "spdy/3").seen = suites("-alpn", "h2")
	ssl("S20", "name unknown", nil, "-servername", "mail.test", "-servername_fatal", "-cert2", "server.pem", "-key2", "server.key")
	for _, t := range []*trial{
		add("nginx", "S21", "client certificate, said in HTTP", ownNginx(nil, "ssl_verify_client on; ssl_client_certificate ca.pem;")),
		add("nginx", "S21", "client certificate, said in HTTP, TLS 1.2", ownNginx(nil, "ssl_verify_client on; ssl_client_certificate ca.pem; ssl_protocols TLSv1.2;")),
	} {
		t.seen = []check{curl(0, "400 No required SSL certificate", serverURL+"/healthz")}
	}
	add("nginx", "S20", "refuses handshakes", ownNginx(nil, "ssl_reject_handshake on;"))
	add("nginx", "S01", "expired", ownNginx(expired, ""))
	add("nginx", "S15", "TLS 1.1", ownNginx(rsa, "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;"))
	add("nginx", "S16", "CBC alone", ownNginx(rsa, "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-SHA;")).seen = suites("-cipher", "ECDHE+AESGCM")
	well("nginx", "plain", ownNginx(nil, ""))
	well("nginx", "TLS 1.2", ownNginx(rsa, "ssl_protocols TLSv1.2;"))
	well("nginx", "client certificate is welcome", ownNginx(nil, "ssl_verify_client optional; ssl_client_certificate ca.pem;"))
	well("nginx", "client certificate of anybody is welcome", ownNginx(nil, "ssl_verify_client optional_no_ca;"))
	add("haproxy", "S21", "client certificate", ownHaproxy("ca-file ca.pem verify required")).seen = wants
	add("haproxy", "S21", "client certificate, TLS 1.2", ownHaproxy("ca-file ca.pem verify required ssl-max-ver TLSv1.2"))
	add("haproxy", "S15", "TLS 1.1", ownHaproxy("ssl-max-ver TLSv1.1 ciphers ALL:@SECLEVEL=0"))
	well("haproxy", "plain", ownHaproxy("alpn h2,http/1.1"))
	well("haproxy", "client certificate is welcome", ownHaproxy("ca-file ca.pem verify optional"))
	add("stunnel4", "S21", "client certificate", stunnel("verifyChain = yes\nCAfile = ca.pem\nrequireCert = yes")).seen = wants
	add("stunnel4", "S15", "TLS 1.1", stunnel("sslVersionMax = TLSv1.1\nsslVersionMin = TLSv1\nciphers = ALL:@SECLEVEL=0"))
	well("stunnel4", "plain", stunnel(""))
	return out
}
