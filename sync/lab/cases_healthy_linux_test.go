package lab

import (
	"net/http"
	"strings"
	"time"
)

// healthyCases are networks that are odd and well: OK, or what is degraded.
func healthyCases() (out []trial) {
	ok := curl(0, "200.*counterfoil", serverURL+"/healthz")
	add := func(name, base string, do []act, also ...string) {
		out = append(out, trial{name: "OK " + name, base: base, kind: healthy, do: do, seen: []check{ok}, want: append([]string{"OK"}, also...)})
	}
	add("plain", "plain", nil)
	add("never worked before", "fresh", nil)
	out = append(out, trial{name: "OK port 8443", base: "8443", kind: healthy, seen: []check{curl(0, "200.*counterfoil", serverURL+":8443/healthz")}, want: []string{"OK"}})
	add("resolver is the router", "gateway", nil)
	add("line of 160 ms", "plain", []act{slowLine("160 ms", line{delay: 80 * time.Millisecond})})
	add("satellite, 600 ms", "plain", []act{slowLine("600 ms", line{delay: 300 * time.Millisecond})}, "P02")
	add("satellite, 600 ms, never worked", "fresh", []act{slowLine("600 ms", line{delay: 300 * time.Millisecond})}, "P02")
	for _, n := range []string{"a", "b", "c", "d"} {
		add("1 % loss, "+n, "plain", []act{slowLine("1 % lost", line{loss: 0.01, delay: 10 * time.Millisecond})})
	}
	add("jitter of 40 ms", "plain", []act{slowLine("jitter", line{delay: 20 * time.Millisecond, jitter: 40 * time.Millisecond})}, "P03")
	add("64 kbit line", "plain", []act{slowLine("8 kB a second", line{rate: 8000, delay: 20 * time.Millisecond})}, "P04")
	add("512 kbit line", "plain", []act{slowLine("64 kB a second", line{rate: 64000, delay: 20 * time.Millisecond})}, "P04")
	add("IPv6 only", "six", nil)
	add("both families", "dual", nil)
	add("IPv6 address here, server has none", "plain", []act{sh("ip -6 addr add fd77::2/64 dev cl0 nodad; ip -6 route add default via fd77::1")})
	add("proxy", "proxy", nil)
	add("proxy only", "proxy only", nil)
	add("proxy with a sign-in", "plain", []act{proxied("3129", proxy{user: "clerk:secret", schemes: []string{`Basic realm="office"`}}), via("http://clerk:secret@" + proxyIP + ":3129")})
	add("proxy for others, server excepted", "plain", []act{via("http://" + proxyIP + ":9"), env("NO_PROXY=" + serverName)})
	add("split DNS: the second does not know", "two", []act{know(dns2IP, serverName, record{rcode: 3})})
	add("one of two resolvers dead, the second", "two", []act{nft(isp, "forward", "ip daddr "+dns2IP+" drop")})
	add("one of two resolvers refuses, the second", "two", []act{nameserver(dns2IP, "REFUSED", behaviour{rcode: 5})})
	add("names take 300 ms", "plain", []act{nameserver(dnsIP, "300 ms", behaviour{delay: 300 * time.Millisecond})})
	add("right hosts entry", "plain", []act{{"hosts: " + serverIP, func(w *world) error { return w.hosts(serverIP + " " + serverName + "\n") }}})
	add("hosts entry as a comment", "plain", []act{{"hosts: # 127.0.0.1", func(w *world) error { return w.hosts("# 127.0.0.1 " + serverName + "\n") }}})
	add("MTU 1280 here", "plain", []act{sh("ip link set cl0 mtu 1280")})
	add("MTU 1280 on the line, told", "plain", []act{slowLine("MTU 1280", line{mtu: 1280, delay: 5 * time.Millisecond})})
	clock := func(d time.Duration) act {
		return answers("Date is "+d.String()+" off", func(w *world) http.Handler {
			return w.pass(func(r *http.Response) error {
				r.Header.Set("Date", time.Now().Add(d).UTC().Format(http.TimeFormat))
				return nil
			})
		})
	}
	add("clock 2 minutes off", "plain", []act{clock(2 * time.Minute)})
	add("only the server's clock wrong by 3 hours", "plain", []act{clock(3 * time.Hour)})
	add("certificate has 20 days left", "plain", []act{shows("20 days left", func(*authorities) leafOf { return leafOf{to: 20 * day} })}, "S27")
	add("certificate renewed yesterday", "plain", []act{shows("renewed", func(*authorities) leafOf { return leafOf{from: -day} })}, "S28")
	add("chain with an intermediate", "inter", nil)
	add("chain with the root as well", "plain", []act{shows("with the root", func(a *authorities) leafOf { return leafOf{chain: []*signer{a.root}} })}, "S28")
	add("HTTP/1.1 only", "plain", []act{{"HTTP/1.1 alone", func(w *world) error { return w.stand(site, "", "443", w.http1Front()) }}}, "S28", "H30")
	add("reverse proxy that rewrites Server", "plain", []act{answers("Server: nginx, Via", func(w *world) http.Handler {
		return w.pass(func(r *http.Response) error {
			r.Header.Set("Server", "nginx/1.24.0")
			r.Header.Set("Via", "1.1 gate")
			return nil
		})
	})}, "S28")
	add("two addresses, one slow", "nodes", []act{slowSite("300 ms", line{delay: 150 * time.Millisecond}, serverIP)}, "T12", "P02")
	add("two addresses", "nodes", nil)
	add("server moved to another address", "plain", []act{knows(serverName, record{a: []string{nodeIP}}), nft(isp, "forward", "ip daddr "+serverIP+" drop")})
	add("container bridges present", "plain", []act{bridge})
	add("VPN up and needed", "vpn", nil)
	add("VPN up for other nets", "plain", []act{sh("ip link add tun9 type veth peer name tun9b; ip link set tun9b up; ip addr add 10.201.0.2/24 dev tun9; ip link set tun9 up; ip route add 172.30.0.0/16 dev tun9")})
	add("gateway drops ping and all ports", "plain", []act{nft(router, "input", "ip saddr "+self+" drop")})
	add("nothing else reachable but server and names", "plain", []act{nft(isp, "forward", "ip daddr 10.99.0.20 drop")})
	add("server answers no ping", "plain", []act{nft(site, "input", "meta l4proto icmp drop")})
	add("server thinks 300 ms", "plain", []act{slowly(300*time.Millisecond, "/")}, "S28")
	add("another office, same names", "plain", []act{run(router, "ip addr add 192.168.1.1/24 dev rtc"), run(isp, "ip route add 192.168.1.0/24 via 10.70.0.2"), sh("ip addr flush dev cl0; ip addr add 192.168.1.20/24 dev cl0; ip route add default via 192.168.1.1")})
	add("two default routes, the second dead", "plain", []act{sh("ip link add cl1 type veth peer name cl1b; ip link set cl1b up; ip addr add 192.168.9.2/24 dev cl1; ip link set cl1 up; ip route add default via 192.168.9.1 metric 900")})
	for i := range out {
		switch out[i].base {
		case "plain", "fresh":
			if strings.Contains(out[i].name, "% loss") {
				out[i].seen = []check{tcp(serverIP+":443", "open")}
			}
		case "six", "dual":
			out[i].seen = []check{curl(0, "200.*counterfoil", "-6", serverURL+"/healthz")}
		}
	}
	return out
}
