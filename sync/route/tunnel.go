package route

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// ProxyAnswer is what an HTTP proxy says to the wish for a tunnel.
type ProxyAnswer struct {
	Status int
	Page   bool     // it sends one along, as a web server does and a proxy with a tunnel does not
	Wants  []string // the sign-ins that it takes: "Basic realm=…", "NTLM"; empty: it wants none
}

// Schemes are the names of the sign-ins that it takes.
func (a ProxyAnswer) Schemes() []string {
	var out []string
	for _, w := range a.Wants {
		name, _, _ := strings.Cut(w, " ")
		out = append(out, name)
	}
	return out
}

// Tunnels opens ways through HTTP proxies and signs in where one wants that: with the
// user and password in the proxy's address, and without these as who is signed in to
// this computer. The zero Tunnels has only the former.
type Tunnels struct {
	// Late: the password is shown only once the proxy has said how it takes it. Else it
	// goes with the first request, as browsers of no kind but most programs do.
	Late bool
	// Own begins a sign-in as who is signed in to this computer; nil: that cannot be.
	Own func(scheme, host string) (Exchange, error)
	// Roots are those that an encrypted proxy may have its certificate from besides the
	// system's; nil: none.
	Roots func() *x509.CertPool

	mu    sync.Mutex
	taken map[string]string // proxy → the way of sign-in that it took last
}

// An Exchange is a sign-in of one message or several.
type Exchange interface {
	// Next is what is said to a challenge; the first time that is empty.
	Next(challenge string) (string, error)
	// End gives up what it holds.
	End()
}

// The longest that a proxy may take for a tunnel, and the largest page of a refusal that
// is read so that the connection can be kept.
const (
	tunnelBudget = 30 * time.Second
	refusalSize  = 64 << 10
)

// Open asks a proxy for a tunnel to host:port over a connection that dial makes, over
// another where the proxy hangs up between. Where there is an error or the answer is not
// 200, there is no tunnel and nothing stays open.
func (t *Tunnels) Open(ctx context.Context, p *url.URL, target string, dial func(context.Context) (net.Conn, error)) (net.Conn, ProxyAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, tunnelBudget)
	defer cancel()
	k := &talk{proxy: p, target: target, dial: dial, roots: t.Roots}
	a, err := t.signIn(ctx, k)
	if err != nil || a.Status != http.StatusOK {
		k.hangUp()
		return nil, a, err
	}
	return k.conn, a, k.conn.SetDeadline(time.Time{})
}

// signIn asks, and signs in once where the proxy wants it.
func (t *Tunnels) signIn(ctx context.Context, k *talk) (ProxyAnswer, error) {
	first := t.first(k.proxy)
	a, err := t.converse(ctx, k, first)
	if err != nil || a.Status != http.StatusProxyAuthRequired {
		return a, err
	}
	for _, scheme := range t.better(k.proxy, a, first) {
		b, err := t.converse(ctx, k, scheme)
		if errors.Is(err, errCannot) {
			continue
		}
		return b, err
	}
	return a, nil
}

// first is the sign-in that is shown unasked; empty for none.
func (t *Tunnels) first(p *url.URL) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.taken[p.Host]; s != "" {
		return s
	}
	if p.User != nil && !t.Late {
		return "basic"
	}
	return ""
}

// better are the sign-ins worth a try of those that a proxy takes, the strongest first;
// none that it has just refused.
func (t *Tunnels) better(p *url.URL, a ProxyAnswer, refused string) []string {
	order := []string{"negotiate", "ntlm"}
	if p.User != nil {
		order = []string{"ntlm", "negotiate", "digest", "basic"}
	} else if t.Own == nil {
		return nil
	}
	var out []string
	for _, s := range order {
		if s != refused && a.challenge(s) != nil {
			out = append(out, s)
		}
	}
	return out
}

// challenge is what a proxy says of a sign-in behind its name; nil where it takes none of it.
func (a ProxyAnswer) challenge(scheme string) *string {
	for _, w := range a.Wants {
		name, rest, _ := strings.Cut(w, " ")
		if strings.EqualFold(name, scheme) {
			rest = strings.TrimSpace(rest)
			return &rest
		}
	}
	return nil
}

// errCannot: this program cannot sign in so here.
var errCannot = errors.New("this sign-in cannot be made")

// converse asks for the tunnel with a sign-in, "" for none, until the proxy has said its
// last word.
func (t *Tunnels) converse(ctx context.Context, k *talk, scheme string) (a ProxyAnswer, err error) {
	if scheme == "" {
		return k.ask(ctx, "")
	}
	x, err := t.exchange(scheme, k)
	if err != nil {
		return a, errors.Join(errCannot, err)
	}
	defer x.End()
	challenge := ""
	if c := k.last.challenge(scheme); c != nil && scheme == "digest" {
		challenge = *c
	}
	const most = 4 // messages of ours
	for i := range most {
		say, err := x.Next(challenge)
		if err != nil {
			return a, errors.Join(errCannot, err)
		}
		used := i == 0 && k.conn != nil
		a, err = k.ask(ctx, spelt[scheme]+" "+say)
		if err != nil && used && ctx.Err() == nil { // it hung up without a word of that
			k.hangUp()
			a, err = k.ask(ctx, spelt[scheme]+" "+say)
		}
		if err != nil {
			return a, err
		}
		if a.Status == http.StatusOK {
			t.remember(k.proxy, scheme)
		}
		c := a.challenge(scheme)
		if a.Status != http.StatusProxyAuthRequired || c == nil || *c == "" || k.conn == nil || scheme == "basic" || scheme == "digest" {
			return a, nil
		}
		challenge = *c
	}
	return a, nil
}

