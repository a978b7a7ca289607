package probe

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
)

// TestSecure lets the observers meet servers whose certificate or handshake is wrong.
// worked: the line worked before at the same address.
func TestSecure(t *testing.T) {
	m := newMaker(t, "Our CA")
	between, stranger := m.under("Our issuing CA"), newMaker(t, "Another CA")
	well := m.leaf(false, nil)
	chain := func(c *tls.Certificate, more ...*x509.Certificate) *tls.Certificate {
		for _, x := range more {
			c.Certificate = append(c.Certificate, x.Raw)
		}
		return c
	}
	shows := func(c *tls.Certificate) func(*testing.T) string {
		return func(t *testing.T) string { return answers(t, c, nil, nil) }
	}
	speaks := func(change func(*tls.Config)) func(*testing.T) string {
		return func(t *testing.T) string { return answers(t, well, change, nil) }
	}
	ends := func(d time.Duration) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.NotAfter = time.Now().Add(d) }
	}
	purpose := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
	old := m.aged(t, "Old", -400*24*time.Hour, -24*time.Hour)
	for _, c := range []struct {
		name       string
		want       fault.ID
		confidence fault.Confidence
		also       []fault.ID
		fresh      bool // it never worked
		server     func(*testing.T) string
	}{
		{"expired", "S01", fault.Proven, nil, false, shows(m.leaf(false, ends(-time.Minute)))},
		{"expired before the root was made", "S01", fault.Proven, nil, false, shows(m.leaf(false, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().AddDate(-9, 0, 0), time.Now().AddDate(-8, 0, 0)
		}))},
		{"intermediate expired", "S01", fault.Proven, nil, false, shows(chain(old.leaf(false, nil), old.cert))},
		{"no names", "S05", fault.Proven, nil, false, shows(m.leaf(false, func(c *x509.Certificate) { c.IPAddresses = nil }))},
		{"another name", "S04", fault.Proven, nil, false, shows(m.leaf(false, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"mail.test"} }))},
		{"stranger", "S06", fault.Proven, nil, false, shows(chain(stranger.leaf(false, nil), stranger.cert))},
		{"stranger, expired", "S06", fault.Proven, []fault.ID{"S01"}, false, shows(chain(stranger.leaf(false, ends(-time.Minute)), stranger.cert))},
		{"stranger, never worked", "S06", fault.Likely, nil, true, shows(chain(stranger.leaf(false, nil), stranger.cert))},
		{"root renewed", "S07", fault.Proven, nil, false, shows(newMaker(t, "Our CA").leaf(false, nil))},
		{"root renewed, shown beside", "S07", fault.Proven, nil, false, func() func(*testing.T) string {
			n := newMaker(t, "Our CA")
			return shows(chain(n.leaf(false, nil), n.cert))
		}()},
		{"stranger, with our root beside", "S06", fault.Likely, nil, false, shows(chain(stranger.leaf(false, nil), m.cert))},
		{"signs itself", "S10", fault.Proven, nil, false, shows(m.leaf(true, nil))},
		{"gateway of a known make", "S11", fault.Proven, nil, false, shows(newMaker(t, "FortiGate CA").leaf(false, nil))},
		{"gateway of a known make, expired", "S11", fault.Proven, nil, false, shows(newMaker(t, "FortiGate CA").leaf(false, ends(-time.Minute)))},
		{"intermediate", fault.OK, fault.Proven, nil, false, shows(chain(between.leaf(false, nil), between.cert))},
		{"withdrawn", "S12", fault.Proven, nil, false, shows(m.stapled(t, ocsp.Revoked))},
		{"not withdrawn", fault.OK, fault.Proven, nil, false, shows(m.stapled(t, ocsp.Good))},
		{"for clients", "S14", fault.Proven, nil, false, shows(m.leaf(false, purpose))},
		{"for clients, expired", "S01", fault.Proven, []fault.ID{"S14"}, false, shows(m.leaf(false, func(c *x509.Certificate) { purpose(c); ends(-time.Minute)(c) }))},
		{"signed by the certificate of a server", "S14", fault.Proven, nil, false, func() func(*testing.T) string {
			u := m.noCA("A server")
			return shows(chain(u.leaf(false, nil), u.cert))
		}()},
		{"outside the names that the CA may sign for", "S14", fault.Proven, nil, false, func() func(*testing.T) string {
			u := m.limited("For mail alone")
			return shows(chain(u.leaf(false, func(c *x509.Certificate) { c.DNSNames = []string{"invoice.test"} }), u.cert))
		}()},
		{"TLS 1.1", "S15", fault.Proven, nil, false, speaks(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })},
		{"TLS 1.1, never worked", "S15", fault.Likely, nil, true, speaks(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })},
		{"RC4", "S16", fault.Proven, nil, false, speaks(func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA}
		})},
		{"name not known", "S20", fault.Proven, nil, false, func(t *testing.T) string { return alerts(t, 112) }},
		{"inner error", "S20", fault.Likely, nil, false, func(t *testing.T) string { return alerts(t, 80) }},
		{"certificate wanted", "S21", fault.Proven, nil, false, speaks(func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert })},
		{"certificate wanted, TLS 1.2", "S21", fault.Proven, nil, false, speaks(func(c *tls.Config) { c.ClientAuth, c.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12 })},
		{"certificate wanted, if there is one", fault.OK, fault.Proven, nil, false, speaks(func(c *tls.Config) { c.ClientAuth = tls.RequestClientCert })},
		{"certificate has run out, it says", "S22", fault.Likely, nil, false, func(t *testing.T) string { return alerts(t, 45) }},
		{"certificate of an unknown CA, it says", "S23", fault.Likely, nil, false, func(t *testing.T) string { return alerts(t, 48) }},
		{"certificate wanted and refused", "S23", fault.Proven, nil, false, speaks(func(c *tls.Config) {
			c.ClientAuth, c.VerifyPeerCertificate = tls.RequestClientCert, nil
			c.VerifyConnection = func(tls.ConnectionState) error { return io.EOF }
		})},
		{"stumbles over HTTP/2", "S24", fault.Proven, nil, false, func(t *testing.T) string {
			return ofTLS(t, &tls.Config{Certificates: []tls.Certificate{*well}, NextProtos: []string{"spdy/3"}})
		}},
		{"a byte is changed", "S29", fault.Proven, nil, false, func(t *testing.T) string { return flips(t, answers(t, well, nil, nil)) }},
		{"sees a byte changed", "S29", fault.Proven, nil, false, func(t *testing.T) string { return alerts(t, 20) }},
		{"cannot read us", "S29", fault.Likely, nil, false, func(t *testing.T) string { return alerts(t, 50) }},
		{"ends in 5 days", "S27", fault.Proven, nil, false, shows(m.leaf(false, ends(5*24*time.Hour)))},
		{"ends in 20 days", fault.OK, fault.Proven, nil, false, shows(m.leaf(false, ends(20*24*time.Hour)))},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := m.config(c.server(t))
			if u := must(url.Parse(cfg.ServerURL))(t); !c.fresh {
				cfg.LastGood = &link.Snapshot{Address: u.Host, Beside: [][]byte{between.cert.Raw}, Key: keyOf(must(x509.ParseCertificate(well.Certificate[0]))(t))}
			}
			r := New(cfg).Run(context.Background(), nil)
			var also []fault.ID
			for _, a := range r.Also {
				also = append(also, a.Fault)
			}
			if r.Fault != c.want || r.Confidence != c.confidence || len(also) != len(c.also) || len(also) > 0 && also[0] != c.also[0] {
				raw, _ := json.MarshalIndent(r.Observations, "", " ")
				t.Errorf("%s %s, also %v, want %s %s, also %v\n%s", r.Confidence, r.Fault, also, c.confidence, c.want, c.also, raw)
			}
			if r.Took > 4*time.Second {
				t.Errorf("it took %s", r.Took)
			}
			if c.want == "S12" && !fault.SetOf(r.Observations...).Saw(fault.Pattern{Kind: "tls", Via: fault.Real, Code: "x509:revoked"}) {
				t.Error("a withdrawn certificate is refused by the look alone")
			}
			showsAt(t, r)
			record(t, r)
		})
	}
}

