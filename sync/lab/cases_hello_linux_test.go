package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/crypto/ocsp"
)

// helloCases are of handshakes and chains in more shapes than one.
func helloCases() (out []trial) {
	at443 := serverName + ":443"
	add := func(id, name string, do []act, seen []check, want ...string) *trial {
		out = append(out, trial{name: id + " " + name, do: do, seen: seen, want: append([]string{id}, want...)})
		return &out[len(out)-1]
	}
	big := "ip daddr " + serverIP + " meta length > 1300 @ih,0,16 0x1603 counter "
	whole := []act{run(router, "ip link set rtu gso_max_segs 1; ip link set rtc gso_max_segs 1"), run(office, "ip link set swc gso_max_segs 1; ip link set swr gso_max_segs 1"), sh("ip link set cl0 gso_max_segs 1")}
	small := openssl("Verify return code: 0", at443, "-groups", "X25519:P-256")
	add("S25", "large hello is reset", append(whole, nft(router, "forward", big+"reject with tcp reset")), []check{serverOpen, small}, "T08")
	add("S25", "large hello is dropped, never worked", append(whole, nft(router, "forward", big+"drop")), []check{serverOpen, small}).base = "fresh"
	out[len(out)-1].slow = true
	for _, at := range []int64{60, 700, 1200} {
		add("S29", "a byte is changed after "+itoa(at), []act{{"a box changes a byte of what the server sends", func(w *world) error {
			return w.stand(site, "", "443", front{raw: w.flipsAt(at, false)})
		}}}, []check{curl(-1, "", serverURL+"/healthz"), tcp(serverIP+":443", "open")})
	}
	add("S29", "a byte of the hello is changed", []act{{"a box changes a byte of what the client sends", func(w *world) error {
		return w.stand(site, "", "443", front{raw: w.flipsAt(300, true)})
	}}}, []check{tcp(serverIP+":443", "open"), openssl("alert|error|errno", at443)})
	add("S20", "a server that has no certificate for the name", []act{handshake("GetCertificate fails for our name", func(w *world, c *tls.Config) {
		other := w.ca.leaf(leafOf{names: []string{"mail.test"}})
		c.Certificates = nil
		c.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if h.ServerName == serverName {
				return nil, errors.New("not here")
			}
			return &other, nil
		}
	})}, []check{openssl("alert", at443)})
	add("S23", "client certificate wanted and refused", []act{handshake("server refuses whoever comes", func(_ *world, c *tls.Config) {
		c.ClientAuth = tls.RequestClientCert
		c.VerifyConnection = func(tls.ConnectionState) error { return errors.New("no") }
	})}, []check{openssl("Acceptable client|Client Certificate Types|Requested Signature", at443)}, "S21")
	add("S01", "intermediate expired", []act{shows("the certificate above it expired", func(a *authorities) leafOf {
		old := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "Old Issuing CA"}, NotBefore: time.Now().Add(-700 * day), NotAfter: time.Now().Add(-2 * day), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, a.root, newKey())
		return leafOf{by: old, chain: []*signer{old}}
	})}, []check{openssl("certificate has expired", at443)})
	trusted := func(a *authorities) leafOf { return leafOf{by: a.stranger} }
	add("S11", "by a CA that this computer trusts", []act{shows("re-signed by the office's own CA", trusted), {"this computer trusts it", func(w *world) error {
		if err := writePEM(w.ca.path("office.pem"), "CERTIFICATE", w.ca.stranger.cert.Raw); err != nil {
			return err
		}
		w.env = append(w.env, "SSL_CERT_FILE="+w.ca.path("office.pem"))
		w.later(func() { _ = os.Remove(w.ca.path("office.pem")) })
		return nil
	}}}, []check{openssl("unable to get local issuer|unable to verify", at443)})
	add("S14", "a name that the CA may not sign for", []act{shows("a CA for mail.test alone", func(a *authorities) leafOf {
		c := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "Mail CA"}, NotBefore: time.Now().Add(-day), NotAfter: time.Now().Add(700 * day), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{"mail.test"}}, a.root, newKey())
		return leafOf{by: c, chain: []*signer{c}}
	})}, []check{openssl("permitted subtree|error", at443)})
	add("S14", "more levels than the CA may have", []act{shows("two CAs below one that may have none", func(a *authorities) leafOf {
		one := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "One CA"}, NotBefore: time.Now().Add(-day), NotAfter: time.Now().Add(700 * day), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign}, a.root, newKey())
		two := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "Two CA"}, NotBefore: time.Now().Add(-day), NotAfter: time.Now().Add(700 * day), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, one, newKey())
		return leafOf{by: two, chain: []*signer{two, one}}
	})}, []check{openssl("path length|error", at443)})
	add("S09", "intermediate is missing, and expired leaf", []act{shows("expired, without the one above", func(a *authorities) leafOf { return leafOf{by: a.inter, to: -day} })}, []check{openssl("expired|unable to", at443)}, "S01").base = "inter"
	add("S19", "http typed, without a port", []act{server("http://" + serverName)}, []check{tcp(serverIP+":443", "open")}, "K12")
	add("S16", "a server that hangs up on every hello with alert 40, TLS 1.2", []act{alerts(40)}, []check{openssl("alert", at443, "-tls1_2")})
	add("H31", "takes the hello and says nothing", []act{bytesOf("takes everything, says nothing", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })}, []check{serverOpen, curl(28, "", serverURL+"/healthz")}).slow = true
	return append(out, oddHandshakes()...)
}

