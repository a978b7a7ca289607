package route

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //lint:ignore SA1019 it is what NTLM is made of

	"counterfoil/sync/fault"
)

// A gate is an office's proxy that wants a sign-in of clerk with the password "a secret".
type gate struct {
	*url.URL
	wants  []string // how it says so
	closes string   // "tells": after each refusal it hangs up and says so; "hides": after the first, and does not say so
	to     string   // the server behind it; empty: none
	mu     sync.Mutex
	shown  []string // schemes that it was shown
	conns  int
}

const gateUser, gatePassword = "clerk", "a secret"

func newGate(t *testing.T, closes string, wants ...string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	g := &gate{URL: &url.URL{Scheme: "http", Host: l.Addr().String()}, wants: wants, closes: closes}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go g.lead(c)
		}
	}()
	return g
}

func (g *gate) lead(c net.Conn) {
	defer c.Close()
	g.mu.Lock()
	g.conns++
	g.mu.Unlock()
	in := bufio.NewReader(c)
	var challenge []byte // of NTLM, on this connection
	for {
		r, err := http.ReadRequest(in)
		if err != nil || r.Method != http.MethodConnect {
			return
		}
		scheme, said, _ := strings.Cut(r.Header.Get("Proxy-Authorization"), " ")
		g.mu.Lock()
		g.shown = append(g.shown, scheme)
		g.mu.Unlock()
		more, ok := "", false
		switch strings.ToLower(scheme) {
		case "basic":
			ok = g.has("Basic") && said == base64.StdEncoding.EncodeToString([]byte(gateUser+":"+gatePassword))
		case "digest":
			ok = g.has("Digest") && digestRight(said, r.Host)
		case "ntlm", "negotiate":
			raw, err := base64.StdEncoding.DecodeString(said)
			switch {
			case err != nil || !g.has(scheme):
			case kindOf(raw) == 1:
				challenge = []byte("8 random")
				more = base64.StdEncoding.EncodeToString(challengeMessage(challenge))
			case kindOf(raw) == 3:
				ok = challenge != nil && ntlmRight(raw, challenge)
				challenge = nil
			}
		}
		if ok {
			g.connect(c, in)
			return
		}
		text := "HTTP/1.1 407 Sign in\r\n"
		for _, w := range g.wants {
			if more != "" && strings.EqualFold(w, scheme) {
				w += " " + more
			} else if more != "" {
				continue
			}
			text += "Proxy-Authenticate: " + w + "\r\n"
		}
		hang := more == "" && g.closes != ""
		if hang && g.closes == "tells" {
			text += "Connection: close\r\n"
		}
		_, _ = io.WriteString(c, text+"Content-Length: 5\r\n\r\nsorry")
		if hang {
			return
		}
	}
}

// connect leads on to the server.
func (g *gate) connect(c net.Conn, in io.Reader) {
	_, _ = io.WriteString(c, "HTTP/1.1 200 Connected\r\n\r\n")
	if g.to == "" {
		return
	}
	to, err := net.Dial("tcp", g.to)
	if err != nil {
		return
	}
	defer to.Close()
	go func() { _, _ = io.Copy(to, in); _ = to.Close() }()
	_, _ = io.Copy(c, to)
}

func (g *gate) has(scheme string) bool {
	return slices.ContainsFunc(g.wants, func(w string) bool { name, _, _ := strings.Cut(w, " "); return strings.EqualFold(name, scheme) })
}

// What MS-NLMP says of the messages.
func kindOf(raw []byte) uint32 {
	if len(raw) < 32 || !bytes.HasPrefix(raw, []byte("NTLMSSP\x00")) {
		return 0
	}
	return binary.LittleEndian.Uint32(raw[8:])
}

func challengeMessage(challenge []byte) []byte {
	name := wide("OFFICE")
	info := append([]byte{2, 0, byte(len(name)), 0}, name...) // MsvAvNbDomainName
	info = append(info, 0, 0, 0, 0)
	b := []byte("NTLMSSP\x00")
	b = binary.LittleEndian.AppendUint32(b, 2)
	field := func(n, at int) {
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
		b = binary.LittleEndian.AppendUint32(b, uint32(at))
	}
	const head = 48
	field(len(name), head)
	// Unicode, target name asked for, NTLM, always sign, target info, extended security, 128.
	b = binary.LittleEndian.AppendUint32(b, 0x1|0x4|0x200|0x8000|0x10000|0x80000|0x800000|0x20000000)
	b = append(append(b, challenge...), make([]byte, 8)...)
	field(len(info), head+len(name))
	return append(append(b, name...), info...)
}