// aged is a maker that m signs, valid only then.
func (m *maker) aged(t *testing.T, name string, from, to time.Duration) *maker {
	u := newMaker(t, name)
	c := *u.cert
	c.NotBefore, c.NotAfter = time.Now().Add(from), time.Now().Add(to)
	return m.signs(u, &c)
}

// noCA is a maker whose certificate does not let it sign.
func (m *maker) noCA(name string) *maker {
	u := newMaker(m.t, name)
	c := blank(nil)
	c.Subject, c.BasicConstraintsValid, c.SerialNumber = pkix.Name{CommonName: name}, true, big.NewInt(5)
	return m.signs(u, c)
}

// limited is a maker that may sign for mail.test alone.
func (m *maker) limited(name string) *maker {
	u := newMaker(m.t, name)
	c := *u.cert
	c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"mail.test"}, true
	return m.signs(u, &c)
}

func (m *maker) signs(u *maker, c *x509.Certificate) *maker {
	der := must(x509.CreateCertificate(rand.Reader, c, m.cert, &u.key.PublicKey, m.key))(m.t)
	u.cert = must(x509.ParseCertificate(der))(m.t)
	return u
}

// stapled is a certificate with what its signer says of it.
func (m *maker) stapled(t *testing.T, status int) *tls.Certificate {
	c := m.leaf(false, nil)
	leaf := must(x509.ParseCertificate(c.Certificate[0]))(t)
	c.OCSPStaple = must(ocsp.CreateResponse(m.cert, m.cert, ocsp.Response{
		Status: status, SerialNumber: leaf.SerialNumber, ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour), RevokedAt: time.Now().Add(-time.Hour),
	}, m.key))(t)
	return c
}

