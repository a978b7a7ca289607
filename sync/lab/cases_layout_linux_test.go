package lab

import (
	"fmt"
	"strings"
)

// at8443 and at2265 are the server's ports in some layouts.
const (
	at443  = serverIP + ":443"
	at8443 = serverIP + ":8443"
	at2265 = serverIP + ":2265"
)

// a case of a layout, without its id.
type inLayout struct {
	base string
	text string
	do   []act
	seen check
	want []string
}

// layoutCases are the faults of this family where nobody is there but client, router and
// server.
func layoutCases() (out []trial) {
	add := func(id string, slow bool, all ...inLayout) {
		for _, c := range all {
			t := trial{name: id + " " + c.base + ": " + c.text, base: c.base, do: c.do, seen: []check{c.seen}, want: append([]string{id}, c.want...), slow: slow}
			out = append(out, t)
		}
	}
	one := func(a ...act) []act { return a }
	silentAt := func(a string) check { return tcp(a, "timeout") }
	drop := func(ns, chain string) act { return nft(ns, chain, "ct original ip daddr "+serverIP+" drop") }

	for _, b := range []string{"small", "small fresh", "small named", "small site", "near", "near named fresh", "small six", "small dual"} {
		add("N01", false, inLayout{b, "cable out", one(sh("ip link set cl0 down")), shell(client, "ip -o link show cl0", "state DOWN"), nil})
		add("N02", false, inLayout{b, "no address", one(sh("ip addr flush dev cl0")), shell(client, "ip -o addr show cl0", "^$"), nil})
	}
	vpnLeft := sh("ip tuntap add tun0 mode tun; ip addr add 10.200.0.2/24 dev tun0; ip link set tun0 up; ip route add 10.0.0.0/8 dev tun0; ip route add default dev tun0 metric 900")
	virbr := sh("ip link add virbr0 type bridge; ip addr add 192.168.122.1/24 dev virbr0; ip link set virbr0 up")
	add("N01", false,
		inLayout{"small", "cable out, a VPN's interface left", one(vpnLeft, sh("ip link set cl0 down")), shell(client, "ip -o link show cl0", "state DOWN"), nil},
		inLayout{"small", "cable out, virbr0 and docker0 up", one(virbr, bridge, sh("ip link set cl0 down")), shell(client, "ip -o link show cl0", "state DOWN"), nil},
		inLayout{"small fresh", "no card at all", one(sh("ip link set cl0 down; ip link set cl0 name dx0; ip link set dx0 name cl0")), shell(client, "ip -o link show cl0", "state DOWN"), nil})
	add("N02", false,
		inLayout{"small", "169.254 alone with a route", one(sh("ip addr flush dev cl0; ip addr add 169.254.7.7/16 dev cl0; ip route add default dev cl0")), shell(client, "ip -o addr show cl0", "169.254"), nil},
		inLayout{"small", "no address, a VPN's interface left", one(vpnLeft, sh("ip addr flush dev cl0")), shell(client, "ip -o addr show cl0", "^$"), nil},
		inLayout{"small", "no address, virbr0 and docker0 up", one(virbr, bridge, sh("ip addr flush dev cl0")), shell(client, "ip -o addr show cl0", "^$"), nil})

	other := func(route string) act {
		return sh("ip addr flush dev cl0; ip addr add 192.168.50.7/24 dev cl0; ip route add default " + route)
	}
	for _, b := range []string{"small", "small named", "small site", "near"} {
		add("N03", true,
			inLayout{b, "another office's address and gateway", one(other("via 192.168.50.1")), ping("192.168.50.1", false), nil},
			inLayout{b, "another office's address, our gateway", one(other("via 10.77.0.1 dev cl0 onlink")), ping(gateway, false), nil})
	}
	add("N03", true,
		inLayout{"small fresh", "another office's address, our gateway", one(other("via 10.77.0.1 dev cl0 onlink")), ping(gateway, false), []string{"N05"}},
		inLayout{"small named fresh", "another office's address and gateway", one(other("via 192.168.50.1")), ping("192.168.50.1", false), []string{"N05"}},
		inLayout{"small", "address without a way", one(sh("ip addr flush dev cl0; ip addr add 192.168.50.7/24 dev cl0")), unreachable, []string{"N04"}},
		inLayout{"near", "address without a way", one(sh("ip addr flush dev cl0; ip addr add 192.168.50.7/24 dev cl0")), tcp(lanIP+":443", "net unreachable"), []string{"N04"}})

	for _, b := range []string{"small", "small fresh", "small named", "small site fresh", "small 2265", "small far"} {
		at := at443
		if strings.Contains(b, "2265") {
			at = at2265
		}
		add("N04", false, inLayout{b, "no gateway", one(sh("ip route del default")), tcp(at, "net unreachable"), nil})
	}
	add("N04", false,
		inLayout{"small six", "no gateway", one(sh("ip -6 route del default")), tcp("["+serverIP6+"]:443", "net unreachable"), nil},
		inLayout{"small dual", "no gateway of either family", one(sh("ip route del default; ip -6 route del default")), unreachable, nil},
		inLayout{"small", "no gateway, IPv6 has one", one(sh("ip -6 addr add fd77::2/64 dev cl0 nodad; ip -6 route add default via fd77::1; ip route del default")), unreachable, nil},
		inLayout{"small fresh", "no gateway, IPv6 has one", one(sh("ip -6 addr add fd77::2/64 dev cl0 nodad; ip -6 route add default via fd77::1; ip route del default")), unreachable, nil},
		inLayout{"small", "no gateway, a VPN for other nets up", one(sh("ip tuntap add tun0 mode tun; ip addr add 10.200.0.2/24 dev tun0; ip link set tun0 up; ip route add 172.30.0.0/16 dev tun0; ip route del default")), unreachable, nil},
		inLayout{"small", "gateway says unreachable: route unreachable", one(sh("ip route replace unreachable default")), tcp(at443, "host unreachable"), []string{"T07"}})

	off := run(router, "ip link set rtc down")
	for _, b := range []string{"small", "small fresh", "small named", "small named fresh", "small site", "small far", "small 2265", "small dual"} {
		add("N05", true, inLayout{b, "router off", one(off), ping(gateway, false), nil})
	}
	add("N05", true,
		inLayout{"small six", "router off", one(off), check{"IPv6 of the server: no answer", func(*world) error {
			if got := dialled("[" + serverIP6 + "]:443"); got != "timeout" && got != "host unreachable" {
				return fmt.Errorf("it is %s", got)
			}
			return nil
		}}, nil},
		inLayout{"small", "router lost its address", one(run(router, "ip addr flush dev rtc")), ping(gateway, false), nil},
		inLayout{"small named", "router lost its address", one(run(router, "ip addr flush dev rtc")), ping(gateway, false), nil},
		inLayout{"small", "router answers ARP alone", one(nft(router, "input", "drop"), nft(router, "forward", "drop"), nft(router, "output", "drop")), ping(gateway, false), []string{"N06"}},
		inLayout{"small", "cable between switch and router out", one(run(office, "ip link set swr down")), ping(gateway, false), nil})

	for _, b := range []string{"small", "small fresh", "small named", "small site", "small site fresh", "small far", "small far site"} {
		add("N06", true,
			inLayout{b, "router drops what goes outside", one(nft(router, "forward", "drop")), silentAt(at443), nil},
			inLayout{b, "router forwards no more", one(run(router, "echo 0 > /proc/sys/net/ipv4/ip_forward"), later(router, "echo 1 > /proc/sys/net/ipv4/ip_forward")), silentAt(at443), nil})
	}
	for _, b := range []string{"small", "small fresh", "small named", "small site"} {
		add("N06", true,
			inLayout{b, "line cut behind the router", one(run(router, "ip link set rtv down")), tcp(at443, "net unreachable"), nil},
			inLayout{b, "line dead at the far end", one(run(site, "ip link set sv1 down")), ping(serverIP, false), []string{"T06", "T03"}})
	}
	add("N06", true, inLayout{"small dual", "router drops what goes outside", one(nft(router, "forward", "drop")), silentAt(at443), nil})

	for _, b := range []string{"small", "small fresh", "small named", "small site", "small far", "near", "near named fresh", "small dual"} {
		at := at443
		if strings.HasPrefix(b, "near") {
			at = lanIP + ":443"
		}
		add("T01", false, inLayout{b, "stopped", one(stopped), tcp(at, "refused"), nil})
	}
	add("T01", false,
		inLayout{"small 2265", "stopped", one(stopped), tcp(at2265, "refused"), nil},
		inLayout{"small 8443", "stopped", one(nft(site, "input", "tcp dport 8443 reject with tcp reset")), tcp(at8443, "refused"), nil},
		inLayout{"small 8443", "the server's firewall refuses", one(nft(site, "input", "tcp dport 8443 reject")), tcp(at8443, "refused"), nil},
		inLayout{"small nodes", "both stopped", one(stopped), tcp(nodeIP+":443", "refused"), nil},
		inLayout{"small six", "stopped", one(stopped), tcp("["+serverIP6+"]:443", "refused"), nil})
	refuses := func(b, text string, a act, or ...string) {
		add("T02", false, inLayout{b, text, one(a), tcp(at443, "refused"), or})
	}
	for _, b := range []string{"small", "small fresh", "small named", "small far", "small far site", "small far fresh"} {
		refuses(b, "this computer refuses", nft(client, "output", "ip daddr "+serverIP+" meta l4proto tcp reject with tcp reset"))
		refuses(b, "this computer refuses by word", nft(client, "output", "meta l4proto tcp tcp dport 443 reject"))
		refuses(b, "router refuses", nft(router, "forward", "ip daddr "+serverIP+" meta l4proto tcp reject with tcp reset"))
		refuses(b, "router refuses the port by word", nft(router, "forward", "meta l4proto tcp tcp dport 443 reject"), "T04")
	}

	for _, b := range []string{"small", "small fresh", "small named", "small site", "small site fresh", "small far", "small far site"} {
		var want []string
		if !strings.Contains(b, "site") {
			want = []string{"N06"}
		}
		add("T03", true,
			inLayout{b, "router drops what goes to the server", one(drop(router, "forward")), silentAt(at443), want},
			inLayout{b, "server drops what comes", one(drop(site, "input")), silentAt(at443), want},
			inLayout{b, "server's answers are lost", one(nft(router, "forward", "ip saddr "+serverIP+" drop")), silentAt(at443), want})
	}
	add("T03", true,
		inLayout{"near", "server drops what comes", one(nft(site, "input", "drop")), silentAt(lanIP + ":443"), nil},
		inLayout{"near named fresh", "server drops what comes", one(nft(site, "input", "drop")), silentAt(lanIP + ":443"), nil},
		inLayout{"small 2265", "server drops what comes", one(drop(site, "input")), silentAt(at2265), []string{"N06"}},
		inLayout{"small six", "server drops what comes", one(nft(site, "input", "ip6 daddr fd88::/64 meta l4proto tcp drop")), silentAt("[" + serverIP6 + "]:443"), []string{"N06"}},
		inLayout{"small nodes", "both silent", one(nft(site, "input", "ip daddr 10.88.0.0/24 drop")), silentAt(at443), []string{"N06"}})

	open443 := run(site, "nft add rule inet lab pre tcp dport 443 redirect to :8443")
	for _, b := range []string{"small 8443", "small 8443 fresh"} {
		add("T04", true,
			inLayout{b, "dropped at the server, 443 open", one(open443, nft(site, "input", "tcp dport 8443 ct original proto-dst 8443 drop")), silentAt(at8443), nil},
			inLayout{b, "dropped at the router, 443 open", one(open443, nft(router, "forward", "tcp dport 8443 drop")), silentAt(at8443), nil},
			inLayout{b, "dropped at the router, other ports refuse", one(nft(router, "forward", "tcp dport 8443 drop")), silentAt(at8443), nil},
			inLayout{b, "dropped at the server, other ports refuse", one(nft(site, "input", "tcp dport 8443 drop")), silentAt(at8443), nil},
			inLayout{b, "prohibited at the router, 443 open", one(open443, nft(router, "forward", "tcp dport 8443 reject with icmpx type admin-prohibited")), tcp(at8443, "host unreachable"), []string{"T05"}})
	}
	for _, b := range []string{"small 2265", "small 2265 fresh"} {
		add("T04", true,
			inLayout{b, "dropped at the router, 443 open", one(open443, nft(router, "forward", "tcp dport 2265 drop")), silentAt(at2265), nil},
			inLayout{b, "dropped at the router, other ports refuse", one(nft(router, "forward", "tcp dport 2265 drop")), silentAt(at2265), nil},
			inLayout{b, "answers dropped at the server, 443 open", one(open443, nft(site, "output", "tcp sport 8443 ct original proto-dst 2265 drop")), silentAt(at2265), nil})
	}
	add("T04", true, inLayout{"small far", "443 dropped at the router, 80 refuses", one(nft(router, "forward", "tcp dport 443 drop"), nft(site, "input", "tcp dport 8443 ct original proto-dst 8443 reject with tcp reset")), silentAt(at443), nil})

	for _, b := range []string{"small", "small fresh", "small named", "small site", "small far", "small far site"} {
		for _, k := range []string{"admin-prohibited", "host-unreachable", "no-route"} {
			errno := map[bool]string{true: "net unreachable", false: "host unreachable"}[k == "no-route"]
			want := map[bool][]string{true: {"N06"}}[k != "admin-prohibited" && !strings.Contains(b, "site")]
			add("T05", false, inLayout{b, "router says " + k, one(nft(router, "forward", "ip daddr "+serverIP+" reject with icmpx type "+k)), tcp(at443, errno), want})
		}
		add("T05", false, inLayout{b, "server says admin-prohibited", one(nft(site, "input", "ct original ip daddr "+serverIP+" reject with icmpx type admin-prohibited")), tcp(at443, "host unreachable"), nil})
	}
	add("T05", false,
		inLayout{"small", "router says admin-prohibited of TCP 443 alone", one(nft(router, "forward", "meta l4proto tcp tcp dport 443 reject with icmpx type admin-prohibited")), tcp(at443, "host unreachable"), []string{"T04"}},
		inLayout{"small six", "router says admin-prohibited", one(nft(router, "forward", "ip6 daddr fd88::/64 reject with icmpx type admin-prohibited")), tcp("["+serverIP6+"]:443", "not allowed"), nil},
		inLayout{"small", "router says route of the server prohibited", one(run(router, "ip route add prohibit "+serverIP), later(router, "ip route del prohibit "+serverIP)), tcp(at443, "host unreachable"), nil},
		inLayout{"small", "router says route of the server unreachable", one(run(router, "ip route add unreachable "+serverIP), later(router, "ip route del unreachable "+serverIP)), tcp(at443, "host unreachable"), []string{"N06", "T06"}})

	gone := run(site, "ip addr del "+serverIP+"/24 dev $(ip -o -4 addr show to "+serverIP+" | cut -d' ' -f2); nsenter --net=/run/netns/rt ip neigh flush all")
	for _, b := range []string{"small", "small fresh", "small named", "small site", "small site fresh"} {
		add("T06", true, inLayout{b, "server's computer off", one(gone), saidGone(router), nil})
	}
	for _, b := range []string{"near", "near fresh", "near named", "near named fresh"} {
		add("T06", true,
			inLayout{b, "server's computer off", one(run(site, "ip link set sv1 down"), sh("ip neigh flush all")), ping(lanIP, false), nil},
			inLayout{b, "address that nobody has", one(run(site, "ip addr flush dev sv1"), sh("ip neigh flush all")), ping(lanIP, false), nil})
	}
	add("T06", true, inLayout{"near named", "server's computer off, router too", one(run(site, "ip link set sv1 down"), off), ping(lanIP, false), []string{"N05"}})

	for _, b := range []string{"small", "small fresh", "small named", "small site", "small far"} {
		add("T07", true, inLayout{b, "this computer drops what goes to the server", one(nft(client, "output", "ip daddr "+serverIP+" drop")), silentAt(at443), []string{"T03"}})
		add("T07", false,
			inLayout{b, "route that prohibits", one(sh("ip route add prohibit " + serverIP)), tcp(at443, "not allowed"), nil},
			inLayout{b, "route that swallows", one(sh("ip route add blackhole " + serverIP)), shell(client, "ip route", "blackhole"), nil},
			inLayout{b, "this computer says admin-prohibited", one(nft(client, "output", "ip daddr "+serverIP+" reject with icmpx type admin-prohibited")), tcp(at443, "host unreachable"), []string{"T05"}})
	}
	add("T07", true,
		inLayout{"small", "this computer drops all TCP", one(nft(client, "output", "meta l4proto tcp drop")), silentAt(at443), []string{"T03"}},
		inLayout{"small site", "this computer drops all TCP", one(nft(client, "output", "meta l4proto tcp drop")), silentAt(at443), []string{"T03"}},
		inLayout{"small", "this computer drops the port", one(nft(client, "output", "tcp dport 443 drop")), silentAt(at443), []string{"T04"}},
		inLayout{"small site", "this computer drops everything", one(nft(client, "output", "oif cl0 drop")), silentAt(at443), nil},
		inLayout{"small named", "this computer drops everything", one(nft(client, "output", "oif cl0 drop")), silentAt(at443), []string{"N05"}},
		inLayout{"near", "this computer drops what goes to the server", one(nft(client, "output", "ip daddr "+lanIP+" drop")), silentAt(lanIP + ":443"), []string{"T03"}})

	hello := "meta l4proto tcp @ih,0,16 0x1603 "
	add("T08", false,
		inLayout{"small", "router resets at the hello", one(nft(router, "forward", "ip daddr "+serverIP+" "+hello+"reject with tcp reset")), tcp(at443, "open"), nil},
		inLayout{"small named fresh", "server's firewall resets at the hello", one(nft(site, "input", hello+"reject with tcp reset")), tcp(at443, "open"), nil},
		inLayout{"small far", "router resets at the hello", one(nft(router, "forward", "ip daddr "+serverIP+" "+hello+"reject with tcp reset")), tcp(at443, "open"), nil},
		inLayout{"small 2265", "router resets at the hello", one(nft(router, "forward", hello+"reject with tcp reset")), tcp(at2265, "open"), nil},
		inLayout{"near", "this computer resets at the hello", one(nft(client, "output", hello+"reject with tcp reset")), tcp(lanIP+":443", "open"), nil})

	for _, b := range []string{"small", "small named fresh", "small far", "near"} {
		at := at443
		if b == "near" {
			at = lanIP + ":443"
		}
		add("T11", true,
			inLayout{b, "half of the SYNs are lost", one(nft(site, "input", "tcp flags & (syn|ack) == syn numgen random mod 2 == 0 drop")), someLate(at), nil},
			inLayout{b, "half of the SYN-ACKs are lost", one(nft(site, "output", "tcp flags & (syn|ack) == syn|ack numgen random mod 2 == 0 drop")), someLate(at), nil},
			inLayout{b, "three of ten SYNs are lost", one(nft(site, "input", "tcp flags & (syn|ack) == syn numgen random mod 10 < 3 drop")), someLate(at), nil},
			inLayout{b, "at most 3 connections a second", one(nft(site, "input", "tcp flags & (syn|ack) == syn limit rate over 3/second burst 3 packets drop")), someLate(at), []string{"T03"}})
	}

	dead := func(text string, a act, how string) {
		add("T12", false, inLayout{"small nodes", text, one(a), tcp(nodeIP+":443", how), nil})
	}
	dead("the second silent", nft(router, "forward", "ip daddr "+nodeIP+" drop"), "timeout")
	dead("the second refuses", closedAt(nodeIP), "refused")
	dead("the second prohibited", nft(router, "forward", "ip daddr "+nodeIP+" reject with icmpx type admin-prohibited"), "host unreachable")
	add("T12", false,
		inLayout{"small nodes", "the first silent", one(drop(site, "input")), silentAt(at443), nil},
		inLayout{"small nodes fresh", "the first refuses", one(closedAt(serverIP)), tcp(at443, "refused"), nil},
		inLayout{"small", "four addresses, two of nobody", one(knows(serverName, record{a: []string{nobodyIP, serverIP, "10.88.0.98", nodeIP}})), ping(nobodyIP, false), nil},
		inLayout{"small fresh", "three addresses, one of nobody", one(knows(serverName, record{a: []string{nobodyIP, serverIP, nodeIP}})), ping(nobodyIP, false), nil},
		inLayout{"small dual", "two of IPv6, one silent", one(knows(serverName, record{a: []string{serverIP}, aaaa: []string{serverIP6, "fd88::11"}}), nft(router, "forward", "ip6 daddr fd88::11 drop")), silentAt("[fd88::11]:443"), nil})

	v6 := func(text string, a act, seen check, want ...string) {
		add("N11", false, inLayout{"small dual", text, one(a), seen, want})
	}
	six := "[" + serverIP6 + "]:443"
	v6("IPv6 dropped at the server", nft(site, "input", "ip6 daddr fd88::/64 drop"), silentAt(six))
	v6("IPv6 dropped at the router", nft(router, "forward", "meta nfproto ipv6 drop"), silentAt(six))
	v6("IPv6 not forwarded", run(router, "echo 0 > /proc/sys/net/ipv6/conf/all/forwarding"), silentAt(six), "OK")
	out[len(out)-1].do = append(out[len(out)-1].do, later(router, "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"))
	v6("IPv6 dropped here", nft(client, "output", "meta nfproto ipv6 meta l4proto tcp drop"), silentAt(six))
	v6("IPv6 of nobody", knows(serverName, record{a: []string{serverIP}, aaaa: []string{"fd88::99"}}), silentAt("[fd88::99]:443"))
	v6("IPv6 prohibited", nft(router, "forward", "ip6 daddr fd88::/64 reject with icmpx type admin-prohibited"), tcp(six, "not allowed"), "OK")
	v6("IPv6 refused at the server", nft(site, "input", "meta nfproto ipv6 tcp dport 8443 reject with tcp reset"), tcp(six, "refused"), "OK")
	return append(out, oddLayouts()...)
}

