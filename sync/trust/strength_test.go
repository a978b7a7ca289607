package trust

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"counterfoil/sync/wire"
)

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func ecKey(t *testing.T, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// signed makes a certificate; a nil parent signs itself.
func signed(t *testing.T, key crypto.Signer, parent *x509.Certificate, by crypto.Signer, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "Ming CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if change != nil {
		change(c)
	}
	if parent == nil {
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func pemOf(certs ...*x509.Certificate) []byte {
	b := &Bundle{Certs: certs}
	return b.PEM()
}

func TestImportRefuses(t *testing.T) {
	good, strong := ecKey(t, elliptic.P256()), rsaKey(t, 2048)
	root := signed(t, good, nil, nil, nil)
	old := rsaKey(t, 2048)
	oldRoot := signed(t, old, nil, nil, nil)
	name := func(c *x509.Certificate) { c.Subject.CommonName = "Ming intermediate" }
	for what, c := range map[string]struct {
		raw  []byte
		code string
	}{
		"ECDSA":           {pemOf(root), ""},
		"RSA 2048":        {pemOf(signed(t, strong, nil, nil, nil)), ""},
		"with its middle": {pemOf(root, signed(t, strong, root, good, name)), ""},
		"RSA 1024":        {pemOf(signed(t, rsaKey(t, 1024), nil, nil, nil)), "bundle_weak"},
		"P-224":           {pemOf(signed(t, ecKey(t, elliptic.P224()), nil, nil, nil)), "bundle_weak"},
		"weak middle":     {pemOf(root, signed(t, rsaKey(t, 1024), root, good, name)), "bundle_weak"},
		"expired":         {pemOf(signed(t, good, nil, nil, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })), "bundle_expired"},
		"not a CA":        {pemOf(signed(t, good, nil, nil, func(c *x509.Certificate) { c.IsCA = false })), "bundle_not_ca"},
		"may not sign":    {pemOf(signed(t, good, nil, nil, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })), "bundle_not_ca"},
	} {
		b, err := Import(c.raw, time.Now())
		if codeOf(err) != c.code || (err == nil) != (c.code == "") || err == nil && len(b.Certs) == 0 {
			t.Errorf("%s: %v, want %q", what, err, c.code)
		}
	}
	// Go signs nothing with SHA-1 any more, so the algorithm is set by hand; on a
	// root nobody relies on it.
	sha1, sha1Root := *signed(t, strong, oldRoot, old, name), *oldRoot
	sha1.SignatureAlgorithm, sha1Root.SignatureAlgorithm = x509.SHA1WithRSA, x509.SHA1WithRSA
	if wire.Weak(&sha1) == nil || wire.Weak(&sha1Root) != nil {
		t.Error("SHA-1 is misjudged")
	}
}

func TestReadFileRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadFile(dir); codeOf(err) != "bundle_no_file" {
		t.Errorf("a folder: %v", err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, maxBundle+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(large); codeOf(err) != "bundle_too_large" {
		t.Errorf("a large file: %v", err)
	}
	if _, err := ReadAll(strings.NewReader(strings.Repeat("x", maxBundle+1))); codeOf(err) != "bundle_too_large" {
		t.Errorf("a long input: %v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	pipe := filepath.Join(dir, "pipe")
	if out, err := exec.Command("mkfifo", pipe).CombinedOutput(); err != nil {
		t.Skip("no pipe can be made: ", err, string(out))
	}
	done := make(chan error, 1)
	go func() { _, err := ReadFile(pipe); done <- err }()
	select {
	case err := <-done:
		if codeOf(err) != "bundle_no_file" {
			t.Errorf("a pipe: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("reading a pipe waits for a writer")
	}
}

// A server with a weak certificate is refused, though Go takes it.
func TestWeakServer(t *testing.T) {
	caKey := ecKey(t, elliptic.P256())
	ca := signed(t, caKey, nil, nil, nil)
	for bits, ok := range map[int]bool{1024: false, 2048: true} {
		key := rsaKey(t, bits)
		leaf := signed(t, key, ca, caKey, func(c *x509.Certificate) {
			c.IsCA, c.DNSNames, c.ExtKeyUsage, c.KeyUsage = false, []string{"invoice.test"}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, x509.KeyUsageDigitalSignature
			c.Subject.CommonName = "invoice.test"
		})
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}}}
		s.StartTLS()
		config := TLSConfig(&Bundle{Certs: []*x509.Certificate{ca}}, time.Now)
		config.ServerName = "invoice.test"
		resp, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: config}}).Get(s.URL)
		if err == nil {
			_ = resp.Body.Close()
		}
		if (err == nil) != ok || !ok && !errors.Is(err, wire.ErrWeak) {
			t.Errorf("RSA %d: %v", bits, err)
		}
		s.Close()
	}
	// A weak suite is not offered.
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.TLS = &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA}}
	s.StartTLS()
	defer s.Close()
	config := TLSConfig(&Bundle{Certs: []*x509.Certificate{s.Certificate()}}, time.Now)
	if c, err := tls.Dial("tcp", s.Listener.Addr().String(), config); err == nil {
		_ = c.Close()
		t.Error("a suite with CBC is taken")
	}
}

// Two programs write into the file keyring at once; nothing is lost.
func TestTwoProgramsOneKeyring(t *testing.T) {
	const items = 4
	pass := func() (string, error) { return "right", nil }
	if dir := os.Getenv("COUNTERFOIL_KEYRING_DIR"); dir != "" {
		name := os.Getenv("COUNTERFOIL_KEYRING_NAME")
		s := &Store{Keyring: FileKeyring(dir, pass), Profile: name}
		for i := range items {
			if err := s.Keyring.Set(context.Background(), name+string(rune('0'+i)), name); err != nil {
				t.Fatal(err)
			}
		}
		b, err := ParseBundle([]byte(os.Getenv("COUNTERFOIL_KEYRING_CA")))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Save(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		if err := (&Store{Keyring: s.Keyring, Profile: "shared"}).Save(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		return
	}
	dir, names := t.TempDir(), []string{"a", "b", "c"}
	bundles := map[string]*Bundle{}
	var running []*exec.Cmd
	for _, name := range names {
		bundles[name] = bundle(t, 3)
		cmd := exec.Command(os.Args[0], "-test.run", "^TestTwoProgramsOneKeyring$")
		cmd.Env = append(os.Environ(), "COUNTERFOIL_KEYRING_DIR="+dir, "COUNTERFOIL_KEYRING_NAME="+name, "COUNTERFOIL_KEYRING_CA="+string(bundles[name].PEM()))
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	k := FileKeyring(dir, pass)
	for _, name := range names {
		for i := range items {
			if v, err := k.Get(context.Background(), name+string(rune('0'+i))); err != nil || v != name {
				t.Errorf("%s%d: %q %v", name, i, v, err)
			}
		}
		if b, err := (&Store{Keyring: k, Profile: name}).Load(context.Background()); err != nil || b.Whole() != bundles[name].Whole() {
			t.Errorf("the CA of %s: %v", name, err)
		}
	}
	// The one that all wrote is that of one of them, whole.
	if _, err := (&Store{Keyring: k, Profile: "shared"}).Load(context.Background()); err != nil {
		t.Errorf("the shared CA: %v", err)
	}
}
