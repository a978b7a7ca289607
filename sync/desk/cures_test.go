package desk_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
	"counterfoil/sync/route"
	"counterfoil/sync/trust"
)

// seatAt is an enrolled desk whose server is at address; httptest's certificate is for
// example.com and 127.0.0.1.
func seatAt(t *testing.T, dir, address string, keys *trust.Store, ca []byte) *desk.Desk {
	t.Helper()
	ctx := context.Background()
	d := must[*desk.Desk](t)(desk.Open(ctx, desk.Config{Dir: dir, Use: desk.Window, Version: "test", Keys: keys}))
	t.Cleanup(func() { _ = d.Close() })
	if ca != nil {
		if err := d.Trust(ctx, must[*trust.Bundle](t)(trust.ParseBundle(ca))); err != nil {
			t.Fatal(err)
		}
		if err := d.Connect(ctx, address, token); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func memoryKeys() *trust.Store { return &trust.Store{Keyring: trust.Memory(), Profile: "p"} }

// found tells the desk of a self-check that named a fault.
func found(d *desk.Desk, id fault.ID, seen ...fault.Observation) {
	d.Found(probe.Report{Verdict: fault.Verdict{Finding: fault.Finding{Fault: id, Confidence: fault.Proven}}, Observations: seen})
}

// A server whose name nobody can look up is reached at the address that worked last,
// after a restart too, and the cure ends when the name is known again.
func TestLastGoodAddress(t *testing.T) {
	address, ca := reference(t)
	u := must[*url.URL](t)(url.Parse(address))
	dir, keys := filepath.Join(t.TempDir(), "desk"), memoryKeys()
	d := seatAt(t, dir, "https://elsewhere.invalid:"+u.Port(), keys, ca)
	ctx := context.Background()
	if _, err := d.Engine().Once(ctx); err == nil {
		t.Fatal("the name is known")
	}
	d.Monitor().Learn(link.Snapshot{At: time.Now(), Address: u.Host})
	found(d, "D02")
	// The address leads to the server, whose certificate is for another name: refused.
	out, err := d.Fix(ctx, cure.LastGoodAddress, true)
	if err != nil || out.Helped || !errors.Is(out.Err, cure.ErrNoHelp) || len(d.Cures()) != 0 {
		t.Fatalf("a wrong name is verified: %+v %v", out, err)
	}
	// Under the right name it helps.
	if err := d.Connect(ctx, "https://"+unknownName+":"+u.Port(), token); err != nil {
		t.Fatal(err)
	}
	found(d, "D02")
	out, err = d.Fix(ctx, cure.LastGoodAddress, true)
	if err != nil || !out.Helped {
		t.Fatalf("%+v %v", out, err)
	}
	if _, err := d.Engine().Once(ctx); err != nil {
		t.Fatal("after the cure:", err)
	}
	_ = d.Close()
	d = seatAt(t, dir, "", keys, nil)
	if in := d.Cures(); len(in) != 1 || in[0].Name != cure.LastGoodAddress || in[0].Values["address"] != u.Host {
		t.Fatalf("after a restart: %+v", in)
	}
	if _, err := d.Engine().Once(ctx); err != nil {
		t.Fatal("after a restart:", err)
	}
	if err := d.Unfix(ctx, cure.LastGoodAddress); err != nil || len(d.Cures()) != 0 {
		t.Fatal(err)
	}
	if _, err := d.Engine().Once(ctx); err == nil {
		t.Error("the cure was taken back and works still")
	}
	if err := d.Unfix(ctx, cure.LastGoodAddress); !errors.Is(err, cure.ErrNotAlive) {
		t.Error(err)
	}
}

// An address that worked last and belongs to somebody else now is never taken.
func TestForgedLastGood(t *testing.T) {
	address, ca := reference(t)
	forger := httptest.NewUnstartedServer(nil)
	forger.TLS = &tls.Config{Certificates: []tls.Certificate{forged(t)}}
	forger.Config.ErrorLog = log.New(io.Discard, "", 0)
	forger.StartTLS()
	t.Cleanup(forger.Close)
	port := must[*url.URL](t)(url.Parse(address)).Port()
	d := seatAt(t, filepath.Join(t.TempDir(), "desk"), "https://"+unknownName+":"+port, memoryKeys(), ca)
	d.Monitor().Learn(link.Snapshot{At: time.Now(), Address: forger.Listener.Addr().String()})
	found(d, "D02")
	out, err := d.Fix(context.Background(), cure.LastGoodAddress, true)
	if err != nil || out.Helped || !errors.Is(out.Err, cure.ErrNoHelp) || len(d.Cures()) != 0 {
		t.Fatalf("%+v %v", out, err)
	}
}

// An address that is not the registered one is put right, and the token stays.
func TestRestoreURL(t *testing.T) {
	address, ca := reference(t)
	dir, keys := filepath.Join(t.TempDir(), "desk"), memoryKeys()
	d := seatAt(t, dir, address, keys, ca)
	ctx := context.Background()
	wrong := "https://127.0.0.1:" + closedPort(t)
	if err := d.Store.SetSetting(ctx, "server_url", wrong); err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
	d = seatAt(t, dir, "", keys, nil)
	if _, err := d.Engine().Once(ctx); err == nil || d.URL() != wrong {
		t.Fatal("the wrong address works:", d.URL())
	}
	r := d.SelfCheck(ctx, "", 10*time.Second, nil)
	d.Found(r)
	if r.Fault == fault.OK {
		t.Fatalf("found %s", r.Fault)
	}
	if _, err := d.Fix(ctx, cure.RestoreURL, false); !errors.Is(err, cure.ErrConsent) || d.URL() != wrong {
		t.Fatal("nobody agreed:", err)
	}
	out, err := d.Fix(ctx, cure.RestoreURL, true)
	if err != nil || !out.Helped || d.URL() != address || len(d.Cures()) != 0 {
		t.Fatalf("%+v %v, now %s", out, err, d.URL())
	}
	if _, err := d.Engine().Once(ctx); err != nil {
		t.Error(err)
	}
}

// A server that refuses the offer of HTTP/2 is reached without it, on the real path; the
// cure ends by itself when the server takes the offer again.
func TestHTTP1(t *testing.T) {
	var mu sync.Mutex
	refuses := true
	address, ca := referenceOver(t, func(c *tls.Config) {
		c.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			mu.Lock()
			defer mu.Unlock()
			if refuses && len(h.SupportedProtos) > 0 {
				return nil, errors.New("no protocol in common")
			}
			return nil, nil
		}
	})
	d := seatAt(t, filepath.Join(t.TempDir(), "desk"), address, memoryKeys(), ca)
	ctx := context.Background()
	if _, err := d.Engine().Once(ctx); err == nil {
		t.Fatal("the server takes the offer")
	}
	if err := apply(d, cure.IPv4Only, route.Route{Family: route.IPv4}); !errors.Is(err, cure.ErrNoHelp) || len(d.Cures()) != 0 {
		t.Fatal("what does not help stays:", err)
	}
	if err := apply(d, cure.HTTP1, route.Route{HTTP1: true}); err != nil {
		t.Fatal(err)
	}
	if err := apply(d, cure.IPv4Only, route.Route{Family: route.IPv4}); err != nil || len(d.Cures()) != 2 {
		t.Fatal("two together:", err)
	}
	if _, err := d.Engine().Once(ctx); err != nil {
		t.Fatal("after the cures:", err)
	}
	// Each is looked at apart: IPv4 alone was not needed.
	if ended, err := d.EndCures(ctx); err != nil || !slices.Equal(ended, []cure.Name{cure.IPv4Only}) {
		t.Fatal(ended, err)
	}
	mu.Lock()
	refuses = false
	mu.Unlock()
	if ended, err := d.EndCures(ctx); err != nil || !slices.Equal(ended, []cure.Name{cure.HTTP1}) || len(d.Cures()) != 0 {
		t.Fatal(ended, err)
	}
	if _, err := d.Engine().Once(ctx); err != nil {
		t.Fatal("without:", err)
	}
}

// apply applies a cure that changes the way.
func apply(d *desk.Desk, n cure.Name, r route.Route) error {
	known, _ := cure.Lookup(n)
	out, err := d.Cure(context.Background(), cure.Offer{Cure: known, Route: r}, true)
	return errors.Join(err, out.Err)
}

func closedPort(t *testing.T) string {
	t.Helper()
	l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	return port
}

// unknownName is in the certificate of httptest, and no name server knows it.
const unknownName = "nothing.example.com"

// forged is a certificate for the same name that somebody else signed.
func forged(t *testing.T) tls.Certificate {
	t.Helper()
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{unknownName}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature}
	return tls.Certificate{PrivateKey: key, Certificate: [][]byte{must[[]byte](t)(x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key))}}
}
