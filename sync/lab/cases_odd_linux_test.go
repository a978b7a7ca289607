package lab

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// oddCases are more networks, computers and servers that are odd and well.
func oddCases() (out []trial) {
	ok := curl(0, "200.*counterfoil", serverURL+"/healthz")
	add := func(name, base string, do []act, also ...string) *trial {
		out = append(out, trial{name: "OK " + name, base: base, kind: healthy, do: do, seen: []check{ok}, want: append([]string{"OK"}, also...)})
		return &out[len(out)-1]
	}
	// By an address, or another name, curl is told by which.
	by := func(t *trial, args ...string) { t.seen = []check{curl(0, "200.*counterfoil", args...)} }
	cards(add)
	routes(add, by)
	lines(add)
	resolving(add, by)
	computers(add)
	servers(add)
	return out
}

type adder func(name, base string, do []act, also ...string) *trial

// cards are computers with more, or other, network cards.
func cards(add adder) {
	add("two network cards, the second in another office net", "plain", []act{sh("ip link add cl1 type veth peer name cl1b; ip link set cl1b up; ip addr add 192.168.9.2/24 dev cl1; ip link set cl1 up")})
	add("two network cards, no cable in the second", "plain", []act{sh("ip link add cl1 type veth peer name cl1b; ip addr add 192.168.9.2/24 dev cl1; ip link set cl1 up")})
	add("two network cards, the second without an address", "plain", []act{sh("ip link add cl1 type veth peer name cl1b; ip link set cl1b up; ip link set cl1 up")})
	add("a second card with an address that it gave itself", "plain", []act{sh("ip link add cl1 type veth peer name cl1b; ip link set cl1b up; ip addr add 169.254.3.4/16 dev cl1; ip link set cl1 up")})
	add("bridge of virtual machines, and theirs is this card's", "plain", []act{sh("ip addr flush dev cl0; ip link add virbr0 type bridge; ip link set virbr0 up; ip link set cl0 master virbr0; ip addr add 10.77.0.2/24 dev virbr0; ip route add default via 10.77.0.1")})
	add("macvlan in the card's place", "plain", []act{sh("ip addr flush dev cl0; ip link add mv0 link cl0 type macvlan mode bridge; ip addr add 10.77.0.2/24 dev mv0; ip link set mv0 up; ip route add default via 10.77.0.1")})
	add("a hundred links of containers", "plain", []act{bridge, sh("for i in $(seq 100); do ip link add ve$i type veth peer name vf$i; ip link set ve$i up; ip link set vf$i up; done")})
	add("two addresses on the card, one of another office", "plain", []act{sh("ip addr add 192.168.50.7/24 dev cl0")})
	add("largest packet of 576 here", "plain", []act{sh("ip link set cl0 mtu 576")})
	add("largest packet of 9000 here alone", "plain", []act{run(office, "ip link set swc mtu 9000; ip link set br0 mtu 1500"), sh("ip link set cl0 mtu 9000")})
}

