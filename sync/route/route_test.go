package route

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"counterfoil/sync/trust"
)

// An issuer signs certificates.
type issuer struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// sign makes a certificate that by signs, or itself where by is nil.
func sign(t *testing.T, c *x509.Certificate, by *issuer) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := c, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{t, out, key}
}

func authority(name string) *x509.Certificate {
	return &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
}

func leaf(host string) *x509.Certificate {
	return &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{host}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
}

// serve is a server with one certificate and nothing beside it; it returns its
// address, and answers with what it was asked in.
func serve(t *testing.T, i *issuer) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto+" "+r.Host)
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key}}}
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

const name = "invoice.invalid" // nobody can look it up

func ground(root *issuer) Ground {
	return Ground{Host: name, TLS: trust.TLSConfig(&trust.Bundle{Certs: []*x509.Certificate{root.cert}}, time.Now)}
}

func get(t *testing.T, r Route, g Ground, port string) (string, error) {
	t.Helper()
	tr := r.Transport(g)
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr, Timeout: 10 * time.Second}
	resp, err := c.Get("https://" + name + ":" + port + "/")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func TestFixedAddress(t *testing.T) {
	root := sign(t, authority("Our CA"), nil)
	ours := serve(t, sign(t, leaf(name), root))
	_, port, _ := net.SplitHostPort(ours)
	if _, err := get(t, Route{}, ground(root), port); err == nil {
		t.Fatal("the name is known")
	}
	fixed := func(a ...string) Route { return Route{Host: name, Addresses: a} }
	for what, c := range map[string]struct {
		route Route
		want  string // empty: an error
	}{
		"address":               {fixed(ours), "HTTP/2.0 " + name + ":" + port},
		"without a port":        {fixed("127.0.0.1"), "HTTP/2.0 " + name + ":" + port},
		"the first is dead":     {fixed("127.0.0.1:1", ours), "HTTP/2.0 " + name + ":" + port},
		"HTTP/1.1, small, IPv4": {fixed(ours).With(Route{HTTP1: true, Classic: true, SegmentSize: 1000, Family: IPv4}), "HTTP/1.1 " + name + ":" + port},
		"of another server":     {Route{Host: "other.invalid", Addresses: []string{ours}}, ""},
		"of the wrong name":     {fixed(serve(t, sign(t, leaf("other.invalid"), root))), ""},
		"of another authority":  {fixed(serve(t, sign(t, leaf(name), nil))), ""},
	} {
		if got, err := get(t, c.route, ground(root), port); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q %v", what, got, err)
		}
	}
}

// A remembered certificate fills the gap, and nothing else is checked less.
func TestRemembered(t *testing.T) {
	root := sign(t, authority("Our CA"), nil)
	between := sign(t, authority("Our issuing CA"), root)
	stranger := sign(t, authority("Our issuing CA"), sign(t, authority("Our CA"), nil))
	old := leaf(name)
	old.NotAfter = time.Now().Add(-time.Minute)
	client := leaf(name)
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	remember := func(i *issuer) Route { return Route{Remembered: [][]byte{i.cert.Raw, []byte("damaged")}} }
	for what, c := range map[string]struct {
		leaf  *issuer
		route Route
		ok    bool
	}{
		"without":             {sign(t, leaf(name), between), Route{}, false},
		"with":                {sign(t, leaf(name), between), remember(between), true},
		"complete anyway":     {sign(t, leaf(name), root), remember(between), true},
		"expired":             {sign(t, old, between), remember(between), false},
		"wrong name":          {sign(t, leaf("other.invalid"), between), remember(between), false},
		"wrong use":           {sign(t, client, between), remember(between), false},
		"foreign between":     {sign(t, leaf(name), stranger), remember(stranger), false},
		"not of the one sent": {sign(t, leaf(name), stranger), remember(between), false},
		"signed by itself":    {sign(t, leaf(name), nil), remember(between), false},
	} {
		address := serve(t, c.leaf)
		_, port, _ := net.SplitHostPort(address)
		_, err := get(t, c.route.With(Route{Host: name, Addresses: []string{address}}), ground(root), port)
		var refused *tls.CertificateVerificationError
		if (err == nil) != c.ok || err != nil && !errors.As(err, &refused) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// Where no root is kept nothing is trusted, not even what the system trusts.
	g := ground(root)
	g.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	address := serve(t, sign(t, leaf(name), between))
	_, port, _ := net.SplitHostPort(address)
	if _, err := get(t, remember(between).With(Route{Host: name, Addresses: []string{address}}), g, port); err == nil {
		t.Error("trusted without a root")
	}
}

func TestChoose(t *testing.T) {
	via := func(host string) func(*http.Request) (*url.URL, error) {
		return http.ProxyURL(&url.URL{Scheme: "http", Host: host})
	}
	g := Ground{Proxy: via("env:1"), System: via("os:2"), SignIn: func(p *url.URL) *url.Userinfo { return url.UserPassword("clerk", "at "+p.Host) }}
	for what, c := range map[string]struct {
		route Route
		want  string
	}{
		"plain": {Route{}, "http://env:1"}, "system": {Route{Proxy: System}, "http://os:2"}, "direct": {Route{Proxy: Direct}, ""},
		"system without": {Route{Proxy: System, Names: "gone"}, "http://env:1"},
		"sign in":        {Route{Proxy: System, SignIn: true}, "http://clerk:at%20os%3A2@os:2"},
	} {
		got, g := "", g
		if c.route.Names == "gone" {
			g.System = func(*http.Request) (*url.URL, error) { return nil, nil }
		}
		if f := c.route.Choose(g); f != nil {
			u, err := f(httptest.NewRequest(http.MethodGet, "https://"+name, nil))
			if err != nil {
				t.Fatal(err)
			}
			got = u.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, not %q", what, got, c.want)
		}
	}
}
