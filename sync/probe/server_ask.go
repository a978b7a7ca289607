package probe

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/wire"
)

// How long a request waits for its next step: a name, a connection, TLS, the answer's
// first byte; and for more of a body that has begun.
const (
	nameBudget = 1200 * time.Millisecond // a lookup that lost a packet is made anew
	stepBudget = 2300 * time.Millisecond
	bodyBudget = 2 * time.Second
	maxAnswer  = 1 << 20
)

// A request is one of the self-check.
type request struct {
	target string // whose answer it is, in the observation
	method string // empty: GET
	path   string
	token  string
	body   []byte
	header http.Header
	over   *http.Transport // nil: the program's own
	via    string          // empty: the real path
	step   time.Duration   // that each step may take; 0: stepBudget
	quiet  func()          // called once where a step takes long; nil: nobody minds
}

// asked is what came of a request.
type asked struct {
	fault.Observation
	body  []byte
	trace *trace
	more  []fault.Observation // that was seen beside it
}

// ask sends a request over the program's own transport, which verifies the server, and
// waits for a stall once.
func (w *walk) ask(ctx context.Context, q request) asked {
	if q.over == nil {
		q.over = w.way
	}
	if q.method == "" {
		q.method = http.MethodGet
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if q.step == 0 {
		q.step = stepBudget
	}
	t := newTrace(cancel, q.step, q.quiet)
	defer t.end()
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, t.hooks()), q.method, strings.TrimRight(w.base.String(), "/")+q.path, bytes.NewReader(q.body))
	if err != nil {
		return asked{Observation: fault.OfError(err), trace: t}
	}
	for name, values := range q.header {
		req.Header[name] = values
	}
	version := w.Version
	if version == "" {
		version = "selfcheck"
	}
	req.Header.Set(wire.HeaderClient, fmt.Sprintf("%s/%s; protocol=%d-%d", wire.Product, version, w.ProtocolMin, w.ProtocolMax))
	req.Header.Set("User-Agent", wire.Agent(version))
	req.Header.Set(wire.HeaderDevice, w.Device)
	if !q.over.DisableCompression {
		// As the transport asks by itself; it would then unpack without telling a broken
		// answer from one that was cut.
		req.Header.Set("Accept-Encoding", "gzip")
	}
	if q.token != "" {
		req.Header.Set("Authorization", "Bearer "+q.token)
	}
	resp, err := q.over.RoundTrip(req) // follows no redirect
	if t.connecting() >= late {
		w.lost()
	}
	a := asked{trace: t}
	if err == nil {
		t.note(func(x *fault.Exchange) { x.Body = true })
		a.body, err = t.read(resp)
	}
	if err != nil {
		a.Observation = fault.OfExchange(t.why(err), t.exchange())
		if resp != nil {
			a.Status, a.Product = resp.StatusCode, resp.Header.Get(wire.HeaderProduct)
		}
		if a.Kind == "tcp" && q.via == "" && w.chosenProxy(ctx) != nil {
			a.Kind, a.Stage = "proxy", "connect" // what was dialled is the proxy
		}
	} else {
		a.Observation = fault.OfResponse(fault.Answer{Status: resp.StatusCode, Header: resp.Header, Body: a.body, URL: req.URL})
		a.Offset = offset(resp, w.Now())
		took := t.waited()
		a.RTT, a.Values["seconds"] = took.Milliseconds(), fmt.Sprintf("%.1f", took.Seconds())
	}
	if a.Kind == "http" {
		a.Target = q.target
	}
	a.more = t.beside()
	if a.Via = fault.Real; q.via != "" {
		a.Via = q.via
	}
	return a
}

// offset is how far the server's clock is before ours, in seconds; 0 where it does not say.
func offset(resp *http.Response, now time.Time) int64 {
	d, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return 0
	}
	return int64(d.Sub(now).Round(time.Second).Seconds())
}

// trace follows one request, and ends it where a step takes too long.
type trace struct {
	step time.Duration

	mu      sync.Mutex // guards all below
	x       fault.Exchange
	watch   *time.Timer
	quiet   *time.Timer
	stalled bool

	dial, dialled, hello time.Time
	line                 time.Duration // a round trip, as connect and handshake took
	sent, first          time.Time
	protocol             string
	again                bool     // a kept connection was dead and another was taken
	before               link.TCP // as the connection was when it stood
	conn                 net.Conn
	taken                []fault.Observation
	tries                int  // connections that it was sent over
	turned               bool // each of them was shut before an answer
	cancel               context.CancelFunc
}

// mostTries is over how many connections the transport may send one request, with longer
// and longer pauses, until it is given up: it was turned away every time.
const mostTries = 2

