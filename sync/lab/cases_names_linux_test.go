package lab

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// namesAt starts a name server of the lab's at an address of a namespace, until the case
// is over.
func namesAt(ns, ip string, b behaviour, own map[string]record) act {
	return act{"a name server at " + ip, func(w *world) error {
		s := &nameServer{zone: w.zone, how: b, own: own}
		u, err := w.listenPacket(ns, net.JoinHostPort(ip, "53"))
		if err != nil {
			return err
		}
		l, err := w.listen(ns, "tcp", net.JoinHostPort(ip, "53"))
		if err != nil {
			return err
		}
		w.later(func() { _, _ = u.Close(), l.Close() })
		go s.packets(u)
		go s.streams(l)
		return nil
	}}
}

// nobodysWord uses up most of what a computer says in a while of ports at which nobody listens.
func nobodysWord(ip string) act {
	return act{"it has just said to some that nobody is there", func(*world) error {
		for range 4 {
			c, err := net.Dial("udp", net.JoinHostPort(ip, "53"))
			if err != nil {
				return err
			}
			_, _ = c.Write([]byte("anybody there?"))
			_ = c.Close()
		}
		return nil
	}}
}

// oddNames are cases of name servers that stand elsewhere, or fail in another way, than
// those of nameCases.
func oddNames() (out []trial) {
	const near, own = "10.88.0.2", "127.0.0.53"
	add := func(name, base string, slow bool, do []act, seen []check, want ...string) {
		t := trial{name: name, base: base, slow: slow, do: do, seen: seen, want: want}
		if want[0] == "OK" {
			t.kind = healthy
		}
		out = append(out, t)
	}
	both := func(f func(base string)) { f("plain"); f("fresh") }
	says := func(ip, want string) check { return names(ip, "udp", serverName, want) }
	silent := behaviour{silentUDP: true, silentTCP: true}
	drop := func(ns, chain, more string) []act {
		return []act{nft(ns, chain, more+" udp dport 53 drop"), nft(ns, chain, more+" tcp dport 53 drop")}
	}
	with := func(a []act, more ...act) []act { return append(append([]act{}, a...), more...) }

	both(func(base string) {
		add("D03 nobody there, said now and then, "+base, base, false, []act{resolve(secondIP), nobodysWord(secondIP)}, []check{serverOpen}, "D03", "D02")
		add("D03 nobody at the server's own host, "+base, base, false, []act{resolve(serverIP)}, []check{says(serverIP, "refused")}, "D03")
		add("D03 nobody at the router, "+base, base, false, []act{resolve("10.70.0.2")}, []check{says("10.70.0.2", "refused")}, "D03")
		add("D03 rejected at the router, "+base, base, false, []act{nft(router, "forward", "udp dport 53 reject"), nft(router, "forward", "tcp dport 53 reject with tcp reset")}, []check{says(dnsIP, "refused")}, "D03", "D02")
		add("D03 forbidden at the name server, "+base, base, false, []act{nft(second, "input", "udp dport 53 reject with icmp admin-prohibited"), nft(second, "input", "tcp dport 53 reject with icmp admin-prohibited")}, []check{serverOpen}, "D03", "D02")
		add("D02 silent beside the server, "+base, base, true, []act{namesAt(site, near, silent, nil), resolve(near)}, []check{says(near, "timeout"), serverOpen}, "D02")
		add("D02 silent, nobody listens at TCP, "+base, base, true, []act{nft(second, "input", "udp dport 53 drop"), nft(second, "input", "tcp dport 53 reject with tcp reset")}, []check{says(dnsIP, "timeout"), serverOpen}, "D02")
		add("D02 dropped as it leaves this computer, "+base, base, true, drop(client, "output", ""), []check{serverOpen}, "D02", "T07")
		add("D02 dropped as it comes back, "+base, base, true, []act{nft(client, "input", "udp sport 53 drop"), nft(client, "input", "tcp sport 53 drop")}, []check{says(dnsIP, "timeout"), serverOpen}, "D02")
		add("D02 dropped at the router, "+base, base, true, drop(router, "forward", ""), []check{says(dnsIP, "timeout"), serverOpen}, "D02")
		add("D02 one name server silent, the other far away and gone, "+base, base, true, with(drop(isp, "forward", ""), resolve(dnsIP, "10.99.0.77")), []check{says(dnsIP, "timeout"), serverOpen}, "D02")
		add("D04 all is well but our zone, "+base, base, false, []act{namesAt(site, near, behaviour{}, map[string]record{serverName: {rcode: dnsmessage.RCodeServerFailure}}), resolve(near)}, []check{says(near, "ServerFailure"), names(near, "udp", "status.test", statusIP)}, "D04")
		add("D04 answers FORMERR, "+base, base, false, []act{nameserver(dnsIP, "FORMERR", behaviour{rcode: dnsmessage.RCodeFormatError})}, []check{says(dnsIP, "FormatError"), serverOpen}, "D04", "D03")
		add("D04 answers NOTIMP, "+base, base, false, []act{nameserver(dnsIP, "NOTIMP", behaviour{rcode: dnsmessage.RCodeNotImplemented})}, []check{says(dnsIP, "NotImplemented"), serverOpen}, "D04", "D03")
		add("D01 only a dead resolver of a VPN's, "+base, base, false, []act{resolve("127.0.2.1", "::1")}, []check{says("127.0.2.1", "refused"), serverOpen}, "D01")
		add("D11 UDP dropped at the name server, "+base, base, true, []act{nft(second, "input", "udp dport 53 drop")}, []check{says(dnsIP, "timeout"), names(dnsIP, "tcp", serverName, serverIP)}, "D11")
		add("D11 UDP dropped as it comes back, "+base, base, true, []act{nft(client, "input", "udp sport 53 drop")}, []check{says(dnsIP, "timeout"), names(dnsIP, "tcp", serverName, serverIP)}, "D11")
		add("D11 only large packets of UDP pass not, "+base, base, false, []act{nameserver(dnsIP, "truncates", behaviour{truncate: true})}, []check{says(dnsIP, "truncated"), serverOpen}, "OK")
		add("D11 both name servers, UDP dropped, "+base, base, true, []act{resolve(dnsIP, dns2IP), nft(router, "forward", "udp dport 53 drop")}, []check{says(dns2IP, "timeout"), names(dns2IP, "tcp", serverName, serverIP)}, "D11")
		add("D12 names take 650 ms, "+base, base, false, []act{nameserver(dnsIP, "650 ms", behaviour{delay: 650 * time.Millisecond})}, []check{takes(dnsIP, 650*time.Millisecond)}, "D12")
		add("D13 answered for everybody by the router, "+base, base, false, []act{nft(router, "pre", "udp dport 53 redirect to :53")}, []check{says("192.0.2.9", serverIP)}, "D13")
		add("D07 AAAA alone at a stub, "+base, base, false, []act{namesAt(client, own, behaviour{}, map[string]record{serverName: {aaaa: []string{serverIP6}}}), resolve(own)}, []check{names(own, "udp", "6 "+serverName, serverIP6)}, "D07")
		add("D08 the router's own address, "+base, base, false, []act{knows(serverName, record{a: []string{gateway}})}, []check{says(dnsIP, gateway), serverOpen}, "D08", "T01", "T02")
		add("D08 ::1 and 127.0.0.1, "+base, base, false, []act{knows(serverName, record{a: []string{"127.0.0.1"}, aaaa: []string{"::1"}})}, []check{says(dnsIP, "127.0.0.1"), serverOpen}, "D08")
		add("D10 hosts: 0.0.0.0 and ::, "+base, base, false, []act{{"hosts", func(w *world) error {
			return w.hosts("0.0.0.0 " + serverName + "\n:: " + serverName + "\n")
		}}}, []check{serverOpen}, "D10")
		add("D10 hosts: a stranger's computer, "+base, base, false, []act{stranger(secondIP), {"hosts", func(w *world) error { return w.hosts(secondIP + " " + serverName + "\n") }}}, []check{openssl("unable to get local issuer|self.signed", secondIP+":443")}, "D10")
		add("OK a stub at 127.0.0.53, "+base, base, false, []act{namesAt(client, own, behaviour{}, nil), resolve(own)}, []check{says(own, serverIP)}, "OK")
		add("OK the name server beside the server, "+base, base, false, []act{namesAt(site, near, behaviour{}, nil), resolve(near)}, []check{says(near, serverIP)}, "OK")
		add("OK the first of two is silent, "+base, base, false, []act{resolve("10.99.0.77", dnsIP)}, []check{says("10.99.0.77", "timeout"), says(dnsIP, serverIP)}, "OK", "D12")
		add("OK the first of two refuses, "+base, base, false, []act{resolve(secondIP, dnsIP)}, []check{says(secondIP, "refused"), says(dnsIP, serverIP)}, "OK")
		add("OK the first of two fails, "+base, base, false, []act{resolve(dns2IP, dnsIP), nameserver(dns2IP, "SERVFAIL", behaviour{rcode: dnsmessage.RCodeServerFailure})}, []check{says(dns2IP, "ServerFailure"), says(dnsIP, serverIP)}, "OK")
		add("OK search domains and options, "+base, base, false, []act{{"resolv.conf with search, ndots, edns0, rotate", func(w *world) error {
			return w.resolvText("search corp.test office.test\noptions ndots:2 edns0 rotate timeout:1 attempts:2\nnameserver " + dnsIP + "\n")
		}}}, []check{says(dnsIP, serverIP)}, "OK")
		add("OK answers hold IPv6 that leads nowhere, "+base, base, false, []act{knows(serverName, record{a: []string{serverIP}, aaaa: []string{serverIP6}})}, []check{names(dnsIP, "udp", "6 "+serverName, serverIP6)}, "OK")
	})
	add("OK AAAA is refused", "plain", false, []act{{"AAAA: REFUSED", func(w *world) error { w.dns[dnsIP].be(behaviour{aaaa: dnsmessage.RCodeRefused}); return nil }}}, []check{says(dnsIP, serverIP), names(dnsIP, "udp", "6 "+serverName, "Refused")}, "OK")
	add("OK AAAA fails", "plain", false, []act{{"AAAA: SERVFAIL", func(w *world) error { w.dns[dnsIP].be(behaviour{aaaa: dnsmessage.RCodeServerFailure}); return nil }}}, []check{says(dnsIP, serverIP), names(dnsIP, "udp", "6 "+serverName, "ServerFailure")}, "OK")
	add("OK AAAA is said not to exist", "plain", false, []act{{"AAAA: NXDOMAIN", func(w *world) error { w.dns[dnsIP].be(behaviour{aaaa: dnsmessage.RCodeNameError}); return nil }}}, []check{says(dnsIP, serverIP)}, "OK", "D06")
	add("OK what asks with EDNS is not understood", "plain", false, []act{{"EDNS: FORMERR", func(w *world) error { w.dns[dnsIP].be(behaviour{plainOnly: true}); return nil }}}, []check{says(dnsIP, serverIP)}, "OK", "D04")
	add("OK AAAA is silent", "plain", false, []act{{"AAAA: silent", func(w *world) error { w.dns[dnsIP].be(behaviour{silentAAAA: true}); return nil }}}, []check{says(dnsIP, serverIP), names(dnsIP, "udp", "6 "+serverName, "timeout")}, "OK", "D12", "D02")
	add("OK an alias of an alias", "plain", false, []act{{"CNAME, CNAME, A", func(w *world) error { w.dns[dnsIP].be(behaviour{alias: true}); return nil }}}, []check{says(dnsIP, serverIP)}, "OK")
	add("D05 a search domain does not help", "plain", false, []act{{"resolv.conf with search", func(w *world) error { return w.resolvText("search corp.test\nnameserver " + dnsIP + "\n") }}, server("https://invoce.test")}, []check{names(dnsIP, "udp", "invoce.test", "NameError")}, "D05")
	return out
}

