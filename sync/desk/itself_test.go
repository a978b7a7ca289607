package desk_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"counterfoil/sync/cure"
	"counterfoil/sync/link"
)

// A signer is a certificate and its key.
type signer struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

// signed makes a certificate that by signs, or itself where by is nil.
func signed(t *testing.T, name string, ca bool, by *signer) *signer {
	t.Helper()
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: ca, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		DNSNames: []string{unknownName}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	parent, with := c, key
	if by != nil {
		parent, with = by.Certificate, by.key
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, with))
	return &signer{must[*x509.Certificate](t)(x509.ParseCertificate(der)), key}
}

// A server that leaves its intermediate certificate out is reached with the one that
// was seen before, without anybody being asked; a person may take that back, and it
// ends when the server is set up rightly again.
func TestItself(t *testing.T) {
	root := signed(t, "Our CA", true, nil)
	between := signed(t, "Our issuing CA", true, root)
	leaf := signed(t, "server", false, between)
	var mu sync.Mutex
	chain := [][]byte{leaf.Raw}
	address, _ := referenceOver(t, func(c *tls.Config) {
		c.Certificates = []tls.Certificate{{Certificate: chain, PrivateKey: leaf.key}}
		c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			mu.Lock()
			defer mu.Unlock()
			own := c.Clone()
			own.GetConfigForClient = nil
			own.Certificates = []tls.Certificate{{Certificate: chain, PrivateKey: leaf.key}}
			return own, nil
		}
	})
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw})
	dir, keys := filepath.Join(t.TempDir(), "desk"), memoryKeys()
	d := seatAt(t, dir, address, keys, ca)
	ctx := context.Background()
	if _, err := d.Engine().Once(ctx); err == nil {
		t.Fatal("the chain is whole")
	}
	d.Monitor().Learn(link.Snapshot{At: time.Now(), Address: address[len("https://"):], Beside: [][]byte{between.Raw}})
	healed := make(chan struct{}, 9)
	d.CuresChanged(func() { healed <- struct{}{} })
	d.Start()
	r := d.SelfCheck(ctx, "", 10*time.Second, nil)
	if r.Fault != "S09" || r.Confidence != "proven" {
		t.Fatalf("found %s %s", r.Fault, r.Confidence)
	}
	d.Found(r)
	select {
	case <-healed:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was done")
	}
	if in := d.Cures(); len(in) != 1 || in[0].Name != cure.RememberedBeside || in[0].Text("en") == "" {
		t.Fatalf("in force: %+v", in)
	}
	if r := d.SelfCheck(ctx, "", 10*time.Second, nil); r.Fault != "OK" {
		t.Errorf("with the cure: %s", r.Fault)
	}
	_ = d.Close()
	d = seatAt(t, dir, "", keys, nil)
	if _, err := d.Engine().Once(ctx); err != nil {
		t.Fatal("after a restart:", err)
	}
	if ended, err := d.EndCures(ctx); err != nil || len(ended) != 0 {
		t.Fatal("it ended while it is needed:", ended, err)
	}
	mu.Lock()
	chain = [][]byte{leaf.Raw, between.Raw}
	mu.Unlock()
	if ended, err := d.EndCures(ctx); err != nil || len(ended) != 1 || len(d.Cures()) != 0 {
		t.Fatal("it did not end:", ended, err)
	}
	if _, err := d.Engine().Once(ctx); err != nil {
		t.Error("without it:", err)
	}
}
