package link

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"
	"time"
)

// What a server once sent beside its certificate is known still when it leaves it out.
func TestBesideIsKept(t *testing.T) {
	m := New(Config{Now: time.Now})
	own, between := &x509.Certificate{Raw: []byte("own"), RawSubjectPublicKeyInfo: []byte("key")}, &x509.Certificate{Raw: []byte("between")}
	chain := []*x509.Certificate{own, between}
	tr := m.Wrap(roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: ours(), TLS: &tls.ConnectionState{PeerCertificates: chain}}, nil
	}))
	for _, chain = range [][]*x509.Certificate{{own, between}, {own}} {
		req, err := http.NewRequest(http.MethodGet, "https://x/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tr.RoundTrip(req); err != nil {
			t.Fatal(err)
		}
	}
	g := m.LastGood()
	if g == nil || len(g.Beside) != 1 || !bytes.Equal(g.Beside[0], between.Raw) || g.Key == "" {
		t.Errorf("%+v", g)
	}
}
