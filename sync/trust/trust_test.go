package trust

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"counterfoil/app/books"
)

// authority makes a CA certificate in PEM.
func authority(t *testing.T, name string, ca bool) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name, Organization: []string{strings.Repeat("长", 40)}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: ca, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func bundle(t *testing.T, n int) *Bundle {
	t.Helper()
	var all []byte
	for i := 0; i < n; i++ {
		all = append(all, authority(t, "CA "+string(rune('A'+i)), true)...)
	}
	b, err := ParseBundle(all)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseBundleRefuses(t *testing.T) {
	good := authority(t, "CA", true)
	for name, c := range map[string]struct {
		in   []byte
		code string
	}{
		"empty": {nil, "bundle_empty"}, "garbage": {[]byte("hello"), "bundle_empty"},
		"server certificate": {authority(t, "leaf", false), "bundle_not_ca"},
		"private key":        {append(bytes.Clone(good), "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"...), "bundle_private_key"},
		"cut":                {append(bytes.Clone(good), good[:len(good)/2]...), "bundle_cut"},
		"large":              {bytes.Repeat([]byte("x"), maxBundle+1), "bundle_too_large"},
	} {
		_, err := ParseBundle(c.in)
		if codeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if b, err := ParseBundle(append(bytes.Clone(good), good...)); err != nil || len(b.Certs) != 1 {
		t.Errorf("a duplicate counts: %v", err)
	}
}

func codeOf(err error) string {
	var e *books.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestConfirm(t *testing.T) {
	b := bundle(t, 1)
	fp := Fingerprint(b.Certs[0])
	for _, s := range []string{fp, strings.ToLower(fp), strings.ReplaceAll(fp, ":", ""), strings.ReplaceAll(fp, ":", " ")} {
		if err := b.Confirm(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	wrong := "00" + fp[2:]
	if strings.HasPrefix(fp, "00") {
		wrong = "11" + fp[2:]
	}
	for _, s := range []string{"", "AB", wrong, fp + ":00"} {
		if err := b.Confirm(s); err == nil {
			t.Errorf("%q was accepted", s)
		}
	}
	two := bundle(t, 2)
	if err := two.Confirm(Fingerprint(two.Certs[0])); err == nil {
		t.Error("two roots were trusted by one's fingerprint")
	}
	if err := two.Confirm(two.Whole()); err != nil {
		t.Error(err)
	}
}

// keep checks that a keyring holds a bundle of over 4 KB.
func keep(t *testing.T, k Keyring) {
	t.Helper()
	ctx := context.Background()
	s := &Store{Keyring: k, Profile: "test-" + time.Now().Format("150405.000000000")}
	t.Cleanup(func() { _ = s.Forget(ctx) })
	if _, err := s.Load(ctx); !errors.Is(err, ErrMissing) {
		t.Fatalf("an empty keyring gives %v", err)
	}
	b := bundle(t, 9)
	if n := len(b.PEM()); n < 4096 {
		t.Fatalf("the bundle has only %d bytes", n)
	}
	if err := s.Save(ctx, b); err != nil {
		t.Fatal(err)
	}
	got, err := s.Load(ctx)
	if err != nil || got.Whole() != b.Whole() {
		t.Fatalf("read back: %v", err)
	}
	old, err := s.header(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// A second save replaces the first and leaves no old part behind.
	small := bundle(t, 1)
	if err := s.Save(ctx, small); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(ctx); err != nil || got.Whole() != small.Whole() {
		t.Fatalf("read back the second: %v", err)
	}
	if _, err := k.Get(ctx, s.partName(old.Generation, 0)); !errors.Is(err, ErrMissing) {
		t.Errorf("an old part is left: %v", err)
	}
}

func TestStore(t *testing.T) {
	keep(t, Memory())
}

func TestFileKeyring(t *testing.T) {
	dir := t.TempDir()
	keep(t, FileKeyring(dir, func() (string, error) { return "right", nil }))
	k := FileKeyring(dir, func() (string, error) { return "wrong", nil })
	if _, err := k.Get(context.Background(), "x"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("a wrong passphrase gives %v", err)
	}
	if err := os.WriteFile(dir+"/keyring.json", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Get(context.Background(), "x"); !errors.Is(err, ErrDamaged) {
		t.Errorf("a damaged file gives %v", err)
	}
}

func TestDamagedParts(t *testing.T) {
	ctx := context.Background()
	first := func(s *Store, i int) string {
		h, err := s.header(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return s.partName(h.Generation, i)
	}
	for _, damage := range []func(*memoryKeyring, *Store){
		func(k *memoryKeyring, s *Store) { delete(k.items, first(s, 1)) },
		func(k *memoryKeyring, s *Store) { k.items[first(s, 0)] += "x" },
		func(k *memoryKeyring, s *Store) { k.items[s.headName()] = "{" },
	} {
		k := Memory().(*memoryKeyring)
		s := &Store{Keyring: k, Profile: "p"}
		if err := s.Save(ctx, bundle(t, 9)); err != nil {
			t.Fatal(err)
		}
		damage(k, s)
		if _, err := s.Load(ctx); !errors.Is(err, ErrDamaged) {
			t.Errorf("%v", err)
		}
		if err := s.Save(ctx, bundle(t, 1)); err != nil {
			t.Errorf("a damaged bundle cannot be replaced: %v", err)
		}
	}
}

// A keyring that never answers costs the cap, not the program.
func TestHanging(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	k := &osKeyring{slot: make(chan struct{}, 1), cap: 20 * time.Millisecond, look: func(context.Context) error { return nil },
		get: func(string, string) (string, error) { <-never; return "", nil }}
	for i := 0; i < 2; i++ {
		if _, err := k.Get(context.Background(), "x"); !errors.Is(err, ErrHanging) {
			t.Fatalf("%v", err)
		}
	}
}

// TestRealKeyring keeps a bundle in the system's own keyring: on Linux inside a
// D-Bus session with gnome-keyring that it starts itself.
func TestRealKeyring(t *testing.T) {
	if runtime.GOOS != "linux" || os.Getenv("COUNTERFOIL_IN_SESSION") != "" {
		if runtime.GOOS != "linux" && os.Getenv("COUNTERFOIL_REAL_KEYRING") == "" {
			t.Skip("set COUNTERFOIL_REAL_KEYRING=1 to use this user's own keyring")
		}
		keep(t, OS())
		return
	}
	for _, tool := range []string{"dbus-run-session", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("no real keyring to test with: ", err)
		}
	}
	cmd := exec.Command("dbus-run-session", "--", "sh", "-c",
		`printf "\n" | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$0" -test.v -test.run '^TestRealKeyring$'`, os.Args[0])
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "COUNTERFOIL_IN_SESSION=1", "HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_DATA_HOME="+home)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestRealKeyring") {
		t.Fatalf("%v\n%s", err, out)
	}
}

// Without a session bus nothing is asked and no stray daemon is started.
func TestNoSessionBus(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the session bus is Linux's")
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	if _, err := OS().Get(context.Background(), "x"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v", err)
	}
}