// ntlmRight checks an answer of NTLMv2.
func ntlmRight(raw, challenge []byte) bool {
	field := func(at int) []byte {
		n, from := int(binary.LittleEndian.Uint16(raw[at:])), int(binary.LittleEndian.Uint32(raw[at+4:]))
		if from+n > len(raw) {
			return nil
		}
		return raw[from : from+n]
	}
	answer, domain, user := field(20), field(28), field(36)
	if len(answer) < 24 || !bytes.Equal(user, wide(gateUser)) {
		return false
	}
	h := md4.New()
	h.Write(wide(gatePassword))
	mac := func(key []byte, parts ...[]byte) []byte {
		m := hmac.New(md5.New, key)
		for _, p := range parts {
			m.Write(p)
		}
		return m.Sum(nil)
	}
	key := mac(h.Sum(nil), wide(strings.ToUpper(gateUser)), domain)
	return hmac.Equal(mac(key, challenge, answer[16:]), answer[:16])
}

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// digestRight checks an answer of RFC 7616 with MD5 and qop=auth.
func digestRight(said, target string) bool {
	at := func(name string) string {
		m := regexp.MustCompile(name + `="?([^",]*)`).FindStringSubmatch(said)
		if m == nil {
			return ""
		}
		return m[1]
	}
	of := func(s string) string { h := md5.Sum([]byte(s)); return hexOf(h[:]) }
	want := of(of(gateUser+":office:"+gatePassword) + ":n0nce:" + at("nc") + ":" + at("cnonce") + ":auth:" + of("CONNECT:"+target))
	return at("username") == gateUser && at("uri") == target && at("response") == want
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var out strings.Builder
	for _, c := range b {
		out.WriteByte(digits[c>>4])
		out.WriteByte(digits[c&15])
	}
	return out.String()
}