// routes are ways that do not look like a default route over a gateway of the own net.
func routes(add adder, by func(*trial, ...string)) {
	add("/32 address, gateway on the link", "plain", []act{sh("ip addr flush dev cl0; ip addr add 10.77.0.2/32 dev cl0; ip route add 10.77.0.1 dev cl0; ip route add default via 10.77.0.1")})
	add("gateway outside of the own net, on the link", "plain", []act{run(router, "ip addr add 172.31.255.1/32 dev rtc"), sh("ip route replace default via 172.31.255.1 dev cl0 onlink")})
	add("two halves in place of a default route", "plain", []act{sh("ip route del default; ip route add 0.0.0.0/1 via 10.77.0.1; ip route add 128.0.0.0/1 via 10.77.0.1")})
	add("routes to the company alone, no default", "plain", []act{sh("ip route del default; ip route add 10.0.0.0/8 via 10.77.0.1")})
	add("default route in a table of its own", "plain", []act{sh("ip route del default; ip route add default via 10.77.0.1 table 200; ip rule add pref 100 lookup 200")})
	add("an unreachable default of last resort", "plain", []act{sh("ip route add unreachable default metric 4278198272")})
	add("default route by two next hops", "plain", []act{run(router, "ip addr add 10.77.0.4/24 dev rtc"), sh("ip route replace default nexthop via 10.77.0.1 nexthop via 10.77.0.4")})
	add("two default routes, both well", "plain", []act{run(router, "ip addr add 10.77.0.4/24 dev rtc"), sh("ip route add default via 10.77.0.4 metric 900")})
	add("IPv6 with a link-local gateway", "dual", []act{run(router, "ip -6 addr add fe80::77/64 dev rtc nodad"), sh("ip -6 route replace default via fe80::77 dev cl0")})
	add("IPv6 without a way out, server has both", "plain", []act{knows(serverName, record{a: []string{serverIP}, aaaa: []string{serverIP6}}), sh("ip -6 addr add fd77::2/64 dev cl0 nodad")}, "N11")
	add("server has IPv6, this computer none", "plain", []act{knows(serverName, record{a: []string{serverIP}, aaaa: []string{serverIP6}})})
	add("server's IPv6 refuses at once", "dual", []act{nft(site, "input", "meta l4proto tcp ip6 daddr "+serverIP6+" reject with tcp reset")}, "N11", "T12")
	add("full tunnel, all goes by it", "plain", []act{{"tunnel to the provider", func(w *world) error {
		return w.lay(client, "tun0", isp, "wv", line{delay: 4 * time.Millisecond},
			"ip addr add 10.200.0.2/24 dev tun0; ip route replace default dev tun0",
			"ip addr add 10.200.0.1/24 dev wv; ip route replace 10.77.0.2 dev wv")
	}}})
	add("full tunnel, never worked before", "fresh", []act{{"tunnel to the provider", func(w *world) error {
		return w.lay(client, "wg0", isp, "wv", line{delay: 4 * time.Millisecond},
			"ip addr add 10.200.0.2/24 dev wg0; ip route add 0.0.0.0/1 dev wg0; ip route add 128.0.0.0/1 dev wg0",
			"ip addr add 10.200.0.1/24 dev wv; ip route replace 10.77.0.2 dev wv")
	}}})
	add("server in the own office", "lan", nil)
	add("server in the own office, never worked before", "fresh lan", nil)
	add("server in the own office, no way out", "lan", []act{sh("ip route del default")})
	add("server in the own office, line outside is dead", "lan", []act{run(router, "ip link set rtu down")})
	add("server in the own office, router off, name in hosts", "lan", []act{run(router, "ip link set rtc down"), {"hosts", func(w *world) error { return w.hosts(colleague + " " + serverName + "\n") }}})
	by(add("address of numbers", "numbers", nil), "https://"+serverIP+"/healthz")
	by(add("address of numbers, no name server", "numbers", []act{{"resolv.conf is empty", func(w *world) error { return w.resolvText("") }}}), "https://"+serverIP+"/healthz")
	by(add("address of numbers, never worked before", "fresh numbers", nil), "https://"+serverIP+"/healthz")
}