var spelt = map[string]string{"negotiate": "Negotiate", "ntlm": "NTLM", "digest": "Digest", "basic": "Basic"}

func (t *Tunnels) remember(p *url.URL, scheme string) {
	if scheme == "digest" {
		return // each needs a word of the proxy's first
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken == nil {
		t.taken = map[string]string{}
	}
	t.taken[p.Host] = scheme
}

// A talk is with one proxy about one tunnel.
type talk struct {
	proxy  *url.URL
	target string
	dial   func(context.Context) (net.Conn, error)
	roots  func() *x509.CertPool // see Tunnels
	conn   net.Conn              // nil: there is none now
	in     *bufio.Reader
	last   ProxyAnswer
}

func (k *talk) hangUp() {
	if k.conn != nil {
		_ = k.conn.Close()
	}
	k.conn = nil
}

// ask sends one request for the tunnel.
func (k *talk) ask(ctx context.Context, authorization string) (a ProxyAnswer, err error) {
	if k.conn == nil {
		if err := k.connect(ctx); err != nil {
			return a, err
		}
	}
	_ = k.conn.SetDeadline(time.Time{})
	stop := context.AfterFunc(ctx, func(c net.Conn) func() { return func() { _ = c.SetDeadline(time.Unix(1, 0)) } }(k.conn))
	defer stop()
	defer func() {
		if cause := context.Cause(ctx); err != nil && errors.Is(cause, context.Canceled) {
			err = cause // given up, not silent
		}
	}()
	text := "CONNECT " + k.target + " HTTP/1.1\r\nHost: " + k.target + "\r\n"
	if authorization != "" {
		text += "Proxy-Authorization: " + authorization + "\r\n"
	}
	if _, err := io.WriteString(k.conn, text+"\r\n"); err != nil {
		return a, err
	}
	resp, err := http.ReadResponse(k.in, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return a, err
	}
	a = ProxyAnswer{Status: resp.StatusCode, Wants: resp.Header.Values("Proxy-Authenticate")}
	a.Page = strings.Contains(resp.Header.Get("Content-Type"), "html")
	k.last = a
	if a.Status == http.StatusOK {
		return a, nil // what follows is the tunnel's
	}
	if !kept(resp) {
		k.hangUp()
	}
	return a, nil
}

// kept reports whether another request may follow a refusal on the same connection.
func kept(resp *http.Response) bool {
	chunked := len(resp.TransferEncoding) > 0
	if resp.Close || strings.EqualFold(resp.Header.Get("Proxy-Connection"), "close") || resp.ContentLength < 0 && !chunked {
		return false
	}
	n, err := io.Copy(io.Discard, io.LimitReader(resp.Body, refusalSize))
	return err == nil && n < refusalSize
}

// connect makes the connection to the proxy, encrypted where its address says so.
func (k *talk) connect(ctx context.Context) error {
	c, err := k.dial(ctx)
	if err == nil && k.proxy.Scheme == "https" {
		c, err = k.secure(ctx, c)
	}
	if err != nil {
		return err
	}
	k.conn, k.in = c, bufio.NewReader(c)
	return nil
}

// secure makes the handshake with an encrypted proxy: by the roots of the system, and on
// another connection by those that are ours where these do not know it.
func (k *talk) secure(ctx context.Context, c net.Conn) (net.Conn, error) {
	s, err := k.handshake(ctx, c, nil)
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) && k.roots != nil {
		if c, err = k.dial(ctx); err != nil {
			return nil, err
		}
		s, err = k.handshake(ctx, c, k.roots())
	}
	if err != nil {
		return nil, &net.OpError{Op: "proxyconnect", Net: "tcp", Err: err} // as net/http has it
	}
	return s, nil
}

// handshake closes the connection where it fails. roots are nil for the system's.
func (k *talk) handshake(ctx context.Context, c net.Conn, roots *x509.CertPool) (net.Conn, error) {
	s := tls.Client(c, &tls.Config{ServerName: k.proxy.Hostname(), MinVersion: tls.VersionTLS12, RootCAs: roots})
	if err := s.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return s, nil
}

// ProxyAddress is a proxy's host:port.
func ProxyAddress(p *url.URL) string {
	usual := map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[p.Scheme]
	return net.JoinHostPort(p.Hostname(), cmp.Or(p.Port(), usual, "80"))
}