// A tunnel is opened by the strongest sign-in that both know, and once refused the
// password is not tried again.
func TestTunnels(t *testing.T) {
	basicOffice, digestOffice := `Basic realm="office"`, `Digest realm="office", nonce="n0nce", qop="auth", algorithm=MD5`
	right, wrong := url.UserPassword(gateUser, gatePassword), url.UserPassword(gateUser, "another")
	for _, c := range []struct {
		name   string
		wants  []string
		closes string
		user   *url.Userinfo
		late   bool
		status int
		shown  string
	}{
		{"Basic, at once", []string{basicOffice}, "", right, false, 200, "Basic"},
		{"Basic, when asked", []string{basicOffice}, "", right, true, 200, ", Basic"},
		{"Basic, hung up", []string{basicOffice}, "tells", right, true, 200, ", Basic"},
		{"Basic, hung up in silence", []string{basicOffice}, "hides", right, true, 200, ", Basic"},
		{"Basic, wrong", []string{basicOffice}, "", wrong, true, 407, ", Basic"},
		{"Basic, wrong at once", []string{basicOffice}, "", wrong, false, 407, "Basic"},
		{"nobody known", []string{basicOffice, "NTLM"}, "", nil, true, 407, ""},
		{"NTLM", []string{"NTLM"}, "", right, true, 200, ", NTLM, NTLM"},
		{"NTLM, hung up", []string{"NTLM"}, "tells", right, true, 200, ", NTLM, NTLM"},
		{"NTLM, hung up in silence", []string{"NTLM"}, "hides", right, true, 200, ", NTLM, NTLM"},
		{"NTLM, wrong", []string{"NTLM"}, "", wrong, true, 407, ", NTLM, NTLM"},
		{"NTLM of a domain", []string{"NTLM"}, "", url.UserPassword(`OFFICE\`+gateUser, gatePassword), true, 200, ", NTLM, NTLM"},
		{"NTLM in Negotiate", []string{"Negotiate"}, "", right, true, 200, ", Negotiate, Negotiate"},
		{"NTLM before Basic", []string{basicOffice, "NTLM"}, "", right, true, 200, ", NTLM, NTLM"},
		{"NTLM after Basic was refused", []string{"NTLM"}, "", right, false, 200, "Basic, NTLM, NTLM"},
		{"Digest", []string{digestOffice}, "", right, true, 200, ", Digest"},
		{"Digest, wrong", []string{digestOffice}, "", wrong, true, 407, ", Digest"},
		{"Digest before Basic", []string{basicOffice, digestOffice}, "tells", right, true, 200, ", Digest"},
		{"a digest that nobody knows", []string{`Digest realm="office", nonce="n", algorithm=SHA-512-256`, basicOffice}, "", right, true, 200, ", Basic"},
		{"Kerberos alone", []string{"Negotiate"}, "", nil, true, 407, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, c.closes, c.wants...)
			p := *g.URL
			p.User = c.user
			var dials int
			conn, a, err := (&Tunnels{Late: c.late}).Open(t.Context(), &p, "invoice.test:443", func(ctx context.Context) (net.Conn, error) {
				dials++
				return (&net.Dialer{}).DialContext(ctx, "tcp", p.Host)
			})
			if err != nil || a.Status != c.status || (conn != nil) != (c.status == 200) {
				t.Fatalf("%+v %v %v", a, conn, err)
			}
			if conn != nil {
				_ = conn.Close()
			}
			g.mu.Lock()
			defer g.mu.Unlock()
			if got := strings.Join(g.shown, ", "); got != c.shown || dials != g.conns {
				t.Errorf("shown %q on %d connections of %d dials, want %q", got, g.conns, dials, c.shown)
			}
		})
	}
}

// A sign-in that a proxy took is what it is shown the next time; who is signed in to
// the computer goes where nobody else is known.
func TestTunnelsRemember(t *testing.T) {
	g := newGate(t, "", "NTLM")
	p := *g.URL
	asked := ""
	tunnels := &Tunnels{Own: func(scheme, host string) (Exchange, error) {
		asked = scheme + " at " + host
		return ntlm{gateUser, gatePassword}, nil
	}}
	for range 2 {
		c, a, err := tunnels.Open(t.Context(), &p, "invoice.test:443", func(ctx context.Context) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", p.Host)
		})
		if err != nil || a.Status != 200 {
			t.Fatal(a, err)
		}
		_ = c.Close()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if got := strings.Join(g.shown, ", "); got != ", NTLM, NTLM, NTLM, NTLM" || asked != "NTLM at 127.0.0.1" {
		t.Errorf("shown %q, asked for %q", got, asked)
	}
}

// The program's own transport signs in by NTLM, and a refusal is told as the proxy's.
func TestTransportSignsIn(t *testing.T) {
	root := sign(t, authority("Our CA"), nil)
	server := serve(t, sign(t, leaf(name), root))
	_, port, _ := net.SplitHostPort(server)
	office := newGate(t, "", "NTLM")
	office.to = server
	for what, c := range map[string]struct {
		password string
		want     int // status of the refusal; 0: none
	}{"right": {gatePassword, 0}, "wrong": {"another", 407}} {
		g := ground(root)
		g.Proxy = http.ProxyURL(office.URL)
		g.SignIn = func(*url.URL) *url.Userinfo { return url.UserPassword(gateUser, c.password) }
		said, err := get(t, Route{SignIn: true}, g, port)
		var refused *fault.ProxyAnswer
		switch {
		case c.want == 0 && (err != nil || !strings.HasPrefix(said, "HTTP/2.0")):
			t.Errorf("%s: %q %v", what, said, err)
		case c.want != 0 && (!errors.As(err, &refused) || refused.Status != c.want):
			t.Errorf("%s: %q %v", what, said, err)
		}
	}
	// Where nobody is to sign in the proxy's word stands.
	g := ground(root)
	g.Proxy = http.ProxyURL(office.URL)
	var refused *fault.ProxyAnswer
	if _, err := get(t, Route{}, g, port); !errors.As(err, &refused) || refused.Status != 407 {
		t.Errorf("nobody signs in: %v", err)
	}
}

// A challenge that tells of a domain which it does not hold is answered all the same.
func TestShortChallenge(t *testing.T) {
	raw := challengeMessage([]byte("8 random"))
	binary.LittleEndian.PutUint32(raw[16:], 0xaaaaaaae)
	for what, b := range map[string][]byte{"the domain's name": raw, "the rest": append(bytes.Clone(raw[:40]), "WORKGROUP"...)} {
		if _, err := (ntlm{gateUser, gatePassword}).Next(base64.StdEncoding.EncodeToString(b)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := (ntlm{gateUser, gatePassword}).Next("NTLM"); err == nil {
		t.Error("what is no challenge is answered")
	}
}
