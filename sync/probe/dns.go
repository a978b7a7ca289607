package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"counterfoil/sync/fault"
)

const (
	dnsBudget = time.Second            // of one question over one way
	dnsAgain  = 400 * time.Millisecond // of silence before a question is repeated over UDP
	tcpAfter  = 500 * time.Millisecond // of silence over UDP
)

// kinds of questions, by the stage of the observation that an answer becomes.
var kinds = map[string]dnsmessage.Type{"a": dnsmessage.TypeA, "aaaa": dnsmessage.TypeAAAA}

// query asks one name server one question over UDP or TCP; with the addresses that it
// gives. What answers without an address is No with the code "nodata".
func query(ctx context.Context, via, server, host, stage string) (fault.Observation, []netip.Addr) {
	o := fault.Observation{Kind: "dns", Target: server, Via: via, Stage: stage, Outcome: fault.No}
	t := time.Now()
	a, err := exchange(ctx, via, server, host, kinds[stage])
	o.RTT = time.Since(t).Milliseconds()
	switch {
	case errors.Is(err, errNoise):
		o.Code, o.Detail = "dns:noise", err.Error()
	case err != nil:
		e := fault.OfError(err)
		o.Outcome, o.Code, o.Detail = e.Outcome, e.Code, e.Detail
		if e.Code == unable {
			o.Outcome = fault.Unmeasured
		}
	case a.RCode != dnsmessage.RCodeSuccess:
		o.Code = "rcode:" + rcode(a.RCode)
	case a.Truncated:
		o.Outcome, o.Code = fault.Yes, "truncated"
	default:
		ips := ipsOf(a)
		if len(ips) == 0 {
			o.Code = "nodata"
			return o, nil
		}
		o.Outcome, o.Detail = fault.Yes, join(ips)
		return o, ips
	}
	return o, nil
}

// unable is the code where the system has no such sockets, as Wine has none for UDP: it
// says nothing of the name server.
const unable = "errno:EOPNOTSUPP"

func rcode(c dnsmessage.RCode) string {
	switch c {
	case dnsmessage.RCodeNameError:
		return "NXDOMAIN"
	case dnsmessage.RCodeServerFailure:
		return "SERVFAIL"
	case dnsmessage.RCodeRefused:
		return "REFUSED"
	case dnsmessage.RCodeFormatError:
		return "FORMERR"
	case dnsmessage.RCodeNotImplemented:
		return "NOTIMP"
	}
	return strings.ToUpper(strings.TrimPrefix(c.String(), "RCode"))
}

// answered reports whether a name server said anything at all.
func answered(o fault.Observation) bool {
	return o.Outcome == fault.Yes || o.Code == "nodata" || strings.HasPrefix(o.Code, "rcode:")
}

var errNoise = errors.New("what came is no answer")

func exchange(ctx context.Context, via, server, host string, kind dnsmessage.Type) (a dnsmessage.Message, err error) {
	id, msg, err := question(host, kind)
	if err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, dnsBudget)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, via, net.JoinHostPort(server, "53"))
	if err != nil {
		return a, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if via == "tcp" {
		a, err = overTCP(c, msg)
	} else {
		a, err = overUDP(c, msg, id)
	}
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, context.Canceled) {
		err = cause // given up, not silent
	}
	return a, err
}

func overTCP(c net.Conn, msg []byte) (a dnsmessage.Message, err error) {
	if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)); err != nil { //nolint:gosec // one question
		return a, err
	}
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return a, err
	}
	buf := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(c, buf); err != nil {
		return a, err
	}
	return a, unpack(&a, buf)
}

// overUDP asks, and asks once more where nobody answers: one packet may be lost.
func overUDP(c net.Conn, msg []byte, id uint16) (a dnsmessage.Message, err error) {
	again := time.AfterFunc(dnsAgain, func() { _, _ = c.Write(msg) }) // the read below tells what became of it
	defer again.Stop()
	if _, err := c.Write(msg); err != nil {
		return a, err
	}
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return a, err
		}
		if err := unpack(&a, buf[:n]); err != nil || a.ID == id {
			return a, err
		}
	}
}

func unpack(a *dnsmessage.Message, raw []byte) error {
	if a.Unpack(raw) != nil || !a.Response {
		return errNoise
	}
	return nil
}

func question(host string, kind dnsmessage.Type) (uint16, []byte, error) {
	name, err := dnsmessage.NewName(strings.TrimSuffix(host, ".") + ".")
	if err != nil {
		return 0, nil, err
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: uint16(rand.Uint32()), RecursionDesired: true}, //nolint:gosec // the low half
		Questions: []dnsmessage.Question{{Name: name, Type: kind, Class: dnsmessage.ClassINET}},
	}
	raw, err := m.Pack()
	return m.ID, raw, err
}

func ipsOf(a dnsmessage.Message) []netip.Addr {
	var out []netip.Addr
	for _, r := range a.Answers {
		switch b := r.Body.(type) {
		case *dnsmessage.AResource:
			out = append(out, netip.AddrFrom4(b.A))
		case *dnsmessage.AAAAResource:
			out = append(out, netip.AddrFrom16(b.AAAA))
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}

func join[T interface{ String() string }](all []T) string {
	var out []string
	for _, a := range all {
		out = append(out, a.String())
	}
	return strings.Join(out, ", ")
}
