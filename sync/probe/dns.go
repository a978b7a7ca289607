package probe

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"counterfoil/sync/fault"
	"counterfoil/sync/osnet"
)

const (
	dnsBudget = time.Second
	tcpAfter  = 500 * time.Millisecond // of silence over UDP
)

// askResolvers asks every resolver of the system over UDP, and over TCP where that
// is silent.
func askResolvers(ctx context.Context, host string) []fault.Observation {
	var mu sync.Mutex
	var out []fault.Observation
	var group sync.WaitGroup
	for _, s := range osnet.Resolvers() {
		ask := func(ctx context.Context, via string) {
			o := query(ctx, via, s, host)
			mu.Lock()
			out = append(out, o)
			mu.Unlock()
		}
		group.Go(func() {
			answered := make(chan struct{})
			group.Go(func() { defer close(answered); ask(ctx, "udp") })
			silence := time.NewTimer(tcpAfter)
			defer silence.Stop()
			select {
			case <-answered:
			case <-silence.C:
				ask(ctx, "tcp")
			}
		})
	}
	group.Wait()
	return out
}

// query asks one resolver one question.
func query(ctx context.Context, via, server, host string) fault.Observation {
	o := fault.Observation{Kind: "dns", Target: server, Via: via, Outcome: fault.No}
	t := time.Now()
	h, err := exchange(ctx, via, server, host)
	o.RTT = time.Since(t).Milliseconds()
	switch {
	case err != nil:
		e := fault.OfError(err)
		o.Outcome, o.Code, o.Detail = e.Outcome, e.Code, e.Detail
	case h.RCode == dnsmessage.RCodeSuccess:
		o.Outcome = fault.Yes
	default:
		o.Code = "rcode:" + rcode(h.RCode)
	}
	return o
}

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

func exchange(ctx context.Context, via, server, host string) (dnsmessage.Header, error) {
	msg, err := question(host)
	if err != nil {
		return dnsmessage.Header{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, dnsBudget)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, via, net.JoinHostPort(server, "53"))
	if err != nil {
		return dnsmessage.Header{}, err
	}
	defer c.Close()
	if end, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(end)
	}
	if via == "tcp" {
		msg = append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...) //nolint:gosec // one question
	}
	if _, err := c.Write(msg); err != nil {
		return dnsmessage.Header{}, err
	}
	if via == "tcp" {
		if _, err := io.ReadFull(c, make([]byte, 2)); err != nil {
			return dnsmessage.Header{}, err
		}
	}
	buf := make([]byte, 1500)
	n, err := c.Read(buf)
	if err != nil {
		return dnsmessage.Header{}, err
	}
	var p dnsmessage.Parser
	return p.Start(buf[:n])
}

func question(host string) ([]byte, error) {
	name, err := dnsmessage.NewName(strings.TrimSuffix(host, ".") + ".")
	if err != nil {
		return nil, err
	}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: uint16(time.Now().UnixNano()), RecursionDesired: true}) //nolint:gosec // any number
	if err := b.StartQuestions(); err != nil {
		return nil, err
	}
	if err := b.Question(dnsmessage.Question{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}); err != nil {
		return nil, err
	}
	return b.Finish()
}
