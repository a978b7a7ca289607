package fault

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"syscall"

	"counterfoil/app/books"
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
		if errors.As(err, &op) && op.Op == "proxyconnect" { // with the proxy itself
			o.Kind, o.Stage = "proxy", "connect"
		}
	case errors.As(err, &answer):
		o.Kind, o.Stage, o.Status = "proxy", "connect", answer.Status
	case errors.As(err, &op) && op.Op == "proxyconnect":
		o.Kind, o.Stage, o.Code = "proxy", "connect", code(err)
		inner := new(net.OpError)
		if errors.As(op.Err, &inner) && inner.Addr != nil {
			o.Target = inner.Addr.String()
		}
		if errors.As(err, &dns) || inner.Op == "dial" {
			o.Stage = "dial"
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
