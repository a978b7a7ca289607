package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/route"
)

// proxyAnswer is what a proxy says to the wish for a tunnel: an HTTP status, or a code
// where it speaks something else.
type proxyAnswer struct {
	status  int
	page    bool   // that a web server sends along
	code    string // "proxy:none": no proxy; "socks:…": how a SOCKS proxy refuses
	schemes string // of the sign-in that it wants
}

func (a proxyAnswer) text() string {
	if a.code != "" {
		return a.code
	}
	return (&fault.ProxyAnswer{Status: a.status}).Error()
}

// proxyBudget is how long a proxy may take to answer.
const proxyBudget = 2 * time.Second

// handshake asks a proxy for a tunnel over a connection to it. Whoever calls closes what
// comes back, which is none where there is an error.
func (w *walk) handshake(ctx context.Context, c net.Conn, p *url.URL, target string) (net.Conn, proxyAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, proxyBudget)
	defer cancel()
	if !strings.HasPrefix(p.Scheme, "socks") {
		return connectThrough(ctx, w.tunnels(), c, p, target)
	}
	_ = c.SetDeadline(time.Now().Add(proxyBudget))
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	other := make(chan bool, 2)
	go func() { other <- speaksHTTP(ctx, p, target) }()
	go func() { other <- speaksTLS(ctx, p) }()
	a, err := socks(c, target, p.User)
	if err != nil {
		if one, two := <-other, <-other; one || two {
			a.code = "proxy:none"
		}
	}
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		err = context.Canceled // given up
	} else if err == nil {
		err = c.SetDeadline(time.Time{})
	}
	if err != nil || a.code != "" {
		_ = c.Close()
		c = nil
	}
	return c, a, err
}

// tunnels are those of the program; an encrypted proxy may have its certificate from one
// of the roots that this computer keeps for the server.
func (w *walk) tunnels() *route.Tunnels {
	t := &route.Tunnels{}
	if w.Tunnels != nil {
		t.Late, t.Own = w.Tunnels.Late, w.Tunnels.Own
	}
	t.Roots = func() *x509.CertPool {
		pool := x509.NewCertPool()
		ctx, cancel := context.WithTimeout(context.Background(), longest)
		defer cancel()
		if w.awaitKeys(ctx) {
			for _, c := range w.roots {
				pool.AddCert(c)
			}
		}
		return pool
	}
	return t
}

// connectThrough asks an HTTP proxy, and signs in where it wants that and tunnels can;
// nil for those that nobody signs in at. c may be nil.
func connectThrough(ctx context.Context, tunnels *route.Tunnels, c net.Conn, p *url.URL, target string) (net.Conn, proxyAnswer, error) {
	if tunnels == nil {
		tunnels = &route.Tunnels{}
	}
	t, said, err := tunnels.Open(ctx, p, target, func(ctx context.Context) (net.Conn, error) {
		if first := c; first != nil {
			c = nil
			return first, nil
		}
		again, _, err := dial(ctx, proxyAddress(p))
		return again, err
	})
	a := proxyAnswer{status: said.Status, page: said.Page, schemes: strings.Join(said.Schemes(), ", ")}
	if err != nil && a.status == 0 {
		if code := fault.OfError(err).Code; code == "" || code == "http:malformed" {
			a.code = "proxy:none" // it speaks, but not HTTP
		}
	}
	return t, a, err
}

// speaksHTTP reports whether an HTTP proxy answers where a SOCKS proxy is expected: it
// would wait for more for ever.
func speaksHTTP(ctx context.Context, p *url.URL, target string) bool {
	ctx, cancel := context.WithTimeout(ctx, dnsBudget)
	defer cancel()
	c, a, err := connectThrough(ctx, nil, nil, &url.URL{Scheme: "http", Host: proxyAddress(p)}, target)
	if c != nil {
		_ = c.Close()
	}
	return err == nil && a.status != 0
}

// speaksTLS reports whether a server of encrypted connections answers where a SOCKS proxy
// is expected. Nothing is trusted and nothing sent.
func speaksTLS(ctx context.Context, p *url.URL) bool {
	ctx, cancel := context.WithTimeout(ctx, dnsBudget)
	defer cancel()
	c, _, err := dial(ctx, proxyAddress(p))
	if err != nil {
		return false
	}
	defer c.Close()
	err = tls.Client(c, &tls.Config{ServerName: p.Hostname(), MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}).HandshakeContext(ctx)
	o := fault.OfError(err)
	return err == nil || strings.HasPrefix(o.Code, "x509:") || strings.HasPrefix(o.Code, "alert:")
}

// socks asks a SOCKS5 proxy, by the name of the server (RFC 1928).
func socks(c net.Conn, target string, user *url.Userinfo) (a proxyAnswer, err error) {
	host, port, err := net.SplitHostPort(target)
	if err != nil || len(host) > 255 {
		return a, fmt.Errorf("%q is no address: %w", target, err)
	}
	hello := []byte{5, 1, 0}
	if user != nil {
		hello = []byte{5, 2, 0, 2}
	}
	var said [2]byte
	if err := swap(c, hello, said[:]); err != nil {
		return a, err
	}
	switch {
	case said[0] != 5:
		a.code = "proxy:none"
		return a, nil
	case said[1] == 2 && user != nil:
		password, _ := user.Password()
		ask := append([]byte{1, byte(len(user.Username()))}, user.Username()...)
		ask = append(append(ask, byte(len(password))), password...)
		if err := swap(c, ask, said[:]); err != nil {
			return a, err
		}
		if said[1] != 0 {
			a.code = "socks:sign_in"
			return a, nil
		}
	case said[1] != 0:
		a.code = "socks:sign_in"
		return a, nil
	}
	n, _ := strconv.ParseUint(port, 10, 16) // 0 for what is none, which it refuses
	ask := append([]byte{5, 1, 0, 3, byte(len(host))}, host...)
	var reply [4]byte
	if err := swap(c, append(ask, byte(n>>8), byte(n)), reply[:]); err != nil {
		return a, err
	}
	if reply[1] != 0 {
		a.code = map[byte]string{2: "socks:denied"}[reply[1]]
		if a.code == "" {
			a.code = "socks:unreachable"
		}
		return a, nil
	}
	a.status = http.StatusOK
	return a, skipAddress(c, reply[3])
}

// skipAddress reads the address that the proxy dialled from.
func skipAddress(c net.Conn, kind byte) error {
	size := map[byte]int64{1: 4, 4: 16}[kind]
	if kind == 3 {
		var n [1]byte
		if _, err := io.ReadFull(c, n[:]); err != nil {
			return err
		}
		size = int64(n[0])
	}
	_, err := io.CopyN(io.Discard, c, size+2)
	return err
}

func swap(c net.Conn, ask, answer []byte) error {
	if _, err := c.Write(ask); err != nil {
		return err
	}
	_, err := io.ReadFull(c, answer)
	return err
}
