package fault

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"

	"counterfoil/app/books"
	"counterfoil/sync/wire"
)

func dialed(call string, errno syscall.Errno) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 8443}, Err: os.NewSyscallError(call, errno)}
}

// slow is how net says that it gave up waiting.
type slow struct{ error }

func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

// Errors in the shapes in which Go returns them on Unix and on Windows.
func TestOfError(t *testing.T) {
	expired := x509.CertificateInvalidError{Reason: x509.Expired, Detail: "current time 2026-11-24T00:00:00Z is after 2026-11-22T00:00:00Z"}
	early := x509.CertificateInvalidError{Reason: x509.Expired, Detail: "current time 2026-11-24T00:00:00Z is before 2026-12-22T00:00:00Z"}
	verify := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	for _, c := range []struct {
		name       string
		err        error
		kind, code string
		passive    ID // what the monitor calls it
	}{
		{"refused", dialed("connect", syscall.ECONNREFUSED), "tcp", "errno:ECONNREFUSED", "T01"},
		{"refused, Windows", dialed("connectex", 10061), "tcp", "errno:ECONNREFUSED", "T01"},
		{"timed out", &net.OpError{Op: "dial", Net: "tcp", Err: slow{errors.New("i/o timeout")}}, "tcp", "timeout", "T03"},
		{"timed out by the system, Windows", dialed("connectex", 10060), "tcp", "timeout", "T03"},
		{"host unreachable, Windows", dialed("connectex", 10065), "tcp", "errno:EHOSTUNREACH", "T03"},
		{"no network", dialed("connect", syscall.ENETUNREACH), "tcp", "errno:ENETUNREACH", "N01"},
		{"no network, Windows", dialed("connectex", 10051), "tcp", "errno:ENETUNREACH", "N01"},
		{"firewall, Windows", dialed("connectex", 10013), "tcp", "errno:EACCES", "T03"},
		{"reset", &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, "http", "errno:ECONNRESET", Unknown},
		{"reset, Windows", &net.OpError{Op: "read", Err: os.NewSyscallError("wsarecv", syscall.Errno(10054))}, "http", "errno:ECONNRESET", Unknown},
		{"no such name", &net.DNSError{Err: "no such host", Name: "x.test", IsNotFound: true}, "dns", "rcode:NXDOMAIN", "D05"},
		{"no such name, Windows", &net.DNSError{Err: "getaddrinfow: No such host is known.", Name: "x.test", IsNotFound: true}, "dns", "rcode:NXDOMAIN", "D05"},
		{"try again, Windows", &net.DNSError{Err: "getaddrinfow", Name: "x.test", IsTemporary: true}, "dns", "rcode:SERVFAIL", "D04"},
		{"resolver silent", &net.DNSError{Err: "i/o timeout", Name: "x.test", IsTimeout: true, IsTemporary: true}, "dns", "timeout", "D02"},
		{"resolver fails", &net.DNSError{Err: "server misbehaving", Name: "x.test", IsTemporary: true}, "dns", "rcode:SERVFAIL", "D04"},
		{"resolver refuses", &net.DNSError{Err: "server misbehaving", Name: "x.test"}, "dns", "dns:failed", "D04"},
		{"proxy refuses", &net.OpError{Op: "proxyconnect", Err: dialed("connect", syscall.ECONNREFUSED)}, "proxy", "errno:ECONNREFUSED", "X02"},
		{"proxy unknown", &net.OpError{Op: "proxyconnect", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, "proxy", "rcode:NXDOMAIN", "X02"},
		{"proxy wants a sign-in", fmt.Errorf("get: %w", &ProxyAnswer{407}), "proxy", "", "X03"},
		{"proxy denies", &ProxyAnswer{403}, "proxy", "", "X04"},
		{"proxy gets nowhere", &ProxyAnswer{504}, "proxy", "", "X05"},
		{"expired", verify(expired), "tls", "x509:expired", "S01"},
		{"not yet", verify(early), "tls", "x509:not_yet", "S02"},
		{"another name", verify(x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a.test"}}, Host: "b.test"}), "tls", "x509:host", "S04"},
		{"stranger", verify(x509.UnknownAuthorityError{}), "tls", "x509:authority", "S06"},
		{"weak", fmt.Errorf("%w: x", wire.ErrWeak), "tls", "x509:weak", "S13"},
		{"plain HTTP", tls.RecordHeaderError{Msg: "x", RecordHeader: [5]byte{'H', 'T', 'T', 'P', '/'}}, "tls", "tls:http", "S17"},
		{"plain HTTP, by net/http", http.ErrSchemeMismatch, "tls", "tls:http", "S17"},
		{"no TLS", tls.RecordHeaderError{Msg: "x", RecordHeader: [5]byte{'2', '2', '0', ' ', 'm'}}, "tls", "tls:none", "S18"},
		{"handshake refused", &net.OpError{Op: "remote error", Err: alertError(40)}, "tls", "alert:handshake_failure", "S16"},
		{"version refused", &net.OpError{Op: "remote error", Err: alertError(70)}, "tls", "alert:protocol_version", "S16"},
		{"inner error there", &net.OpError{Op: "remote error", Err: alertError(80)}, "tls", "alert:internal_error", Unknown},
		{"an alert without a name", &net.OpError{Op: "remote error", Err: alertError(200)}, "tls", "alert:200", Unknown},
		{"cut", io.ErrUnexpectedEOF, "http", "unexpected_eof", Unknown},
		{"broken stream", errors.New("stream error: stream ID 1; INTERNAL_ERROR; received from peer"), "http", "h2:INTERNAL_ERROR", Unknown},
		{"ours", &books.Error{Code: "keyring_locked", Err: errors.New("x")}, "http", "keyring_locked", Unknown},
		{"full disk", fmt.Errorf("write: %w", syscall.ENOSPC), "http", "errno:ENOSPC", Unknown},
		{"a number without a name", syscall.Errno(54321), "http", "errno:54321", Unknown},
		{"nothing known", errors.New("odd"), "http", "", Unknown},
	} {
		o := OfError(fmt.Errorf("get: %w", c.err))
		if o.Kind != c.kind || o.Code != c.code || o.Outcome != No || o.Detail == "" {
			t.Errorf("%s: %+v", c.name, o)
		}
		o.Via = Real
		if v := Judge(SetOf(o)); v.Fault != c.passive {
			t.Errorf("%s: it is called %s, want %s", c.name, v.Fault, c.passive)
		}
	}
	if o := OfError(nil); o.Outcome != Yes {
		t.Errorf("%+v", o)
	}
	if o := OfError(fmt.Errorf("get: %w", context.Canceled)); o.Outcome != Unmeasured {
		t.Errorf("what we gave up ourselves: %+v", o)
	}
}

// alertError is shaped like the alert of crypto/tls, which is not exported.
type alertError uint8

func (a alertError) Error() string { return fmt.Sprintf("tls: alert(%d)", uint8(a)) }

func TestOfResponse(t *testing.T) {
	ours := http.Header{wire.HeaderProduct: {wire.Product}, "Content-Type": {"application/json"}}
	page := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	for _, c := range []struct {
		name    string
		answer  Answer
		outcome Outcome
		want    ID
		values  map[string]string
	}{
		{"ours", Answer{200, ours, nil}, Yes, OK, nil},
		{"ours, refused for what it holds", Answer{409, ours, []byte(`{"code":"epoch_changed"}`)}, Yes, OK, nil},
		{"ours wants an update", Answer{426, ours, []byte(`{"code":"upgrade_required"}`)}, No, "H10", nil},
		{"signed out", Answer{401, ours, nil}, No, "H01", nil},
		{"not allowed", Answer{403, ours, nil}, No, "H02", nil},
		{"401 of another", Answer{401, nil, nil}, No, "H15", nil},
		{"too many", Answer{429, http.Header{"Retry-After": {"7"}}, nil}, No, "H11", map[string]string{"wait": "7"}},
		{"too many, at a date", Answer{429, http.Header{"Retry-After": {"Fri, 31 Dec 2027 23:59:59 GMT"}}, nil}, No, "H11", map[string]string{"wait": "60"}},
		{"failed", Answer{500, http.Header{wire.HeaderProduct: {wire.Product}, wire.HeaderRequest: {"r7"}}, nil}, No, "H17", map[string]string{"request": "r7"}},
		{"no backend", Answer{502, page, []byte("<html>")}, No, "H18", nil},
		{"overloaded", Answer{503, ours, []byte(`{"code":"overloaded"}`)}, No, "H19", nil},
		{"maintenance", Answer{503, ours, []byte(`{"code":"x","maintenance":{"until":"2026-11-24T10:31:00Z"}}`)}, No, "H21", nil},
		{"slow backend", Answer{504, nil, nil}, No, "H20", nil},
		{"a page", Answer{200, page, []byte("<html><title> Sign in </title>")}, No, "H16", map[string]string{"title": "Sign in"}},
		{"a page that says nothing of it", Answer{200, nil, []byte(" <!doctype html>")}, No, "H16", nil},
		{"a page of our product", Answer{200, http.Header{wire.HeaderProduct: {wire.Product}}, []byte("<html>")}, No, "H16", nil},
		{"another product", Answer{200, http.Header{"Server": {"nginx"}}, nil}, No, "H15", map[string]string{"product": "nginx"}},
		{"moved", Answer{301, nil, nil}, No, "H15", nil},
		{"moved by ours", Answer{301, ours, nil}, No, Unknown, nil},
	} {
		o := OfResponse(c.answer)
		o.Target = "sync"
		v := Judge(SetOf(o))
		if o.Outcome != c.outcome || v.Fault != c.want {
			t.Errorf("%s: %s, called %s", c.name, o.Outcome, v.Fault)
		}
		for k, want := range c.values {
			if v.Values[k] != want {
				t.Errorf("%s: %s is %q", c.name, k, v.Values[k])
			}
		}
	}
}
