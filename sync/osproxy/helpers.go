package osproxy

import (
	"context"
	"net"
	"net/netip"
	"path"
	"strings"
	"time"
)

// helpers are the functions that every script may call.
func helpers(ctx context.Context) map[string]any {
	find := func(host string) string { return resolved(ctx, host) }
	return map[string]any{
		"isPlainHostName": func(host string) bool { return !strings.Contains(host, ".") },
		"dnsDomainIs": func(host, domain string) bool {
			return strings.HasSuffix(strings.ToLower(host), strings.ToLower(domain))
		},
		"localHostOrDomainIs": func(host, full string) bool {
			return host == full || !strings.Contains(host, ".") && strings.HasPrefix(full, host+".")
		},
		"dnsDomainLevels": func(host string) int { return strings.Count(host, ".") },
		"isResolvable":    func(host string) bool { return find(host) != "" },
		"dnsResolve": func(host string) any {
			if ip := find(host); ip != "" {
				return ip
			}
			return nil
		},
		"myIpAddress":  ownAddress,
		"isInNet":      func(host, net, mask string) bool { return inNet(find(host), net, mask) },
		"shExpMatch":   shellMatch,
		"convert_addr": func(ip string) int64 { return number(ip) },
		"weekdayRange": func(args ...string) bool { return weekdays(time.Now(), args) },
		"timeRange":    func(args ...any) bool { return hours(time.Now(), args) },
		"dateRange":    func(args ...any) bool { return dates(time.Now(), args) },
		"alert":        func(...any) {},
	}
}

// resolved is a host's first IPv4 address; empty where it has none.
func resolved(ctx context.Context, host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.String()
	}
	ctx, cancel := context.WithTimeout(ctx, runBudget)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
	if err != nil || len(ips) == 0 {
		return ""
	}
	return ips[0].Unmap().String()
}

// ownAddress is this computer's towards the outside; nothing is sent to find it.
func ownAddress() string {
	c, err := net.Dial("udp", "192.0.2.1:9")
	if err != nil {
		return "127.0.0.1"
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).IP.String()
}

func inNet(ip, network, mask string) bool {
	m := number(mask)
	return ip != "" && number(ip)&m == number(network)&m
}

// number is an IPv4 address as one; 0 for what is none.
func number(ip string) int64 {
	a, err := netip.ParseAddr(ip)
	if err != nil || !a.Unmap().Is4() {
		return 0
	}
	b := a.Unmap().As4()
	return int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3])
}

// shellMatch is a pattern of * and ?, in which a slash is like any other character.
func shellMatch(text, pattern string) bool {
	plain := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
	ok, err := path.Match(strings.NewReplacer("[", `\[`, "]", `\]`).Replace(plain(pattern)), plain(text))
	return err == nil && ok
}
