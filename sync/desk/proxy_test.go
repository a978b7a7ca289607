package desk_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/sync/probe"
	"counterfoil/sync/trust"
)

// An officeProxy wants the sign-in of clerk:secret and keeps what it is shown.
type officeProxy struct {
	*url.URL
	mu    sync.Mutex
	shown []string
}

func newOfficeProxy(t *testing.T) *officeProxy {
	t.Helper()
	l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	t.Cleanup(func() { _ = l.Close() })
	p := &officeProxy{URL: &url.URL{Scheme: "http", Host: l.Addr().String()}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.lead(c)
		}
	}()
	return p
}

func (p *officeProxy) lead(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	req, err := http.ReadRequest(r)
	if err != nil {
		return
	}
	shown := req.Header.Get("Proxy-Authorization")
	p.mu.Lock()
	p.shown = append(p.shown, shown)
	p.mu.Unlock()
	if shown != "Basic "+base64.StdEncoding.EncodeToString([]byte("clerk:secret")) {
		_, _ = io.WriteString(c, "HTTP/1.1 407 Sign in\r\nProxy-Authenticate: Basic realm=\"office\"\r\nContent-Length: 0\r\n\r\n")
		return
	}
	to, err := net.Dial("tcp", req.Host)
	if err != nil {
		return
	}
	defer to.Close()
	_, _ = io.WriteString(c, "HTTP/1.1 200 Connected\r\n\r\n")
	go func() { _, _ = io.Copy(to, r); _ = to.Close() }()
	_, _ = io.Copy(c, to)
}

// The clerk is asked who signs in at the proxy, again where the proxy refuses that, and
// another proxy never sees it.
func TestProxySignIn(t *testing.T) {
	ctx := context.Background()
	address, ca := reference(t)
	office, other := newOfficeProxy(t), newOfficeProxy(t)
	var mu sync.Mutex
	via := office
	keys := memoryKeys()
	d := must[*desk.Desk](t)(desk.Open(ctx, desk.Config{
		Dir: filepath.Join(t.TempDir(), "desk"), Use: desk.Window, Keys: keys, System: func(*http.Request) (*url.URL, error) { return nil, nil },
		Proxy: func(*http.Request) (*url.URL, error) {
			mu.Lock()
			defer mu.Unlock()
			return via.URL, nil
		},
	}))
	defer d.Close()
	if err := errors.Join(d.Trust(ctx, must[*trust.Bundle](t)(trust.ParseBundle(ca))), d.Connect(ctx, address, token)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Engine().Once(ctx); err == nil {
		t.Fatal("the proxy lets anybody pass")
	}
	r := probe.Report{Verdict: fault.Verdict{Finding: fault.Finding{Fault: "X03", Confidence: fault.Proven}}}
	d.Found(r)
	if slices.ContainsFunc(d.Offers(), func(o cure.Offer) bool { return o.Name == cure.ProxySignIn }) {
		t.Fatal("offered where nobody can be asked")
	}
	given := errors.New("given up")
	for _, c := range []struct {
		password string
		says     error
		helps    bool
	}{{"", given, false}, {"wrong", nil, false}, {"secret", nil, true}} {
		asked := ""
		d.AskProxyUser(func(_ context.Context, proxy string) (string, string, error) {
			asked = proxy
			return "clerk", c.password, c.says
		})
		d.Found(r)
		out, err := d.Fix(ctx, cure.ProxySignIn, true)
		if !errors.Is(err, c.says) || out.Helped != c.helps || asked != office.Host {
			t.Fatalf("password %q: %+v %v, asked for %q", c.password, out, err, asked)
		}
		if _, err := keys.LoadProxyUser(ctx); (err == nil) != c.helps {
			t.Errorf("password %q: kept %v", c.password, err)
		}
	}
	if _, err := d.Engine().Once(ctx); err != nil {
		t.Fatal("signed in:", err)
	}
	mu.Lock()
	via = other
	mu.Unlock()
	d.Reset()
	if _, err := d.Engine().Once(ctx); err == nil {
		t.Fatal("another proxy lets us pass")
	}
	other.mu.Lock()
	defer other.mu.Unlock()
	for _, shown := range other.shown {
		if shown != "" {
			t.Errorf("another proxy was shown %q", shown)
		}
	}
	if len(other.shown) == 0 {
		t.Error("the other proxy was not asked")
	}
}