// lines are slow, lossy or guarded lines.
func lines(add adder) {
	for _, n := range []string{"a", "b"} {
		t := add("2 % loss, "+n, "plain", []act{slowLine("2 % lost", line{loss: 0.02, delay: 10 * time.Millisecond})}, "P03")
		t.seen = []check{tcp(serverIP+":443", "open")}
	}
	add("jitter of 15 ms", "plain", []act{slowLine("jitter", line{delay: 20 * time.Millisecond, jitter: 15 * time.Millisecond})})
	add("line of 200 ms", "plain", []act{slowLine("200 ms", line{delay: 100 * time.Millisecond})})
	add("line of 200 ms, never worked before", "fresh", []act{slowLine("200 ms", line{delay: 100 * time.Millisecond})})
	add("256 kbit line", "plain", []act{slowLine("32 kB a second", line{rate: 32000, delay: 20 * time.Millisecond})}, "P04")
	add("no ICMP anywhere", "plain", []act{nft(client, "input", "meta l4proto icmp drop"), nft(router, "input", "meta l4proto icmp drop"), nft(router, "forward", "meta l4proto icmp drop"), nft(router, "output", "meta l4proto icmp drop"), nft(isp, "output", "meta l4proto icmp drop"), nft(site, "input", "meta l4proto icmp drop")})
	add("nothing passes but names and 443", "plain", []act{run(router, "nft add rule inet lab forward ct state established,related accept; nft add rule inet lab forward udp dport 53 accept; nft add rule inet lab forward tcp dport { 53, 443 } accept; nft add rule inet lab forward drop")})
	add("nothing passes but names and the server", "plain", []act{run(router, "nft add rule inet lab forward ct state established,related accept; nft add rule inet lab forward udp dport 53 accept; nft add rule inet lab forward ip daddr "+serverIP+" tcp dport 443 accept; nft add rule inet lab forward reject with icmp type admin-prohibited")})
	add("router translates addresses, short memory", "plain", []act{run(router, "nft add chain inet lab post '{ type nat hook postrouting priority 100; }'; nft add rule inet lab post oifname rtu masquerade; for f in udp_timeout udp_timeout_stream; do echo 2 > /proc/sys/net/netfilter/nf_conntrack_$f 2>/dev/null || true; done")})
	add("port 80 outside is answered by a proxy that reads along", "plain", []act{{"the router answers port 80 as a proxy", func(w *world) error {
		return w.stand(router, "", "80", front{handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Via", "1.1 gate (squid/6.6)")
			if c := r.Header.Get("X-Counterfoil-Challenge"); c != "" && (r.Host == statusIP || r.Host == "status.test") {
				rw.Header().Set("X-Counterfoil-Challenge", c)
				rw.WriteHeader(http.StatusNoContent)
				return
			}
			page(503, "ERROR: The requested URL could not be retrieved").ServeHTTP(rw, r)
		})})
	}}})
	add("port 80 outside is refused", "plain", []act{nft(router, "forward", "meta l4proto tcp tcp dport 80 reject with tcp reset")})
	add("one name server outside refuses what is not its own", "two", []act{nameserver(dns2IP, "REFUSED", behaviour{rcode: 5}), nft(isp, "forward", "ip daddr "+statusIP+" drop")})
}

// resolving are name servers, and files, that answer in another way than most.
func resolving(add adder, by func(*trial, ...string)) {
	text := func(t string) act {
		return act{fmt.Sprintf("resolv.conf %q", t), func(w *world) error { return w.resolvText(t) }}
	}
	hosts := func(lines string) act {
		return act{"hosts: " + fmt.Sprintf("%.60q", lines), func(w *world) error { return w.hosts(lines) }}
	}
	add("names take 600 ms", "plain", []act{nameserver(dnsIP, "600 ms", behaviour{delay: 600 * time.Millisecond})}, "D12")
	add("names take 600 ms, never worked before", "fresh", []act{nameserver(dnsIP, "600 ms", behaviour{delay: 600 * time.Millisecond})}, "D12")
	add("name is another word for another", "plain", []act{knows(serverName, record{a: []string{serverIP}, alias: "node7.cloud.test"})})
	add("name has six addresses", "plain", []act{run(site, "for i in 12 13 14 15; do ip addr add 10.88.0.$i/24 dev sv0; done"), knows(serverName, record{a: []string{serverIP, nodeIP, "10.88.0.12", "10.88.0.13", "10.88.0.14", "10.88.0.15"}})})
	add("name server answers long ones over TCP", "plain", []act{nameserver(dnsIP, "truncates over UDP", behaviour{truncate: true})})
	add("name server takes no TCP", "plain", []act{nft(isp, "forward", "ip daddr "+dnsIP+" tcp dport 53 drop")})
	add("search domains and options", "plain", []act{text("# made by NetworkManager\nsearch office.test corp.test test\noptions ndots:3 timeout:2 attempts:2 edns0 trust-ad\nnameserver " + dnsIP + "\n")})
	add("three name servers, by turns", "plain", []act{text("nameserver " + dnsIP + "\nnameserver " + dns2IP + "\nnameserver " + gateway + "\noptions rotate\n")})
	add("name server on this computer", "plain", []act{{"a stub at 127.0.0.53", func(w *world) error { return w.stub("127.0.0.53:53") }}, text("nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch office.test\n")})
	add("a name server of IPv6 that is out of reach beside", "plain", []act{text("nameserver " + dnsIP + "\nnameserver fd99::53\n")})
	add("a file hosts of 20,000 lines against advertising", "plain", []act{hosts(strings.Repeat("0.0.0.0 ads.example.test\n", 20000))})
	add("hosts names this computer, and others", "plain", []act{hosts("127.0.1.1 desk desk.office.test\n::1 ip6-localhost\n10.77.0.3 printer\n" + nobodyIP + " old." + serverName + " invoice.test.old\n")})
	add("no name server, the right entry in hosts", "plain", []act{text(""), hosts(serverIP + " " + serverName + "\n")})
	add("hosts has both families", "dual", []act{hosts(serverIP6 + " " + serverName + "\n" + serverIP + " " + serverName + "\n")})
	add("names by mDNS first", "plain", []act{{"nsswitch", func(w *world) error {
		return os.WriteFile(filepath.Join(w.dir, "nsswitch.conf"), []byte("hosts: files mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] dns myhostname\n"), 0o644)
	}}})
	t := add("IPv6 only, IPv4 by translation (DNS64)", "six", []act{run(site, "ip -6 addr add 64:ff9b::a58:a/96 dev sv0 nodad"), run(isp, "ip -6 route add 64:ff9b::/96 dev isps"), run(router, "ip -6 route add 64:ff9b::/96 via fd70::1"), knows(serverName, record{a: []string{serverIP}, aaaa: []string{"64:ff9b::a58:a"}})})
	by(t, "-6", serverURL+"/healthz")
}

