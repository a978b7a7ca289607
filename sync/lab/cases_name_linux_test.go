package lab

import (
	"fmt"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func nameCases() (out []trial) {
	drop53 := func(ns, what string) []act {
		return []act{nft(ns, "forward", "udp "+what+" 53 drop"), nft(ns, "forward", "tcp "+what+" 53 drop")}
	}
	still := []check{serverOpen}
	silent := func(ip string) check { return names(ip, "udp", serverName, "timeout") }
	add := func(t trial) { out = append(out, t) }
	resolv := func(name, text string, seen ...check) trial {
		return trial{name: name, do: []act{{fmt.Sprintf("resolv.conf %q", text), func(w *world) error { return w.resolvText(text) }}}, seen: append(seen, still...)}
	}
	with := func(t trial, base string, want ...string) trial { t.base, t.want = base, want; return t }

	add(with(resolv("D01 no resolver at all", "", shell(client, "wc -c < /etc/resolv.conf", "^0")), "plain", "D01"))
	add(with(resolv("D01 comments alone", "# made by nobody\noptions timeout:1\n", shell(client, "cat /etc/resolv.conf", "nobody")), "plain", "D01"))
	add(with(resolv("D01 dead resolver at 127.0.0.1", "nameserver 127.0.0.1\n", names("127.0.0.1", "udp", serverName, "refused")), "plain", "D01"))
	add(with(resolv("D01 dead stub at 127.0.0.53", "nameserver 127.0.0.53\n", names("127.0.0.53", "udp", serverName, "refused")), "plain", "D01"))
	add(with(resolv("D01 no resolver, never worked", "", shell(client, "wc -c < /etc/resolv.conf", "^0")), "fresh", "D01"))

	add(trial{name: "D02 silent name server", slow: true, do: drop53(isp, "sport"), seen: append(still, silent(dnsIP)), want: []string{"D02"}})
	add(trial{name: "D02 silent name server, never worked", base: "fresh", slow: true, do: drop53(isp, "sport"), seen: append(still, silent(dnsIP)), want: []string{"D02"}})
	add(trial{name: "D02 both name servers silent", base: "two", slow: true, do: drop53(isp, "sport"), seen: append(still, silent(dnsIP), silent(dns2IP)), want: []string{"D02"}})
	add(trial{name: "D02 router's name server hung", base: "gateway", slow: true, do: []act{nft(router, "input", "udp dport 53 drop"), nft(router, "input", "tcp dport 53 drop")}, seen: append(still, silent(gateway), ping(gateway, true)), want: []string{"D02"}})
	add(trial{name: "D02 computer of the name server silent", slow: true, do: []act{nft(isp, "forward", "ip saddr "+dnsIP+" drop")}, seen: append(still, silent(dnsIP), ping(dnsIP, false)), want: []string{"D02"}})
	add(trial{name: "D02 an address that nobody has", slow: true, do: []act{resolve("10.77.0.77")}, seen: append(still, names("10.77.0.77", "udp", serverName, "timeout")), want: []string{"D02"}})

	refused := dnsmessage.RCodeRefused
	add(trial{name: "D03 name server refuses", do: []act{nameserver(dnsIP, "REFUSED", behaviour{rcode: refused})}, seen: append(still, names(dnsIP, "udp", serverName, "Refused")), want: []string{"D03"}})
	add(trial{name: "D03 refuses, never worked", base: "fresh", do: []act{nameserver(dnsIP, "REFUSED", behaviour{rcode: refused})}, seen: append(still, names(dnsIP, "udp", serverName, "Refused")), want: []string{"D03"}})
	add(trial{name: "D03 no name server on that computer", do: []act{resolve(secondIP)}, seen: append(still, names(secondIP, "udp", serverName, "refused")), want: []string{"D03"}})
	add(trial{name: "D03 both refuse", base: "two", do: []act{nameserver(dnsIP, "REFUSED", behaviour{rcode: refused}), nameserver(dns2IP, "REFUSED", behaviour{rcode: refused})}, seen: append(still, names(dnsIP, "udp", serverName, "Refused"), names(dns2IP, "udp", serverName, "Refused")), want: []string{"D03"}})
	add(trial{name: "D03 router refuses", base: "gateway", do: []act{nameserver(gateway, "REFUSED", behaviour{rcode: refused})}, seen: append(still, names(gateway, "udp", serverName, "Refused")), want: []string{"D03"}})

	fails := dnsmessage.RCodeServerFailure
	add(trial{name: "D04 name server fails", do: []act{nameserver(dnsIP, "SERVFAIL", behaviour{rcode: fails})}, seen: append(still, names(dnsIP, "udp", serverName, "ServerFailure")), want: []string{"D04"}})
	add(trial{name: "D04 fails at our name alone", do: []act{knows(serverName, record{rcode: fails})}, seen: append(still, names(dnsIP, "udp", serverName, "ServerFailure"), names(dnsIP, "udp", "status.test", statusIP)), want: []string{"D04"}})
	add(trial{name: "D04 both fail", base: "two", do: []act{knows(serverName, record{rcode: fails})}, seen: append(still, names(dns2IP, "udp", serverName, "ServerFailure")), want: []string{"D04"}})
	add(trial{name: "D04 router's forwarder fails", base: "gateway", do: []act{nameserver(gateway, "SERVFAIL", behaviour{rcode: fails})}, seen: append(still, names(gateway, "udp", serverName, "ServerFailure")), want: []string{"D04"}})
	add(trial{name: "D04 fails, never worked", base: "fresh", do: []act{knows(serverName, record{rcode: fails})}, seen: append(still, names(dnsIP, "udp", serverName, "ServerFailure")), want: []string{"D04"}})

	unknown := record{rcode: dnsmessage.RCodeNameError}
	moved := nft(isp, "forward", "ip daddr "+serverIP+" drop")
	add(trial{name: "D05 no such name", do: []act{server("https://invoice-typo.test")}, seen: []check{names(dnsIP, "udp", "invoice-typo.test", "NameError"), serverOpen}, want: []string{"D05"}})
	add(trial{name: "D05 a letter wrong", do: []act{server("https://invioce.test")}, seen: []check{names(dnsIP, "udp", "invioce.test", "NameError"), serverOpen}, want: []string{"D05"}})
	add(trial{name: "D05 no such name, both say so", base: "two", do: []act{server("https://invoice-typo.test")}, seen: []check{names(dns2IP, "udp", "invoice-typo.test", "NameError")}, want: []string{"D05"}})
	add(trial{name: "D05 no such name, never worked", base: "fresh", do: []act{knows(serverName, unknown)}, seen: []check{names(dnsIP, "udp", serverName, "NameError")}, want: []string{"D05"}})
	add(trial{name: "D05 name removed, server gone", do: []act{knows(serverName, unknown), moved}, slow: true, seen: []check{names(dnsIP, "udp", serverName, "NameError"), serverSilent}, want: []string{"D05"}})

	add(trial{name: "D06 unknown to this name server", do: []act{know(dnsIP, serverName, unknown)}, seen: []check{names(dnsIP, "udp", serverName, "NameError"), serverOpen}, want: []string{"D06"}})
	add(trial{name: "D06 the first does not know, the second does", base: "two", do: []act{know(dnsIP, serverName, unknown)}, seen: []check{names(dnsIP, "udp", serverName, "NameError"), names(dns2IP, "udp", serverName, serverIP)}, want: []string{"D06"}})
	add(trial{name: "D06 another name server than before", do: []act{resolve(dns2IP), know(dns2IP, serverName, unknown)}, seen: []check{names(dns2IP, "udp", serverName, "NameError"), names(dnsIP, "udp", serverName, serverIP)}, want: []string{"D06"}})
	add(trial{name: "D06 router's name server does not know", base: "gateway", do: []act{know(gateway, serverName, unknown)}, seen: []check{names(gateway, "udp", serverName, "NameError"), serverOpen}, want: []string{"D06"}})

	none := record{}
	add(trial{name: "D07 a name without addresses", do: []act{knows(serverName, none)}, seen: append(still, names(dnsIP, "udp", serverName, "nothing")), want: []string{"D07"}})
	add(trial{name: "D07 an IPv6 address alone, network of IPv4", do: []act{knows(serverName, record{aaaa: []string{serverIP6}})}, seen: append(still, names(dnsIP, "udp", serverName, "nothing"), names(dnsIP, "udp", "6 "+serverName, serverIP6)), want: []string{"D07"}})
	add(trial{name: "D07 no addresses, both say so", base: "two", do: []act{knows(serverName, none)}, seen: append(still, names(dns2IP, "udp", serverName, "nothing")), want: []string{"D07"}})
	add(trial{name: "D07 no addresses, never worked", base: "fresh", do: []act{knows(serverName, none)}, seen: append(still, names(dnsIP, "udp", serverName, "nothing")), want: []string{"D07"}})

	for _, bad := range []string{"198.51.100.66", "127.0.0.1", "0.0.0.0", "169.254.1.1", "192.0.2.7"} {
		add(trial{name: "D08 name leads to " + bad, slow: bad[0] == '1' && bad != "127.0.0.1", do: []act{knows(serverName, record{a: []string{bad}})}, seen: append(still, names(dnsIP, "udp", serverName, bad)), want: []string{"D08"}})
	}
	add(trial{name: "D08 name leads to a stranger's computer", do: []act{knows(serverName, record{a: []string{secondIP}}), stranger(secondIP)}, seen: append(still, names(dnsIP, "udp", serverName, secondIP), openssl("unable to get local issuer|self.signed", secondIP+":443")), want: []string{"D08"}})
	add(trial{name: "D08 name leads to the status host", do: []act{knows(serverName, record{a: []string{statusIP}})}, seen: append(still, names(dnsIP, "udp", serverName, statusIP), openssl("hostname mismatch", statusIP+":443")), want: []string{"D08"}})
	add(trial{name: "D08 name leads to a blocking page", do: []act{knows(serverName, record{a: []string{secondIP}}), blockPage(secondIP)}, seen: append(still, names(dnsIP, "udp", serverName, secondIP), curl(60, "", serverURL+"/healthz")), want: []string{"D08"}})
	add(trial{name: "D08 name leads to 127.0.0.1, never worked", base: "fresh", do: []act{knows(serverName, record{a: []string{"127.0.0.1"}})}, seen: append(still, names(dnsIP, "udp", serverName, "127.0.0.1")), want: []string{"D08"}})

	stale := []act{know(dnsIP, serverName, record{a: []string{serverIP}}), know(dns2IP, serverName, record{a: []string{nodeIP}})}
	add(trial{name: "D09 old address, silent", base: "two", slow: true, do: append(stale, moved), seen: []check{names(dnsIP, "udp", serverName, serverIP), names(dns2IP, "udp", serverName, nodeIP), serverSilent, tcp(nodeIP+":443", "open")}, want: []string{"D09"}})
	add(trial{name: "D09 old address, refused", base: "two", do: append(stale, closedAt(serverIP)), seen: []check{names(dnsIP, "udp", serverName, serverIP), names(dns2IP, "udp", serverName, nodeIP), tcp(serverIP+":443", "refused"), tcp(nodeIP+":443", "open")}, want: []string{"D09"}})

	hosts := func(line string) act {
		return act{"hosts: " + line, func(w *world) error { return w.hosts(line + "\n") }}
	}
	for _, h := range []struct {
		text, line string
		slow       bool
	}{
		{"nobody's address", nobodyIP + " " + serverName, true},
		{"127.0.0.1", "127.0.0.1 " + serverName, false},
		{"0.0.0.0", "0.0.0.0 " + serverName, false},
		{"another computer", statusIP + " " + serverName, false},
		{"among other names", "10.99.0.10\tbooks.test  " + serverName + " pay.test # old", false},
		{"in capitals", "127.0.0.1 INVOICE.test", false},
	} {
		add(trial{name: "D10 hosts: " + h.text, slow: h.slow, do: []act{hosts(h.line)}, seen: append(still, shell(client, "getent hosts "+serverName+" || true; cat /etc/hosts", "(?i)"+serverName), names(dnsIP, "udp", serverName, serverIP)), want: []string{"D10"}})
	}
	add(trial{name: "D10 hosts: 127.0.0.1, never worked", base: "fresh", do: []act{hosts("127.0.0.1 " + serverName)}, seen: append(still, shell(client, "cat /etc/hosts", serverName)), want: []string{"D10"}})

	udp := func(ns, chain string) []act { return []act{nft(ns, chain, "udp dport 53 drop")} }
	overTCP := []check{silent(dnsIP), names(dnsIP, "tcp", serverName, serverIP)}
	add(trial{name: "D11 UDP 53 blocked on the way", slow: true, do: udp(isp, "forward"), seen: overTCP, want: []string{"D11"}})
	add(trial{name: "D11 UDP 53 blocked in the office", slow: true, base: "two", do: udp(router, "forward"), seen: overTCP, want: []string{"D11"}})
	add(trial{name: "D11 UDP 53 blocked, never worked", slow: true, base: "fresh", do: udp(isp, "forward"), seen: overTCP, want: []string{"D11"}})
	add(trial{name: "D11 router answers over TCP alone", slow: true, base: "gateway", do: []act{nft(router, "input", "udp dport 53 drop")}, seen: []check{silent(gateway), names(gateway, "tcp", serverName, serverIP)}, want: []string{"D11"}})

	add(trial{name: "D11 UDP 53 rejected in the office", do: []act{nft(router, "forward", "udp dport 53 reject")}, seen: []check{names(dnsIP, "udp", serverName, "refused"), names(dnsIP, "tcp", serverName, serverIP)}, want: []string{"D11"}})
	add(trial{name: "D11 UDP 53 forbidden on this computer", do: []act{nft(client, "output", "udp dport 53 drop")}, seen: []check{names(dnsIP, "udp", serverName, "not permitted"), names(dnsIP, "tcp", serverName, serverIP)}, want: []string{"D11", "T07"}})
	add(trial{name: "D13 the router answers for every name server", do: []act{nft(router, "pre", "udp dport 53 dnat ip to "+dnsIP)}, seen: append(still, names("192.0.2.9", "udp", serverName, serverIP)), want: []string{"D13"}})

	for _, ms := range []int{700, 900} {
		add(trial{name: fmt.Sprintf("D12 names take %d ms", ms), do: []act{nameserver(dnsIP, fmt.Sprintf("%d ms", ms), behaviour{delay: time.Duration(ms) * time.Millisecond})}, seen: append(still, takes(dnsIP, time.Duration(ms)*time.Millisecond)), want: []string{"D12"}})
	}
	add(trial{name: "D12 names take 1500 ms", do: []act{nameserver(dnsIP, "1500 ms", behaviour{delay: 1500 * time.Millisecond})}, seen: append(still, silent(dnsIP)), want: []string{"D12", "D02"}, sure: "", why: "slower than a question waits"})
	return out
}

// know lets one name server alone believe something of a name.
func know(ip, name string, r record) act {
	return act{"dns " + ip + " alone: " + name, func(w *world) error { w.dns[ip].know(name, r); return nil }}
}

// takes is a check of how long a name takes.
func takes(ip string, d time.Duration) check {
	return check{fmt.Sprintf("dns @%s takes %v", ip, d), func(w *world) error {
		t := time.Now()
		if got := asked(ip, "udp", serverName); got != serverIP {
			return fmt.Errorf("it says %s", got)
		}
		if took := time.Since(t); took < d {
			return fmt.Errorf("%v", took)
		}
		return nil
	}}
}
