package link

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"strings"

	"counterfoil/sync/fault"
)

// answered is what an answer over the real path tells. It leaves it to be read by who
// asked.
func answered(resp *http.Response) fault.Observation {
	o := fault.OfResponse(fault.Answer{Status: resp.StatusCode, Header: resp.Header, Body: beginning(resp)})
	o.Target, o.Via = "sync", fault.Real
	if resp.Request != nil && strings.HasSuffix(resp.Request.URL.Path, "/v1/token") {
		o.Target = "token"
	}
	return o
}

// beginning reads what an answer that is no success says of it, and puts it back.
func beginning(resp *http.Response) []byte {
	const enough = 16 << 10
	if resp.StatusCode < 400 || resp.Body == nil {
		return nil
	}
	// An error comes again where the rest is read.
	b, _ := io.ReadAll(io.LimitReader(resp.Body, enough))
	rest := resp.Body
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(b), rest), rest}
	return b
}

// named is the fault that one observation alone shows; its id is empty where it
// shows none.
func named(o fault.Observation) fault.Finding {
	if o.Outcome != fault.No {
		return fault.Finding{}
	}
	return fault.Judge(fault.SetOf(o)).Finding
}

// beside are the certificates after the server's own. More than a chain needs are
// not kept.
func beside(t *tls.ConnectionState) [][]byte {
	var out [][]byte
	if t == nil || len(t.PeerCertificates) > 5 {
		return nil
	}
	for i, c := range t.PeerCertificates {
		if i > 0 {
			out = append(out, c.Raw)
		}
	}
	return out
}
