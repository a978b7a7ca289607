package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"counterfoil/localdb"
	"counterfoil/sync/fault"
	"counterfoil/sync/practice"
)

// check runs the self-check and compares verdict, exit code and shape with the catalogue.
func (s seat) check(t *testing.T, want, confidence string, args ...string) map[string]any {
	t.Helper()
	r := s.run(t, "", append([]string{"selfcheck", "--timeout", "10s"}, args...)...)
	v, _ := oneValue(t, r.out).(map[string]any)
	code := 1
	if want == "OK" {
		code = 0
	}
	if v["verdict"] != want || r.code != code {
		t.Fatalf("verdict %v, exit %d; want %s\n%s%s", v["verdict"], r.code, want, r.out, r.err)
	}
	if confidence != "" && v["confidence"] != confidence {
		t.Errorf("%s is %v, want %s\n%s", want, v["confidence"], confidence, r.out)
	}
	for _, k := range []string{"verdict", "name", "layer", "confidence", "who", "title", "steps", "evidence", "suppressed", "ms"} {
		if _, ok := v[k]; !ok {
			t.Errorf("%s: no %q", want, k)
		}
	}
	record(t, v)
	if want == "OK" {
		return v
	}
	f, ok := fault.Lookup(fault.ID(want))
	if !ok {
		t.Fatalf("%s is not in the catalogue", want)
	}
	steps, _ := v["steps"].([]any)
	if v["name"] != f.Name || v["who"] != string(f.Who) || v["title"] != f.Title.EN || len(steps) != len(f.Steps) || len(steps) == 0 {
		t.Errorf("%s: the report differs from the catalogue\n%s", want, r.out)
	}
	return v
}

