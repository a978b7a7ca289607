package probe

import (
	"context"
	"io"
	"net"
	"net/url"
	"testing"
)

// What stands at a proxy's port is told by what it says.
func TestHandshake(t *testing.T) {
	for _, c := range []struct {
		name, scheme string
		says         []string // after each thing that it reads
		status       int
		code         string
	}{
		{"HTTP connects", "http", []string{"HTTP/1.1 200 OK\r\n\r\n"}, 200, ""},
		{"HTTP wants a sign-in", "http", []string{"HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n"}, 407, ""},
		{"SSH", "http", []string{"SSH-2.0-OpenSSH_9.6\r\n"}, 0, "proxy:none"},
		{"SOCKS connects", "socks5", []string{"\x05\x00", "\x05\x00\x00\x01\x0a\x00\x00\x01\x1f\x90"}, 200, ""},
		{"SOCKS by a name", "socks5", []string{"\x05\x00", "\x05\x00\x00\x03\x03abc\x1f\x90"}, 200, ""},
		{"SOCKS wants a sign-in", "socks5", []string{"\x05\xff"}, 0, "socks:sign_in"},
		{"SOCKS denies", "socks5", []string{"\x05\x00", "\x05\x02\x00\x01"}, 0, "socks:denied"},
		{"SOCKS does not get there", "socks5", []string{"\x05\x00", "\x05\x05\x00\x01"}, 0, "socks:unreachable"},
		{"not SOCKS", "socks5", []string{"HT"}, 0, "proxy:none"},
	} {
		ln := must(net.Listen("tcp", "127.0.0.1:0"))(t)
		go answersWith(ln, c.says)
		p := &url.URL{Scheme: c.scheme, Host: ln.Addr().String()}
		conn := must(net.Dial("tcp", p.Host))(t)
		_, a, err := (&walk{}).handshake(context.Background(), conn, p, "invoice.test:443")
		if a.status != c.status || a.code != c.code {
			t.Errorf("%s: %+v %v", c.name, a, err)
		}
		if c.status == 407 && a.schemes != "NTLM, Basic" {
			t.Errorf("schemes %q", a.schemes)
		}
		_, _ = conn.Close(), ln.Close()
	}
}

func answersWith(ln net.Listener, words []string) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			buf := make([]byte, 1024)
			for _, w := range words {
				if _, err := c.Read(buf); err != nil {
					return
				}
				if _, err := io.WriteString(c, w); err != nil {
					return
				}
			}
			_, _ = c.Read(buf)
		}()
	}
}
