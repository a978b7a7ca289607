package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
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
)

// proxyAnswer is what a proxy says to the wish for a tunnel: an HTTP status, or a code
// where it speaks something else.
type proxyAnswer struct {
	status  int
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

// handshake asks a proxy for a tunnel. Whoever calls closes the connection.
func handshake(ctx context.Context, c net.Conn, p *url.URL, target string) (net.Conn, proxyAnswer, error) {
	_ = c.SetDeadline(time.Now().Add(proxyBudget))
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	t := c
	var a proxyAnswer
	var err error
	switch {
	case strings.HasPrefix(p.Scheme, "socks"):
		http := make(chan bool, 1)
		go func() { http <- speaksHTTP(ctx, p, target) }()
		if a, err = socks(c, target, p.User); err != nil && <-http {
			a.code = "proxy:none"
		}
	case p.Scheme == "https":
		s := tls.Client(c, &tls.Config{ServerName: p.Hostname(), MinVersion: tls.VersionTLS12})
		if err = s.HandshakeContext(ctx); err == nil {
			t = s
			a, err = connectThrough(s, target, p.User)
		}
	default:
		a, err = connectThrough(c, target, p.User)
	}
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		err = context.Canceled // given up
	} else if err == nil {
		err = c.SetDeadline(time.Time{})
	}
	return t, a, err
}

// connectThrough asks an HTTP proxy.
func connectThrough(c net.Conn, target string, user *url.Userinfo) (a proxyAnswer, err error) {
	ask := "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n"
	if user != nil {
		// The proxy's own sign-in, which the program sends it with every connection.
		password, _ := user.Password()
		ask += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)) + "\r\n"
	}
	if _, err := io.WriteString(c, ask+"\r\n"); err != nil {
		return a, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: http.MethodConnect})
	if err != nil {
		if c := fault.OfError(err).Code; c == "" || c == "http:malformed" {
			a.code = "proxy:none" // it speaks, but not HTTP
		}
		return a, err
	}
	// The body is not read: after 200 it is the tunnel, otherwise the caller hangs up.
	a.status = resp.StatusCode
	var schemes []string
	for _, s := range resp.Header.Values("Proxy-Authenticate") {
		name, _, _ := strings.Cut(s, " ")
		schemes = append(schemes, name)
	}
	a.schemes = strings.Join(schemes, ", ")
	return a, nil
}

// speaksHTTP reports whether an HTTP proxy answers where a SOCKS proxy is expected: it
// would wait for more for ever.
func speaksHTTP(ctx context.Context, p *url.URL, target string) bool {
	c, _, err := dial(ctx, proxyAddress(p))
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(dnsBudget))
	a, err := connectThrough(c, target, nil)
	return err == nil && a.status != 0
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