// oddHandshakes are servers that are well and shake hands in another way than most.
func oddHandshakes() (out []trial) {
	add := func(name string, change func(w *world, c *tls.Config)) {
		out = append(out, trial{name: "OK " + name, kind: healthy, do: []act{handshake(name, change)}, seen: []check{curl(0, "200", serverURL+"/healthz")}, want: []string{"OK"}})
	}
	add("TLS 1.2 alone", func(_ *world, c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	add("P-384 alone", func(_ *world, c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP384} })
	add("a client certificate is welcome", func(_ *world, c *tls.Config) { c.ClientAuth = tls.RequestClientCert })
	add("stapled answer: good", func(w *world, c *tls.Config) {
		cert := w.ca.leaf(leafOf{})
		staple, err := ocsp.CreateResponse(w.ca.root.cert, w.ca.root.cert, ocsp.Response{Status: ocsp.Good, SerialNumber: cert.Leaf.SerialNumber, ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(day)}, w.ca.root.key)
		if err != nil {
			panic(err)
		}
		cert.OCSPStaple = staple
		c.Certificates = []tls.Certificate{cert}
	})
	add("stapled answer of somebody else", func(w *world, c *tls.Config) {
		cert := w.ca.leaf(leafOf{})
		staple, err := ocsp.CreateResponse(w.ca.stranger.cert, w.ca.stranger.cert, ocsp.Response{Status: ocsp.Revoked, SerialNumber: cert.Leaf.SerialNumber, ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(day), RevokedAt: time.Now().Add(-day)}, w.ca.stranger.key)
		if err != nil {
			panic(err)
		}
		cert.OCSPStaple = staple
		c.Certificates = []tls.Certificate{cert}
	})
	add("the handshake takes 800 ms", func(w *world, c *tls.Config) {
		cert := w.ca.leaf(leafOf{})
		c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			time.Sleep(800 * time.Millisecond)
			return &cert, nil
		}
	})
	return out
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) + " bytes" }

// flipsAt relays to the real server and changes the byte at a place of what the server
// sends, or the client.
func (w *world) flipsAt(at int64, client bool) func(net.Conn) {
	return func(c net.Conn) {
		to, err := w.dial(context.Background(), site, "tcp", "127.0.0.1:8443")
		if err != nil {
			_ = c.Close()
			return
		}
		defer to.Close()
		defer c.Close()
		done := make(chan struct{}, 2)
		relay := func(dst io.Writer, src io.Reader, flip bool) {
			defer func() { done <- struct{}{} }()
			buf := make([]byte, 16384)
			for sent := int64(0); ; {
				n, err := src.Read(buf)
				if err != nil {
					return
				}
				if i := at - sent; flip && i >= 0 && i < int64(n) {
					buf[i] ^= 0x40
				}
				sent += int64(n)
				if _, err := dst.Write(buf[:n]); err != nil {
					return
				}
			}
		}
		go relay(to, c, client)
		go relay(c, to, !client)
		<-done
	}
}
