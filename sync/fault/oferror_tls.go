package fault

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"time"

	"counterfoil/sync/wire"
)

// ofTLS reports whether an error is one of the secure connection, and notes it.
func ofTLS(err error, o *Observation) bool {
	var verify *tls.CertificateVerificationError
	switch {
	case ofCertificate(err, o):
	case errors.As(err, &verify):
		o.Code = "x509:other"
	case alert(err, "remote error") != "":
		o.Code = "alert:" + alert(err, "remote error")
	case alert(err, "local error") != "":
		o.Code = "local:" + alert(err, "local error")
	default:
		o.Code = ofRecord(err)
	}
	if o.Code == "" {
		return false
	}
	o.Kind = "tls"
	return true
}

// ofCertificate reports whether an error is one about a certificate, and notes it.
func ofCertificate(err error, o *Observation) bool {
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var insecure x509.InsecureAlgorithmError
	switch {
	case errors.Is(err, wire.ErrRevoked):
		o.Code = "x509:revoked"
	case errors.Is(err, wire.ErrWeak), errors.As(err, &insecure):
		o.Code = "x509:weak"
	case errors.As(err, &invalid):
		ofInvalid(invalid, o)
	case errors.As(err, &host):
		o.Code, o.Values = "x509:host", map[string]string{"host": host.Host, "names": Names(host.Certificate)}
		if o.Values["names"] == "" && host.Certificate != nil {
			o.Code = "x509:no_names"
			delete(o.Values, "names")
		}
	case errors.As(err, &unknown):
		o.Code = "x509:authority"
		// Why the most likely signer does not count stands in the words alone.
		if strings.Contains(unknown.Error(), "insecure algorithm") {
			o.Code = "x509:weak"
		}
		if unknown.Cert != nil {
			o.Values = map[string]string{"issuer": Issuer(unknown.Cert)}
		}
	default:
		return false
	}
	return true
}

// ofRecord is the code of what came instead of a record of TLS, or of one that made no
// sense; "" for an error that is none of these.
func ofRecord(err error) string {
	var record tls.RecordHeaderError
	text := err.Error()
	switch {
	case errors.As(err, &record):
		switch {
		case string(record.RecordHeader[:]) == "HTTP/":
			return "tls:http"
		// One that came after others: the words are all that tells it apart.
		case strings.Contains(record.Msg, "when expecting version"), strings.Contains(record.Msg, "oversized record"):
			return "tls:corrupt"
		}
		return "tls:none"
	// The errors below have neither type nor value of their own.
	case strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return "tls:http"
	case strings.Contains(text, "server selected unsupported protocol version"):
		return "tls:version"
	case strings.Contains(text, "TLS handshake timeout"):
		return "timeout"
	case strings.Contains(text, "tls: downgrade attempt detected"):
		return "tls:downgrade"
	case strings.Contains(text, "tls: invalid signature by the server certificate"), strings.Contains(text, "tls: server's Finished message was incorrect"),
		strings.Contains(text, "tls: invalid server finished hash"), strings.Contains(text, "tls: invalid server key share"):
		return "tls:corrupt"
	case strings.Contains(text, "tls: server chose an unconfigured cipher suite"):
		return "tls:cipher"
	case strings.Contains(text, "tls: server selected unadvertised ALPN protocol"), strings.Contains(text, "tls: server advertised unrequested ALPN"):
		return "tls:alpn"
	case strings.Contains(text, "tls: "):
		return "tls:other"
	}
	return ""
}

// ofInvalid tells apart why a certificate is not valid.
func ofInvalid(e x509.CertificateInvalidError, o *Observation) {
	switch e.Reason {
	case x509.Expired:
		if strings.Contains(e.Detail, "is before") { // one reason for both
			o.Code = "x509:not_yet"
			o.Values = map[string]string{"date": date(e.Cert, func(c *x509.Certificate) time.Time { return c.NotBefore })}
			return
		}
		o.Code = "x509:expired"
		o.Values = map[string]string{"date": date(e.Cert, func(c *x509.Certificate) time.Time { return c.NotAfter })}
	case x509.IncompatibleUsage, x509.NotAuthorizedToSign, x509.CANotAuthorizedForExtKeyUsage:
		o.Code = "x509:purpose"
	case x509.CANotAuthorizedForThisName, x509.NameConstraintsWithoutSANs, x509.UnconstrainedName, x509.TooManyConstraints:
		o.Code = "x509:constraints"
	case x509.TooManyIntermediates:
		o.Code = "x509:path"
	default:
		o.Code = "x509:invalid"
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

// alert is the name of the alert that ended a connection, "" for another error: one
// that the other side sent ("remote error") or that this side did ("local error"). Its
// type is not exported.
func alert(err error, side string) string {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != side {
		return ""
	}
	v := reflect.ValueOf(op.Err)
	if v.Kind() != reflect.Uint8 {
		return ""
	}
	return strings.TrimPrefix(Alert(uint8(v.Uint())), "alert:")
}

// Alert is the code of what a server says with an alert of TLS, by its number.
func Alert(n uint8) string {
	if name := alerts[n]; name != "" {
		return "alert:" + name
	}
	return fmt.Sprint("alert:", n)
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
