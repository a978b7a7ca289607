package lab

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// Checks that several cases use.
var (
	serverOpen   = tcp(serverIP+":443", "open")
	serverSilent = tcp(serverIP+":443", "timeout")
	statusOpen   = tcp(statusIP+":80", "open")
	unreachable  = tcp(serverIP+":443", "net unreachable")
	unreached    = func(ip string) check { return ping(ip, false) }
)

// bridge is a container bridge that is up, with a container on it.
var bridge = sh("ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up; ip link add vethc type veth peer name vethd; ip link set vethc master docker0 up; ip link set vethd up")

func linkCases() (out []trial) {
	cut := ping(serverIP, false)
	addrs := func(says string) check { return shell(client, "ip -o addr show dev cl0", says) }
	direct := server("https://" + serverIP)
	// Without a carrier the routes stay: a dial waits for an answer that cannot come.
	cable := func(text, script string, ns string, seen check) []trial {
		return []trial{
			{name: "N01 " + text, do: []act{run(ns, script)}, seen: []check{seen, cut}, want: []string{"N01"}, sure: "proven"},
			{name: "N01 " + text + ", never worked", base: "fresh", do: []act{run(ns, script)}, seen: []check{seen, cut}, want: []string{"N01"}, sure: "proven"},
			{name: "N01 " + text + ", container bridge up", do: []act{bridge, run(ns, script)}, seen: []check{seen, cut, shell(client, "ip -o addr show docker0", "172.17")}, want: []string{"N01"}, sure: "proven"},
		}
	}
	out = append(out, cable("cable out", "ip link set cl0 down", client, shell(client, "ip -o link show cl0", "state DOWN"))...)
	out = append(out, cable("no carrier", "ip link set swc down", office, shell(client, "ip -o link show cl0", "NO-CARRIER"))...)
	out = append(out,
		trial{name: "N01 cable out, address typed", do: []act{sh("ip link set cl0 down"), direct}, seen: []check{unreachable}, want: []string{"N01"}, sure: "proven"},
		trial{name: "N01 cable out, IPv6 address left", do: []act{sh("ip -6 addr add fd77::2/64 dev cl0 nodad; ip link set cl0 down")}, seen: []check{unreachable}, want: []string{"N01"}, sure: "proven"},

		trial{name: "N02 no address", do: []act{sh("ip addr flush dev cl0")}, seen: []check{shell(client, "ip -o link show cl0", "LOWER_UP"), unreachable}, want: []string{"N02"}, sure: "proven"},
		trial{name: "N02 no address, never worked", base: "fresh", do: []act{sh("ip addr flush dev cl0")}, seen: []check{unreachable}, want: []string{"N02"}, sure: "proven"},
		trial{name: "N02 given by itself 169.254.7.7", do: []act{sh("ip addr flush dev cl0; ip addr add 169.254.7.7/16 dev cl0")}, seen: []check{addrs("169.254.7.7"), unreachable}, want: []string{"N02"}, sure: "proven"},
		trial{name: "N02 fe80 alone", do: []act{sh("ip addr flush dev cl0; ip -6 addr add fe80::7/64 dev cl0 nodad")}, seen: []check{addrs("fe80::7"), unreachable}, want: []string{"N02"}, sure: "proven"},
		trial{name: "N02 no address, container bridge up", do: []act{bridge, sh("ip addr flush dev cl0")}, seen: []check{unreachable, shell(client, "ip -o addr show docker0", "172.17")}, want: []string{"N02"}, sure: "proven"},
		trial{name: "N02 no address, address typed", do: []act{sh("ip addr flush dev cl0"), direct}, seen: []check{unreachable}, want: []string{"N02"}, sure: "proven"},

		trial{name: "N03 address of another office", slow: true, do: []act{sh("ip addr flush dev cl0; ip addr add 192.168.50.7/24 dev cl0; ip route add default via 192.168.50.1")}, seen: []check{addrs("192.168.50.7"), unreached("192.168.50.1")}, want: []string{"N03"}},
		trial{name: "N03 gateway outside the subnet", slow: true, do: []act{sh("ip addr flush dev cl0; ip addr add 192.168.50.7/24 dev cl0; ip route add default via 10.77.0.1 dev cl0 onlink")}, seen: []check{addrs("192.168.50.7"), unreached(gateway)}, want: []string{"N03"}},
		trial{name: "N03 address of another office, never worked", base: "fresh", slow: true, do: []act{sh("ip addr flush dev cl0; ip addr add 192.168.50.7/24 dev cl0; ip route add default via 192.168.50.1")}, seen: []check{addrs("192.168.50.7"), unreached("192.168.50.1")}, want: []string{"N05", "N03"}, sure: "likely", why: "nothing tells that it is not this office's"},
		trial{name: "N03 address of another office, no gateway", do: []act{sh("ip addr flush dev cl0; ip addr add 192.168.50.7/24 dev cl0")}, seen: []check{addrs("192.168.50.7"), unreachable}, want: []string{"N03", "N04"}},

		trial{name: "N04 no gateway", do: []act{sh("ip route del default")}, seen: []check{unreachable, ping(gateway, true)}, want: []string{"N04"}, sure: "proven"},
		trial{name: "N04 no gateway, never worked", base: "fresh", do: []act{sh("ip route del default")}, seen: []check{unreachable, ping(gateway, true)}, want: []string{"N04"}, sure: "proven"},
		trial{name: "N04 no gateway, address typed", do: []act{sh("ip route del default"), direct}, seen: []check{unreachable}, want: []string{"N04"}, sure: "proven"},
		trial{name: "N04 no gateway, resolver in the office", base: "gateway", do: []act{sh("ip route del default")}, seen: []check{unreachable, names(gateway, "udp", serverName, serverIP)}, want: []string{"N04"}, sure: "proven"},
		trial{name: "N04 no gateway, container bridge up", do: []act{bridge, sh("ip route del default")}, seen: []check{unreachable, ping(gateway, true)}, want: []string{"N04"}, sure: "proven"},

		trial{name: "N05 router off", slow: true, do: []act{run(router, "ip link set rtc down")}, seen: []check{unreached(gateway), shell(client, "ip -o link show cl0", "LOWER_UP")}, want: []string{"N05"}},
		trial{name: "N05 router off, resolver was the router", base: "gateway", slow: true, do: []act{run(router, "ip link set rtc down")}, seen: []check{unreached(gateway), names(gateway, "udp", serverName, "timeout")}, want: []string{"N05"}},
		trial{name: "N05 router off, never worked", base: "fresh", slow: true, do: []act{run(router, "ip link set rtc down")}, seen: []check{unreached(gateway)}, want: []string{"N05"}},
		trial{name: "N05 router off, address typed", slow: true, do: []act{run(router, "ip link set rtc down"), direct}, seen: []check{unreached(gateway)}, want: []string{"N05"}},
		trial{name: "N05 gateway that nobody has", slow: true, do: []act{sh("ip route replace default via 10.77.0.9")}, seen: []check{unreached("10.77.0.9")}, want: []string{"N05"}},
		trial{name: "N05 router hung, switch well", slow: true, do: []act{run(router, "nft 'add table netdev x; add chain netdev x in { type filter hook ingress device rtc priority 0; policy drop; }'")}, seen: []check{unreached(gateway), ping("10.77.0.3", true)}, want: []string{"N05"}},
		trial{name: "N05 router off, container bridge up", slow: true, do: []act{bridge, run(router, "ip link set rtc down")}, seen: []check{unreached(gateway)}, want: []string{"N05"}},
	)
	for _, c := range []struct {
		text string
		do   act
	}{
		{"line cut behind the router", run(router, "ip link set rtu down")},
		{"router drops what goes outside", nft(router, "forward", "drop")},
		{"line dead at the provider", run(isp, "ip link set ispd down")},
		{"provider drops all", nft(isp, "forward", "drop")},
		{"provider has no way on", run(isp, "ip link set isps down; ip link set isp2 down")},
		{"router loses its provider", run(router, "ip route del default")},
	} {
		out = append(out,
			trial{name: "N06 " + c.text, slow: true, do: []act{c.do}, seen: []check{ping(gateway, true), unreached(serverIP), unreached(dnsIP)}, want: []string{"N06"}},
			trial{name: "N06 " + c.text + ", resolver in the office", base: "gateway", slow: true, do: []act{c.do}, seen: []check{ping(gateway, true), unreached(serverIP), names(gateway, "udp", serverName, serverIP)}, want: []string{"N06"}},
		)
		if strings.HasPrefix(c.text, "line dead") {
			last := &out[len(out)-1]
			last.want, last.why = append(last.want, "T06"), "the office's router says that nobody is there, of what lies behind it"
		}
		if c.text == "provider drops all" {
			last := &out[len(out)-1]
			last.want, last.sure, last.why = []string{"N06", "T03"}, "likely", "nobody outside can be asked but the server"
		}
	}
	servfail := nameserver(gateway, "SERVFAIL for all", behaviour{rcode: 2})
	out = append(out,
		trial{name: "N06 line cut, router's resolver fails", base: "gateway", slow: true, do: []act{run(router, "ip link set rtu down"), servfail}, seen: []check{ping(gateway, true), names(gateway, "udp", serverName, "ServerFailure")}, want: []string{"N06"}},
		trial{name: "N06 line cut, address typed", slow: true, do: []act{run(router, "ip link set rtu down"), direct}, seen: []check{ping(gateway, true), unreached(serverIP)}, want: []string{"N06"}},
		trial{name: "N06 line cut, never worked", base: "fresh", slow: true, do: []act{run(router, "ip link set rtu down")}, seen: []check{ping(gateway, true), unreached(serverIP)}, want: []string{"N06"}},
	)
	out = append(out, portalCases()...)
	out = append(out, tunnelCases()...)
	v6 := func(ns, rule string) act { return nft(ns, "forward", rule) }
	dual := func(name string, do ...act) trial {
		return trial{name: "N11 " + name, base: "dual", do: do, seen: []check{tcp("["+serverIP6+"]:443", "timeout"), serverOpen}, want: []string{"N11"}}
	}
	noTelling := dual("IPv6 router says no", v6(router, "ip6 daddr fd88::/64 reject with icmpv6 type no-route"))
	noTelling.seen[0] = tcp("["+serverIP6+"]:443", "net unreachable")
	noTelling.want, noTelling.why = []string{"OK", "N11"}, "it costs nothing: the next address is taken at once"
	out = append(out,
		dual("IPv6 dropped on the way", v6(isp, "ip6 daddr fd88::/64 drop")),
		dual("IPv6 dropped in the office", v6(router, "meta nfproto ipv6 drop")),
		dual("IPv6 gateway that nobody has", sh("ip -6 route replace default via fd77::9")),
		noTelling,
	)
	out[len(out)-2].seen[0] = shell(client, "ip -6 route", "default via fd77::9")
	big := func(name string, seen check, do ...act) trial {
		return trial{name: "N12 " + name, slow: true, do: do, seen: append([]check{serverOpen}, seen), want: []string{"N12"}}
	}
	stalls := check{"Go's hello of 1.5 kB stalls, one of 300 bytes does not", func(w *world) error {
		if err := helloOf(nil); err == nil || cause(err) != "timeout" {
			return fmt.Errorf("the large one: %v", err)
		}
		if err := helloOf([]tls.CurveID{tls.X25519, tls.CurveP256}); err != nil {
			return fmt.Errorf("the small one: %w", err)
		}
		return nil
	}}
	offload := []act{run(router, "ip link set rtc gso_max_segs 1; ip link set rtu gso_max_segs 1"), run(isp, "ip link set ispd gso_max_segs 1; ip link set isps gso_max_segs 1"), run(site, "ip link set sv0 gso_max_segs 1"), sh("ip link set cl0 gso_max_segs 1"), run(office, "ip link set swc gso_max_segs 1; ip link set swr gso_max_segs 1")}
	out = append(out,
		big("wire of 1300 bytes, both ways", stalls, slowLine("packets over 1300 bytes are lost", line{max: 1300})),
		big("wire of 1000 bytes, both ways", stalls, slowLine("packets over 1000 bytes are lost", line{max: 1000})),
		big("router drops over 1300 bytes", stalls, append(offload, nft(router, "forward", "meta length > 1300 drop"))...),
		big("router drops large ones going out", stalls, append(offload, nft(router, "forward", "iifname rtc meta length > 1300 counter drop"))...),
		trial{name: "N12 router drops large ones coming in", slow: true, do: append(slices.Clone(offload), nft(router, "forward", "iifname rtu meta length > 1300 counter drop")), seen: []check{serverOpen, curl(0, "200.*counterfoil", serverURL+"/healthz")}, want: []string{"N12"}},
		big("wire of 1300 bytes with 40 ms", stalls, slowLine("packets over 1300 bytes are lost, 40 ms", line{max: 1300, delay: 20 * time.Millisecond})),
	)
	return out
}

