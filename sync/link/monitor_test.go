package link

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/wire"
)

type roundTrip func(*http.Request) (*http.Response, error)

func ours() http.Header { return http.Header{wire.HeaderProduct: {wire.Product}} }

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestStateDoesNotFlicker(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	m := New(Config{Now: func() time.Time { return now }})
	var fail error
	tr := m.Wrap(roundTrip(func(*http.Request) (*http.Response, error) {
		if fail != nil {
			return nil, fail
		}
		return &http.Response{StatusCode: 200, Header: ours()}, nil
	}))
	changes := 0
	m.Subscribe(func() { changes++ })
	ask := func() {
		req, _ := http.NewRequest(http.MethodGet, "https://x/", nil)
		_, _ = tr.RoundTrip(req)
	}
	want := func(k Kind) {
		t.Helper()
		if got := m.State(); got.Kind != k {
			t.Fatalf("%s, want %s", got.Kind, k)
		}
	}
	want(Unknown)
	ask()
	want(Online)
	fail = errors.New("cut")
	ask()
	want(Online) // one failure is no diagnosis
	now = now.Add(6 * time.Second)
	want(Degraded)
	now = now.Add(6 * time.Second)
	want(Offline)
	now = now.Add(time.Second)
	fail = nil
	ask()
	want(Online) // good news at once
	if changes < 2 {
		t.Errorf("%d changes were told", changes)
	}
	raw, err := m.Export()
	if err != nil {
		t.Fatal(err)
	}
	again := New(Config{Now: func() time.Time { return now }})
	if err := again.Restore(raw); err != nil || again.LastGood() == nil || len(again.Timeline(now.Add(-time.Hour))) != 4 {
		t.Errorf("%v %v", err, again.Timeline(now.Add(-time.Hour)))
	}
	s := m.Stats(time.Hour)
	if s.Requests != 3 || s.Success < 0.66 || s.Success > 0.67 || s.Availability >= 1 {
		t.Errorf("%+v", s)
	}
}

// A refused certificate is the one to show: not the one that was good before.
func TestRefusedCertificate(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	m := New(Config{Now: func() time.Time { return now }})
	good := &x509.Certificate{Raw: []byte("good"), NotAfter: now.AddDate(1, 0, 0)}
	expired := &x509.Certificate{Raw: []byte("expired"), NotAfter: now.AddDate(0, 0, -1)}
	var answer func() (*http.Response, error)
	tr := m.Wrap(roundTrip(func(*http.Request) (*http.Response, error) { return answer() }))
	ask := func() {
		req, _ := http.NewRequest(http.MethodGet, "https://x/", nil)
		_, _ = tr.RoundTrip(req)
	}
	answer = func() (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: ours(), TLS: &tls.ConnectionState{PeerCertificates: []*x509.Certificate{good}}}, nil
	}
	ask()
	if got := m.CertificateEnd(); !got.Equal(good.NotAfter) {
		t.Errorf("%v", got)
	}
	for _, err := range []error{
		&tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{expired}, Err: errors.New("expired")},
		x509.CertificateInvalidError{Cert: expired, Reason: x509.Expired},
	} {
		answer = func() (*http.Response, error) { return nil, fmt.Errorf("get: %w", err) }
		ask()
		if got := m.CertificateEnd(); !got.Equal(expired.NotAfter) {
			t.Errorf("%T: %v", err, got)
		}
		if c := m.Changes(); c[0].Key != "certificate" || !c[0].Changed || c[0].Before == c[0].After {
			t.Errorf("%T: %+v", err, c)
		}
	}
}

