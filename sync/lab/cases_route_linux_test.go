package lab

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

// computerOff takes the server's computer from its net; its neighbours forget it.
var computerOff = run(site, "ip addr del "+serverIP+"/24 dev sv0; nsenter --net=/run/netns/isp ip neigh flush all")

var stopped = run(site, "nft flush chain inet lab pre")

// closedAt closes port 443 of one address of the site.
func closedAt(ip string) act {
	return run(site, "nft insert rule inet lab pre ip daddr "+ip+" tcp dport 443 redirect to :1")
}

func routeCases() (out []trial) {
	add := func(t trial) { out = append(out, t) }
	refused := tcp(serverIP+":443", "refused")
	add(trial{name: "T01 stopped", do: []act{stopped}, seen: []check{refused, ping(serverIP, true)}, want: []string{"T01"}})
	add(trial{name: "T01 stopped, far away", base: "far", do: []act{stopped}, seen: []check{refused, roundTrip(serverIP, 75*time.Millisecond, 200*time.Millisecond)}, want: []string{"T01"}})
	add(trial{name: "T01 stopped, never worked", base: "fresh", do: []act{stopped}, seen: []check{refused}, want: []string{"T01"}})
	add(trial{name: "T01 both nodes stopped", base: "nodes", do: []act{stopped}, seen: []check{refused, tcp(nodeIP+":443", "refused")}, want: []string{"T01"}})
	add(trial{name: "T01 stopped at 8443, nothing at 443", base: "8443", do: []act{stopped, nft(site, "input", "tcp dport 8443 reject with tcp reset")}, seen: []check{tcp(serverIP+":8443", "refused"), tcp(serverIP+":443", "refused")}, want: []string{"T01"}})

	near := func(name, base string, ns, chain, rule string) trial {
		return trial{name: "T02 " + name, base: base, do: []act{nft(ns, chain, rule)}, seen: []check{refused, shell(ns, "nft list chain inet lab "+chain, "packets [1-9]")}, want: []string{"T02"}}
	}
	add(near("this computer refuses, far server", "far", client, "output", "ip daddr "+serverIP+" counter reject with tcp reset"))
	add(near("this computer refuses the port, far server", "far", client, "output", "meta l4proto tcp tcp dport 443 counter reject with tcp reset"))
	add(near("office router refuses, far server", "far", router, "forward", "ip daddr "+serverIP+" meta l4proto tcp counter reject with tcp reset"))
	add(near("office router refuses the port, far server", "far", router, "forward", "meta l4proto tcp tcp dport 443 counter reject with tcp reset"))

	add(trial{name: "T03 server silent", slow: true, do: []act{nft(isp, "forward", "ip daddr "+serverIP+" drop")}, seen: []check{serverSilent, statusOpen}, want: []string{"T03"}})
	add(trial{name: "T03 server's site silent", slow: true, do: []act{nft(isp, "forward", "ip daddr 10.88.0.0/24 drop")}, seen: []check{serverSilent, statusOpen}, want: []string{"T03"}})
	add(trial{name: "T03 server drops all", slow: true, do: []act{nft(site, "input", "drop")}, seen: []check{serverSilent, statusOpen}, want: []string{"T03"}})
	add(trial{name: "T03 server silent, resolver in the office", base: "gateway", slow: true, do: []act{nft(isp, "forward", "ip daddr "+serverIP+" drop")}, seen: []check{serverSilent, statusOpen}, want: []string{"T03"}, why: "whether the line is well nobody can tell but by the way"})
	add(trial{name: "T03 both nodes silent", base: "nodes", slow: true, do: []act{nft(isp, "forward", "ip daddr 10.88.0.0/24 drop")}, seen: []check{serverSilent, tcp(nodeIP+":443", "timeout"), statusOpen}, want: []string{"T03"}})
	add(trial{name: "T03 server silent, never worked", base: "fresh", slow: true, do: []act{nft(isp, "forward", "ip daddr "+serverIP+" drop")}, seen: []check{serverSilent, statusOpen}, want: []string{"T03"}})
	add(trial{name: "T03 server at 8443 silent", base: "8443", slow: true, do: []act{nft(isp, "forward", "ip daddr "+serverIP+" drop")}, seen: []check{tcp(serverIP+":8443", "timeout"), statusOpen}, want: []string{"T03"}})

	blocked := func(name, base, ns, chain, rule string, seen ...check) trial {
		return trial{name: "T04 " + name, base: base, slow: true, do: []act{nft(ns, chain, rule)}, seen: seen, want: []string{"T04"}}
	}
	add(blocked("8443 dropped in the office, 443 open", "8443", router, "forward", "tcp dport 8443 drop", tcp(serverIP+":8443", "timeout"), serverOpen))
	add(blocked("8443 dropped at the site, 443 open", "8443", isp, "forward", "ip daddr "+serverIP+" tcp dport 8443 drop", tcp(serverIP+":8443", "timeout"), serverOpen))
	add(blocked("443 dropped at the site, 8443 open", "plain", isp, "forward", "ip daddr "+serverIP+" tcp dport 443 drop", serverSilent, tcp(serverIP+":8443", "open")))
	add(blocked("8443 dropped in the office, never worked", "fresh 8443", router, "forward", "tcp dport 8443 drop", tcp(serverIP+":8443", "timeout"), serverOpen))

	told := func(kind, errno string) trial {
		return trial{name: "T05 firewall says " + kind, do: []act{nft(isp, "forward", "ip daddr "+serverIP+" reject with icmp type "+kind)}, seen: []check{tcp(serverIP+":443", errno), statusOpen}, want: []string{"T05"}}
	}
	add(told("admin-prohibited", "host unreachable"))
	add(told("host-prohibited", "host unreachable"))
	add(told("net-prohibited", "net unreachable"))
	add(told("host-unreachable", "host unreachable"))
	add(told("net-unreachable", "net unreachable"))
	add(trial{name: "T05 office's firewall says no", do: []act{nft(router, "forward", "ip daddr "+serverIP+" reject with icmp type admin-prohibited")}, seen: []check{tcp(serverIP+":443", "host unreachable"), statusOpen}, want: []string{"T05"}})
	add(trial{name: "T05 firewall says no, never worked", base: "fresh", do: []act{nft(isp, "forward", "ip daddr "+serverIP+" reject with icmp type admin-prohibited")}, seen: []check{tcp(serverIP+":443", "host unreachable"), statusOpen}, want: []string{"T05"}})
	add(trial{name: "T05 firewall says no, far away", base: "far", do: []act{nft(isp, "forward", "ip daddr "+serverIP+" reject with icmp type admin-prohibited")}, seen: []check{tcp(serverIP+":443", "host unreachable"), statusOpen}, want: []string{"T05"}})

	gone := func(name, base string, do ...act) trial {
		return trial{name: "T06 " + name, base: base, slow: true, do: do, seen: []check{ping(serverIP, false), statusOpen, saidGone(isp)}, want: []string{"T06"}}
	}
	add(gone("server's computer off", "plain", computerOff))
	add(gone("server's computer off, never worked", "fresh", computerOff))
	add(gone("server's computer off, far away", "far", computerOff))
	out[len(out)-3].want = []string{"T06"}

	add(trial{name: "T07 this computer's firewall drops", slow: true, do: []act{nft(client, "output", "ip daddr "+serverIP+" counter drop")}, seen: []check{serverSilent, shell(client, "nft list chain inet lab output", "packets [1-9]"), statusOpen}, want: []string{"T07", "T03", "T04"}, sure: "likely", why: "on Linux a dropped SYN is only silence"})
	add(trial{name: "T07 route that prohibits", do: []act{sh("ip route add prohibit " + serverIP)}, seen: []check{tcp(serverIP+":443", "not allowed"), statusOpen}, want: []string{"T07"}})
	add(trial{name: "T07 UDP and TCP denied here", do: []act{nft(client, "output", "udp dport 53 drop"), nft(client, "output", "meta l4proto tcp tcp dport {53,443} reject with icmp type admin-prohibited")}, seen: []check{names(dnsIP, "udp", serverName, "not permitted")}, want: []string{"T07"}})
	add(trial{name: "T07 route that prohibits, never worked", base: "fresh", do: []act{sh("ip route add prohibit " + serverIP)}, seen: []check{tcp(serverIP+":443", "not allowed")}, want: []string{"T07"}})

	hello := func(name, base, ns, rule string, seen ...check) trial {
		return trial{name: name, base: base, do: []act{nft(ns, "forward", rule)}, seen: seen}
	}
	t08 := func(t trial, slow bool, want ...string) trial { t.want, t.slow = want, slow; return t }
	reset := curl(35, "reset|Recv failure", serverURL+"/healthz")
	add(t08(hello("T08 reset at the hello", "plain", router, "ip daddr "+serverIP+" meta l4proto tcp @ih,0,16 0x1603 reject with tcp reset", serverOpen, reset), false, "T08"))
	add(t08(hello("T08 reset at the hello by the provider", "far", isp, "ip daddr "+serverIP+" meta l4proto tcp @ih,0,16 0x1603 reject with tcp reset", serverOpen, reset), false, "T08"))
	add(t08(hello("T08 reset at the hello, never worked", "fresh", router, "ip daddr "+serverIP+" meta l4proto tcp @ih,0,16 0x1603 reject with tcp reset", serverOpen, reset), false, "T08"))
	add(trial{name: "T08 server side resets at the hello", do: []act{{"resets at the first bytes", func(w *world) error { return w.stand(site, serverIP, "443", front{raw: resetAfter(1)}) }}}, seen: []check{serverOpen, reset}, want: []string{"T08"}})

	cut := func(name string, path string, n int, paths ...string) trial {
		return trial{name: "T09 " + name, do: []act{answers("resets in the middle of an answer", func(w *world) http.Handler { return at(resets(n), w.pass(nil), paths...) })}, seen: []check{curl(56, "", "--http1.1", serverURL+path)}, want: []string{"T09"}}
	}
	add(cut("reset in the middle of an answer", "/healthz", 300, "/"))
	add(cut("reset in the middle of a signed-in answer", "/v1/whoami", 100, "/v1/"))
	add(trial{name: "T09 cut after 1500 bytes", do: []act{{"connections are cut after 1500 bytes of the server's", func(w *world) error { return w.stand(site, "", "443", front{raw: w.cutAfter(0, 1500)}) }}}, seen: []check{curl(-1, "", serverURL+"/healthz")}, want: []string{"T09"}})

	add(trial{name: "T10 no descriptors left", do: []act{{"ulimit -n 12", func(w *world) error { w.limit = "ulimit -n 12"; return nil }}}, seen: []check{serverOpen, shell(client, "ulimit -n 12; ulimit -n", "^12")}, want: []string{"T10", "K20"}})
	add(trial{name: "T10 no local ports left", do: []act{sh("echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range"), {"two connections hold both ports", func(w *world) error {
		w.later(func() { _ = w.sh(client, "echo 32768 60999 > /proc/sys/net/ipv4/ip_local_port_range") })
		for range 2 {
			c, err := net.DialTimeout("tcp", serverIP+":443", time.Second)
			if err != nil {
				return err
			}
			w.later(func() { _ = c.Close() })
		}
		return nil
	}}}, seen: []check{tcp(serverIP+":443", "dial tcp "+serverIP+":443: connect: cannot assign requested address")}, want: []string{"T10"}})

	lossy := func(name, rule string, slow bool) trial {
		return trial{name: "T11 " + name, slow: slow, do: []act{nft(isp, "forward", rule)}, seen: []check{statusOpen, someLate(serverIP + ":443")}, want: []string{"T11"}}
	}
	add(lossy("half of the SYN-ACKs are lost", "ip saddr "+serverIP+" tcp flags & (syn|ack) == syn|ack numgen random mod 2 == 0 drop", true))
	add(lossy("two of three SYNs are lost", "ip daddr "+serverIP+" tcp flags & (syn|ack) == syn numgen random mod 3 != 0 drop", true))

	add(trial{name: "T12 the first of two addresses silent", base: "nodes", do: []act{nft(isp, "forward", "ip daddr "+serverIP+" drop")}, seen: []check{serverSilent, tcp(nodeIP+":443", "open")}, want: []string{"T12"}})
	add(trial{name: "T12 the second of two addresses silent", base: "nodes", do: []act{nft(isp, "forward", "ip daddr "+nodeIP+" drop")}, seen: []check{serverOpen, tcp(nodeIP+":443", "timeout")}, want: []string{"T12"}})
	add(trial{name: "T12 the first of two addresses refuses", base: "nodes", do: []act{closedAt(serverIP)}, seen: []check{tcp(serverIP+":443", "refused"), tcp(nodeIP+":443", "open")}, want: []string{"T12"}})
	add(trial{name: "T12 one of two addresses is a computer that is off", base: "nodes", do: []act{computerOff}, seen: []check{ping(serverIP, false), tcp(nodeIP+":443", "open")}, want: []string{"T12"}})
	return out
}

// lateOnes dials twelve times and wants some that are late and some that are not.
func lateOnes(address string) error {
	late := 0
	for range 12 {
		t := time.Now()
		c, err := net.DialTimeout("tcp", address, 900*time.Millisecond)
		if err == nil {
			_ = c.Close()
		}
		if err != nil || time.Since(t) > 800*time.Millisecond {
			late++
		}
	}
	if late == 0 || late == 12 {
		return fmt.Errorf("%d of 12", late)
	}
	return nil
}

// saidGone shows that a router says of the server that nobody is there, after it has
// looked for it, and lets it forget that.
func saidGone(by string) check {
	return check{"tcp: host unreachable after 3 s", func(w *world) error {
		t := time.Now()
		c, err := net.DialTimeout("tcp", serverIP+":443", 6*time.Second)
		if err == nil {
			_ = c.Close()
		}
		if got := cause(err); got != "host unreachable" || time.Since(t) < 800*time.Millisecond {
			return fmt.Errorf("%s after %v", got, time.Since(t))
		}
		return w.sh(by, "ip neigh flush all")
	}}
}