// portalCases: a network that wants a sign-in first.
func portalCases() []trial {
	redirect := func(status, port string) act {
		return act{"the router sends port 80 to its portal (" + status + ")", func(w *world) error { return w.portal(status, port) }}
	}
	drop443 := nft(router, "forward", "tcp dport 443 drop")
	dropAll := nft(router, "forward", "drop")
	portalPage := curl(0, "portal|Sign in", "http://"+statusIP+"/generate_204")
	return []trial{
		{name: "N07 portal: page on 80, 443 dropped", slow: true, base: "gateway", do: []act{redirect("200", "80"), drop443}, seen: []check{portalPage, serverSilent}, want: []string{"N07"}},
		{name: "N07 portal: redirects 80, 443 dropped", slow: true, base: "gateway", do: []act{redirect("302", "80"), drop443}, seen: []check{portalPage, serverSilent}, want: []string{"N07"}},
		{name: "N07 portal: 511, 443 dropped", slow: true, base: "gateway", do: []act{redirect("511", "80"), drop443}, seen: []check{portalPage, serverSilent}, want: []string{"N07"}},
		{name: "N07 portal: all dropped but its page", slow: true, base: "gateway", do: []act{redirect("302", "80"), dropAll}, seen: []check{portalPage, serverSilent}, want: []string{"N07"}},
		{name: "N07 portal: answers 443 with its certificate", base: "gateway", do: []act{redirect("302", "80"), redirect("tls", "443")}, seen: []check{portalPage, openssl("portal.hotel.test", serverIP+":443")}, want: []string{"N07"}},
		{name: "N07 portal: plain HTTP at 443", base: "gateway", do: []act{redirect("302", "80"), redirect("200", "443")}, seen: []check{portalPage, curl(35, "", serverURL+"/healthz")}, want: []string{"N07"}},
		{name: "N07 portal: 443 refused", base: "gateway", do: []act{redirect("200", "80"), nft(router, "forward", "tcp dport 443 reject with tcp reset")}, seen: []check{portalPage, tcp(serverIP+":443", "refused")}, want: []string{"N07"}},
		{name: "N07 portal: every name is its own", base: "gateway", do: []act{redirect("200", "80"), redirect("tls", "443"), act{"dns: all names are the router", func(w *world) error { w.dns[gateway].know(serverName, record{a: []string{gateway}}); return nil }}}, seen: []check{names(gateway, "udp", serverName, gateway), openssl("portal.hotel.test", gateway+":443")}, want: []string{"N07", "D08"}},
		{name: "N07 portal: page on 80, 443 dropped, never worked", slow: true, base: "fresh", do: []act{redirect("302", "80"), drop443}, seen: []check{portalPage, serverSilent}, want: []string{"N07"}},
	}
}

