package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/sync/server/metrics"
	"counterfoil/sync/server/vitals"
)

// certificate writes a self-signed one for 127.0.0.1 and its key.
func certificate(t *testing.T, dir string, left time.Duration) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-100 * 24 * time.Hour), NotAfter: time.Now().Add(left), DNSNames: []string{"localhost"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// A place is a server that is no practice.
type place struct {
	data, cert, url, metrics string
}

func production(t *testing.T, left time.Duration, more ...string) place {
	t.Helper()
	dir := t.TempDir()
	p := place{data: filepath.Join(dir, "data"), metrics: freePort(t)}
	cert, key := certificate(t, dir, left)
	p.cert = cert
	var out bytes.Buffer
	if code := run([]string{"token", "add", "--token-file", filepath.Join(dir, "tokens"), "--branch", "West"}, &out, &out); code != good {
		t.Fatal(out.String())
	}
	p.url = syncd(t, append([]string{"--data", p.data, "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--token-file", filepath.Join(dir, "tokens"), "--metrics", p.metrics}, more...)...)
	p.url = strings.Replace(p.url, "127.0.0.1", "localhost", 1)
	return p
}

// said runs the doctor and returns the state of each thing by its name.
func said(t *testing.T, code int, args ...string) map[string]string {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(append([]string{"doctor", "--json"}, args...), &out, &errs); got != code {
		t.Errorf("%v: exit code %d, want %d\n%s%s", args, got, code, out.String(), errs.String())
	}
	var answer struct {
		OK       bool
		Findings []finding
	}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil || answer.OK != (code == good) {
		t.Fatalf("%v: %s", err, out.String())
	}
	states := map[string]string{}
	for _, f := range answer.Findings {
		if states[f.Name] == "" || f.State == trouble {
			states[f.Name] = f.State
		}
		if f.Says == "" {
			t.Errorf("%s says nothing", f.Name)
		}
	}
	return states
}

// A server that is well is so from outside, from its files and from its figures.
func TestDoctorWell(t *testing.T) {
	p := production(t, 400*24*time.Hour)
	got := said(t, good, "--data", p.data, "--tls-cert", p.cert)
	for _, name := range []string{"disk", "database", "schema", "clock", "certificate", "pool", "sql", "gc", "db", "tax", "login", "queue"} {
		if got[name] != well && (name != "disk" || got[name] != odd) {
			t.Errorf("by its files %s is %q", name, got[name])
		}
	}
	got = said(t, good, "--url", p.url, "--ca", p.cert, "--metrics", p.metrics)
	for _, name := range []string{"server", "clock", "certificate", "chain", "pool", "sql", "gc", "db", "tax", "login", "queue"} {
		if got[name] != well {
			t.Errorf("from outside %s is %q", name, got[name])
		}
	}
	var out bytes.Buffer
	if code := run([]string{"doctor", "--data", p.data}, &out, &out); code != good || !strings.Contains(out.String(), "garbage collections") {
		t.Errorf("%d %s", code, out.String())
	}
}

// What a certificate has left, and a CA that nobody knows.
func TestDoctorCertificate(t *testing.T) {
	for _, c := range []struct {
		left  time.Duration
		state string
	}{{20 * 24 * time.Hour, odd}, {3 * 24 * time.Hour, trouble}, {-time.Hour, trouble}} {
		cert, _ := certificate(t, t.TempDir(), c.left)
		d := doctor{cert: cert, now: time.Now, certificateWarnDays: 30, certificateWrongDays: 7}
		d.lookAtFile()
		if len(d.findings) != 1 || d.findings[0].State != c.state {
			t.Errorf("%v: %+v", c.left, d.findings)
		}
	}
	p := production(t, 400*24*time.Hour)
	if got := said(t, wrong, "--url", p.url); got["chain"] != trouble || got["server"] != well {
		t.Errorf("%v", got)
	}
}

// Another program holds the database while a server runs: the doctor and healthz say so.
func TestDoctorLocked(t *testing.T) {
	p := production(t, 400*24*time.Hour)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.data, "server.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	other, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if got := said(t, wrong, "--data", p.data); got["database"] != trouble {
			t.Fatalf("%v", got)
		} else if got["db"] == trouble {
			break
		} else if time.Now().After(end) {
			t.Fatalf("the server does not say it: %v", got)
		}
	}
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
}

