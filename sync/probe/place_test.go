package probe

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"counterfoil/sync/link"
)

func TestPlace(t *testing.T) {
	via := func(u string) func(*http.Request) (*url.URL, error) {
		return func(r *http.Request) (*url.URL, error) {
			if r.URL.Host != "invoice.example:8443" {
				t.Errorf("asked for %s", r.URL)
			}
			if u == "" {
				return nil, nil
			}
			return url.Parse(u)
		}
	}
	const server = "https://invoice.example:8443"
	if p := Place(server, via("")); p.Proxy != link.Direct {
		t.Errorf("%+v", p)
	}
	p := Place(server, via("http://wang:secret@127.0.0.1:7890"))
	if p.Proxy != "127.0.0.1:7890" {
		t.Errorf("the proxy is %q", p.Proxy)
	}
	for _, a := range strings.FieldsFunc(p.Network, func(r rune) bool { return r == ',' || r == ' ' }) {
		if ip, _, err := net.ParseCIDR(a); err != nil || ip.IsLoopback() {
			t.Errorf("%q is no address to the outside: %v", a, err)
		}
	}
	for _, a := range strings.FieldsFunc(p.Resolver, func(r rune) bool { return r == ',' || r == ' ' }) {
		if net.ParseIP(a) == nil {
			t.Errorf("%q is no name server", a)
		}
	}
	// Who runs the test may know one.
	if want := os.Getenv("COUNTERFOIL_RESOLVER"); !strings.Contains(p.Resolver, want) {
		t.Errorf("%s is not among %q", want, p.Resolver)
	}
}
