package route

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// asking is how long one name server is waited for.
const asking = time.Second

// resolver is the system's, or one that asks the same name servers over TCP.
func (r Route) resolver() *net.Resolver {
	if r.Names != OverTCP {
		return nil
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, address string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", address)
	}}
}

// fresh are the server's addresses as a name server gives them now. Nil when none
// answers.
func fresh(ctx context.Context, g Ground, host, port, family string) []string {
	if g.Resolvers == nil {
		return nil
	}
	for _, server := range g.Resolvers() {
		if net.ParseIP(server) != nil {
			server = net.JoinHostPort(server, "53")
		}
		var out []string
		for _, kind := range []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA} {
			if kind == dnsmessage.TypeAAAA && family == IPv4 {
				continue
			}
			// One that is silent over UDP may answer over TCP; neither is an error here.
			ips, err := ask(ctx, "udp", server, host, kind)
			if err != nil {
				ips, _ = ask(ctx, "tcp", server, host, kind)
			}
			for _, ip := range ips {
				out = append(out, net.JoinHostPort(ip.String(), port))
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

var errAnswer = errors.New("the answer of the name server is of no use")

// ask asks one name server one question.
func ask(ctx context.Context, network, server, host string, kind dnsmessage.Type) ([]net.IP, error) {
	name, err := dnsmessage.NewName(strings.TrimSuffix(host, ".") + ".")
	if err != nil {
		return nil, err
	}
	q := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: uint16(rand.Uint32()), RecursionDesired: true}, //nolint:gosec // the low half
		Questions: []dnsmessage.Question{{Name: name, Type: kind, Class: dnsmessage.ClassINET}},
	}
	msg, err := q.Pack()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if end, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(end); err != nil {
			return nil, err
		}
	}
	raw, err := converse(c, network, msg)
	if err != nil {
		return nil, err
	}
	var a dnsmessage.Message
	if err := a.Unpack(raw); err != nil {
		return nil, err
	}
	if a.ID != q.ID || !a.Response || a.Truncated || a.RCode != dnsmessage.RCodeSuccess {
		return nil, errAnswer
	}
	return addresses(a), nil
}

// converse sends a message and reads the answer; over TCP both carry their length.
func converse(c net.Conn, network string, msg []byte) ([]byte, error) {
	if network != "tcp" {
		if _, err := c.Write(msg); err != nil {
			return nil, err
		}
		buf := make([]byte, 1500)
		n, err := c.Read(buf)
		return buf[:n], err
	}
	if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)); err != nil { //nolint:gosec // one question
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return nil, err
	}
	buf := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(c, buf)
	return buf, err
}

func addresses(a dnsmessage.Message) []net.IP {
	var out []net.IP
	for _, r := range a.Answers {
		switch b := r.Body.(type) {
		case *dnsmessage.AResource:
			out = append(out, net.IP(b.A[:]))
		case *dnsmessage.AAAAResource:
			out = append(out, net.IP(b.AAAA[:]))
		}
	}
	return out
}
