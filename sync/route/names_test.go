package route

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// spoken is a resolver of the system's that asks somebody who answers with what says
// makes of a question; nil is silence.
func spoken(t *testing.T, says func(*dnsmessage.Message)) *net.Resolver {
	t.Helper()
	p, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := p.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if says == nil || m.Unpack(buf[:n]) != nil {
				continue
			}
			m.Response, m.Additionals = true, nil
			says(&m)
			if out, err := m.Pack(); err == nil {
				_, _ = p.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", p.LocalAddr().String())
	}}
}

// Where the system is silent or fails, the name servers are asked beside it, over UDP; not
// where it says that there is no such name.
func TestFind(t *testing.T) {
	rcode := func(c dnsmessage.RCode) func(*dnsmessage.Message) { return func(m *dnsmessage.Message) { m.RCode = c } }
	for _, c := range []struct {
		name   string
		system func(*dnsmessage.Message)
		deaf   bool // the name server hears TCP alone
		found  bool
		asked  bool
	}{
		{"silent", nil, false, true, true},
		{"does not understand", rcode(dnsmessage.RCodeFormatError), false, true, true},
		{"refuses", rcode(dnsmessage.RCodeRefused), false, true, true},
		{"no such name", rcode(dnsmessage.RCodeNameError), false, false, false},
		{"refuses, nobody else answers over UDP", rcode(dnsmessage.RCodeRefused), true, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := newNameServer(t, c.deaf)
			var deaf atomic.Bool
			ips, err := Route{}.find(t.Context(), Ground{Resolvers: func() []string { return []string{server.address} }}, spoken(t, c.system), "invoice.test.", &deaf)
			if deaf.Load() != c.found {
				t.Errorf("deaf: %v", deaf.Load())
			}
			if (err == nil) != c.found || c.found && ips[0].String() != "127.0.0.1" {
				t.Errorf("%v %v", ips, err)
			}
			var dns *net.DNSError
			if err != nil && !errors.As(err, &dns) {
				t.Errorf("the error is not the system's: %v", err)
			}
			if asked := server.udp.Load() > 0; asked != c.asked || server.tcp.Load() > 0 {
				t.Errorf("asked: %d over UDP, %d over TCP", server.udp.Load(), server.tcp.Load())
			}
		})
	}
}
