package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The test program is syncd itself when it is asked to be.
func TestMain(m *testing.M) {
	if os.Getenv("COUNTERFOIL_SYNCD") != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "tokens")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--help"}, good, "--practice"},
		{nil, usage, "--data"},
		{[]string{"--data", dir}, usage, "--tls-cert"},
		{[]string{"--data", dir, "--practice", "--fault", "X99"}, usage, "X99"},
		{[]string{"--data", dir, "--practice", "--listen", "nowhere"}, usage, "HOST:PORT"},
		{[]string{"--data", dir, "--practice", "--listen", "0.0.0.0:0"}, usage, "127.0.0.1 or [::1] only"},
		{[]string{"--data", dir, "--practice", "--listen", ":0"}, usage, "127.0.0.1 or [::1] only"},
		{[]string{"--data", dir, "--practice", "--listen", "[::]:0"}, usage, "127.0.0.1 or [::1] only"},
		{[]string{"--data", dir, "--practice", "--db", "mysql:x"}, usage, "sqlite:FILE"},
		{[]string{"--data", dir, "--practice", "--token-file", dir + "/none"}, wrong, "none"},
		{[]string{"--data", dir, "--tls-cert", "a", "--tls-key", "b", "--token-file", dir + "/none"}, wrong, "none"},
		{[]string{"--nonsense"}, usage, "nonsense"},
		{[]string{"token"}, usage, "add, list, revoke, lock or unlock"},
		{[]string{"token", "eat", "--token-file", file}, usage, "eat"},
		{[]string{"token", "add", "--branch", "x"}, usage, "--token-file"},
		{[]string{"token", "add", "--token-file", file}, usage, "--branch"},
		{[]string{"token", "add", "--token-file", file, "--branch", "x", "--days", "0"}, usage, "--days"},
		{[]string{"token", "add", "--token-file", file, "--branch", "x", "--roles", "catalog,king"}, usage, "there is no role"},
		{[]string{"token", "list", "--token-file", file}, wrong, "no such file"},
		{[]string{"token", "revoke", "--token-file", file}, usage, "beginning of a hash"},
		{[]string{"token", "revoke", "abcdef", "--token-file", file}, wrong, "no such file"},
	} {
		if runtime.GOOS == "windows" && c.says == "no such file" {
			continue // the system says it in other words
		}
		var out bytes.Buffer
		if code := run(c.args, &out, &out); code != c.code || !strings.Contains(out.String(), c.says) {
			t.Errorf("%v: %d\n%s", c.args, code, out.String())
		}
	}
}

// syncd runs the program and returns its address once it is ready.
func syncd(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "COUNTERFOIL_SYNCD=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "ready "))
}

// trusting is a client that takes the servers of one CA.
func trusting(ca []byte) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
}

// A token made, used, taken back and replaced while the server runs.
func TestTokens(t *testing.T) {
	dir := t.TempDir()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "tokens")
	call := func(args ...string) string {
		t.Helper()
		var out, said bytes.Buffer
		if code := run(append([]string{"token", args[0], "--token-file", file}, args[1:]...), &out, &said); code != good {
			t.Fatalf("%v: %s", args, said.String())
		}
		return out.String()
	}
	first := strings.TrimSpace(call("add", "--branch", "城东 East", "--company"))
	if raw, err := os.ReadFile(file); err != nil || strings.Contains(string(raw), first) {
		t.Fatalf("the token is kept: %v\n%s", err, raw)
	}
	address := syncd(t, "--data", data, "--practice", "--listen", "127.0.0.1:0", "--token-file", file)
	ca, err := os.ReadFile(filepath.Join(data, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	client := trusting(ca)
	ask := func(token string) (int, string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, address+"/v1/whoami", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	// within asks until it is as wanted: a change counts within a second.
	within := func(token string, status int, says string) {
		t.Helper()
		for deadline := time.Now().Add(3 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			got, body := ask(token)
			if got == status && strings.Contains(body, says) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d %s, want %d %s", got, body, status, says)
			}
		}
	}
	within(first, 200, "城东 East")
	list := call("list")
	if strings.Contains(list, first) || !strings.Contains(list, "company") || !strings.Contains(list, "城东 East") {
		t.Errorf("%s", list)
	}
	second := strings.TrimSpace(call("add", "--branch", "West", "--days", "30"))
	within(second, 200, "West")
	hash := strings.Fields(strings.Split(list, "\n")[1])[0]
	call("revoke", hash)
	within(first, 401, "token_revoked")
	within(second, 200, "West")
	for range 10 {
		if status, _ := ask("wrong"); status != 401 {
			t.Fatal(status)
		}
	}
	if status, body := ask("wrong"); status != 429 || !strings.Contains(body, "rate_limited") {
		t.Errorf("%d %s", status, body)
	}
	within(second, 200, "West")

	if runtime.GOOS == "windows" {
		return // files have the rights of their folder
	}
	err = filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err == nil && name != dir && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A folder of an older version is closed to others; any other stays as it is.
func TestOldFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows files have the rights of their folder")
	}
	mode := func(name string) os.FileMode {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	for name, ours := range map[string]bool{"server.db": true, "letter.txt": false} {
		dir := t.TempDir()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		for name, mode := range map[string]os.FileMode{dir: 0o755, file: 0o644} {
			if err := os.Chmod(name, mode); err != nil {
				t.Fatal(err)
			}
		}
		said := 0
		if err := shut(dir, func(string) { said++ }); err != nil {
			t.Fatal(err)
		}
		if (mode(dir) == 0o700) != ours || (mode(file) == 0o600) != ours || (said == 0) != ours {
			t.Errorf("%s: folder %v, file %v, said %d", name, mode(dir), mode(file), said)
		}
	}
}

// A client that begins a request and does not go on is let go.
func TestSlowHeader(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	address := strings.TrimPrefix(syncd(t, "--data", t.TempDir(), "--practice", "--listen", "127.0.0.1:0", "--per-address", "2"), "https://")
	start := time.Now()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(start.Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c); os.IsTimeout(err) {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
}

// A certificate that no desk takes is refused at the start.
func TestWeakCertificate(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}} {
		if err := os.WriteFile(file(name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if code := run([]string{"token", "add", "--token-file", file("tokens"), "--branch", "x"}, &out, &out); code != good {
		t.Fatal(out.String())
	}
	args := []string{"--data", file("data"), "--listen", "127.0.0.1:0", "--tls-cert", file("cert.pem"), "--tls-key", file("key.pem"), "--token-file", file("tokens")}
	if code := run(args, &out, &out); code != wrong || !strings.Contains(out.String(), "RSA with 1024 bit") {
		t.Errorf("%d %s", code, out.String())
	}
}