// computers are busy, bare or guarded ones.
func computers(add adder) {
	load := func(n int) act {
		return act{fmt.Sprintf("%d busy loops", n), func(w *world) error {
			for range n {
				c := exec.Command("sh", "-c", "while :; do :; done")
				if err := c.Start(); err != nil {
					return err
				}
				w.later(func() { _ = c.Process.Kill(); _ = c.Wait() })
			}
			return nil
		}}
	}
	add("every core is busy", "plain", []act{load(4)}, "P05")
	add("every core is very busy", "plain", []act{load(12)}, "P05")
	add("every core is busy, never worked before", "fresh", []act{load(4)}, "P05")
	around := func(text string, d time.Duration) act { return shifted(text, d, leafOf{}) }
	add("clock 4 minutes behind", "plain", []act{around("the world is 4 minutes ahead", 4*time.Minute)})
	add("clock 4 minutes ahead", "plain", []act{around("the world is 4 minutes behind", -4*time.Minute)})
	add("time zone UTC", "plain", []act{env("TZ=UTC")}, "K11")
	add("time zone of Singapore", "plain", []act{env("TZ=Asia/Singapore")}, "K11")
	add("a time zone that is none", "plain", []act{env("TZ=Nowhere/At_all")}, "K11")
	add("no /sys", "plain", []act{{"an empty /sys", func(w *world) error {
		w.later(func() { _ = w.sh(client, "umount -l /sys") })
		return w.sh(client, "mount -t tmpfs tmpfs /sys")
	}}})
	add("no HOME, no LANG", "plain", []act{{"unset", func(w *world) error { w.limit = "unset HOME LANG LC_ALL PATH"; return nil }}})
	add("LANG=C, TMPDIR that is not there", "plain", []act{env("LANG=C"), env("TMPDIR=/nonexistent")})
	add("no system bus", "plain", []act{env("DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent"), env("DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent")})
	add("a bus that takes and says nothing", "plain", []act{{"a socket that nobody reads", func(w *world) error {
		at := filepath.Join(w.dir, "bus")
		l, err := net.Listen("unix", at)
		if err != nil {
			return err
		}
		w.later(func() { _ = l.Close() })
		w.env = append(w.env, "DBUS_SYSTEM_BUS_ADDRESS=unix:path="+at, "DBUS_SESSION_BUS_ADDRESS=unix:path="+at)
		return nil
	}}})
	add("all is read-only but the data", "plain", []act{{"read-only /usr, /var, /root, /home, /etc", func(w *world) error {
		for _, d := range []string{"/usr", "/var", "/root", "/home"} {
			w.later(func() { _ = w.sh(client, "umount -l "+d) })
			if err := w.sh(client, "mount --bind "+d+" "+d+"; mount -o remount,ro,bind "+d); err != nil {
				return err
			}
		}
		return nil
	}}})
	add("an ordinary user, no raw sockets, no ping", "plain", []act{{"as nobody, ping_group_range closed", func(w *world) error {
		return w.ordinary()
	}}})
	add("an ordinary user on a line of 80 ms", "far", []act{{"as nobody", func(w *world) error {
		return w.ordinary()
	}}})
	add("4 GB of addresses at most", "plain", []act{{"ulimit -v", func(w *world) error { w.limit = "ulimit -v 4000000"; return nil }}})
	add("64 descriptors", "plain", []act{{"ulimit -n 64", func(w *world) error { w.limit = "ulimit -n 64"; return nil }}})
	add("300 certificates that the system trusts", "plain", []act{{"SSL_CERT_FILE", func(w *world) error {
		var all [][]byte
		for i := range 300 {
			all = append(all, w.ca.leaf(leafOf{self: true, subject: fmt.Sprint("CA ", i)}).Certificate[0])
		}
		w.env = append(w.env, "SSL_CERT_FILE="+w.ca.path("many.pem"))
		return writePEM(w.ca.path("many.pem"), "CERTIFICATE", all...)
	}}})
	add("200 drafts wait while the server was away", "plain", []act{{"drafts", func(w *world) error {
		if err := w.sh(client, `printf '{"party":{"name":"Test"}}' > `+w.dir+"/doc.json"); err != nil {
			return err
		}
		return w.sh(client, "cd "+w.dir+"; for i in $(seq 40); do COUNTERFOIL_PASSPHRASE='"+passphrase+"' "+filepath.Join(w.tools, "cfoil")+" --data "+w.desk+" --keyring file draft doc.json --type customer >/dev/null; done")
	}}})
	for _, e := range []string{"no_proxy=.test,10.0.0.0/8", "no_proxy=*", "NO_PROXY=localhost,127.0.0.1,invoice.test:443"} {
		t := add("dead proxy for others, "+e, "plain", []act{env("https_proxy=http://127.0.0.1:9"), env("http_proxy=http://127.0.0.1:9"), env(e)})
		t.seen = []check{curl(0, "200.*counterfoil", "--noproxy", "*", serverURL+"/healthz")}
	}
	script := reply{status: 200, header: map[string]string{"Content-Type": "application/x-ns-proxy-autoconfig"}, body: "function FindProxyForURL(url, host) { return 'DIRECT' }"}
	add("a script of proxies that says direct", "plain", []act{pac(script)})
	add("GNOME's proxy is manual and excepts us", "plain", []act{{"GNOME's settings", func(w *world) error {
		return w.gnome("mode='manual'\nignore-hosts=['*.test', 'localhost']\n", "host='127.0.0.1'\nport=9\n")
	}}})
}

