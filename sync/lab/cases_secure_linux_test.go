package lab

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// handshake puts a server with settings of TLS of one's own before the real one.
func handshake(text string, change func(w *world, c *tls.Config)) act {
	return act{text, func(w *world) error {
		c := &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{})}}
		change(w, c)
		return w.stand(site, "", "443", front{tls: c, handler: w.pass(nil), h1: c.CipherSuites != nil})
	}}
}

// bytesOf puts naked bytes in the server's place.
func bytesOf(text string, f func(net.Conn)) act {
	return act{text, func(w *world) error { return w.stand(site, "", "443", front{raw: f}) }}
}

// shifted is a world whose time is d from ours: server, certificate and status host.
func shifted(text string, d time.Duration, l leafOf) act {
	return act{text, func(w *world) error {
		cert := w.ca.leaf(l)
		date := func(r *http.Response) error {
			r.Header.Set("Date", time.Now().Add(d).UTC().Format(http.TimeFormat))
			return nil
		}
		if err := w.stand(site, "", "443", front{tls: &tls.Config{Certificates: []tls.Certificate{cert}}, handler: w.pass(date)}); err != nil {
			return err
		}
		return w.stand(second, statusIP, "80", front{handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Date", time.Now().Add(d).UTC().Format(http.TimeFormat))
			if c := r.Header.Get("X-Counterfoil-Challenge"); c != "" {
				rw.Header().Set("X-Counterfoil-Challenge", c)
			}
			rw.WriteHeader(http.StatusNoContent)
		})})
	}}
}