// A signature of SHA-1, which Go refuses to check, still tells whose the certificate is.
func TestWeakSignature(t *testing.T) {
	key := must(rsa.GenerateKey(rand.Reader, 2048))(t)
	c := newMaker(t, "Our CA").cert
	c.SignatureAlgorithm, c.PublicKeyAlgorithm, c.PublicKey = x509.SHA256WithRSA, x509.RSA, &key.PublicKey
	root := must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key))(t)))(t)
	leaf := blank(nil)
	der := must(x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, key))(t)
	sha256, sha1 := []byte{1, 1, 11, 5, 0}, []byte{1, 1, 5, 5, 0} // the ends of their names
	der = bytes.ReplaceAll(der, sha256, sha1)
	weak := must(x509.ParseCertificate(der))(t)
	h := crypto.SHA1.New()
	_, _ = h.Write(weak.RawTBSCertificate)
	sum := h.Sum(nil)
	sig := must(rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA1, sum))(t)
	weak = must(x509.ParseCertificate(append(der[:len(der)-len(sig)], sig...)))(t)
	w := &walk{Config: Config{Now: time.Now}, host: "127.0.0.1", roots: []*x509.Certificate{root}}
	set := fault.SetOf(w.ofChain([]*x509.Certificate{weak}, nil)...)
	if v := fault.Judge(set); v.Fault != "S13" || v.Confidence != fault.Proven {
		t.Errorf("%s %s: %+v", v.Confidence, v.Fault, set.All())
	}
}

// alerts is a server that answers every hello with one alert.
func alerts(t *testing.T, number byte) string {
	return takes(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = c.Write([]byte{21, 3, 3, 0, 2, 2, number})
		_, _ = io.Copy(io.Discard, c) // until the client has read it
	})
}

// ofTLS is a server that shakes hands and no more.
func ofTLS(t *testing.T, config *tls.Config) string {
	return takes(t, func(c net.Conn) { _ = tls.Server(c, config).Handshake() })
}

// takes is the address of a server that does something with each connection.
func takes(t *testing.T, f func(net.Conn)) string {
	ln := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				f(c)
			}()
		}
	}()
	return "https://" + ln.Addr().String()
}

// flips stands before a server and changes a byte of its first large record.
func flips(t *testing.T, address string) string {
	to := must(url.Parse(address))(t).Host
	return takes(t, func(c net.Conn) {
		s, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		defer s.Close()
		go func() { _, _ = io.Copy(s, c) }()
		buf := make([]byte, 16384)
		for first := true; ; {
			n, err := s.Read(buf)
			if err != nil {
				return
			}
			if first && n > 400 {
				buf[n-20] ^= 0x40
				first = false
			}
			if _, err := c.Write(buf[:n]); err != nil {
				return
			}
		}
	})
}
