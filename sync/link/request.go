package link

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync"
	"time"

	"counterfoil/sync/fault"
)

// A request is what one real request told. Durations are 0 where the stage was not
// gone through: a connection that is used again has no name, connect and handshake.
type request struct {
	start, end                  time.Time
	name, connect, secure, wait time.Duration
	reused                      bool
	address, protocol           string
	tls                         string // version
	bytes                       int64  // of the answer's body, as it was read
	tcp                         TCP
	shown                       *x509.Certificate // by the server, also where it was refused
	beside                      [][]byte
	answered                    bool
	server                      string        // what it calls itself
	date                        time.Time     // the server's clock; zero where it did not say
	asked                       time.Duration // to be left alone
	seen                        fault.Observation
}

type watched struct {
	m    *Monitor
	next http.RoundTripper
}

// Wrap puts the monitor under a transport.
func (m *Monitor) Wrap(next http.RoundTripper) http.RoundTripper { return &watched{m, next} }

// RoundTrip notes how a request ends: with its error, or when its answer was read.
func (w *watched) RoundTrip(req *http.Request) (*http.Response, error) {
	s := &stopwatch{now: w.m.cfg.Now, at: map[string]time.Time{}, took: map[string]time.Duration{}, x: fault.Exchange{Dialing: true}}
	r := request{start: w.m.cfg.Now()}
	resp, err := w.next.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), s.trace())))
	if err != nil && errors.Is(req.Context().Err(), context.Canceled) {
		return resp, err // given up by us, not by the line
	}
	r.end = w.m.cfg.Now()
	r.shown = certificate(err, resp)
	s.read(&r)
	if err != nil {
		r.seen = fault.OfExchange(err, s.exchange())
		w.m.seen(r)
		return resp, err
	}
	r.read(resp)
	r.seen = answered(resp)
	if resp.Body == nil || resp.Body == http.NoBody {
		w.m.seen(r)
		return resp, nil
	}
	resp.Body = &body{ReadCloser: resp.Body, given: req.Context(), end: func(err error, n int64) {
		r.bytes = n
		if err != nil {
			x := s.exchange()
			x.Begun, x.Body, x.Bytes = true, true, n
			r.seen = fault.OfExchange(err, x)
		}
		w.m.seen(r)
	}}
	return resp, nil
}

// A body is an answer's that tells once how it ended: whole, closed before its end, or
// broken off.
type body struct {
	io.ReadCloser
	given context.Context
	end   func(err error, n int64)

	once sync.Once
	n    int64 // bytes read; of one goroutine, as every Reader
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	switch {
	case err == nil:
	case err == io.EOF, errors.Is(b.given.Err(), context.Canceled):
		b.told(nil)
	default:
		b.told(err)
	}
	return n, err
}

func (b *body) Close() error {
	b.told(nil)
	return b.ReadCloser.Close()
}

func (b *body) told(err error) { b.once.Do(func() { b.end(err, b.n) }) }

// read takes what an answer tells.
func (r *request) read(resp *http.Response) {
	r.answered = true
	r.server, r.beside, r.protocol = resp.Header.Get("Server"), beside(resp.TLS), protocolOf(resp)
	if resp.TLS != nil {
		r.tls = tls.VersionName(resp.TLS.Version)
	}
	if d, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		r.date = d
	}
	r.asked = asked(resp.Header.Get("Retry-After"), r.end)
	if r.wait == 0 {
		r.wait = r.end.Sub(r.start)
	}
}

// asked is what a Retry-After asks for; 0 where it is none.
func asked(text string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(text); err == nil {
		return max(0, time.Duration(n)*time.Second)
	}
	if t, err := http.ParseTime(text); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}

// protocolOf names it as ALPN does.
func protocolOf(resp *http.Response) string {
	switch resp.ProtoMajor {
	case 1:
		return "http/1.1"
	case 2:
		return "h2"
	}
	return ""
}

// certificate is what the server showed, also where it was refused; nil when it
// showed none.
func certificate(err error, resp *http.Response) *x509.Certificate {
	var refused *tls.CertificateVerificationError
	var invalid x509.CertificateInvalidError
	switch {
	case resp != nil && resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0:
		return resp.TLS.PeerCertificates[0]
	case errors.As(err, &refused) && len(refused.UnverifiedCertificates) > 0:
		return refused.UnverifiedCertificates[0]
	case errors.As(err, &invalid):
		return invalid.Cert
	}
	return nil
}

// A stopwatch times the stages of a request. net/http may go on dialling after the
// request has its connection, so it is locked.
type stopwatch struct {
	now func() time.Time

	mu     sync.Mutex // guards below
	at     map[string]time.Time
	took   map[string]time.Duration
	conn   net.Conn
	reused bool
	x      fault.Exchange
}

// exchange is how far the request came.
func (s *stopwatch) exchange() fault.Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.x
}

func (s *stopwatch) step(note func(*fault.Exchange)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	note(&s.x)
}

func (s *stopwatch) begin(stage string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[stage] = s.now()
}

func (s *stopwatch) finish(stage string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if from, begun := s.at[stage]; begun && err == nil && s.took[stage] == 0 {
		s.took[stage] = s.now().Sub(from)
	}
}

func (s *stopwatch) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) {
			s.begin("name")
			s.step(func(x *fault.Exchange) { x.Looking = true })
		},
		DNSDone: func(i httptrace.DNSDoneInfo) { s.finish("name", i.Err) },
		ConnectStart: func(_, address string) {
			s.begin(address)
			s.step(func(x *fault.Exchange) { x.Looking = false })
		},
		ConnectDone: func(_, address string, err error) { s.finish(address, err) },
		TLSHandshakeStart: func() {
			s.begin("secure")
			s.step(func(x *fault.Exchange) { x.Looking, x.Dialing = false, false })
		},
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) { s.finish("secure", err) },
		GotConn: func(i httptrace.GotConnInfo) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.conn, s.reused = i.Conn, i.Reused
			s.x = fault.Exchange{Secured: true, Kept: i.Reused}
		},
		WroteRequest: func(httptrace.WroteRequestInfo) { s.begin("wait") },
		GotFirstResponseByte: func() {
			s.finish("wait", nil)
			s.step(func(x *fault.Exchange) { x.Begun = true })
		},
	}
}

// read takes the times over, and what the system knows of the connection while it is
// open.
func (s *stopwatch) read(r *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.reused, r.wait = s.reused, s.took["wait"]
	if s.conn == nil {
		return
	}
	r.address = s.conn.RemoteAddr().String()
	if !s.reused {
		r.name, r.connect, r.secure = s.took["name"], s.took[r.address], s.took["secure"]
	}
	r.tcp = readTCP(s.conn)
}
