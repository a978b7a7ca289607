package desk_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/desk"
	"counterfoil/sync/trust"
	"counterfoil/sync/wire"
)

// A place is a server that says who it is and keeps what it is asked.
type place struct {
	*httptest.Server

	mu     sync.Mutex // guards below
	health wire.Health
	asked  []string // "path token"
}

func newPlace(t *testing.T, server, company, environment string) *place {
	p := &place{health: wire.Health{Product: wire.Product, ProtocolMin: 1, ProtocolMax: 1, Server: server, Company: company, Environment: environment}}
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked = append(p.asked, r.URL.Path+" "+r.Header.Get("Authorization"))
		w.Header().Set(wire.HeaderProduct, wire.Product)
		w.Header().Set("Content-Type", "application/json")
		var answer any = p.health
		switch r.URL.Path {
		case "/v1/push":
			answer = wire.PushAnswer{Epoch: "e"}
		case "/v1/pull":
			answer = wire.PullAnswer{Epoch: "e", Cursor: "e:0:all"}
		case "/v1/whoami":
			answer = map[string]string{}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(p.Close)
	return p
}

// took returns what was asked since the last call.
func (p *place) took() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := strings.Join(p.asked, ", ")
	p.asked = nil
	return out
}

// A folder is a desk's data folder that can be closed and opened again.
type folder struct {
	t    *testing.T
	dir  string
	keys *trust.Store
	*desk.Desk
}

func newFolder(t *testing.T, ca *place) *folder {
	t.Helper()
	f := &folder{t: t, dir: t.TempDir(), keys: &trust.Store{Keyring: trust.Memory(), Profile: "p"}}
	b, err := trust.ParseBundle(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Certificate().Raw}))
	if err == nil {
		err = f.keys.Save(context.Background(), b)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.open()
	return f
}

func (f *folder) open() {
	f.t.Helper()
	d, err := desk.Open(context.Background(), desk.Config{Dir: f.dir, Use: desk.Sync, Keys: f.keys, Version: "test"})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = d.Close() })
	f.Desk = d
}

func (f *folder) connect(p *place, token string) {
	f.t.Helper()
	if err := f.Connect(context.Background(), p.URL, token); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) push() error {
	_, err := f.Push(context.Background(), wire.PushRequest{Device: "d", Protocol: 1})
	return err
}

func (f *folder) refuses(p *place, what string) {
	f.t.Helper()
	for range 2 {
		if err := f.push(); !errors.Is(err, desk.ErrOther) {
			f.t.Errorf("%s: a push gives %v", what, err)
		}
		if _, err := f.Pull(context.Background(), wire.PullQuery{}); !errors.Is(err, desk.ErrOther) {
			f.t.Errorf("%s: a pull gives %v", what, err)
		}
	}
	if asked := p.took(); strings.Contains(asked, "/v1/") || strings.Contains(asked, "Bearer") {
		f.t.Errorf("%s: it was asked %s", what, asked)
	}
	if s := f.Monitor().State(); s.Fault != "H15" || s.Kind != "offline" {
		f.t.Errorf("%s: the monitor says %+v", what, s)
	}
}

// A data folder belongs to the first server it met, however the address changes.
func TestOneServerOneFolder(t *testing.T) {
	home := newPlace(t, "aa", "Ming", "production")
	for what, other := range map[string]*place{
		"another server": newPlace(t, "bb", "Ming", "production"), "another company": newPlace(t, "aa", "Hua", "production"),
		"practice": newPlace(t, "aa", "Ming", "practice"), "none": newPlace(t, "", "Ming", "production"),
	} {
		f := newFolder(t, home)
		f.connect(home, "secret")
		if err := f.push(); err != nil {
			t.Fatal(err)
		}
		if asked := home.took(); asked != "/healthz , /v1/push Bearer secret" {
			t.Errorf("asked %s", asked)
		}
		// Where it is reached, it is refused at once and nothing is kept.
		if err := f.Connect(context.Background(), other.URL, "token of the other"); !errors.Is(err, desk.ErrOther) || f.URL() != home.URL {
			t.Errorf("%s: %v, now at %s", what, err, f.URL())
		}
		if err := f.push(); err != nil {
			t.Error(err)
		}
		if asked := home.took() + other.took(); strings.Contains(asked, "other") {
			t.Errorf("%s: asked %s", what, asked)
		}
		// Else when it is met: behind the same name, after a start.
		if err := f.Store.SetSetting(context.Background(), "server_url", other.URL); err != nil {
			t.Fatal(err)
		}
		if err := f.Store.SetSetting(context.Background(), "enrolled_url", other.URL); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		f.open()
		f.refuses(other, what)
		r := f.SelfCheck(context.Background(), "", 10*time.Second, nil)
		if asked := other.took(); r.Finding.Fault != "H15" || strings.Contains(asked, "Bearer") || strings.Contains(asked, "/v1/") {
			t.Errorf("%s: the self-check finds %s, asked %s", what, r.Finding.Fault, asked)
		}
		f.connect(home, "secret")
		if err := f.push(); err != nil {
			t.Errorf("%s: back home: %v", what, err)
		}
		home.took()
	}
}

