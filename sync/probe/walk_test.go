package probe

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/trust"
	"counterfoil/sync/wire"
)

// maker signs certificates for tests.
type maker struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newMaker(t *testing.T, name string) *maker {
	t.Helper()
	m := &maker{t: t}
	m.key = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der := must(x509.CreateCertificate(rand.Reader, c, c, &m.key.PublicKey, m.key))(t)
	m.cert = must(x509.ParseCertificate(der))(t)
	return m
}

// under is a maker whose certificate m signs.
func (m *maker) under(name string) *maker {
	u := newMaker(m.t, name)
	der := must(x509.CreateCertificate(rand.Reader, u.cert, m.cert, &u.key.PublicKey, m.key))(m.t)
	u.cert = must(x509.ParseCertificate(der))(m.t)
	return u
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// leaf is a certificate for 127.0.0.1 that change may spoil; self: signed by itself.
func (m *maker) leaf(self bool, change func(*x509.Certificate)) *tls.Certificate {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(m.t)
	c := blank(change)
	parent, by := m.cert, m.key
	if self {
		parent, by = c, key
	}
	der := must(x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by))(m.t)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func blank(change func(*x509.Certificate)) *x509.Certificate {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 1, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(c)
	}
	return c
}

// answers is a server that is well, until a path has its own handler.
func answers(t *testing.T, cert *tls.Certificate, change func(*tls.Config), own map[string]http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(wire.HeaderProduct, wire.Product)
		w.Header().Set("Content-Type", "application/json")
		if h := own[r.URL.Path]; h != nil {
			h(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(wire.Health{Product: wire.Product, Version: "1", ProtocolMin: 1, ProtocolMax: 1})
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{*cert}}
	if change != nil {
		change(s.TLS)
	}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// config is that of a desk which trusts m.
func (m *maker) config(address string) Config {
	c := Config{
		ServerURL: address, EnrolledURL: address, Now: time.Now, Timeout: 10 * time.Second, ProtocolMin: 1, ProtocolMax: 1,
		Roots: func(context.Context) ([]*x509.Certificate, error) { return []*x509.Certificate{m.cert}, nil },
	}
	c.Transport = func(roots []*x509.Certificate) *http.Transport {
		return &http.Transport{Proxy: c.Proxy, ForceAttemptHTTP2: true, TLSClientConfig: trust.TLSConfig(&trust.Bundle{Certs: roots}, time.Now)}
	}
	return c
}

// record keeps what was observed for the tests of sync/fault, where
// COUNTERFOIL_RECORD names the folder for it.
func record(t *testing.T, r Report) {
	t.Helper()
	dir := os.Getenv("COUNTERFOIL_RECORD")
	if dir == "" {
		return
	}
	s := SelfcheckJSON(r, func(s string) string { return s })
	set := map[string]any{"verdict": s.Verdict, "confidence": s.Confidence, "also": s.Also, "observations": s.Observations}
	var notes []fault.ID
	for _, n := range s.Notes {
		notes = append(notes, n.Fault)
	}
	if notes != nil {
		set["notes"] = notes
	}
	raw := must(json.MarshalIndent(set, "", " "))(t)
	on := map[bool]string{true: "-windows"}[runtime.GOOS == "windows"]
	name := string(s.Verdict) + "-" + strings.NewReplacer("/", "-", " ", "_", ",", "").Replace(t.Name()) + on + ".json"
	if err := os.WriteFile(filepath.Join(dir, name), append(raw, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

func says(status int, header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if header != "" {
			name, value, _ := strings.Cut(header, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func health(status int, body string) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{"/healthz": says(status, "", body)}
}

func whoami(h http.HandlerFunc) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{"/v1/whoami": h}
}

// TestWalk lets the observers meet real servers on this computer and judges what
// they saw.
func TestWalk(t *testing.T) {
	m := newMaker(t, "Our CA")
	well, between := m.leaf(false, nil), m.under("Our issuing CA")
	for _, c := range []struct {
		name       string
		want       fault.ID
		confidence fault.Confidence
		server     func(t *testing.T) string
		change     func(*Config)
	}{
		{"well", fault.OK, fault.Proven, func(t *testing.T) string { return answers(t, well, nil, nil) }, nil},
		{"self-signed", "S10", fault.Likely, func(t *testing.T) string { return answers(t, m.leaf(true, nil), nil, nil) }, nil},
		{"not yet valid", "S02", fault.Proven, func(t *testing.T) string {
			return answers(t, m.leaf(false, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }), nil, nil)
		}, nil},
		{"weak key", "S13", fault.Proven, func(t *testing.T) string { return answers(t, m.weak(), nil, nil) }, nil},
		{"leaf of a stranger alone", "S06", fault.Likely, func(t *testing.T) string {
			return answers(t, newMaker(t, "Another CA").leaf(false, nil), nil, nil)
		}, nil},
		{"leaf without its intermediate", "S09", fault.Proven, func(t *testing.T) string { return answers(t, between.leaf(false, nil), nil, nil) },
			func(c *Config) { c.LastGood = &link.Snapshot{Beside: [][]byte{between.cert.Raw}} }},
		{"leaf of a stranger alone, after it worked elsewhere", "S06", fault.Likely, func(t *testing.T) string {
			return answers(t, newMaker(t, "Another CA").leaf(false, nil), nil, nil)
		}, func(c *Config) { c.LastGood = &link.Snapshot{Beside: [][]byte{between.cert.Raw}} }},
		{"another service", "S18", fault.Likely, func(t *testing.T) string { return greets(t, "220 mail.example ESMTP\r\n") }, nil},
		{"426", "H10", fault.Proven, func(t *testing.T) string {
			return answers(t, well, nil, whoami(says(426, "", `{"code":"upgrade_required"}`)))
		}, nil},
		{"client too old", "H10", fault.Proven, func(t *testing.T) string {
			return answers(t, well, nil, health(200, `{"product":"counterfoil","protocol_min":7,"protocol_max":9}`))
		}, nil},
		{"502", "H18", fault.Proven, func(t *testing.T) string { return answers(t, well, nil, health(502, "")) }, nil},
		{"504", "H20", fault.Proven, func(t *testing.T) string { return answers(t, well, nil, health(504, "<html>")) }, nil},
		{"404 of another", "H15", fault.Proven, func(t *testing.T) string {
			return answers(t, well, nil, map[string]http.HandlerFunc{"/healthz": says(404, wire.HeaderProduct+": warehouse", "")})
		}, nil},
		{"another server", "H15", fault.Proven, func(t *testing.T) string { return answers(t, well, nil, nil) },
			func(c *Config) { c.Other = func(context.Context, wire.Health) bool { return true } }},
		{"proxy gets nowhere", "X05", fault.Proven, func(t *testing.T) string { return answers(t, well, nil, nil) }, proxied(t, 502)},
		{"proxy denies", "X04", fault.Proven, func(t *testing.T) string { return answers(t, well, nil, nil) }, proxied(t, 403)},
		{"proxy is none", "X09", fault.Proven, func(t *testing.T) string { return answers(t, well, nil, nil) }, func(c *Config) {
			u := must(url.Parse(strings.Replace(greets(t, "220 mail.example ESMTP\r\n"), "https", "http", 1)))(t)
			c.Proxy = http.ProxyURL(u)
		}},
		{"newer data", "K15", fault.Proven, func(t *testing.T) string { return answers(t, well, nil, nil) }, store("localdb_newer")},
		{"emptied data", "K19", fault.Proven, func(t *testing.T) string { return answers(t, well, nil, nil) }, store("localdb_emptied")},
		{"open already", "K13", fault.Proven, func(t *testing.T) string { return answers(t, well, nil, nil) }, store("open_already")},
		{"store that fails oddly", "K06", fault.Likely, func(t *testing.T) string { return answers(t, well, nil, nil) }, store("")},
		{"nothing listens", "T01", fault.Proven, func(t *testing.T) string { return "https://" + closed(t) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := m.config(c.server(t))
			if c.change != nil {
				c.change(&cfg)
				proxy := cfg.Proxy
				cfg.Transport = func(roots []*x509.Certificate) *http.Transport {
					return &http.Transport{Proxy: proxy, ForceAttemptHTTP2: true, TLSClientConfig: trust.TLSConfig(&trust.Bundle{Certs: roots}, time.Now)}
				}
			}
			r := New(cfg).Run(context.Background(), nil)
			if r.Fault != c.want || r.Confidence != c.confidence {
				raw, _ := json.Marshal(r.Observations)
				t.Errorf("%s %s, want %s %s\n%s", r.Confidence, r.Fault, c.confidence, c.want, raw)
			}
			showsAt(t, r)
			record(t, r)
		})
	}
}

// showsAt: what is named shows at a check.
func showsAt(t *testing.T, r Report) {
	t.Helper()
	row, ok := fault.Lookup(r.Fault)
	bad := func(c Check) bool { return c.State == Bad && slices.Contains(row.Recheck, c.ID) }
	if ok && !slices.ContainsFunc(r.Checks, bad) || !ok && slices.ContainsFunc(r.Checks, func(c Check) bool { return c.State == Bad }) {
		t.Errorf("%s shows at %+v", r.Fault, r.Checks)
	}
}

// A slow server is named by its time alone.
func TestSlowServer(t *testing.T) {
	m := newMaker(t, "Our CA")
	slow := map[string]http.HandlerFunc{"/healthz": func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(1600 * time.Millisecond):
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, `{"product":"counterfoil","protocol_min":1,"protocol_max":1}`)
	}}
	r := New(m.config(answers(t, m.leaf(false, nil), nil, slow))).Run(context.Background(), nil)
	if r.Fault != "P01" || r.Confidence != fault.Proven {
		t.Errorf("%s %s", r.Confidence, r.Fault)
	}
	showsAt(t, r)
}

func store(code string) func(*Config) {
	return func(c *Config) {
		c.CheckStore = func(context.Context) error { return &books.Error{Code: code, Text: "tried"} }
	}
}

// weak is a certificate whose key can be broken.
func (m *maker) weak() *tls.Certificate {
	m.t.Setenv("GODEBUG", "rsa1024min=0")
	key := must(rsa.GenerateKey(rand.Reader, 1024))(m.t)
	der := must(x509.CreateCertificate(rand.Reader, blank(nil), m.cert, &key.PublicKey, m.key))(m.t)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// greets says something else than TLS to whoever comes.
func greets(t *testing.T, words string) string {
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
				_, _ = bufio.NewReader(c).ReadByte()
				_, _ = io.WriteString(c, words)
			}()
		}
	}()
	return "https://" + ln.Addr().String()
}

// closed is an address where nothing listens.
func closed(t *testing.T) string {
	ln := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer ln.Close()
	return ln.Addr().String()
}

func proxied(t *testing.T, status int) func(*Config) {
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(p.Close)
	return func(c *Config) { c.Proxy = http.ProxyURL(must(url.Parse(p.URL))(t)) }
}

// One observer alone runs what it needs and no more.
func TestRunOnly(t *testing.T) {
	m := newMaker(t, "Our CA")
	l := New(m.config(answers(t, m.leaf(false, nil), nil, nil)))
	for names, want := range map[string]string{
		"route": "address network proxy names route", "data": "data", "tls": "keyring address network proxy names route tls",
	} {
		var got []string
		for _, c := range l.Run(context.Background(), nil, names).Checks {
			got = append(got, c.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v", names, got)
		}
	}
	if r := l.Run(context.Background(), nil, "unheard of"); len(r.Checks) != len(observers) {
		t.Errorf("%d checks", len(r.Checks))
	}
}

// Each row names observers that there are.
func TestRechecks(t *testing.T) {
	known := map[string]bool{}
	for _, o := range observers {
		for _, n := range o.after {
			if !known[strings.TrimPrefix(n, beside)] {
				t.Errorf("%s comes after %s, which stands below it", o.name, n)
			}
		}
		known[o.name] = true
	}
	for _, f := range fault.All() {
		for _, n := range f.Recheck {
			if !known[n] {
				t.Errorf("%s: no observer is called %q", f.ID, n)
			}
		}
		if len(f.Recheck) == 0 {
			t.Errorf("%s: nothing tells whether it is over", f.ID)
		}
	}
}
