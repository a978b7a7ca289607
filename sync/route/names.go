package route

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	asking  = time.Second            // how long one name server is waited for
	overTCP = 400 * time.Millisecond // of silence, before it is asked over TCP beside
	others  = 150 * time.Millisecond // that the other name servers are waited for after the first that answers
)

// resolver is the system's, or one that asks the same name servers over TCP: for names
// other than the server's own, like a proxy's. It is nobody else's, so that a lookup which
// hangs holds up only those that wait for it.
func (r Route) resolver(g Ground) *net.Resolver {
	if r.Names != OverTCP || g.Resolvers == nil {
		return &net.Resolver{}
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, address string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", address)
	}}
}

// How long the system may look a name up before the name servers are asked beside it; and
// once it has been too late.
const (
	systemLate  = 700 * time.Millisecond
	systemAgain = 50 * time.Millisecond
)

// find looks a name up by the system. Where that is silent for a while, as when the first
// name server is, or fails without anybody having said that there is no such name, it
// asks all the name servers itself, over UDP as the system does.
// deaf is whether it has been too late before, and is set where it is now.
func (r Route) find(ctx context.Context, g Ground, names *net.Resolver, host string, deaf *atomic.Bool) ([]net.IPAddr, error) {
	type answer struct {
		ips []net.IPAddr
		err error
	}
	final := func(a answer) bool {
		var dns *net.DNSError
		return a.err == nil || ctx.Err() != nil || errors.As(a.err, &dns) && dns.IsNotFound
	}
	system, own := make(chan answer, 1), make(chan []net.IPAddr, 1)
	go func() {
		ips, err := names.LookupIPAddr(ctx, host)
		system <- answer{ips, err}
	}()
	patience := systemLate
	if deaf.Load() {
		patience = systemAgain
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	var said *answer
	select {
	case a := <-system:
		if final(a) {
			return a.ips, a.err
		}
		said = &a
	case <-late.C:
	}
	go func() {
		var out []net.IPAddr
		for _, ip := range r.lookUp(ctx, g, host) {
			out = append(out, net.IPAddr{IP: net.ParseIP(ip)})
		}
		own <- out
	}()
	asked := false
	for {
		select {
		case a := <-system:
			if asked || final(a) {
				return a.ips, a.err
			}
			said = &a
		case ips := <-own:
			if len(ips) > 0 {
				deaf.Store(true)
				return ips, nil
			}
			if asked = true; said != nil {
				return said.ips, said.err
			}
		}
	}
}

// lookUp returns the server's addresses as the name servers give them now, those of the
// first name server first, none twice; none where no name server answers in time.
func (r Route) lookUp(ctx context.Context, g Ground, host string) []string {
	if g.Resolvers == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*asking)
	defer cancel()
	servers := g.Resolvers()
	kinds := []dnsmessage.Type{dnsmessage.TypeA}
	if r.Family != IPv4 {
		kinds = append(kinds, dnsmessage.TypeAAAA)
	}
	type answer struct {
		at  int
		ips []string
	}
	got := make(chan answer, len(servers)*len(kinds))
	for i, server := range servers {
		if net.ParseIP(server) != nil {
			server = net.JoinHostPort(server, "53")
		}
		for j, kind := range kinds {
			go func() { got <- answer{i*len(kinds) + j, r.askOne(ctx, server, host, kind)} }()
		}
	}
	all := make([][]string, cap(got))
	var enough <-chan time.Time
	for range all {
		select {
		case a := <-got:
			all[a.at] = a.ips
			if len(a.ips) > 0 && enough == nil {
				enough = time.After(others)
			}
			continue
		case <-enough:
		case <-ctx.Done():
		}
		break
	}
	var out []string
	for _, ip := range slices.Concat(all...) {
		if !slices.Contains(out, ip) {
			out = append(out, ip)
		}
	}
	return out
}

// askOne asks one name server for one kind of address; what it does not answer is none.
func (r Route) askOne(ctx context.Context, server, host string, kind dnsmessage.Type) []string {
	if r.Names != Fresh {
		network := map[bool]string{true: "tcp", false: "udp"}[r.Names == OverTCP]
		ips, _ := ask(ctx, network, server, host, kind) // see above
		return ips
	}
	udp := make(chan []string, 1)
	go func() {
		ips, _ := ask(ctx, "udp", server, host, kind) // see above
		udp <- ips
	}()
	silence := time.NewTimer(overTCP)
	defer silence.Stop()
	var ips []string
	select {
	case ips = <-udp:
		udp <- ips
	case <-silence.C:
	}
	if len(ips) == 0 {
		ips, _ = ask(ctx, "tcp", server, host, kind) // see above
	}
	if len(ips) == 0 {
		ips = <-udp
	}
	return ips
}

var errAnswer = errors.New("the answer of the name server is of no use")

// ask asks one name server one question.
func ask(ctx context.Context, network, server, host string, kind dnsmessage.Type) ([]string, error) {
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

func addresses(a dnsmessage.Message) []string {
	var out []string
	for _, r := range a.Answers {
		switch b := r.Body.(type) {
		case *dnsmessage.AResource:
			out = append(out, net.IP(b.A[:]).String())
		case *dnsmessage.AAAAResource:
			out = append(out, net.IP(b.AAAA[:]).String())
		}
	}
	return out
}
