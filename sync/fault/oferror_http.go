package fault

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"net/textproto"
	"strings"
)

// Exchange is how far a request came, as a trace of it saw.
type Exchange struct {
	Looking bool  // up a name that was not found yet
	Dialing bool  // no connection was made yet
	Secured bool  // TLS stands
	Kept    bool  // over a connection that had served before
	Begun   bool  // the answer's first byte came
	Body    bool  // its headers came whole
	Bytes   int64 // of the body that came
}

// OfExchange is what a request that failed tells: OfError, and where it broke. Its
// Stage is "header" where no answer began, "kept" where that happened on a connection
// that had served before, "body" where the answer broke off.
func OfExchange(err error, x Exchange) Observation {
	o := OfError(err)
	if o.Via = Real; o.Outcome != No || o.Kind != "http" {
		return o
	}
	switch {
	case x.Body:
		o.Stage, o.Bytes = "body", x.Bytes
	case x.Kept && !x.Begun:
		o.Stage = "kept"
	case x.Secured:
		o.Stage = "header"
	case x.Looking:
		o.Kind = "dns"
	case x.Dialing:
		o.Kind = "tcp"
	default:
		o.Kind = "tls"
	}
	return o
}

// ofHTTP is the code of an error of HTTP itself; "" for another. Most of them have
// neither type nor value: net/http exports their words alone.
func ofHTTP(err error) string {
	var packed flate.CorruptInputError
	var header textproto.ProtocolError
	text := err.Error()
	has := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &packed):
		return "gzip"
	case has("response headers exceeded"), has("http2: response header list"):
		return "http:headers"
	case has("server sent GOAWAY"):
		return "h2:GOAWAY"
	case has("stream error: stream ID"):
		code, _, _ := strings.Cut(text[strings.Index(text, "stream error: stream ID"):], "; received")
		return "h2:" + word(code)
	case has("connection error: "):
		_, code, _ := strings.Cut(text, "connection error: ")
		return "h2:" + strings.TrimSpace(code)
	case has("http2: client connection lost"), has("http2: client conn"), has("http: server closed idle connection"):
		return "eof"
	case has("http2: "):
		return "h2:other"
	case errors.As(err, &header), has("malformed HTTP"), has("malformed MIME header"), has("malformed chunked"), has("invalid byte in chunk length"), has("Unsolicited response"), has("transport connection broken"):
		return "http:malformed"
	}
	return ""
}

// word is the last word of "stream error: stream ID 1; CODE; …".
func word(s string) string {
	parts := strings.Split(s, ";")
	return strings.TrimSpace(parts[min(1, len(parts)-1)])
}