// A folder that was bound to an old server, which has no identity, learns it later.
func TestIdentityIsLearnt(t *testing.T) {
	home := newPlace(t, "", "", "production")
	f := newFolder(t, home)
	f.connect(home, "secret")
	if err := f.push(); err != nil {
		t.Fatal(err)
	}
	set := func(server, company, environment string) {
		home.mu.Lock()
		home.health.Server, home.health.Company, home.health.Environment = server, company, environment
		home.mu.Unlock()
		f.Reset()
		home.took()
	}
	set("", "", "practice")
	f.refuses(home, "practice")
	set("aa", "Ming", "production")
	if err := f.push(); err != nil {
		t.Fatal(err)
	}
	home.took()
	for _, s := range [][2]string{{"bb", "Ming"}, {"aa", "Hua"}, {"", ""}} {
		set(s[0], s[1], "production")
		f.refuses(home, fmt.Sprint(s))
	}
	// What was put right is seen without a restart.
	home.mu.Lock()
	home.health.Server, home.health.Company = "aa", "Ming"
	home.mu.Unlock()
	if err := f.push(); err != nil {
		t.Error(err)
	}
}

// A token goes to the address it was given for, and nowhere else.
func TestTokenBelongsToItsAddress(t *testing.T) {
	ctx := context.Background()
	first, second := newPlace(t, "aa", "Ming", "test"), newPlace(t, "aa", "Ming", "test")
	f := newFolder(t, first)
	f.connect(first, "secret")
	if err := f.push(); err != nil {
		t.Fatal(err)
	}
	// A check of another address asks it nothing with the token.
	f.SelfCheck(ctx, second.URL, 10*time.Second, nil)
	if asked := second.took(); strings.Contains(asked, "secret") || !strings.Contains(asked, "/healthz") {
		t.Errorf("the self-check asked %s", asked)
	}
	if !f.Forgets(ctx, second.URL) || f.Forgets(ctx, first.URL) {
		t.Error("what is forgotten is not told")
	}
	f.connect(second, "")
	if err := f.push(); err != nil {
		t.Fatal(err)
	}
	if asked := second.took(); strings.Contains(asked, "secret") || !strings.Contains(asked, "/v1/push") {
		t.Errorf("asked %s", asked)
	}
	if _, token, err := f.keys.LoadToken(ctx); !errors.Is(err, trust.ErrMissing) {
		t.Errorf("%q is kept: %v", token, err)
	}
	f.connect(second, "another")
	if err := f.push(); err != nil || !strings.Contains(second.took(), "Bearer another") {
		t.Error("the new token is not sent", err)
	}
	// The address is changed past Connect, as a settings file of somebody else would.
	first.took()
	if err := f.Store.SetSetting(ctx, "server_url", first.URL); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	f.open()
	if err := f.push(); err != nil {
		t.Fatal(err)
	}
	if asked := first.took(); strings.Contains(asked, "another") {
		t.Errorf("asked %s", asked)
	}
	// One that an older version kept belongs to the registered address.
	if err := f.keys.Keyring.Set(ctx, "token.p", "older"); err != nil {
		t.Fatal(err)
	}
	f.connect(second, "")
	if err := f.push(); err != nil || !strings.Contains(second.took(), "Bearer older") {
		t.Error("the old token is not sent", err)
	}
	f.connect(first, "")
	if err := f.push(); err != nil || strings.Contains(first.took(), "older") {
		t.Error("the old token is sent to a new address", err)
	}
}

// A server that knows old suites only is named, and asked nothing.
func TestOutdatedServer(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	s.TLS = &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	f := newFolder(t, &place{Server: s})
	f.connect(&place{Server: s}, "secret")
	if err := f.push(); err == nil {
		t.Error("an old suite is taken")
	}
	if r := f.SelfCheck(context.Background(), "", 10*time.Second, nil); r.Finding.Fault != "S16" {
		t.Errorf("the self-check finds %s", r.Finding.Fault)
	}
}

// Nothing but https is spoken.
func TestPlainAddress(t *testing.T) {
	f := newFolder(t, newPlace(t, "", "", "test"))
	var e *books.Error
	if err := f.Connect(context.Background(), "http://127.0.0.1:1", "secret"); !errors.As(err, &e) || e.Code != "bad_url" {
		t.Errorf("%v", err)
	}
}
