package probe

import (
	"context"
	"net"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"counterfoil/sync/fault"
)

// ownLookup asks every resolver itself, because the system's folds refusals,
// failures and silence into one. It gives "" when that tells nothing.
func ownLookup(ctx context.Context, host string) (fault.ID, fault.Confidence) {
	servers := resolvers()
	if len(servers) == 0 {
		return "", ""
	}
	results := make(chan dnsmessage.RCode, len(servers))
	const silent = dnsmessage.RCode(0xfff)
	for _, s := range servers {
		go func() {
			code, err := query(ctx, s, host)
			if err != nil {
				code = silent
				if isRefused(err) {
					code = dnsmessage.RCodeRefused
				}
			}
			results <- code
		}()
	}
	seen := map[dnsmessage.RCode]int{}
	for range servers {
		seen[<-results]++
	}
	n := len(servers)
	switch {
	case seen[silent] == n:
		return "D02", fault.Proven
	case seen[dnsmessage.RCodeNameError] > 0:
		return "D05", fault.Proven
	case seen[dnsmessage.RCodeServerFailure] > 0:
		return "D04", fault.Proven
	case seen[dnsmessage.RCodeRefused] > 0:
		return "D03", fault.Proven
	}
	return "", ""
}

func query(ctx context.Context, server, host string) (dnsmessage.RCode, error) {
	name, err := dnsmessage.NewName(strings.TrimSuffix(host, ".") + ".")
	if err != nil {
		return 0, err
	}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: uint16(time.Now().UnixNano()), RecursionDesired: true})
	if err := b.StartQuestions(); err != nil {
		return 0, err
	}
	if err := b.Question(dnsmessage.Question{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}); err != nil {
		return 0, err
	}
	msg, err := b.Finish()
	if err != nil {
		return 0, err
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "udp", net.JoinHostPort(server, "53"))
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Second))
	if _, err := c.Write(msg); err != nil {
		return 0, err
	}
	buf := make([]byte, 1500)
	n, err := c.Read(buf)
	if err != nil {
		return 0, err
	}
	var p dnsmessage.Parser
	h, err := p.Start(buf[:n])
	return h.RCode, err
}

// resolverBeyond reports whether a name server outside this computer's own
// subnets answers anything: a control for the line to the outside.
func resolverBeyond(ctx context.Context) bool {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, s := range resolvers() {
		ip := net.ParseIP(s)
		near := ip == nil || ip.IsLoopback()
		for _, a := range addrs {
			n, ok := a.(*net.IPNet)
			near = near || ok && n.Contains(ip)
		}
		if near {
			continue
		}
		if _, err := query(ctx, s, "."); err == nil {
			return true
		}
	}
	return false
}
