package practice

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
)

// proxy is what stands between the desk and the server.
type proxy struct {
	Status  int               `json:"status"`  // its answer to CONNECT
	Headers map[string]string `json:"headers"` // of the answer
	Says    string            `json:"says"`    // it is no proxy and says this
	Closed  bool              `json:"closed"`  // nobody listens there
	Silent  bool              `json:"silent"`  // it takes everything and answers nothing
	Name    string            `json:"name"`    // of a host that is none; it stands there
}

// openProxy makes the desk go over the proxy of a switch.
func (p *Practice) openProxy(ctx context.Context, f Fault) (func() error, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	at := &url.URL{Scheme: "http", Host: ln.Addr().String()}
	if f.Proxy.Name != "" {
		at.Host = net.JoinHostPort(f.Proxy.Name, "3128")
	}
	if f.Proxy.Closed {
		if err := ln.Close(); err != nil {
			return nil, err
		}
	} else {
		go f.Proxy.serve(ln)
	}
	p.mu.Lock()
	before := p.proxyAt
	p.proxyAt = at
	p.mu.Unlock()
	return func() error {
		p.mu.Lock()
		if p.proxyAt == at {
			p.proxyAt = before
		}
		p.mu.Unlock()
		if err := ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}, nil
}

// serve answers until the listener is closed.
func (x *proxy) serve(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go x.answer(c)
	}
}

func (x *proxy) answer(c net.Conn) {
	defer c.Close()
	if x.Silent {
		swallow(c)
		return
	}
	if x.Says != "" {
		if _, err := io.WriteString(c, x.Says); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(c, 1<<20)) // until the desk hangs up
		}
		return
	}
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	resp := &http.Response{StatusCode: x.Status, ProtoMajor: 1, ProtoMinor: 1, Request: req, Header: http.Header{"Content-Length": {"0"}}, Close: true}
	for name, value := range x.Headers {
		resp.Header.Set(name, value)
	}
	// The desk may be gone.
	_ = resp.Write(c)
}
