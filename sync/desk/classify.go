package desk

import (
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"

	"counterfoil/sync/probe"
	"counterfoil/sync/wire"
)

// classify names the likely fault of a real request at once; the self-check
// proves it later.
func classify(err error, resp *http.Response) string {
	if err == nil {
		return answered(resp)
	}
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.Is(err, wire.ErrWeak):
		return "S13"
	case errors.As(err, &invalid):
		return "S01"
	case errors.As(err, &host):
		return "S04"
	case errors.As(err, &unknown):
		return "S06"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return "X02"
	case errors.As(err, &dns) && dns.IsTimeout:
		return "D02"
	case errors.As(err, &dns):
		return "D05"
	case probe.Outdated(err):
		return "S16"
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "S17"
	case errors.As(err, &op) && op.Op == "dial" && !op.Timeout():
		return "T01"
	case errors.As(err, &op) && op.Op == "dial":
		return "T03"
	}
	return "UNKNOWN"
}

func answered(resp *http.Response) string {
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		return "H11"
	case resp.StatusCode == http.StatusServiceUnavailable:
		return "H19"
	case strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html"):
		return "H16"
	case resp.StatusCode >= 500:
		return "H17"
	case resp.Header.Get(wire.HeaderProduct) != wire.Product:
		return "H15"
	case resp.StatusCode == http.StatusUnauthorized:
		return "H01"
	case resp.StatusCode == http.StatusForbidden:
		return "H02"
	}
	return ""
}