// Files that are not as a server left them.
func TestDoctorFiles(t *testing.T) {
	for what, c := range map[string]struct {
		name, state string
		code        int
		do          func(file string) error
	}{
		"gone":    {"database", trouble, wrong, os.Remove},
		"emptied": {"database", trouble, wrong, func(file string) error { return os.Truncate(file, 0) }},
		"damaged": {"database", trouble, wrong, func(file string) error {
			raw, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			copy(raw[4096:], bytes.Repeat([]byte{0xa5}, 8000))
			return os.WriteFile(file, raw, 0o600)
		}},
		"newer": {"schema", trouble, wrong, func(file string) error { return alter(file, "PRAGMA user_version = 99") }},
		"older": {"schema", odd, good, func(file string) error { return alter(file, "PRAGMA user_version = 3") }},
		"future": {"clock", trouble, wrong, func(file string) error {
			return alter(file, "INSERT INTO ledger VALUES ('x', 'x', x'', (unixepoch() + 86400) * 1000)")
		}},
	} {
		dir := t.TempDir()
		if err := newServer(dir); err != nil {
			t.Fatal(err)
		}
		if err := c.do(filepath.Join(dir, "server.db")); err != nil {
			t.Fatal(err)
		}
		if got := said(t, c.code, "--data", dir); got[c.name] != c.state {
			t.Errorf("%s: %v", what, got)
		}
	}
}

// newServer makes a database as a server does, without one that runs.
func newServer(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "server.db"), nil, 0o600); err != nil {
		return err
	}
	return newEpoch(context.Background(), filepath.Join(dir, "server.db"), "e")
}

func alter(file, q string) error {
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(q)
	return err
}

// Figures by what the doctor says of them.
func TestDoctorJudges(t *testing.T) {
	good := metrics.Figures{Started: time.Now().Add(-time.Hour), Deps: map[string]string{"db": "ok"}, Disk: 100 << 30, DiskFree: 50 << 30}
	for _, c := range []struct {
		name, state string
		change      func(*metrics.Figures)
	}{
		{"pool", well, func(f *metrics.Figures) { f.Waiting = vitals.Crowd }},
		{"pool", trouble, func(f *metrics.Figures) { f.Waiting = vitals.Crowd + 1 }},
		{"sql", well, func(f *metrics.Figures) { f.Slowest = 3 }},
		{"sql", trouble, func(f *metrics.Figures) { f.Slowest = 3.1 }},
		{"sql", trouble, func(f *metrics.Figures) { f.Ping = 4 }},
		{"gc", well, func(f *metrics.Figures) { f.GC = 1 }},
		{"gc", odd, func(f *metrics.Figures) { f.GC = 2 }},
		{"gc", well, func(f *metrics.Figures) { f.GC, f.Started = 9, time.Now() }},
		{"gc", trouble, func(f *metrics.Figures) { f.GC, f.Paused = 90, 0.02 }},
		{"disk", well, func(*metrics.Figures) {}},
		{"disk", odd, func(f *metrics.Figures) { f.DiskFree = 500 << 20 }},
		{"disk", trouble, func(f *metrics.Figures) { f.DiskFree = 1 << 20 }},
		{"db", trouble, func(f *metrics.Figures) { f.Deps = map[string]string{"db": "lock"} }},
		{"db", odd, func(f *metrics.Figures) { f.Deps = map[string]string{"db": "slow"} }},
		{"queue", trouble, func(f *metrics.Figures) { f.QueueLag = 61 }},
	} {
		f := good
		c.change(&f)
		d := doctor{now: time.Now}
		d.judge(f)
		if i := slices.IndexFunc(d.findings, func(g finding) bool { return g.Name == c.name }); i < 0 || d.findings[i].State != c.state {
			t.Errorf("%s is not %s: %+v", c.name, c.state, d.findings)
		}
	}
}

// Requests are counted by route and status, what the server stands on is exported,
// and requests keep the id that the client gave.
func TestMetrics(t *testing.T) {
	p := production(t, 400*24*time.Hour, "--log-level", "debug")
	raw, err := os.ReadFile(p.cert)
	if err != nil {
		t.Fatal(err)
	}
	client := trusting(raw)
	req, err := http.NewRequest(http.MethodGet, p.url+"/v1/whoami", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Request-Id", "desk-1")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("X-Request-Id") != "desk-1" || resp.Header.Get("X-Counterfoil-Instance") == "" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	if resp, err := client.Get(p.url + "/readyz"); err != nil || resp.Body.Close() != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%v %v", resp, err)
	}
	resp, err = http.Get("http://" + p.metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`counterfoil_http_requests_total{route="/v1/whoami",status="401"} 1`, `counterfoil_http_request_seconds_bucket{route="/v1/whoami"`, `counterfoil_db_wait_seconds_count{op="write"}`,
		`counterfoil_db_seconds_count{op="write"}`, "counterfoil_db_pool_in_use", "counterfoil_db_pool_waiting 0", "counterfoil_gc_per_minute", "counterfoil_disk_free_bytes", "counterfoil_queue_lag_seconds 0",
		`counterfoil_dep_state{dep="db",state="ok"} 1`, `counterfoil_info{epoch="`, "counterfoil_certificate_end_seconds", "go_goroutines",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not among the metrics", want)
		}
	}
}
