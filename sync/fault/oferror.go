package fault

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/wire"
)

// ProxyAnswer is the error of a proxy that answers CONNECT with another status than
// 200. A transport's OnProxyConnectResponse returns it, because net/http keeps
// only the words.
type ProxyAnswer struct{ Status int }

func (e *ProxyAnswer) Error() string { return "the proxy answers " + strconv.Itoa(e.Status) }

// OfError is what an error tells: how far it came as Kind ("dns", "proxy", "tcp",
// "tls" or "http"), and its Code. nil is Yes, what was given up is not measured.
func OfError(err error) Observation {
	if err == nil {
		return Observation{Outcome: Yes}
	}
	o := Observation{Kind: "http", Outcome: No, Detail: err.Error()}
	if errors.Is(err, context.Canceled) {
		o.Outcome, o.Code = Unmeasured, "cancelled"
		return o
	}
	var be *books.Error
	var op *net.OpError
	var answer *ProxyAnswer
	var dns *net.DNSError
	switch {
	case ofTLS(err, &o):
	case errors.As(err, &answer):
		o.Kind, o.Stage, o.Status = "proxy", "connect", answer.Status
	case errors.As(err, &op) && op.Op == "proxyconnect":
		o.Kind, o.Stage, o.Code = "proxy", "dial", code(err)
		if inner := new(net.OpError); errors.As(op.Err, &inner) && inner.Addr != nil {
			o.Target = inner.Addr.String()
		}
	case errors.As(err, &dns):
		o.Kind, o.Via, o.Code = "dns", "system", ofName(dns)
		o.Values = map[string]string{"host": dns.Name}
	case errors.As(err, &op) && op.Op == "dial":
		o.Kind, o.Code = "tcp", code(err)
		if op.Addr != nil {
			o.Target = op.Addr.String()
		}
	case errors.As(err, &be):
		o.Code = be.Code
	default:
		o.Code = code(err)
	}
	return o
}

// code names an error without regard to where it came from; "" for one that has no name.
func code(err error) string {
	var dns *net.DNSError
	var errno syscall.Errno
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &dns):
		return ofName(dns)
	case errors.As(err, &errno):
		return errnoCode(errno)
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "unexpected_eof"
	case errors.Is(err, io.EOF):
		return "eof"
	}
	return ofHTTP(err)
}

// ofName tells apart what the system's resolver folds into its error.
func ofName(e *net.DNSError) string {
	var errno syscall.Errno
	switch {
	case e.IsTimeout:
		return "timeout"
	case e.IsNotFound:
		return "rcode:NXDOMAIN"
	case errors.As(e, &errno):
		return errnoCode(errno)
	case e.IsTemporary:
		return "rcode:SERVFAIL"
	}
	return "dns:failed"
}

// ofTLS reports whether an error is one of the secure connection, and notes it.
func ofTLS(err error, o *Observation) bool {
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	text := err.Error()
	switch {
	case errors.Is(err, wire.ErrWeak):
		o.Code = "x509:weak"
	case errors.As(err, &invalid):
		ofInvalid(invalid, o)
	case errors.As(err, &host):
		o.Code, o.Values = "x509:host", map[string]string{"host": host.Host, "names": Names(host.Certificate)}
	case errors.As(err, &unknown):
		o.Code = "x509:authority"
		if unknown.Cert != nil {
			o.Values = map[string]string{"issuer": Issuer(unknown.Cert)}
		}
	case errors.As(err, &verify):
		o.Code = "x509:other"
	case errors.As(err, &record):
		o.Code = "tls:none"
		if string(record.RecordHeader[:]) == "HTTP/" {
			o.Code = "tls:http"
		}
	case alert(err) != "":
		o.Code = "alert:" + alert(err)
	// The errors below have neither type nor value of their own.
	case strings.Contains(text, "server gave HTTP response to HTTPS client"):
		o.Code = "tls:http"
	case strings.Contains(text, "server selected unsupported protocol version"):
		o.Code = "tls:version"
	case strings.Contains(text, "TLS handshake timeout"):
		o.Code = "timeout"
	case strings.Contains(text, "tls: "):
		o.Code = "tls:other"
	default:
		return false
	}
	o.Kind = "tls"
	return true
}

func ofInvalid(e x509.CertificateInvalidError, o *Observation) {
	switch {
	case e.Reason != x509.Expired:
		o.Code = "x509:invalid"
	case strings.Contains(e.Detail, "is before"): // one reason for both
		o.Code = "x509:not_yet"
		o.Values = map[string]string{"date": date(e.Cert, func(c *x509.Certificate) time.Time { return c.NotBefore })}
	default:
		o.Code = "x509:expired"
		o.Values = map[string]string{"date": date(e.Cert, func(c *x509.Certificate) time.Time { return c.NotAfter })}
	}
}

func date(c *x509.Certificate, which func(*x509.Certificate) time.Time) string {
	if c == nil {
		return ""
	}
	return which(c).Local().Format(time.DateOnly)
}

// Names are those that a certificate is for.
func Names(c *x509.Certificate) string {
	if c == nil {
		return ""
	}
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return strings.Join(names, ", ")
}

// Issuer is how a certificate's issuer is called.
func Issuer(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return c.Issuer.CommonName
	}
	return c.Issuer.String()
}

// alert is the name of an alert that the other side sent. Its type is not exported.
func alert(err error) string {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return ""
	}
	v := reflect.ValueOf(op.Err)
	if v.Kind() != reflect.Uint8 {
		return ""
	}
	n := uint8(v.Uint())
	if name := alerts[n]; name != "" {
		return name
	}
	return fmt.Sprint(n)
}

// alerts are those of RFC 8446 and RFC 5246.
var alerts = map[uint8]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
	42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
	47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error", 70: "protocol_version",
	71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation",
	109: "missing_extension", 110: "unsupported_extension", 112: "unrecognized_name", 113: "bad_certificate_status_response",
	115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
}