// record keeps what was observed for the tests of sync/fault, where
// COUNTERFOIL_RECORD names the folder for it.
func record(t *testing.T, v map[string]any) {
	t.Helper()
	dir := os.Getenv("COUNTERFOIL_RECORD")
	if dir == "" || v["verdict"] == "OK" && !strings.HasSuffix(t.Name(), "OK") {
		return
	}
	raw, err := json.MarshalIndent(map[string]any{
		"verdict": v["verdict"], "confidence": v["confidence"], "also": v["also"], "observations": v["observations"],
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprint(v["verdict"]) + "-" + strings.NewReplacer("/", "-", " ", "_", ",", "").Replace(t.Name()) + ".json"
	if err := os.WriteFile(filepath.Join(dir, name), append(raw, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestServerFaults plays every fault that a server can show on a real TLS
// server and lets the shipped program name it.
func TestServerFaults(t *testing.T) {
	p, err := practice.Start(context.Background(), practice.Config{Dir: t.TempDir(), Version: "test", Empty: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	pem := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(pem, p.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSeat(t)
	s.must(t, "", "trust", "import", pem, "--fingerprint", p.Fingerprint(), "--yes")
	s.must(t, "", "connect", p.URL(), "--token", p.Token())
	s.check(t, "OK", "proven")
	for _, id := range []string{"T01", "S01", "S03", "S04", "S06", "S07", "S11", "S17", "H01", "H02", "H11", "H14", "H15", "H16", "H17", "H19", "H21", "H24", "B01", "B04"} {
		t.Run(id, func(t *testing.T) {
			if err := p.Set(id, true); err != nil {
				t.Fatal(err)
			}
			s.check(t, id, "proven")
			if err := p.Set(id, false); err != nil {
				t.Fatal(err)
			}
			s.check(t, "OK", "proven")
		})
	}
	t.Run("P01", func(t *testing.T) {
		if err := p.Set("P01", true); err != nil {
			t.Fatal(err)
		}
		defer p.Set("P01", false)
		s.check(t, "P01", "")
	})
	// Two at once: the deeper one is named and explains the other.
	for _, c := range []struct{ deep, other string }{{"S06", "S01"}, {"S11", "S04"}, {"T01", "H17"}, {"H21", "H01"}} {
		t.Run(c.deep+"+"+c.other, func(t *testing.T) {
			for _, id := range []string{c.other, c.deep} {
				if err := p.Set(id, true); err != nil {
					t.Fatal(err)
				}
				defer p.Set(id, false)
			}
			s.check(t, c.deep, "")
		})
	}
}

// TestClock lives in a world 40 days ahead: server, its certificate and its clock
// agree with each other against this computer.
func TestClock(t *testing.T) {
	p, err := practice.Start(context.Background(), practice.Config{
		Dir: t.TempDir(), Version: "test", Empty: true, Now: func() time.Time { return time.Now().AddDate(0, 0, 40) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	pem := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(pem, p.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSeat(t)
	s.must(t, "", "trust", "import", pem, "--fingerprint", p.Fingerprint(), "--yes")
	s.must(t, "", "connect", p.URL(), "--token", p.Token())
	s.check(t, "S03", "proven")
}

// TestLocalFaults breaks what is on this computer.
func TestLocalFaults(t *testing.T) {
	sv := practiceServer(t)
	t.Run("S08 never loaded", func(t *testing.T) {
		newSeat(t).check(t, "S08", "proven", "--server", sv.url)
	})
	t.Run("K03 lost", func(t *testing.T) {
		s := newSeat(t).enrol(t, sv)
		s.check(t, "OK", "")
		if err := os.Remove(filepath.Join(s.dir, "keyring", "keyring.json")); err != nil {
			t.Fatal(err)
		}
		s.check(t, "K03", "proven")
	})
	t.Run("K04 damaged", func(t *testing.T) {
		s := newSeat(t).enrol(t, sv)
		if err := os.WriteFile(filepath.Join(s.dir, "keyring", "keyring.json"), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.check(t, "K04", "proven")
	})
	t.Run("K01 passphrase", func(t *testing.T) {
		s := newSeat(t).enrol(t, sv)
		s.env = []string{"COUNTERFOIL_PASSPHRASE=wrong"}
		s.check(t, "K01", "proven")
	})
	t.Run("K12", func(t *testing.T) {
		s := newSeat(t).enrol(t, sv)
		for _, address := range []string{"http://127.0.0.1", "https：//127.0.0.1:8443", "127.0.0.1:8443", "https://", "https://a b"} {
			s.check(t, "K12", "proven", "--server", address)
		}
	})
	t.Run("K06", func(t *testing.T) {
		s := newSeat(t).enrol(t, sv)
		for i := range 30 {
			s.must(t, sample(fmt.Sprint(i)), "draft", "-")
		}
		file := filepath.Join(s.dir, "counterfoil.db")
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := 4096; i < len(b); i += 2 * 4096 {
			copy(b[i:], strings.Repeat("\x5a", 4096))
		}
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s.check(t, "K06", "proven")
	})
	// Without its store the folder still knows its server, and what else is wrong is told.
	t.Run("K19 and nothing listens", func(t *testing.T) {
		s := newSeat(t).enrol(t, sv)
		s.must(t, "", "connect", "https://"+closedPort(t))
		file := filepath.Join(s.dir, "counterfoil.db")
		if err := os.Truncate(file, 0); err != nil {
			t.Fatal(err)
		}
		if v := s.check(t, "K19", "proven"); fmt.Sprint(v["also"]) != "[T01]" {
			t.Errorf("also %v", v["also"])
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if v := s.check(t, "T01", "proven"); fmt.Sprint(v["also"]) != "[K16]" {
			t.Errorf("also %v", v["also"])
		}
	})
	t.Run("K13", func(t *testing.T) {
		s := newSeat(t).enrol(t, sv)
		window, err := localdb.LockWindow(t.Context(), s.dir)
		if err != nil {
			t.Fatal(err)
		}
		s.check(t, "K13", "proven")
		if err := window.Unlock(); err != nil {
			t.Fatal(err)
		}
		s.check(t, "OK", "proven")
	})
	t.Run("K07", func(t *testing.T) {
		s := newSeat(t).enrol(t, sv)
		db, err := sql.Open("sqlite", filepath.Join(s.dir, "counterfoil.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		if _, err := db.Exec("BEGIN EXCLUSIVE"); err != nil {
			t.Fatal(err)
		}
		s.check(t, "K07", "proven")
		if _, err := db.Exec("ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		s.check(t, "OK", "")
	})
}

// closedPort is an address where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func sample(remark string) string {
	return `{"kind":"ordinary","basis":"excl","buyer":{"name":"苏州工业园区","tax_no":""},"remark":"` + remark +
		`","lines":[{"name":"*金属制品*法兰","qty":"3","price":"33.333","rate":"0.13"},{"name":"*文具*笔","qty":"2","price":"15.93","rate":"0.13"}]}`
}
