package lab

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A front stands in the server's place at one of its ports. It speaks HTTP with
// Handler, over TLS where TLS is set; Raw takes the naked connection instead.
type front struct {
	tls     *tls.Config
	handler http.Handler
	raw     func(net.Conn)
	h1      bool // no HTTP/2
	idle    time.Duration
}

var silentLog = log.New(io.Discard, "", 0)

// stand puts a front before a port of an address of the site; ip "" is every one.
func (w *world) stand(ns, ip, port string, f front) error {
	ln, err := w.listen(ns, "tcp", "[::]:0")
	if err != nil {
		return err
	}
	w.later(func() { _ = ln.Close() })
	_, to, _ := net.SplitHostPort(ln.Addr().String())
	family := "ip"
	if strings.Contains(ip, ":") {
		family = "ip6"
	}
	daddr := ""
	if ip != "" {
		daddr = family + " daddr " + ip
	}
	for _, chain := range []string{"pre"} {
		if err := w.sh(ns, fmt.Sprintf("nft insert rule inet lab %s %s tcp dport %s redirect to :%s", chain, daddr, port, to)); err != nil {
			return err
		}
	}
	if f.raw != nil {
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				go f.raw(c)
			}
		}()
		return nil
	}
	s := &http.Server{Handler: f.handler, TLSConfig: f.tls, ErrorLog: silentLog, IdleTimeout: f.idle, MaxHeaderBytes: 1 << 20,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if t, ok := c.(*tls.Conn); ok {
				c = t.NetConn()
			}
			return context.WithValue(ctx, naked, c)
		}}
	w.later(func() { _ = s.Close() })
	if f.h1 {
		s.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
		if f.tls != nil && f.tls.NextProtos == nil {
			f.tls.NextProtos = []string{"http/1.1"}
		}
	}
	go func() {
		if f.tls == nil {
			_ = s.Serve(ln)
		} else {
			_ = s.ServeTLS(ln, "", "")
		}
	}()
	return nil
}

// pass hands requests to the real server; change may alter the answer, nil leaves it.
func (w *world) pass(change func(*http.Response) error) http.Handler {
	t := &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true, DisableCompression: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return w.dial(ctx, site, "tcp", "127.0.0.1:8443")
		},
	}
	w.later(t.CloseIdleConnections)
	return &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "https", Host: serverName}) },
		Transport:      t,
		ModifyResponse: change,
		FlushInterval:  -1,
		ErrorLog:       silentLog,
	}
}

// changed reads the body of an answer and puts what f makes of it in its place.
func changed(r *http.Response, f func([]byte) []byte) error {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	_ = r.Body.Close()
	b = f(b)
	r.Body = io.NopCloser(bytes.NewReader(b))
	r.ContentLength = int64(len(b))
	r.Header.Set("Content-Length", strconv.Itoa(len(b)))
	return nil
}

// at answers the paths that begin with one of paths; the others go to next.
func at(h http.Handler, next http.Handler, paths ...string) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		for _, p := range paths {
			if strings.HasPrefix(r.URL.Path, p) {
				h.ServeHTTP(rw, r)
				return
			}
		}
		next.ServeHTTP(rw, r)
	})
}

// A reply is one fixed answer.
type reply struct {
	status int
	header map[string]string
	body   string
}

func (a reply) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20))
	for k, v := range a.header {
		if v == "" {
			w.Header()[k] = nil
		} else {
			w.Header().Set(k, v)
		}
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// ours is an answer of the product: a problem document.
func ours(status int, code string, more ...string) reply {
	r := reply{status: status, header: map[string]string{
		"Content-Type": "application/problem+json", "X-Counterfoil-Product": "counterfoil", "X-Request-Id": "req-7f3a",
	}, body: fmt.Sprintf(`{"code":%q,"title":%q,"request_id":"req-7f3a"}`, code, strings.ReplaceAll(code, "_", " "))}
	return r.with(more...)
}

// page is an HTML answer of somebody else.
func page(status int, title string, more ...string) reply {
	r := reply{status: status, header: map[string]string{"Content-Type": "text/html; charset=utf-8"},
		body: "<!doctype html><html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>"}
	return r.with(more...)
}

// with sets headers: name, value, …
func (a reply) with(more ...string) reply {
	h := map[string]string{}
	for k, v := range a.header {
		h[k] = v
	}
	for i := 0; i+1 < len(more); i += 2 {
		h[more[i]] = more[i+1]
	}
	a.header = h
	return a
}

// startStatus serves the status host: plain HTTP that echoes a challenge, and the
// same over TLS with a certificate of the trusted root.
func (w *world) startStatus() error {
	h := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if c := r.Header.Get("X-Counterfoil-Challenge"); c != "" {
			rw.Header().Set("X-Counterfoil-Challenge", c)
		}
		rw.WriteHeader(http.StatusNoContent)
	})
	plain, err := w.listen(second, "tcp", statusIP+":80")
	if err != nil {
		return err
	}
	secure, err := w.listen(second, "tcp", statusIP+":443")
	if err != nil {
		return err
	}
	cert := w.ca.leaf(leafOf{names: []string{"status.test", "control.test"}, ips: []string{statusIP}})
	go func() { _ = (&http.Server{Handler: h, ErrorLog: silentLog}).Serve(plain) }()
	go func() {
		_ = (&http.Server{Handler: h, ErrorLog: silentLog, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}}).ServeTLS(secure, "", "")
	}()
	return nil
}

// resetAfter takes n bytes and resets the connection.
func resetAfter(n int) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.ReadFull(c, make([]byte, n))
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}
}

// resets answers with the beginning of a large answer and resets the connection
// after n bytes of its body.
func resets(n int) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		rw.Header().Set("X-Counterfoil-Product", "counterfoil")
		rw.Header().Set("Content-Length", "50000")
		rw.WriteHeader(200)
		_, _ = rw.Write(bytes.Repeat([]byte(" "), n))
		_ = http.NewResponseController(rw).Flush()
		time.Sleep(30 * time.Millisecond) // what was written is under way before the reset
		if c, ok := r.Context().Value(naked).(net.Conn); ok {
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		}
	})
}

type key string

// naked is the connection under a request's TLS.
const naked key = "naked"

// cutAfter relays to the real server and resets the connection after a time, or
// after so many bytes of the server's where max is not 0.
func (w *world) cutAfter(d time.Duration, max int64) func(net.Conn) {
	return func(c net.Conn) {
		to, err := w.dial(context.Background(), site, "tcp", "127.0.0.1:8443")
		if err != nil {
			_ = c.Close()
			return
		}
		defer to.Close()
		cut := func() { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() }
		if d > 0 {
			t := time.AfterFunc(d, cut)
			defer t.Stop()
		}
		go func() { _, _ = io.Copy(to, c) }()
		if max > 0 {
			_, _ = io.CopyN(c, to, max)
		} else {
			_, _ = io.Copy(c, to)
		}
		cut()
	}
}

// serverSide is the server's end of TLS with its usual certificate and HTTP/1.1.
func (w *world) serverSide(c net.Conn) *tls.Conn {
	return tls.Server(c, &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{})}, NextProtos: []string{"http/1.1"}})
}
