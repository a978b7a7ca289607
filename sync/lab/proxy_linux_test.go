package lab

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// A proxy is how an office's proxy answers CONNECT.
type proxy struct {
	status  int               // 0: connects
	header  map[string]string // of a refusal
	body    string
	user    string // user:password that it wants; "" lets anybody
	schemes []string
	stall   bool // takes the connection and says nothing
	to      string
	delay   time.Duration
}

func (p proxy) text() string {
	switch {
	case p.stall:
		return "takes and says nothing"
	case p.status != 0:
		return fmt.Sprint("answers ", p.status)
	case p.user != "":
		return fmt.Sprint("wants a sign-in: ", p.schemes)
	}
	return "connects"
}

// startProxy serves a proxy at an address of the second site.
func (w *world) startProxy(address string, p proxy) error {
	ln, err := w.listen(second, "tcp", address)
	if err != nil {
		return err
	}
	w.later(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go w.proxied(c, p)
		}
	}()
	return nil
}

func (w *world) proxied(c net.Conn, p proxy) {
	defer c.Close()
	if p.stall {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		answer := func(status int, header map[string]string) {
			h := http.Header{}
			for k, v := range header {
				h.Set(k, v)
			}
			for _, s := range p.schemes {
				if status == http.StatusProxyAuthRequired {
					h.Add("Proxy-Authenticate", s)
				}
			}
			resp := &http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: h, ContentLength: int64(len(p.body)), Body: io.NopCloser(bufio.NewReader(stringReader(p.body)))}
			_ = resp.Write(c)
		}
		time.Sleep(p.delay)
		if p.status != 0 {
			answer(p.status, p.header)
			continue
		}
		if p.user != "" && r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte(p.user)) {
			answer(http.StatusProxyAuthRequired, nil)
			continue
		}
		if r.Method != http.MethodConnect {
			answer(http.StatusMethodNotAllowed, nil)
			continue
		}
		host, port, err := net.SplitHostPort(r.Host)
		if err != nil {
			answer(http.StatusBadRequest, nil)
			continue
		}
		if rec, ok := w.zone.get(host); ok && len(rec.a) > 0 {
			host = rec.a[0]
		}
		if p.to != "" {
			host = p.to
		}
		to, err := w.dial(context.Background(), second, "tcp", net.JoinHostPort(host, port))
		if err != nil {
			answer(http.StatusBadGateway, nil)
			continue
		}
		if _, err := io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
			_ = to.Close()
			return
		}
		relay(to, read{c, in})
		return
	}
}

// read is a connection whose beginning was read already.
type read struct {
	net.Conn
	in io.Reader
}

func (r read) Read(b []byte) (int, error) { return r.in.Read(b) }

// relay copies both ways until one ends.
func relay(a net.Conn, b io.ReadWriteCloser) {
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(a, b); done <- struct{}{} }()
	go func() { _, _ = io.Copy(b, a); done <- struct{}{} }()
	<-done
	_, _ = a.Close(), b.Close()
}