// later runs a script when the case is over.
func later(ns, script string) act {
	return act{"", func(w *world) error { w.later(func() { _ = w.sh(ns, script) }); return nil }}
}

// oddLayouts are healthy.
func oddLayouts() (out []trial) {
	add := func(name, base string, do []act, also ...string) {
		url := serverURL
		if u := layouts()[base].url; u != "" {
			url = u
		}
		out = append(out, trial{name: "OK " + base + ": " + name, base: base, kind: healthy, do: do, seen: []check{curl(0, "200.*counterfoil", url+"/healthz")}, want: append([]string{"OK"}, also...)})
	}
	for name := range layouts() {
		add("plain", name, nil)
	}
	one := func(a ...act) []act { return a }
	for _, b := range []string{"small", "small fresh"} {
		add("router and server drop all ICMP", b, one(nft(router, "input", "meta l4proto icmp drop"), nft(router, "output", "meta l4proto icmp drop"), nft(site, "input", "meta l4proto icmp drop")))
		add("containers, virtual machines and a VPN", b, one(bridge, sh("ip link add virbr0 type bridge; ip addr add 192.168.122.1/24 dev virbr0; ip link set virbr0 up; ip tuntap add tun0 mode tun; ip addr add 10.200.0.2/24 dev tun0; ip link set tun0 up; ip route add 172.30.0.0/16 dev tun0")))
		add("router drops all that comes to itself but names", b, one(nft(router, "input", "meta l4proto {tcp,icmp} drop")))
		add("address of /32, gateway by the link", b, one(sh("ip addr flush dev cl0; ip addr add 10.77.0.2/32 dev cl0; ip route add 10.77.0.1 dev cl0; ip route add default via 10.77.0.1")))
		add("gateway of no network here", b, one(run(router, "ip addr add 169.254.1.1/32 dev rtc"), sh("ip route replace default via 169.254.1.1 dev cl0 onlink")))
		add("default route in a table of its own", b, one(sh("ip route del default; ip route add default via 10.77.0.1 table 100; ip rule add from all lookup 100 pref 1000")))
		add("way to the server alone", b, one(sh("ip route del default; ip route add 10.88.0.0/24 via 10.77.0.1")))
		add("169.254 beside the address", b, one(sh("ip addr add 169.254.9.9/16 dev cl0")))
		add("second card without a cable", b, one(sh("ip link add cl1 type veth peer name cl1b; ip link set cl1 up; ip addr add 192.168.9.2/24 dev cl1")))
		add("address translated by the router", b, one(run(router, "nft add chain inet lab post '{ type nat hook postrouting priority 100; }'; nft add rule inet lab post oifname rtv masquerade")))
		add("card is a bridge", b, one(sh("ip link add br0 type bridge; ip addr flush dev cl0; ip link set cl0 master br0; ip link set br0 up; ip addr add 10.77.0.2/24 dev br0; ip route replace default via 10.77.0.1")))
		add("card is a second one on the first", b, one(sh("ip addr flush dev cl0; ip link add cl0m link cl0 type macvlan mode bridge; ip addr add 10.77.0.2/24 dev cl0m; ip link set cl0m up; ip route replace default via 10.77.0.1")))
	}
	add("no default route", "near named", one(sh("ip route del default")))
	add("router off", "near named", one(run(router, "ip link set rtc down")))
	add("no default route", "near named fresh", one(sh("ip route del default")))
	add("router off", "near named fresh", one(run(router, "ip link set rtc down")))
	add("no default route", "near", one(sh("ip route del default")))
	add("no IPv4 gateway, server by IPv6", "small six", one(sh("ip addr add 10.77.0.2/24 dev cl0")))
	add("gateway of IPv6 by its link address", "small six", one(run(router, "ip -6 addr add fe80::1/64 dev rtc nodad"), sh("ip -6 route del default; ip -6 route add default via fe80::1 dev cl0")))
	return out
}

// someLate shows that some of twelve connections take over a second or do not come, and
// some do at once.
func someLate(address string) check {
	return check{"some of 12 connections to " + address + " take over a second", func(w *world) error { return lateOnes(address) }}
}
