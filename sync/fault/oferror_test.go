package fault

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
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
		{"firewall, Windows", dialed("connectex", 10013), "tcp", "errno:EACCES", "T07"},
		{"reset", &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, "http", "errno:ECONNRESET", Unknown},
		{"reset, Windows", &net.OpError{Op: "read", Err: os.NewSyscallError("wsarecv", syscall.Errno(10054))}, "http", "errno:ECONNRESET", Unknown},
		{"no such name", &net.DNSError{Err: "no such host", Name: "x.test", IsNotFound: true}, "dns", "rcode:NXDOMAIN", "D05"},
		{"no such name, Windows", &net.DNSError{Err: "getaddrinfow: No such host is known.", Name: "x.test", IsNotFound: true}, "dns", "rcode:NXDOMAIN", "D05"},
		{"try again, Windows", &net.DNSError{Err: "getaddrinfow", Name: "x.test", IsTemporary: true}, "dns", "rcode:SERVFAIL", "D04"},
		{"resolver silent", &net.DNSError{Err: "i/o timeout", Name: "x.test", IsTimeout: true, IsTemporary: true}, "dns", "timeout", "D02"},
		{"resolver fails", &net.DNSError{Err: "server misbehaving", Name: "x.test", IsTemporary: true}, "dns", "rcode:SERVFAIL", "D04"},
		{"resolver refuses", &net.DNSError{Err: "server misbehaving", Name: "x.test"}, "dns", "dns:failed", "D04"},
		{"proxy refuses", &net.OpError{Op: "proxyconnect", Err: dialed("connect", syscall.ECONNREFUSED)}, "proxy", "errno:ECONNREFUSED", "X02"},
		{"proxy unknown", &net.OpError{Op: "proxyconnect", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, "proxy", "rcode:NXDOMAIN", "X01"},
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
		{"version refused", &net.OpError{Op: "remote error", Err: alertError(70)}, "tls", "alert:protocol_version", "S15"},
		{"inner error there", &net.OpError{Op: "remote error", Err: alertError(80)}, "tls", "alert:internal_error", Unknown},
		{"certificate wanted", &net.OpError{Op: "remote error", Err: alertError(116)}, "tls", "alert:certificate_required", "S21"},
		{"no protocol in common", &net.OpError{Op: "remote error", Err: alertError(120)}, "tls", "alert:no_application_protocol", "S24"},
		{"changed on the way", &net.OpError{Op: "local error", Err: alertError(20)}, "tls", "local:bad_record_mac", "S29"},
		{"changed on the way, in its header", tls.RecordHeaderError{Msg: "received record with version 9 when expecting version 303"}, "tls", "tls:corrupt", "S29"},
		{"old version", errors.New("tls: server selected unsupported protocol version 301"), "tls", "tls:version", "S15"},
		{"no names", verify(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "b.test"}), "tls", "x509:no_names", "S05"},
		{"for clients", verify(x509.CertificateInvalidError{Reason: x509.IncompatibleUsage}), "tls", "x509:purpose", "S14"},
		{"too many levels", verify(x509.CertificateInvalidError{Reason: x509.TooManyIntermediates}), "tls", "x509:path", "S14"},
		{"another's names", verify(x509.CertificateInvalidError{Reason: x509.CANotAuthorizedForThisName}), "tls", "x509:constraints", "S14"},
		{"withdrawn", fmt.Errorf("%w: x", wire.ErrRevoked), "tls", "x509:revoked", "S12"},
		{"an alert without a name", &net.OpError{Op: "remote error", Err: alertError(200)}, "tls", "alert:200", Unknown},
		{"cut", io.ErrUnexpectedEOF, "http", "unexpected_eof", "H27"},
		{"broken stream", errors.New("stream error: stream ID 1; INTERNAL_ERROR; received from peer"), "http", "h2:INTERNAL_ERROR", "H30"},
		{"goodbye", errors.New("http2: server sent GOAWAY and closed the connection; LastStreamID=0, ErrCode=NO_ERROR, debug=\"\""), "http", "h2:GOAWAY", "H30"},
		{"hung up", io.EOF, "http", "eof", "H27"},
		{"not HTTP", errors.New("net/http: HTTP/1.x transport connection broken: malformed HTTP response \"\\x00\""), "http", "http:malformed", "H29"},
		{"headers", errors.New("net/http: server response headers exceeded 65536 bytes; aborted"), "http", "http:headers", "H12"},
		{"broken gzip", fmt.Errorf("read: %w", gzip.ErrChecksum), "http", "gzip", Unknown},
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
	asked := &url.URL{Scheme: "https", Host: "a.test", Path: "/healthz"}
	page := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	for _, c := range []struct {
		name    string
		answer  Answer
		outcome Outcome
		want    ID
		values  map[string]string
	}{
		{"ours", Answer{Status: 200, Header: ours}, Yes, OK, nil},
		{"ours, refused for what it holds", Answer{Status: 409, Header: ours, Body: []byte(`{"code":"epoch_changed"}`)}, Yes, OK, nil},
		{"ours wants an update", Answer{Status: 426, Header: ours, Body: []byte(`{"code":"upgrade_required"}`)}, No, "H10", nil},
		{"signed out", Answer{Status: 401, Header: ours, Body: nil}, No, "H01", nil},
		{"not allowed", Answer{Status: 403, Header: ours, Body: nil}, No, "H02", nil},
		{"401 of another", Answer{Status: 401, Header: nil, Body: nil}, No, "H15", nil},
		{"too many", Answer{Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: nil}, No, "H11", map[string]string{"wait": "7"}},
		{"too many, at a date", Answer{Status: 429, Header: http.Header{"Retry-After": {"Fri, 31 Dec 2027 23:59:59 GMT"}}, Body: nil}, No, "H11", map[string]string{"wait": "60"}},
		{"failed", Answer{Status: 500, Header: http.Header{wire.HeaderProduct: {wire.Product}, wire.HeaderRequest: {"r7"}}, Body: nil}, No, "H17", map[string]string{"request": "r7"}},
		{"no backend", Answer{Status: 502, Header: page, Body: []byte("<html>")}, No, "H18", nil},
		{"overloaded", Answer{Status: 503, Header: ours, Body: []byte(`{"code":"overloaded"}`)}, No, "H19", nil},
		{"maintenance", Answer{Status: 503, Header: ours, Body: []byte(`{"code":"x","maintenance":{"until":"2026-11-24T10:31:00Z"}}`)}, No, "H21", nil},
		{"slow backend", Answer{Status: 504, Header: nil, Body: nil}, No, "H20", nil},
		{"a page", Answer{Status: 200, Header: page, Body: []byte("<html><title> Sign in </title>")}, No, "H16", map[string]string{"title": "Sign in"}},
		{"a page that says nothing of it", Answer{Status: 200, Header: nil, Body: []byte(" <!doctype html>")}, No, "H16", nil},
		{"a page of our product", Answer{Status: 200, Header: http.Header{wire.HeaderProduct: {wire.Product}}, Body: []byte("<html>")}, No, "H16", nil},
		{"filtered", Answer{Status: 403, Header: page, Body: []byte("<html><title>WAF</title>Your IP 203.0.113.7 is blocked")}, No, "H03", map[string]string{"ip": "203.0.113.7", "title": "WAF"}},
		{"filtered by its code", Answer{Status: 403, Header: ours, Body: []byte(`{"code":"ip_denied"}`)}, No, "H03", nil},
		{"revoked, as OAuth says it", Answer{Status: 401, Header: ours, Body: []byte(`{"error":"invalid_grant"}`)}, No, "A02", nil},
		{"revoked, in the header alone", Answer{Status: 401, Header: http.Header{wire.HeaderProduct: {wire.Product}, "Www-Authenticate": {`Bearer error="token-revoked"`}}}, No, "A02", nil},
		{"device, as a type", Answer{Status: 403, Header: ours, Body: []byte(`{"type":"https://errors.test/device-revoked"}`)}, No, "A03", nil},
		{"no such path", Answer{Status: 404, Header: page, Body: []byte("<html>")}, No, "H04", nil},
		{"too slow", Answer{Status: 408}, No, "H05", nil},
		{"too large", Answer{Status: 413, Header: page}, No, "H07", nil},
		{"misdirected", Answer{Status: 421}, No, "H09", nil},
		{"headers", Answer{Status: 431, Header: page}, No, "H12", nil},
		{"legal", Answer{Status: 451, Header: page}, No, "H13", nil},
		{"disk there", Answer{Status: 507}, No, "B07", nil},
		{"delivery network", Answer{Status: 502, Header: http.Header{"Cf-Ray": {"1"}}}, No, "H22", nil},
		{"delivery network by its number", Answer{Status: 523}, No, "H22", nil},
		{"maintenance without an end", Answer{Status: 503, Header: ours, Body: []byte(`{"code":"maintenance"}`)}, No, "H21", nil},
		{"maintenance, said with yes", Answer{Status: 503, Header: ours, Body: []byte(`{"maintenance":true}`)}, No, "H21", nil},
		{"sign-in service", Answer{Status: 503, Header: ours, Body: []byte(`{"code":"auth_unavailable"}`)}, No, "B08", nil},
		{"deadlock", Answer{Status: 500, Header: ours, Body: []byte(`{"code":"deadlock"}`)}, No, "B02", nil},
		{"too many, until a date of theirs", Answer{Status: 429, Header: http.Header{"Retry-After": {"Fri, 31 Dec 2027 23:59:59 GMT"}, "Date": {"Fri, 31 Dec 2027 23:59:29 GMT"}}}, No, "H11", map[string]string{"wait": "30"}},
		{"another product", Answer{Status: 200, Header: http.Header{"Server": {"nginx"}}, Body: nil}, No, "H15", map[string]string{"product": "nginx"}},
		{"moved", Answer{Status: 301, Header: http.Header{"Location": {"https://b.test/x"}}, URL: asked}, No, "H23", map[string]string{"location": "b.test"}},
		{"moved nowhere", Answer{Status: 301, Header: ours}, No, "H23", nil},
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

// Where an answer sends to, by what was asked for.
func TestRedirect(t *testing.T) {
	asked := &url.URL{Scheme: "https", Host: "a.test", Path: "/healthz"}
	for to, want := range map[string]string{
		"": "none", "http://a.test/healthz": "plain", "https://a.test/healthz": "loop", "/healthz": "loop", "/login": "here", "https://b.test/healthz": "foreign", "//b.test/": "foreign", "https://A.test/x": "here",
	} {
		if o := OfResponse(Answer{Status: 302, Header: http.Header{"Location": {to}}, URL: asked}); o.Code != "redirect:"+want {
			t.Errorf("%q: %s", to, o.Code)
		}
	}
}

// Where a request broke, by how far it came.
func TestOfExchange(t *testing.T) {
	for _, c := range []struct {
		name              string
		err               error
		x                 Exchange
		kind, stage, code string
		want              ID
	}{
		{"silent", slow{errors.New("x")}, Exchange{Secured: true}, "http", "header", "timeout", "H31"},
		{"stopped", slow{errors.New("x")}, Exchange{Secured: true, Begun: true, Body: true, Bytes: 9}, "http", "body", "timeout", "H32"},
		{"cut", io.ErrUnexpectedEOF, Exchange{Secured: true, Begun: true, Body: true}, "http", "body", "unexpected_eof", "H24"},
		{"packed badly", gzip.ErrHeader, Exchange{Secured: true, Begun: true, Body: true}, "http", "body", "gzip", "H25"},
		{"hung up", io.EOF, Exchange{Secured: true}, "http", "header", "eof", "H27"},
		{"hung up before it was asked", io.EOF, Exchange{Secured: true, Kept: true}, "http", "kept", "eof", "H28"},
		{"reset before it was asked, Windows", os.NewSyscallError("wsarecv", syscall.Errno(10054)), Exchange{Secured: true, Kept: true}, "http", "kept", "errno:ECONNRESET", "H28"},
		{"handshake silent", slow{errors.New("x")}, Exchange{}, "tls", "", "timeout", ""},
		{"nothing connects", slow{errors.New("x")}, Exchange{Dialing: true}, "tcp", "", "timeout", "T03"},
		{"no name", slow{errors.New("x")}, Exchange{Looking: true, Dialing: true}, "dns", "", "timeout", "D02"},
	} {
		o := OfExchange(c.err, c.x)
		if o.Kind != c.kind || o.Stage != c.stage || o.Code != c.code || o.Via != Real || o.Bytes != c.x.Bytes {
			t.Errorf("%s: %+v", c.name, o)
		}
		if v := Judge(SetOf(o)); c.want != "" && v.Fault != c.want {
			t.Errorf("%s: called %s", c.name, v.Fault)
		}
	}
	if o := OfExchange(context.Canceled, Exchange{Secured: true}); o.Outcome != Unmeasured {
		t.Errorf("%+v", o)
	}
}
