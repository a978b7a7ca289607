package practice

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"

	"counterfoil/sync/wire"
)

// sniffer makes of each connection what the switches want of it; TLS, as a rule.
type sniffer struct {
	net.Listener
	p *Practice
}

func (s *sniffer) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err != nil || s.p.does(speakPlainly) {
		return c, err
	}
	if f, on := s.p.that(speakOtherwise); on {
		return &stunt{Conn: c, do: func(c net.Conn) { say(c, f.Says) }}, nil
	}
	if f, on := s.p.that(sendAlert); on {
		return &stunt{Conn: c, do: func(c net.Conn) { alert(c, f.Alert) }}, nil
	}
	switch {
	case s.p.does(resetHello):
		return &stunt{Conn: c, do: func(c net.Conn) { hello(c); reset(c) }}, nil
	case s.p.does(dropLargeHellos):
		c = &picky{Conn: c}
	case s.p.does(corrupt):
		c = &spoiled{Conn: c, after: 2000}
	case s.p.does(narrow):
		c = &throttled{Conn: c}
	}
	return tls.Server(c, s.p.config()), nil
}

// config is that of the next handshake.
func (p *Practice) config() *tls.Config {
	c := wire.TLS()
	c.NextProtos = []string{"h2", "http/1.1"}
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.certs.choose(p.does) }
	if p.doesAny(plainHTTP) {
		c.NextProtos = []string{"http/1.1"}
	}
	switch {
	case p.does(noProtocol):
		c.NextProtos = []string{"imap"}
	case p.does(oldTLS):
		c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	case p.does(oldCipher):
		c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}
	case p.does(wantCertificate):
		c.ClientAuth = tls.RequireAnyClientCert
	}
	return c
}

// A stunt does something to the connection in place of the first read, and ends it.
type stunt struct {
	net.Conn
	do   func(net.Conn)
	once sync.Once
}

func (s *stunt) Read([]byte) (int, error) {
	s.once.Do(func() { s.do(s.Conn) })
	return 0, io.EOF
}

// longest is how long a client that goes nowhere is borne.
const longest = 30 * time.Second

// swallow takes everything and answers nothing.
func swallow(c net.Conn) {
	_ = c.SetReadDeadline(time.Now().Add(longest))
	_, _ = io.Copy(io.Discard, c)
}

func say(c net.Conn, text string) {
	if _, err := io.WriteString(c, text); err == nil {
		swallow(c)
	}
}

// hello reads the greeting of TLS and returns its size.
func hello(c net.Conn) int {
	_ = c.SetReadDeadline(time.Now().Add(longest))
	var head [5]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return 0
	}
	n := int(binary.BigEndian.Uint16(head[3:]))
	_, _ = io.CopyN(io.Discard, c, int64(n))
	return n
}

// reset ends a connection as a firewall does.
func reset(c net.Conn) {
	for {
		switch x := c.(type) {
		case interface{ NetConn() net.Conn }:
			c = x.NetConn()
			continue
		case *net.TCPConn:
			_ = x.SetLinger(0)
		}
		_ = c.Close()
		return
	}
}

// alert refuses a handshake by number.
func alert(c net.Conn, code byte) {
	if hello(c) == 0 {
		return
	}
	if _, err := c.Write([]byte{21, 3, 3, 0, 2, 2, code}); err == nil {
		swallow(c)
	}
}

// picky answers small greetings alone, as a line does that loses large packets of
// a handshake.
type picky struct {
	net.Conn
	head []byte // that was read, and not given on
	seen bool
}

// smallHello is the size of a greeting that is answered, in bytes.
const smallHello = 1000

func (p *picky) Read(b []byte) (int, error) {
	if !p.seen {
		p.seen = true
		p.head = make([]byte, 5)
		if _, err := io.ReadFull(p.Conn, p.head); err != nil {
			return 0, err
		}
		if binary.BigEndian.Uint16(p.head[3:]) > smallHello {
			swallow(p.Conn)
			return 0, io.EOF
		}
	}
	if len(p.head) > 0 {
		n := copy(b, p.head)
		p.head = p.head[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// spoiled changes a byte of what is written, after so many.
type spoiled struct {
	net.Conn
	after int
}

func (s *spoiled) Write(b []byte) (int, error) {
	if len(b) > 40 {
		if s.after -= len(b); s.after < 0 {
			b = append([]byte(nil), b...)
			b[len(b)-1] ^= 0x55
		}
	}
	return s.Conn.Write(b)
}

// pace of a narrow line: 64 kbit/s, in pieces of 1/20 s.
const (
	piece     = 400
	pieceTime = 50 * time.Millisecond
)

// throttled writes and reads slowly.
type throttled struct{ net.Conn }

func (t *throttled) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b[:min(piece, len(b))])
	if n == piece {
		time.Sleep(pieceTime) // as in Write
	}
	return n, err
}

func (t *throttled) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		k := min(piece, len(b))
		var m int
		m, err = t.Conn.Write(b[:k])
		n, b = n+m, b[k:]
		if err == nil {
			time.Sleep(pieceTime) // the pace of the line is what is played
		}
	}
	return n, err
}