// servers are well and answer in another way than most.
func servers(add adder) {
	passing := func(text string, change func(r *http.Response) error) act {
		return answers(text, func(w *world) http.Handler { return w.pass(change) })
	}
	add("answers without keeping the connection", "plain", []act{{"Connection: close", func(w *world) error {
		f := w.http1Front()
		f.handler = w.pass(func(r *http.Response) error { r.Header.Set("Connection", "close"); return nil })
		return w.stand(site, "", "443", f)
	}}}, "H30", "H28")
	add("keeps connections for 50 ms", "plain", []act{{"idle 50 ms", func(w *world) error {
		return w.stand(site, "", "443", front{tls: &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{})}}, handler: w.pass(nil), idle: 50 * time.Millisecond})
	}}}, "H28")
	add("an older server without echo and 204", "plain", []act{answers("404 for what it does not know", func(w *world) http.Handler {
		return at(ours(404, "not_found"), w.pass(nil), "/v1/echo", "/generate_204", "/readyz")
	})})
	add("two nodes behind a balancer, by turns", "plain", []act{answers("instance n1, n2", func(w *world) http.Handler {
		n := 0
		return w.pass(func(r *http.Response) error {
			n++
			r.Header.Set("X-Counterfoil-Instance", fmt.Sprint("n", 1+n%2))
			return nil
		})
	})})
	add("a delivery network before it", "plain", []act{passing("Cf-Ray, Via, X-Cache", func(r *http.Response) error {
		for k, v := range map[string]string{"Server": "cloudflare", "CF-Ray": "8a1f-HKG", "Via": "1.1 varnish", "X-Cache": "MISS", "Strict-Transport-Security": "max-age=31536000", "Alt-Svc": `h3=":443"; ma=86400`} {
			r.Header.Set(k, v)
		}
		return nil
	})})
	add("server thinks 350 ms", "plain", []act{slowly(350*time.Millisecond, "/")})
	add("server names no dependencies", "plain", []act{health("no deps", func(h map[string]any) { delete(h, "deps") })})
	add("server names dependencies that nobody knows", "plain", []act{health("odd deps", func(h map[string]any) {
		h["deps"] = map[string]any{"db": "OK", "kafka": "whatever", "redis": "ready", "tax": map[string]any{"status": "up", "ms": 12}}
		h["more"] = []int{1, 2}
	})})
	key := func(text string, l func(a *authorities) leafOf) {
		add("certificate: "+text, "plain", []act{shows(text, l)})
	}
	key("RSA of 4096 bit", func(*authorities) leafOf {
		k, err := rsa.GenerateKey(rand.Reader, 4096)
		if err != nil {
			panic(err)
		}
		return leafOf{key: k}
	})
	key("Ed25519", func(*authorities) leafOf {
		_, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			panic(err)
		}
		return leafOf{key: k}
	})

	key("of sixty names", func(*authorities) leafOf {
		l := leafOf{}
		for i := range 60 {
			l.names = append(l.names, fmt.Sprintf("host%d.test", i))
		}
		l.names = append(l.names, serverName)
		return l
	})
	key("with a stranger's CA beside", func(a *authorities) leafOf { return leafOf{chain: []*signer{a.stranger}} })
	key("of an intermediate, in the wrong order", func(a *authorities) leafOf {
		return leafOf{by: a.inter, chain: []*signer{a.root, a.inter}}
	})
	key("valid for an hour since a minute", func(*authorities) leafOf { return leafOf{from: -6 * time.Minute, to: 40 * day} })
	add("no session tickets, P-521 first", "plain", []act{handshake("no tickets", func(_ *world, c *tls.Config) {
		c.SessionTicketsDisabled, c.CurvePreferences = true, []tls.CurveID{tls.CurveP521, tls.CurveP256}
	})})
	add("server was away for half a second", "plain", []act{{"refuses until just now", func(w *world) error {
		if err := w.sh(site, "nft flush chain inet lab pre"); err != nil {
			return err
		}
		return w.sh(site, "nft add rule inet lab pre tcp dport 443 redirect to :8443")
	}}})
}

// stub answers names on this computer.
func (w *world) stub(address string) error {
	s := &nameServer{zone: w.zone}
	s.reset()
	u, err := w.listenPacket(client, address)
	if err != nil {
		return err
	}
	l, err := w.listen(client, "tcp", address)
	if err != nil {
		_ = u.Close()
		return err
	}
	w.later(func() { _, _ = u.Close(), l.Close() })
	go s.packets(u)
	go s.streams(l)
	return nil
}

// ordinary lets the program run as nobody, to whom no ping is allowed.
func (w *world) ordinary() error {
	w.limit = `exec setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all "$0" "$@"`
	return w.sh(client, "echo 1 0 > /proc/sys/net/ipv4/ping_group_range; chown -R 65534:65534 "+w.desk+"; d="+w.desk+"; while [ $d != / ]; do chmod a+x $d; d=$(dirname $d); done")
}