func newTrace(cancel context.CancelFunc, step time.Duration, quiet func()) *trace {
	t := &trace{step: step, cancel: cancel, x: fault.Exchange{Looking: true, Dialing: true}}
	t.watch = time.AfterFunc(min(step, nameBudget), func() {
		t.mu.Lock()
		t.stalled = true
		if t.conn != nil { // before giving up sends something of its own
			t.taken = append(t.taken, ofTaken(naked(t.conn), fault.Real))
		}
		t.mu.Unlock()
		cancel()
	})
	if quiet == nil {
		quiet = func() {}
	}
	t.quiet = time.AfterFunc(besideAfter, quiet)
	return t
}

func (t *trace) end() {
	t.watch.Stop()
	t.quiet.Stop()
}

// note takes a step down and gives the next one its time.
func (t *trace) note(step func(*fault.Exchange)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	step(&t.x)
	t.watch.Reset(t.step)
	t.quiet.Reset(besideAfter)
}

func (t *trace) exchange() fault.Exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.x
}

// waited is how long the server took from the whole request to its first byte.
func (t *trace) waited() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sent.IsZero() || t.first.Before(t.sent) {
		return 0
	}
	return t.first.Sub(t.sent)
}

// connecting is how long the connection took; 0 where none was made.
func (t *trace) connecting() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(0, t.dialled.Sub(t.dial))
}

func (t *trace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		ConnectStart: func(string, string) {
			t.note(func(x *fault.Exchange) { x.Looking, t.dial = false, time.Now() })
		},
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				t.note(func(*fault.Exchange) { t.dialled = time.Now() })
			}
		},
		TLSHandshakeStart: func() {
			t.note(func(x *fault.Exchange) { x.Looking, x.Dialing, t.hello = false, false, time.Now() })
		},
		TLSHandshakeDone: func(s tls.ConnectionState, err error) {
			if err == nil {
				t.note(func(*fault.Exchange) {
					t.protocol, t.line = s.NegotiatedProtocol, max(t.dialled.Sub(t.dial), time.Since(t.hello))
				})
			}
		},
		GotConn: func(i httptrace.GotConnInfo) {
			t.note(func(x *fault.Exchange) {
				t.again = t.again || x.Kept && !i.Reused
				if t.tries++; t.tries > mostTries && t.protocol == "h2" {
					t.turned = true
					t.cancel()
				}
				*x = fault.Exchange{Secured: true, Kept: i.Reused}
				if t.conn = i.Conn; !i.Reused {
					t.before = link.ReadTCP(naked(i.Conn))
				}
			})
		},
		WroteRequest: func(httptrace.WroteRequestInfo) {
			t.note(func(*fault.Exchange) { t.sent = time.Now() })
		},
		GotFirstResponseByte: func() {
			t.note(func(x *fault.Exchange) { x.Begun, t.first = true, time.Now() })
		},
	}
}

// errStall is what a request ends with that was given up because nothing came.
type errStall struct{}

func (errStall) Error() string   { return "nothing came for too long" }
func (errStall) Timeout() bool   { return true }
func (errStall) Temporary() bool { return true }

// errTurned is what a request ends with that was turned away every time, in the words of
// net/http where it gives up by itself.
var errTurned = errors.New("http2: server sent GOAWAY and closed the connection, again and again")

// why is the error that ended a request: a stall is no cancellation.
func (t *trace) why(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.stalled:
		return errStall{}
	case t.turned:
		return errTurned
	}
	return err
}

// read reads a body and unpacks it.
func (t *trace) read(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(&counted{t, resp.Body}, maxAnswer))
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" {
		return raw, err
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, gzip.ErrHeader // also of one that is too short to have a header
	}
	body, err := io.ReadAll(io.LimitReader(z, maxAnswer))
	if err != nil {
		return nil, gzip.ErrChecksum // it came whole and does not unpack
	}
	return body, nil
}

// counted counts what is read of a body, and gives it time while something comes.
type counted struct {
	t *trace
	r io.Reader
}

func (c *counted) Read(p []byte) (int, error) {
	c.t.watch.Reset(min(bodyBudget, c.t.step))
	c.t.quiet.Reset(besideAfter)
	n, err := c.r.Read(p)
	c.t.mu.Lock()
	c.t.x.Bytes += int64(n)
	c.t.mu.Unlock()
	return n, err
}

// beside is what the request showed of its connection: whether what was sent was taken
// where nothing came back, and whether a kept one was dead.
func (t *trace) beside() (out []fault.Observation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	out = append(out, t.taken...)
	if t.again && t.protocol != "h2" { // HTTP/2 says goodbye as it likes
		out = append(out, fault.Observation{Kind: "http", Via: "kept", Stage: "kept", Outcome: fault.No, Code: "eof"})
	}
	return out
}

// naked is the connection under TLS.
func naked(c net.Conn) net.Conn {
	for {
		over, wrapped := c.(interface{ NetConn() net.Conn })
		if !wrapped {
			return c
		}
		c = over.NetConn()
	}
}
