package route

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A nameServer says that every name has the address 127.0.0.1, over UDP where it is not
// silent there, and over TCP.
type nameServer struct {
	address  string
	udp, tcp atomic.Int64 // questions
}

func newNameServer(t *testing.T, silent bool) *nameServer {
	t.Helper()
	s := &nameServer{}
	var l net.Listener
	var p net.PacketConn
	for range 20 { // until both have the same port
		var err error
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		if p, err = net.ListenPacket("udp", l.Addr().String()); err == nil {
			break
		}
		_ = l.Close()
	}
	if p == nil {
		t.Fatal("no port is free")
	}
	t.Cleanup(func() { _, _ = l.Close(), p.Close() })
	s.address = l.Addr().String()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				var size [2]byte
				if _, err := io.ReadFull(c, size[:]); err != nil {
					return
				}
				q := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(c, q); err != nil {
					return
				}
				s.tcp.Add(1)
				a := here(q)
				_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...))
			}()
		}
	}()
	go func() {
		q := make([]byte, 1500)
		for {
			n, from, err := p.ReadFrom(q)
			if err != nil {
				return
			}
			if s.udp.Add(1); !silent {
				_, _ = p.WriteTo(here(q[:n]), from)
			}
		}
	}()
	return s
}

// here answers a question for an address of IPv4 with 127.0.0.1, others with nothing.
func here(question []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || len(m.Questions) != 1 {
		return nil
	}
	m.Response, m.Additionals = true, nil
	if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
		m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1}, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}}}
	}
	out, _ := m.Pack()
	return out
}

// newProxy is an office's proxy that leads every name to 127.0.0.1; with a user it
// wants that one's sign-in.
func newProxy(t *testing.T, user *url.Userinfo) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go lead(c, user)
		}
	}()
	return &url.URL{Scheme: "http", Host: l.Addr().String()}
}

func lead(c net.Conn, user *url.Userinfo) {
	defer c.Close()
	r := bufio.NewReader(c)
	req, err := http.ReadRequest(r)
	if err != nil || req.Method != http.MethodConnect {
		return
	}
	if user != nil && req.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte(user.String())) {
		_, _ = io.WriteString(c, "HTTP/1.1 407 Sign in\r\nProxy-Authenticate: Basic realm=\"office\"\r\nContent-Length: 0\r\n\r\n")
		return
	}
	_, port, _ := net.SplitHostPort(req.Host)
	to, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer to.Close()
	_, _ = io.WriteString(c, "HTTP/1.1 200 Connected\r\n\r\n")
	go func() { _, _ = io.Copy(to, r); _ = to.Close() }()
	_, _ = io.Copy(c, to)
}

// loopback is the network card that 127.0.0.1 is at.
func loopback(t *testing.T) string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(i net.Interface) bool { return i.Flags&net.FlagLoopback != 0 })
	if i < 0 {
		t.Fatal("there is no loopback")
	}
	return all[i].Name
}