func secureCases() (out []trial) {
	at443 := serverName + ":443"
	cert := func(id, name, says string, l func(a *authorities) leafOf) {
		t := trial{name: id + " " + name, do: []act{shows("certificate: "+name, l)}, seen: []check{openssl(says, at443)}, want: []string{id}}
		out = append(out, t)
	}
	without := func(id, name, says string, l func(a *authorities) leafOf) {
		t := trial{name: id + " " + name + ", never worked", base: "fresh", do: []act{shows("certificate: "+name, l)}, seen: []check{openssl(says, at443)}, want: []string{id}}
		out = append(out, t)
	}
	both := func(id, name, says string, l func(a *authorities) leafOf) {
		cert(id, name, says, l)
		without(id, name, says, l)
	}
	rsaKey := func(bits int) *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		return k
	}
	both("S01", "expired yesterday", "certificate has expired", func(*authorities) leafOf { return leafOf{to: -day} })
	cert("S01", "expired a year ago", "certificate has expired", func(*authorities) leafOf { return leafOf{from: -800 * day, to: -365 * day} })
	cert("S01", "expired ten minutes ago", "certificate has expired", func(*authorities) leafOf { return leafOf{to: -10 * time.Minute} })
	cert("S01", "expired, older than the root", "certificate has expired", func(*authorities) leafOf { return leafOf{from: -1000 * day, to: -950 * day} })
	both("S02", "valid from tomorrow", "not yet valid", func(*authorities) leafOf { return leafOf{from: day} })
	cert("S02", "valid in two hours", "not yet valid", func(*authorities) leafOf { return leafOf{from: 2 * time.Hour} })

	for _, c := range []struct {
		name, says string
		d          time.Duration
		l          leafOf
	}{
		{"this clock a day behind", "not yet valid", day, leafOf{from: 12 * time.Hour}},
		{"this clock 40 days behind", "not yet valid", 40 * day, leafOf{from: 39 * day, to: 400 * day}},
		{"this clock a year ahead", "has expired", -365 * day, leafOf{from: -700 * day, to: -300 * day}},
		{"this clock 2 hours ahead, certificate ended meanwhile", "has expired", -2 * time.Hour, leafOf{to: -time.Hour}},
	} {
		out = append(out, trial{name: "S03 " + c.name, do: []act{shifted("the world is "+c.d.String()+" from here", c.d, c.l)}, seen: []check{openssl(c.says, at443)}, want: []string{"S03"}})
	}
	out = append(out, trial{name: "OK the server's clock an hour behind, or this one ahead", do: []act{shifted("the world is an hour behind", -time.Hour, leafOf{})}, seen: []check{curl(0, "Date: ", serverURL+"/healthz")}, want: []string{"OK"}, kind: healthy})

	out = append(out, trial{name: "S03 an hour ahead of server and status host, certificate well", base: "status", do: []act{shifted("the world is an hour behind", -time.Hour, leafOf{})}, seen: []check{curl(0, "Date: ", serverURL+"/healthz")}, want: []string{"S03"}, sure: "proven"})

	both("S04", "of mail.test", "hostname mismatch", func(*authorities) leafOf { return leafOf{names: []string{"mail.test"}, ips: []string{"10.1.1.1"}} })
	cert("S04", "of invoices.test alone", "hostname mismatch", func(*authorities) leafOf {
		return leafOf{names: []string{"invoices.test"}, ips: []string{"10.1.1.1"}}
	})
	out = append(out, trial{name: "S04 address typed that the certificate does not name", do: []act{server("https://" + nodeIP), shows("certificate without addresses", func(*authorities) leafOf { return leafOf{ips: []string{"10.1.1.1"}} })}, seen: []check{tcp(nodeIP+":443", "open"), curl(60, "", "https://"+nodeIP+"/healthz")}, want: []string{"S04", "K12"}})
	cert("S05", "without names", "hostname mismatch|subject=CN = invoice.test", func(*authorities) leafOf { return leafOf{noNames: true} })
	out[len(out)-1].seen = []check{shell(client, "echo | timeout 5 openssl s_client -connect "+at443+" -servername invoice.test 2>/dev/null | openssl x509 -noout -ext subjectAltName 2>&1", "No extensions")}
	both("S06", "of an unknown CA", "unable to get local issuer|unable to verify", func(a *authorities) leafOf { return leafOf{by: a.stranger} })
	cert("S06", "of an unknown CA, with the CA", "self.signed certificate in certificate chain", func(a *authorities) leafOf { return leafOf{by: a.stranger, chain: []*signer{a.stranger}} })
	cert("S07", "root renewed with another key", "signature failure|unable to get local issuer", func(a *authorities) leafOf { return leafOf{by: a.renewed} })
	cert("S07", "root renewed, shown beside", "self.signed certificate in certificate chain|signature failure|unable to get", func(a *authorities) leafOf { return leafOf{by: a.renewed, chain: []*signer{a.renewed}} })
	without("S07", "root renewed with another key", "signature failure|unable to get local issuer", func(a *authorities) leafOf { return leafOf{by: a.renewed} })
	out = append(out, trial{name: "S09 intermediate is missing", base: "inter", do: []act{shows("certificate of an intermediate alone", func(a *authorities) leafOf { return leafOf{by: a.inter} })}, seen: []check{openssl("unable to get local issuer|unable to verify the first", at443)}, want: []string{"S09"}})
	without("S09", "intermediate is missing", "unable to get local issuer|unable to verify the first", func(a *authorities) leafOf { return leafOf{by: a.inter} })
	out[len(out)-1].want = []string{"S09", "S06"}
	both("S10", "signs itself", "self.signed certificate", func(*authorities) leafOf { return leafOf{self: true} })
	for _, maker := range []string{"Kaspersky Anti-Virus Personal Root", "FortiGate CA", "ESET SSL Filter CA", "Sangfor Technologies CA", "Zscaler Root CA", "360 Internet Security CA"} {
		cert("S11", "by "+maker, "unable to get local issuer|unable to verify", func(a *authorities) leafOf {
			return leafOf{by: a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: maker, Organization: []string{maker}}, NotBefore: time.Now().Add(-day), NotAfter: time.Now().Add(900 * day), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, newKey())}
		})
	}
	cert("S11", "by FortiGate, expired too", "certificate has expired|unable to get local", func(a *authorities) leafOf {
		return leafOf{to: -day, by: a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "FortiGate CA", Organization: []string{"Fortinet"}}, NotBefore: time.Now().Add(-9 * day), NotAfter: time.Now().Add(900 * day), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, newKey())}
	})
	both("S13", "RSA with 1024 bit", "Server public key is 1024 bit|ee key too small", func(*authorities) leafOf { return leafOf{key: rsaKey(1024)} })
	both("S14", "for clients alone", "unsuitable certificate purpose", func(*authorities) leafOf { return leafOf{purpose: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}} })
	cert("S14", "signed by a server's certificate", "invalid CA|unable to get|invalid or inconsistent", func(a *authorities) leafOf {
		l := a.leaf(leafOf{names: []string{"other.test"}, subject: "other.test"})
		s := &signer{l.Leaf, l.PrivateKey.(crypto.Signer)}
		return leafOf{by: s, chain: []*signer{s}}
	})

	old := func(name string, v uint16) trial {
		return trial{name: "S15 " + name, do: []act{handshake("server speaks "+name, func(_ *world, c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS10, v
			c.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
		})}, seen: []check{openssl("protocol version|unsupported protocol|alert|no protocols", at443, "-tls1_2")}, want: []string{"S15"}}
	}
	out = append(out, old("TLS 1.0 alone", tls.VersionTLS10), old("TLS 1.1 alone", tls.VersionTLS11))
	out = append(out, trial{name: "S16 no cipher in common", do: []act{handshake("server speaks RC4 alone", func(_ *world, c *tls.Config) {
		c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA}
	})}, seen: []check{openssl("handshake failure", at443)}, want: []string{"S16"}})
	plain := act{"plain HTTP at 443", func(w *world) error { return w.stand(site, "", "443", front{handler: page(200, "It works!")}) }}
	out = append(out,
		trial{name: "S17 plain HTTP at the port", do: []act{plain}, seen: []check{curl(0, "It works", "http://"+serverName+":443/")}, want: []string{"S17"}},
		trial{name: "S17 plain HTTP, never worked", base: "fresh", do: []act{plain}, seen: []check{curl(0, "It works", "http://"+serverName+":443/")}, want: []string{"S17"}},
		trial{name: "S17 port 80 typed", do: []act{server("https://" + serverName + ":80"), {"plain HTTP at 80", func(w *world) error { return w.stand(site, "", "80", front{handler: page(200, "It works!")}) }}}, seen: []check{curl(0, "It works", "http://"+serverName+"/")}, want: []string{"S17"}},
		trial{name: "S18 an SSH server at the port", do: []act{bytesOf("SSH at 443", says("SSH-2.0-OpenSSH_9.6\r\n"))}, seen: []check{greeting(serverIP+":443", "SSH-2.0")}, want: []string{"S18"}},
		trial{name: "S18 a mail server at the port", do: []act{bytesOf("SMTP at 443", says("220 mail.test ESMTP Postfix\r\n"))}, seen: []check{greeting(serverIP+":443", "ESMTP")}, want: []string{"S18"}},
		trial{name: "S18 a database at the port", do: []act{bytesOf("MySQL at 443", says("\x4a\x00\x00\x00\x0a8.0.36\x00garbage"))}, seen: []check{greeting(serverIP+":443", "8.0.36")}, want: []string{"S18"}},
		trial{name: "S19 http typed", do: []act{server("http://" + serverName + ":443")}, seen: []check{curl(0, "400", "http://"+serverName+":443/healthz")}, want: []string{"S19", "K12"}},
		trial{name: "S20 server does not know the name", do: []act{bytesOf("alert unrecognized_name", func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte{21, 3, 3, 0, 2, 2, 112})
			time.Sleep(50 * time.Millisecond)
			_ = c.Close()
		})}, seen: []check{openssl("alert|unrecognized", at443)}, want: []string{"S20"}},
		trial{name: "S21 client certificate wanted", do: []act{handshake("server wants a client certificate", func(w *world, c *tls.Config) {
			c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, w.ca.pool()
		})}, seen: []check{openssl("Acceptable client certificate CA names", at443)}, want: []string{"S21"}},
		trial{name: "S21 client certificate wanted, TLS 1.2", do: []act{handshake("server wants a client certificate, TLS 1.2", func(w *world, c *tls.Config) {
			c.ClientAuth, c.ClientCAs, c.MaxVersion = tls.RequireAndVerifyClientCert, w.ca.pool(), tls.VersionTLS12
		})}, seen: []check{openssl("Acceptable client certificate CA names", at443)}, want: []string{"S21"}},
		trial{name: "S24 no protocol in common", do: []act{handshake("server speaks another ALPN", func(_ *world, c *tls.Config) { c.NextProtos = []string{"spdy/3"} })}, seen: []check{openssl("no application protocol|alert", at443, "-alpn", "h2,http/1.1")}, want: []string{"S24"}},
	)
	out[len(out)-1].do = []act{{"server speaks another ALPN", func(w *world) error {
		c := &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{})}, NextProtos: []string{"spdy/3"}}
		return w.stand(site, "", "443", front{raw: func(n net.Conn) { _ = tls.Server(n, c).HandshakeContext(context.Background()); _ = n.Close() }})
	}}}
	dropHello := "ip daddr " + serverIP + " tcp dport 443 @ih,0,16 0x1603 drop"
	single := []act{run(router, "ip link set rtu gso_max_segs 1; ip link set rtc gso_max_segs 1"), run(office, "ip link set swc gso_max_segs 1; ip link set swr gso_max_segs 1"), sh("ip link set cl0 gso_max_segs 1")}
	out = append(out,
		trial{name: "S25 large hello is dropped", slow: true, do: append(single, nft(router, "forward", "ip daddr "+serverIP+" meta length > 1300 @ih,0,16 0x1603 counter drop")), seen: []check{serverOpen, openssl("Verify return code: 0", at443, "-groups", "X25519:P-256")}, want: []string{"S25"}},
		trial{name: "S26 every hello is dropped", slow: true, do: []act{nft(router, "forward", dropHello)}, seen: []check{serverOpen, curl(28, "", serverURL+"/healthz")}, want: []string{"S26"}},
		trial{name: "S26 every hello is dropped, never worked", base: "fresh", slow: true, do: []act{nft(router, "forward", dropHello)}, seen: []check{serverOpen, curl(28, "", serverURL+"/healthz")}, want: []string{"S26"}},
		trial{name: "S29 a byte is changed on the way", do: []act{{"a box on the way flips a byte of each record", func(w *world) error { return w.stand(site, "", "443", front{raw: w.flips}) }}}, seen: []check{curl(-1, "", serverURL+"/healthz")}, want: []string{"S29"}},
	)
	for _, d := range []time.Duration{5, 12} {
		cert("S27", fmt.Sprintf("ends in %d days", d), "Verify return code: 0", func(*authorities) leafOf { return leafOf{to: d * day} })
		out[len(out)-1].want = []string{"S27"}
	}
	return out
}

func (a *authorities) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.root.cert)
	return p
}

// flips relays to the real server and changes a byte of what the server sends after
// its first 2,000 bytes.
func (w *world) flips(c net.Conn) {
	to, err := w.dial(context.Background(), site, "tcp", "127.0.0.1:8443")
	if err != nil {
		_ = c.Close()
		return
	}
	go func() { _, _ = io.Copy(to, c) }()
	buf, sent := make([]byte, 16384), 0
	for {
		n, err := to.Read(buf)
		if n > 0 {
			if sent == 0 && n > 400 {
				buf[n-20] ^= 0x40
			}
			sent += n
			if _, err := c.Write(buf[:n]); err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	_, _ = c.Close(), to.Close()
}