// What the place looks like is asked when the line breaks, and compared.
func TestPlaceThatChanged(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	place := Place{Network: "192.168.1.20/24", Resolver: "192.168.1.1", Proxy: Direct}
	asked := 0
	m := New(Config{Now: func() time.Time { return now }, Place: func() Place { asked++; return place }})
	var fail error
	tr := m.Wrap(roundTrip(func(*http.Request) (*http.Response, error) {
		if fail != nil {
			return nil, fail
		}
		return &http.Response{StatusCode: 200, Header: ours()}, nil
	}))
	for _, f := range []error{nil, nil, errors.New("cut"), errors.New("cut")} {
		if f != nil {
			place = Place{Network: "172.20.10.3/28", Resolver: "192.168.1.1", Proxy: "127.0.0.1:7890"}
		}
		fail = f
		req, _ := http.NewRequest(http.MethodGet, "https://x/", nil)
		_, _ = tr.RoundTrip(req)
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
	changed := map[string]bool{}
	for _, c := range m.Changes() {
		changed[c.Key] = c.Changed
	}
	want := map[string]bool{"certificate": false, "address": false, "clock": false, "network": true, "resolver": false, "proxy": true}
	if !maps.Equal(changed, want) {
		t.Errorf("%v", changed)
	}
}

// What a self-check has proven shows at once, and good news as well.
func TestProvenShowsAtOnce(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	m := New(Config{Now: func() time.Time { return now }})
	tr := m.Wrap(roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: ours()}, nil
	}))
	ask := func() {
		req, _ := http.NewRequest(http.MethodGet, "https://x/", nil)
		_, _ = tr.RoundTrip(req)
	}
	ask()
	told := 0
	m.Subscribe(func() { told++ })
	m.Proven(fault.Finding{Fault: "S01"})
	m.Proven(fault.Finding{Fault: "S01"})
	if s := m.State(); s.Kind != Offline || s.Fault != "S01" || told != 1 {
		t.Errorf("%+v, told %d times", s, told)
	}
	if s := m.Stats(time.Hour); s.Requests != 1 || s.Success != 1 {
		t.Errorf("a self-check counts as a request: %+v", s)
	}
	ask()
	if s := m.State(); s.Kind != Online || s.Fault != "" {
		t.Errorf("%+v", s)
	}
}

// A night with the program closed is neither good nor bad.
func TestClosedIsNotOffline(t *testing.T) {
	now := time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	m := New(Config{Now: func() time.Time { return now }})
	answer := func(m *Monitor, err error) {
		tr := m.Wrap(roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: ours()}, err
		}))
		req, _ := http.NewRequest(http.MethodGet, "https://x/", nil)
		_, _ = tr.RoundTrip(req)
	}
	answer(m, nil)
	now = now.Add(time.Hour)
	for range 2 { // it ends while the line is down
		answer(m, errors.New("cut"))
		now = now.Add(redAfter)
	}
	raw, err := m.Export()
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(12 * time.Hour)
	again := New(Config{Now: func() time.Time { return now }})
	if err := again.Restore(raw); err != nil {
		t.Fatal(err)
	}
	answer(again, nil)
	now = now.Add(time.Hour)
	if s := again.Stats(24 * time.Hour); s.Availability < 0.99 {
		t.Errorf("availability is %.3f", s.Availability)
	}
	for _, e := range again.Timeline(now.Add(-24 * time.Hour)) {
		if e.Kind == Unknown {
			t.Errorf("%+v is shown", e)
		}
	}
}

// What the monitor sees has a name and fills the texts of it; who asked reads the
// answer whole.
func TestSeenInPassing(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	m := New(Config{Now: func() time.Time { return now }})
	var answer *http.Response
	tr := m.Wrap(roundTrip(func(*http.Request) (*http.Response, error) { return answer, nil }))
	for _, c := range []struct {
		status int
		body   string
		want   fault.ID
		values map[string]string
	}{
		{503, `{"code":"maintenance","maintenance":{"until":"2026-11-23T10:31:00Z"}}`, "H21", map[string]string{"until": time.Date(2026, 11, 23, 10, 31, 0, 0, time.UTC).Local().Format("15:04")}},
		{426, `{"code":"upgrade_required"}`, "H10", nil},
		{502, strings.Repeat("x", 100_000), "H18", nil},
		{409, `{"code":"epoch_changed"}`, "", nil},
	} {
		answer = &http.Response{StatusCode: c.status, Header: ours(), Body: io.NopCloser(strings.NewReader(c.body))}
		req, _ := http.NewRequest(http.MethodGet, "https://x/", nil)
		resp, err := tr.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if raw, err := io.ReadAll(resp.Body); err != nil || string(raw) != c.body {
			t.Errorf("%d: %d bytes of %d are left, %v", c.status, len(raw), len(c.body), err)
		}
		s := m.State()
		if s.Fault != c.want {
			t.Errorf("%d is called %q, want %q", c.status, s.Fault, c.want)
		}
		for k, v := range c.values {
			if s.Values[k] != v {
				t.Errorf("%s: %s is %q, want %q", c.want, k, s.Values[k], v)
			}
		}
	}
}