// tunnelCases: a VPN that is missing, or in the way.
func tunnelCases() []trial {
	gone := shell(client, "ip -o link", "cl0")
	via := func(name string) check { return shell(client, "ip route get "+serverIP, "dev "+name) }
	return []trial{
		{name: "N09 tunnel off, name unknown outside", base: "vpn", do: []act{sh("ip route replace default via 10.77.0.1"), off("tun0"), knows(serverName, record{rcode: 3})}, seen: []check{gone, names(dnsIP, "udp", serverName, "NameError")}, want: []string{"N09"}},
		{name: "N09 tunnel off, no way to the address", base: "vpn", slow: true, do: []act{off("tun0")}, seen: []check{gone, serverSilent, statusOpen}, want: []string{"N09"}},
		{name: "N09 tunnel down but there", base: "vpn", slow: true, do: []act{sh("ip link set tun0 down")}, seen: []check{shell(client, "ip -o link show tun0", "state DOWN"), serverSilent, statusOpen}, want: []string{"N09"}},
		{name: "N09 tunnel off, provider says no", base: "vpn", do: []act{off("tun0"), run(isp, "nft insert rule inet lab forward ip daddr "+serverIP+" reject with icmp type net-unreachable")}, seen: []check{gone, tcp(serverIP+":443", "net unreachable"), statusOpen}, want: []string{"N09"}},
		{name: "N10 VPN swallows the server's route", slow: true, do: []act{swallow("tun7", serverIP+"/32")}, seen: []check{via("tun7"), serverSilent, statusOpen}, want: []string{"N10"}},
		{name: "N10 VPN swallows everything", slow: true, do: []act{swallow("tun7", "0.0.0.0/1 128.0.0.0/1")}, seen: []check{via("tun7"), serverSilent}, want: []string{"N10"}},
		{name: "N10 VPN swallows everything, resolver in the office", base: "gateway", slow: true, do: []act{swallow("utun3", "0.0.0.0/1 128.0.0.0/1")}, seen: []check{via("utun3"), serverSilent, names(gateway, "udp", serverName, serverIP)}, want: []string{"N10"}},
		{name: "N10 VPN swallows the server's net, never worked", base: "fresh", slow: true, do: []act{swallow("tun7", "10.88.0.0/24")}, seen: []check{via("tun7"), serverSilent, statusOpen}, want: []string{"N10"}},
	}
}

// off takes a tunnel away.
func off(name string) act {
	return sh("ip link del " + name)
}

// helloOf shakes hands with the server, with Go's usual hello or that of curves.
func helloOf(curves []tls.CurveID) error {
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: 2 * time.Second}, "tcp", serverIP+":443", &tls.Config{InsecureSkipVerify: true, ServerName: serverName, CurvePreferences: curves})
	if err == nil {
		_ = c.Close()
	}
	return err
}

// swallow is a VPN that takes routes and lets nothing through.
func swallow(name, routes string) act {
	return act{name + " swallows " + routes, func(w *world) error {
		t, err := w.openTun(client, name)
		if err != nil {
			return err
		}
		w.later(func() { _ = t.Close() })
		go func() {
			buf := make([]byte, 65536)
			for {
				if _, err := t.Read(buf); err != nil {
					return
				}
			}
		}()
		return w.sh(client, "ip addr add 10.200.0.2/24 dev "+name+"; ip link set "+name+" up; for r in "+routes+"; do ip route add $r dev "+name+"; done")
	}}
}
