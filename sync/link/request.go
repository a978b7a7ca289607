package link

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
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

func (w *watched) RoundTrip(req *http.Request) (*http.Response, error) {
	s := &stopwatch{now: w.m.cfg.Now, at: map[string]time.Time{}, took: map[string]time.Duration{}}
	r := request{start: w.m.cfg.Now()}
	resp, err := w.next.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), s.trace())))
	if req.Context().Err() != nil && err != nil {
		return resp, err // given up by us, not by the line
	}
	r.end = w.m.cfg.Now()
	r.seen, r.shown = observed(err, resp), certificate(err, resp)
	s.read(&r)
	if resp != nil {
		r.read(resp)
	}
	w.m.seen(r)
	return resp, err
}

// read takes what an answer tells.
func (r *request) read(resp *http.Response) {
	r.answered = true
	r.server, r.beside, r.protocol = resp.Header.Get("Server"), beside(resp.TLS), protocolOf(resp)
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
		DNSStart:          func(httptrace.DNSStartInfo) { s.begin("name") },
		DNSDone:           func(i httptrace.DNSDoneInfo) { s.finish("name", i.Err) },
		ConnectStart:      func(_, address string) { s.begin(address) },
		ConnectDone:       func(_, address string, err error) { s.finish(address, err) },
		TLSHandshakeStart: func() { s.begin("secure") },
		TLSHandshakeDone:  func(_ tls.ConnectionState, err error) { s.finish("secure", err) },
		GotConn: func(i httptrace.GotConnInfo) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.conn, s.reused = i.Conn, i.Reused
		},
		WroteRequest:         func(httptrace.WroteRequestInfo) { s.begin("wait") },
		GotFirstResponseByte: func() { s.finish("wait", nil) },
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