// oddProxies are cases of proxies that are set up in another way than those of
// proxyCases.
func oddProxies() (out []trial) {
	add := func(name, base string, do []act, seen []check, want ...string) {
		t := trial{name: name, base: base, do: do, seen: seen, want: want}
		if want[0] == "OK" {
			t.kind = healthy
		}
		out = append(out, t)
	}
	dead := "http://" + proxyIP + ":9"
	works := curl(0, "200.*counterfoil", serverURL+"/healthz")
	for _, form := range []string{"invoice.test", ".test", "test", "*", "localhost,INVOICE.TEST", "invoice.test:443", "10.0.0.0/8, invoice.test"} {
		add("OK dead proxy, NO_PROXY="+form, "plain", []act{via(dead), env("NO_PROXY=" + form)}, []check{serverOpen}, "OK")
	}
	for _, form := range []string{"invoice.test:8443", "10.88.0.0/16", "status.test", "voice.test"} {
		add("X02 dead proxy, NO_PROXY="+form, "plain", []act{via(dead), env("NO_PROXY=" + form)}, []check{serverOpen}, "X02")
	}
	add("X02 dead proxy in small letters", "plain", []act{env("https_proxy=" + dead)}, []check{curl(-1, "", serverURL+"/healthz")}, "X02")
	add("OK dead proxy for plain HTTP alone", "plain", []act{env("http_proxy=" + dead), env("HTTP_PROXY=" + dead)}, []check{works}, "OK")
	add("OK a proxy without a scheme", "proxy only", []act{via(proxyIP + ":3128")}, []check{works}, "OK")
	add("X02 dead proxy without a scheme", "plain", []act{via(proxyIP + ":9")}, []check{tcp(proxyIP+":9", "refused")}, "X02")
	add("X10 left-over proxy without a scheme", "plain", []act{via("127.0.0.1:7890")}, []check{tcp("127.0.0.1:7890", "refused")}, "X10")
	add("X10 left-over proxy at ::1", "plain", []act{via("http://[::1]:7890")}, []check{tcp("[::1]:7890", "refused")}, "X10")
	add("X10 left-over proxy with a password", "plain", []act{via("http://me:secret@127.0.0.1:7890")}, []check{tcp("127.0.0.1:7890", "refused")}, "X10")
	add("X10 left-over proxy, the system's is off", "plain", []act{via("http://127.0.0.1:7890"), {"GNOME: none", func(w *world) error { return w.gnome("mode='none'\n", "") }}}, []check{tcp("127.0.0.1:7890", "refused")}, "X10")
	add("X02 the proxy's port is 80", "plain", []act{via("http://" + proxyIP)}, []check{tcp(proxyIP+":80", "refused")}, "X02")
	add("X01 no such proxy, SOCKS", "plain", []act{via("socks5://proxy.nowhere.test:1080")}, []check{serverOpen}, "X01")
	add("X01 proxy's name has no address", "plain", []act{knows("proxy.test", record{}), via("http://proxy.test:3128")}, []check{names(dnsIP, "udp", "proxy.test", "nothing")}, "X01")
	add("X02 proxy's address out of reach", "plain", []act{sh("ip route add unreachable 10.99.0.3/32"), via("http://" + proxyIP + ":3128")}, []check{serverOpen}, "X02")
	add("X02 SYN rejected", "proxy", []act{nft(router, "forward", "ip daddr "+proxyIP+" reject")}, []check{tcp(proxyIP+":3128", "refused"), serverOpen}, "X02")
	add("X02 forbidden at the proxy's", "proxy", []act{nft(second, "input", "tcp dport 3128 reject with icmp admin-prohibited")}, []check{tcp(proxyIP+":3128", "host unreachable")}, "X02")
	add("X02 SOCKS proxy refuses", "plain", []act{via("socks5://" + proxyIP + ":9")}, []check{tcp(proxyIP+":9", "refused")}, "X02")
	add("X02 the proxy is in the office and off", "plain", []act{via("http://10.77.0.77:3128")}, []check{ping("10.77.0.77", false)}, "X02")
	add("X09 the server itself", "plain", []act{via("http://" + serverIP + ":443")}, []check{curl(-1, "", serverURL+"/healthz")}, "X09")
	add("X09 the server itself, SOCKS typed", "plain", []act{via("socks5://" + serverIP + ":443")}, []check{curl(-1, "", serverURL+"/healthz")}, "X09")
	add("X09 an HTTP proxy, https typed", "proxy", []act{via("https://" + proxyIP + ":3128")}, []check{curl(-1, "", serverURL+"/healthz")}, "X09")
	add("X09 a name server there", "plain", []act{via("http://" + dnsIP + ":53")}, []check{tcp(dnsIP+":53", "open")}, "X09", "X02")
	add("X09 a page for everything", "plain", []act{{"a web server at the proxy's port", func(w *world) error {
		return w.stand(second, proxyIP, "3130", front{handler: page(200, "Welcome to nginx!")})
	}}, via("http://" + proxyIP + ":3130")}, []check{tcp(proxyIP+":3130", "open")}, "X09")
	add("X09 a web server that knows no CONNECT", "plain", []act{{"a web server at the proxy's port", func(w *world) error {
		return w.stand(second, proxyIP, "3130", front{handler: page(400, "400 Bad Request", "Server", "nginx")})
	}}, via("http://" + proxyIP + ":3130")}, []check{curl(56, "400", serverURL+"/healthz")}, "X09", "X04")
	for _, bad := range []string{"http://[", "http://proxy:port", "://", "http://10.99.0.3:99999"} {
		add("X09 what is set is no address: "+bad, "plain", []act{via(bad)}, []check{serverOpen}, "X09", "X01", "X02")
	}
	gnome := act{"GNOME's settings: the right proxy", func(w *world) error { return w.gnomeProxy(proxyIP, "3128") }}
	for text, how := range map[string]proxy{"denies": {status: 403}, "wants a sign-in": {user: "a:b", schemes: []string{"NTLM"}}, "reaches nobody": {status: 502}} {
		add("X07 the environment's "+text+", the system's well", "proxy only", []act{proxied("3131", how), via("http://" + proxyIP + ":3131"), gnome}, []check{tcp(proxyIP+":3131", "open")}, "X07")
	}
	add("X07 the environment's of an unknown name, the system's well", "proxy only", []act{via("http://proxy.nowhere.test:3128"), gnome}, []check{serverSilent}, "X07")
	add("X07 a left-over in the environment, the system's well", "proxy only", []act{via("http://127.0.0.1:7890"), gnome}, []check{serverSilent}, "X07")
	add("OK the environment's is well, the system's dead", "proxy only", []act{{"GNOME: dead", func(w *world) error { return w.gnomeProxy(proxyIP, "9") }}}, []check{works}, "OK")
	add("OK the system's is dead, nobody uses it", "plain", []act{{"GNOME: dead", func(w *world) error { return w.gnomeProxy(proxyIP, "9") }}}, []check{works}, "OK")
	add("X08 direct refused, the system knows a proxy", "proxy only", []act{{"environment without proxy", func(w *world) error { w.env = nil; return w.gnomeProxy(proxyIP, "3128") }}, nft(router, "forward", "ip daddr 10.88.0.0/24 reject with tcp reset")}, []check{tcp(proxyIP+":3128", "open")}, "X08")
	add("X08 nobody outside is known by name, the system knows a proxy", "proxy only", []act{{"environment without proxy", func(w *world) error { w.env = nil; return w.gnomeProxy(proxyIP, "3128") }}, know(dnsIP, serverName, record{rcode: 3})}, []check{names(dnsIP, "udp", serverName, "NameError")}, "X08")
	add("X03 the system's proxy wants a sign-in, direct shut", "proxy only", []act{proxied("3131", proxy{user: "a:b", schemes: []string{`Basic realm="office"`}}), {"environment without proxy", func(w *world) error { w.env = nil; return w.gnomeProxy(proxyIP, "3131") }}}, []check{serverSilent, tcp(proxyIP+":3131", "open")}, "X03", "X08")
	add("T03 silent server, the system knows a dead proxy", "plain", []act{nft(site, "input", "tcp dport 8443 drop"), {"GNOME: dead", func(w *world) error { return w.gnomeProxy("127.0.0.1", "7890") }}}, []check{serverSilent}, "T03", "T04")
	add("X05 the proxy takes long and fails", "proxy", []act{proxied("3131", proxy{status: 504, delay: 1200 * time.Millisecond}), via("http://" + proxyIP + ":3131")}, []check{curl(56, "504", serverURL+"/healthz")}, "X05")
	add("OK the proxy takes a second", "proxy", []act{proxied("3131", proxy{delay: 900 * time.Millisecond}), via("http://" + proxyIP + ":3131")}, []check{works}, "OK", "P02")
	add("X03 407 in words of no scheme", "proxy", []act{proxied("3131", proxy{status: 407}), via("http://" + proxyIP + ":3131")}, []check{curl(56, "407", serverURL+"/healthz")}, "X03")
	add("X04 511 of the proxy", "proxy", []act{proxied("3131", proxy{status: 511}), via("http://" + proxyIP + ":3131")}, []check{curl(56, "511", serverURL+"/healthz")}, "N07", "X04", "X05")
	add("X04 302 to a page of the filter's", "proxy", []act{proxied("3131", proxy{status: 302, header: map[string]string{"Location": "http://block.office.test/"}}), via("http://" + proxyIP + ":3131")}, []check{curl(56, "302", serverURL+"/healthz")}, "X04")
	add("X04 blocked with 200 and a page in the tunnel", "proxy", []act{{"the proxy answers the tunnel itself", func(w *world) error {
		return w.startProxy(proxyIP+":3131", proxy{to: statusIP})
	}}, via("http://" + proxyIP + ":3131")}, []check{tcp(proxyIP+":3131", "open")}, "S04", "S11", "S06", "X04")
	encrypted := func(of func(*authorities) leafOf) act {
		return act{"an encrypted proxy", func(w *world) error {
			c := &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(of(w.ca))}}
			return w.stand(second, proxyIP, "3443", front{raw: func(n net.Conn) { w.proxied(tls.Server(n, c), proxy{}) }})
		}}
	}
	names443 := []string{"proxy.test"}
	add("OK an encrypted proxy", "proxy only", []act{encrypted(func(*authorities) leafOf { return leafOf{names: names443} }), via("https://proxy.test:3443")}, []check{openssl("BEGIN CERTIFICATE", proxyIP+":3443"), serverSilent}, "OK")
	add("X09 an encrypted proxy of a stranger's", "proxy only", []act{encrypted(func(a *authorities) leafOf { return leafOf{names: names443, by: a.stranger} }), via("https://proxy.test:3443")}, []check{openssl("BEGIN CERTIFICATE", proxyIP+":3443"), serverSilent}, "X09")
	add("X09 an encrypted proxy, http typed", "proxy only", []act{encrypted(func(*authorities) leafOf { return leafOf{names: names443} }), via("http://proxy.test:3443")}, []check{tcp(proxyIP+":3443", "open"), serverSilent}, "X09")
	add("X02 an encrypted proxy is off", "proxy only", []act{via("https://proxy.test:3443")}, []check{tcp(proxyIP+":3443", "refused"), serverSilent}, "X02")
	wpad := []act{{"a script at the name wpad", func(w *world) error {
		w.env = nil
		w.zone.set("wpad.office.test", record{a: []string{secondIP}})
		if err := w.stand(second, secondIP, "80", front{handler: reply{status: 200, header: map[string]string{"Content-Type": "application/x-ns-proxy-autoconfig"}, body: "function FindProxyForURL(url, host) { return 'PROXY " + proxyIP + ":3128' }"}}); err != nil {
			return err
		}
		return w.resolvText("search office.test\nnameserver " + dnsIP + "\n")
	}}}
	mode := func(text string) act {
		return act{"GNOME's settings: mode " + text, func(w *world) error { return w.gnome("mode='"+text+"'\nautoconfig-url=''\n", "") }}
	}
	there := []check{names(dnsIP, "udp", "wpad.office.test", secondIP), serverSilent}
	add("X08 direct shut, a script is to be looked for", "proxy only", append(wpad, mode("auto")), there, "X08")
	add("T03 silent, a script is there and nobody looks for it", "proxy only", append(wpad, mode("none")), there, "T03", "T04", "T06")
	add("OK a script is to be looked for and there is none", "plain", []act{mode("auto")}, []check{works}, "OK")
	return out
}

