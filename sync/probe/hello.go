package probe

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/wire"
)

// A hello is a way to open a secure connection. It verifies nothing, and no request is
// sent over it.
type hello struct {
	via    string
	change func(*tls.Config) // of what the real path offers; nil: nothing
}

// The hellos. The real path's is of two packets, for its key share is large; all others
// fit in one.
var (
	look   = hello{"look", nil}
	second = hello{"second", nil} // the same again
	third  = hello{"third", nil}
	small  = hello{"small", classic}
	http1  = hello{"http1", func(c *tls.Config) { classic(c); c.NextProtos = nil }}
	tls12  = hello{"tls12", func(c *tls.Config) { classic(c); c.MaxVersion = tls.VersionTLS12 }}
	noName = hello{"no_sni", func(c *tls.Config) { classic(c); c.ServerName = "" }}
)

func classic(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256} }

// unverified is what the real path offers, for a handshake that only looks: no secret is
// sent over it.
func (w *walk) unverified() *tls.Config {
	c, h2 := wire.TLS(), true
	// What is offered depends on no certificate: the keyring may not have been read yet.
	if t := w.Transport(nil); t != nil && t.TLSClientConfig != nil {
		c, h2 = t.TLSClientConfig, t.ForceAttemptHTTP2
		c.VerifyConnection, c.VerifyPeerCertificate, c.ClientSessionCache, c.RootCAs = nil, nil, nil, nil
	}
	c.ServerName, c.InsecureSkipVerify = w.host, true //nolint:gosec // see above
	c.NextProtos = nil
	if h2 {
		c.NextProtos = []string{"h2", "http/1.1"}
	}
	return c
}

// A greeting is what a hello came to.
type greeting struct {
	o     fault.Observation
	more  []fault.Observation
	state tls.ConnectionState // of a handshake that ended well
}

// greet says a hello on the way to the server and waits at most budget for the handshake
// to end, less where hurry is closed before.
func (w *walk) greet(ctx context.Context, h hello, budget time.Duration, hurry <-chan struct{}) greeting {
	return w.greetOver(ctx, h, budget, hurry, w.tunnel)
}

func (w *walk) greetOver(ctx context.Context, h hello, budget time.Duration, hurry <-chan struct{}, connect func(context.Context) (net.Conn, error)) greeting {
	g := greeting{o: fault.Observation{Kind: "tls", Via: h.via, Outcome: fault.Unmeasured}}
	start := time.Now()
	naked, err := connect(ctx)
	if err != nil {
		g.o.Detail = err.Error() // the way to the server is looked at by others
		return g
	}
	heard := &listening{Conn: naked}
	defer heard.Close()
	_ = heard.SetDeadline(start.Add(budget))
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-hurry:
			_ = heard.SetDeadline(time.Now())
		case <-done:
		}
	}()
	asked := false
	config := w.unverified()
	if h.change != nil {
		h.change(config)
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked = true
		return &tls.Certificate{}, nil // this program has none
	}
	t := tls.Client(heard, config)
	err = t.HandshakeContext(ctx)
	g.state = t.ConnectionState()
	if err == nil && asked && g.state.Version >= tls.VersionTLS13 {
		err = refusal(t, 2*time.Since(start))
	}
	kind := g.o
	g.o = fault.OfError(err)
	g.o.Kind, g.o.Via, g.o.RTT = kind.Kind, kind.Via, time.Since(start).Milliseconds()
	if err != nil && g.o.Outcome == fault.No {
		g.o.Stage = heard.stage()
		if code := heard.warned(); code != "" && (g.o.Code == "eof" || g.o.Code == "unexpected_eof" || g.o.Code == "errno:ECONNRESET") {
			g.o.Code = code
		}
	}
	g.more = append(g.more, fault.Observation{Kind: "client_cert", Via: h.via, Stage: "asked", Outcome: yes(asked)})
	if g.o.Code == "timeout" {
		g.more = append(g.more, ofTaken(naked, h.via))
	}
	return g
}

// refusal waits for what a server says to a client that has no certificate: with TLS 1.3
// the handshake has ended for the client by then. nil where it says nothing, or goes on.
func refusal(t *tls.Conn, wait time.Duration) error {
	_ = t.SetReadDeadline(time.Now().Add(min(max(wait, 300*time.Millisecond), time.Second)))
	n, err := t.Read(make([]byte, 1))
	if n > 0 || fault.OfError(err).Code == "timeout" {
		return nil
	}
	return err
}

// ofTaken is whether the other end's system has taken what was sent: it has not where
// something on the way drops it.
func ofTaken(c net.Conn, via string) fault.Observation {
	o := fault.Observation{Kind: "taken", Via: via, Outcome: fault.Unmeasured}
	if taken, known := acknowledged(c); known {
		o.Outcome = yes(taken)
	}
	return o
}

// listening counts what comes over a connection, and keeps its beginning.
type listening struct {
	net.Conn
	heard int
	first []byte
}

func (l *listening) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.heard += n
	if len(l.first) < alertSize {
		l.first = append(l.first, b[:min(n, alertSize-len(l.first))]...)
	}
	return n, err
}

// alertSize is that of a record of TLS with an alert in it, in bytes.
const alertSize = 7

// warned is the code of an alert that came alone and only as a warning, which package tls
// does not tell of; "" where there was none.
func (l *listening) warned() string {
	if l.heard != alertSize || l.first[0] != 21 || l.first[4] != 2 || l.first[6] == 0 {
		return ""
	}
	return fault.Alert(l.first[6])
}

// stage is how far a handshake came that failed: whether the server had said anything.
func (l *listening) stage() string {
	if l.heard == 0 {
		return "hello"
	}
	return "answer"
}