// Every way that a cure may take leads to the server whose certificate is for the right
// name, of our authority and valid now, and to no other, however it was come by.
func TestNoWayTrustsMore(t *testing.T) {
	root, stranger := sign(t, authority("Our CA"), nil), sign(t, authority("Our CA"), nil)
	between := sign(t, authority("Our issuing CA"), root)
	early, late, client := leaf(name), leaf(name), leaf(name)
	early.NotBefore, late.NotAfter = time.Now().Add(time.Minute), time.Now().Add(-time.Minute)
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	good := serve(t, sign(t, leaf(name), root))
	bad := map[string]string{
		"another name":            serve(t, sign(t, leaf("other.invalid"), root)),
		"another authority":       serve(t, sign(t, leaf(name), stranger)),
		"signed by itself":        serve(t, sign(t, leaf(name), nil)),
		"not valid any more":      serve(t, sign(t, late, root)),
		"not valid yet":           serve(t, sign(t, early, root)),
		"for another use":         serve(t, sign(t, client, root)),
		"the authority's own":     serve(t, root),
		"of a stranger's between": serve(t, sign(t, leaf(name), sign(t, authority("Our issuing CA"), stranger))),
	}
	asked, silent := newNameServer(t, false), newNameServer(t, true)
	user := url.UserPassword("clerk", "secret")
	open, closed := newProxy(t, nil), newProxy(t, user)
	dead := http.ProxyURL(&url.URL{Scheme: "http", Host: "127.0.0.1:1"})
	there := Route{Host: name, Addresses: []string{"127.0.0.1"}}
	type way struct {
		Route
		ground func(*Ground)
		port   string // dialled in place of the right one; empty: the right one
	}
	ways := map[string]way{
		"last good address":     {Route: there},
		"names over TCP":        {Route: Route{Names: OverTCP}, ground: func(g *Ground) { g.Resolvers = func() []string { return []string{silent.address} } }},
		"names asked anew":      {Route: Route{Names: Fresh}, ground: func(g *Ground) { g.Resolvers = func() []string { return []string{asked.address} } }},
		"anew, silent over UDP": {Route: Route{Names: Fresh}, ground: func(g *Ground) { g.Resolvers = func() []string { return []string{silent.address} } }},
		"IPv4 alone":            {Route: there.With(Route{Family: IPv4})},
		"classic keys":          {Route: there.With(Route{Classic: true})},
		"small segments":        {Route: there.With(Route{SegmentSize: 1000})},
		"past the proxy":        {Route: there.With(Route{Proxy: Direct}), ground: func(g *Ground) { g.Proxy = dead }},
		"the system's proxy":    {Route: Route{Proxy: System}, ground: func(g *Ground) { g.Proxy, g.System = dead, http.ProxyURL(open) }},
		"signed in at a proxy": {Route: Route{SignIn: true}, ground: func(g *Ground) {
			g.Proxy, g.SignIn = http.ProxyURL(closed), func(*url.URL) *url.Userinfo { return user }
		}},
		"by a network card":  {Route: there.With(Route{Interface: loopback(t), Source: "127.0.0.1"})},
		"remembered between": {Route: there.With(Route{Remembered: [][]byte{between.cert.Raw}})},
		"HTTP/1.1":           {Route: there.With(Route{HTTP1: true})},
		"not compressed":     {Route: there.With(Route{Identity: true})},
		"another port":       {Route: there, port: "1"},
	}
	for what, w := range ways {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			g := ground(root)
			if w.ground != nil {
				w.ground(&g)
			}
			to := func(address string) error {
				r := w.Route
				_, port, _ := net.SplitHostPort(address)
				if w.port != "" {
					r.Host, r.Port, port = name, port, w.port
				}
				_, err := get(t, r, g, port)
				return err
			}
			if err := to(good); err != nil {
				t.Fatalf("the right server: %v", err)
			}
			for of, address := range bad {
				var refused *tls.CertificateVerificationError
				if err := to(address); !errors.As(err, &refused) {
					t.Errorf("a certificate of %s: %v", of, err)
				}
			}
		})
	}
	t.Cleanup(func() {
		if silent.tcp.Load() == 0 || asked.udp.Load() == 0 {
			t.Errorf("name servers were asked: %d over TCP, %d over UDP", silent.tcp.Load(), asked.udp.Load())
		}
	})
}

// What a way does is what the server and the line see of it.
func TestWaysAreTaken(t *testing.T) {
	root := sign(t, authority("Our CA"), nil)
	var mu sync.Mutex
	var hello tls.ClientHelloInfo
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		mu.Lock()
		defer mu.Unlock()
		hello = *h
		return nil, errors.New("seen")
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = c.(*tls.Conn).Handshake(); _ = c.Close() }()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	seen := func(r Route) tls.ClientHelloInfo {
		t.Helper()
		if _, err := get(t, r.With(Route{Host: name, Addresses: []string{"127.0.0.1"}}), ground(root), port); err == nil {
			t.Fatal("it answers")
		}
		mu.Lock()
		defer mu.Unlock()
		return hello
	}
	plain := seen(Route{})
	if !slices.Contains(plain.SupportedCurves, tls.X25519MLKEM768) || !slices.Contains(plain.SupportedProtos, "h2") || plain.ServerName != name {
		t.Errorf("the plain way: %v %v %q", plain.SupportedCurves, plain.SupportedProtos, plain.ServerName)
	}
	if h := seen(Route{Classic: true}); !slices.Equal(h.SupportedCurves, []tls.CurveID{tls.X25519, tls.CurveP256}) || h.ServerName != name || !slices.Equal(h.SupportedVersions, plain.SupportedVersions) {
		t.Errorf("classic: %v %q %v", h.SupportedCurves, h.ServerName, h.SupportedVersions)
	}
	if h := seen(Route{HTTP1: true}); slices.Contains(h.SupportedProtos, "h2") {
		t.Errorf("HTTP/1.1: %v", h.SupportedProtos)
	}
}

// Where the system does not let the segment size be chosen, no write is larger.
func TestChunked(t *testing.T) {
	here, there := net.Pipe()
	var sizes []int
	done := make(chan string)
	go func() {
		var all strings.Builder
		buf := make([]byte, 8<<10)
		for {
			n, err := there.Read(buf)
			if err != nil {
				break
			}
			sizes = append(sizes, n)
			all.Write(buf[:n])
		}
		done <- all.String()
	}()
	text := strings.Repeat("0123456789", 250)
	c := &chunked{here, 1000}
	if n, err := c.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatal(n, err)
	}
	_ = c.Close()
	if got := <-done; got != text || !slices.Equal(sizes, []int{1000, 1000, 500}) {
		t.Errorf("%d bytes in %v", len(got), sizes)
	}
	if n, err := c.Write([]byte(text)); n != 0 || err == nil {
		t.Error("a closed connection takes", n)
	}
}

// A segment size reaches the socket.
func TestSegmentSize(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("read back on Linux alone")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	g := Ground{Host: "127.0.0.1"}
	c, err := Route{SegmentSize: 900}.dialer(g)(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if size := segment(t, c); size == 0 || size > 900 {
		t.Errorf("segments of %d bytes", size)
	}
}