// oddPortals are networks that want a sign-in and say so in another way than those of
// portalCases.
func oddPortals() (out []trial) {
	add := func(name, base string, do []act, seen []check, want ...string) {
		t := trial{name: name, base: base, slow: true, do: do, seen: seen, want: want}
		if want[0] == "OK" {
			t.kind, t.slow = healthy, false
		}
		out = append(out, t)
	}
	answer := func(text string, h http.Handler) act {
		return act{"the router answers port 80: " + text, func(w *world) error { return w.stand(router, "", "80", front{handler: h}) }}
	}
	shut := nft(router, "forward", "tcp dport 443 drop")
	reject := nft(router, "forward", "tcp dport 443 reject with tcp reset")
	all := nft(router, "forward", "drop")
	login := page(200, "Sign in")
	status := curl(0, "", "http://"+statusIP+"/generate_204")
	for _, base := range []string{"gateway", "fresh gateway"} {
		add("N07 204 without the challenge, "+base, base, []act{answer("204", reply{status: 204}), shut}, []check{status, serverSilent}, "N07")
		add("N07 to a page of the same host, "+base, base, []act{answer("302 /login", reply{status: 302, header: map[string]string{"Location": "/login"}}), shut}, []check{status, serverSilent}, "N07")
		add("N07 to an encrypted page, "+base, base, []act{answer("307", reply{status: 307, header: map[string]string{"Location": "https://wifi.hotel.test/?mac=1"}}), all}, []check{status, serverSilent}, "N07")
		add("N07 a page that leads on by itself, "+base, base, []act{answer("meta refresh", reply{status: 200, header: map[string]string{"Content-Type": "text/html"}, body: `<html><meta http-equiv="refresh" content="0; url=http://10.77.0.1/login"></html>`}), reject}, []check{status, tcp(serverIP+":443", "refused")}, "N07")
		add("N07 only those that are somebody's are sent there, "+base, base, []act{answer("302", reply{status: 302, header: map[string]string{"Location": "http://portal.hotel.test/"}}), run(router, "nft insert rule inet lab pre ip daddr 192.0.2.0/24 accept; ip route add blackhole 192.0.2.0/24"), all, {"later", func(w *world) error {
			w.later(func() { _ = w.sh(router, "ip route del blackhole 192.0.2.0/24") })
			return nil
		}}}, []check{status, serverSilent}, "N07")
		add("N07 every name is the portal's, all else is shut, "+base, base, []act{{"names: the portal", func(w *world) error {
			w.dns[gateway].know(serverName, record{a: []string{gateway}})
			w.dns[gateway].know("status.test", record{a: []string{gateway}})
			return w.stand(router, gateway, "80", front{handler: login})
		}}, all}, []check{names(gateway, "udp", serverName, gateway), serverSilent}, "N07", "D08")
	}
	add("OK port 80 is a portal's for others alone", "gateway", []act{answer("page", login)}, []check{curl(0, "200.*counterfoil", serverURL+"/healthz")}, "OK")
	add("OK a proxy in the way of port 80", "gateway", []act{answer("503 for what is nowhere", page(503, "ERR_CONNECT_FAIL"))}, []check{curl(0, "200.*counterfoil", serverURL+"/healthz")}, "OK")
	add("T03 silent, a proxy in the way of port 80", "gateway", []act{answer("503 for what is nowhere", page(503, "ERR_CONNECT_FAIL")), nft(site, "input", "tcp dport 8443 drop")}, []check{serverSilent}, "T03", "T04", "T06")
	add("T01 stopped, a page at the router", "gateway", []act{{"the router's own page", func(w *world) error { return w.stand(router, gateway, "80", front{handler: page(200, "Router")}) }}, stopped}, []check{tcp(serverIP+":443", "refused")}, "T01")
	return out
}
