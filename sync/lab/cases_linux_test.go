package lab

import (
	"crypto/tls"
	"net/http"

	"golang.org/x/net/dns/dnsmessage"
)

// trials are all cases, in the order of the catalogue.
func trials() []trial {
	var out []trial
	for _, f := range families {
		out = append(out, f()...)
	}
	return out
}

var families = []func() []trial{linkCases, nameCases, proxyCases, routeCases, secureCases, answerCases, healthyCases}

// bases are the folders that cases begin with.
var bases = map[string]base{
	"plain":   {},
	"fresh":   {fresh: true},
	"gateway": {setup: []act{resolve(gateway)}},
	"both":    {setup: []act{resolve(dnsIP, gateway)}},
	"8443":    {url: serverURL + ":8443"},
}

// sh runs a script on this computer.
func sh(script string) act { return run(client, script) }

// run runs a script in a namespace.
func run(ns, script string) act {
	return act{ns + ": " + script, func(w *world) error { return w.sh(ns, script) }}
}

// nft adds a rule to a chain of a namespace.
func nft(ns, chain, rule string) act {
	return act{ns + ": nft " + chain + " " + rule, func(w *world) error { return w.sh(ns, "nft 'add rule inet lab "+chain+" "+rule+"'") }}
}

// resolve sets the name servers of this computer.
func resolve(ips ...string) act {
	return act{"resolv.conf " + joined(ips), func(w *world) error { return w.resolvers(ips...) }}
}

// server sets the address that selfcheck is asked about.
func server(url string) act {
	return act{"--server " + url, func(w *world) error { w.args = append(w.args, "--server", url); return nil }}
}

// env sets a variable of the program.
func env(text string) act {
	return act{text, func(w *world) error { w.env = append(w.env, text); return nil }}
}

// knows sets what is true of a name.
func knows(name string, r record) act {
	return act{"dns " + name, func(w *world) error { w.zone.set(name, r); return nil }}
}

// nameserver makes a name server behave.
func nameserver(ip, text string, b behaviour) act {
	return act{"dns " + ip + " " + text, func(w *world) error { w.dns[ip].be(b); return nil }}
}

// answers puts a handler before the server, with its usual certificate.
func answers(text string, f func(w *world) http.Handler) act {
	return act{text, func(w *world) error {
		return w.stand(site, "", "443", front{tls: &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{})}}, handler: f(w)})
	}}
}

// shows puts another certificate before the server; the real server answers.
func shows(text string, f func(a *authorities) leafOf) act {
	return act{text, func(w *world) error {
		return w.stand(site, "", "443", front{tls: &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(f(w.ca))}}, handler: w.pass(nil)})
	}}
}

func joined(s []string) (out string) {
	for i, x := range s {
		if i > 0 {
			out += " "
		}
		out += x
	}
	return out
}

func linkCases() []trial {
	return []trial{
		{name: "N01 cable out", do: []act{sh("ip link set cl0 down")}, seen: []check{shell(client, "ip -o link show cl0", "state DOWN"), tcp(serverIP+":443", "net unreachable")}, want: []string{"N01"}, sure: "proven"},
		{name: "N02 no address", do: []act{sh("ip addr flush dev cl0")}, seen: []check{shell(client, "ip -o link show cl0", "LOWER_UP"), tcp(serverIP+":443", "net unreachable")}, want: []string{"N02"}, sure: "proven"},
		{name: "N04 no gateway", do: []act{sh("ip route del default")}, seen: []check{tcp(serverIP+":443", "net unreachable"), ping(gateway, true)}, want: []string{"N04"}, sure: "proven"},
		{name: "N05 router off", do: []act{run(router, "ip link set rtc down")}, slow: true, seen: []check{ping(gateway, false), tcp(serverIP+":443", "timeout")}, want: []string{"N05"}},
		{name: "N06 line cut behind the router", base: "gateway", do: []act{run(router, "ip link set rtu down")}, slow: true, seen: []check{ping(gateway, true), ping(serverIP, false)}, want: []string{"N06"}},
	}
}

func nameCases() []trial {
	return []trial{
		{name: "D02 silent name server", do: []act{nft(isp, "forward", "udp sport 53 drop"), nft(isp, "forward", "tcp sport 53 drop")}, slow: true,
			seen: []check{names(dnsIP, "udp", serverName, "timeout"), tcp(serverIP+":443", "open")}, want: []string{"D02"}},
		{name: "D03 name server refuses", do: []act{nameserver(dnsIP, "REFUSED", behaviour{rcode: dnsmessage.RCodeRefused})},
			seen: []check{names(dnsIP, "udp", serverName, "Refused")}, want: []string{"D03"}},
		{name: "D05 no such name", do: []act{server("https://invoice-typo.test")}, seen: []check{names(dnsIP, "udp", "invoice-typo.test", "NameError")}, want: []string{"D05"}},
	}
}

func proxyCases() []trial {
	return []trial{
		{name: "X04 403", do: []act{proxied("3128", proxy{status: 403}), env("HTTPS_PROXY=http://" + proxyIP + ":3128")}, seen: []check{curl(56, "403", serverURL+"/healthz")}, want: []string{"X04"}},
	}
}

// proxied starts the office's proxy.
func proxied(port string, p proxy) act {
	return act{"proxy " + proxyIP + ":" + port, func(w *world) error { return w.startProxy(proxyIP+":"+port, p) }}
}

func routeCases() []trial {
	stop := run(site, "nft flush chain inet lab pre")
	return []trial{
		{name: "T01 stopped", do: []act{stop}, seen: []check{tcp(serverIP+":443", "refused"), ping(serverIP, true)}, want: []string{"T01"}},
		{name: "T03 server silent", do: []act{nft(isp, "forward", "ip daddr "+serverIP+" drop")}, slow: true, seen: []check{tcp(serverIP+":443", "timeout"), tcp(statusIP+":80", "open")}, want: []string{"T03"}},
	}
}

func secureCases() []trial {
	return []trial{
		{name: "S01 expired", do: []act{shows("certificate expired yesterday", func(a *authorities) leafOf { return leafOf{to: -day} })}, seen: []check{openssl("certificate has expired", serverName+":443")}, want: []string{"S01"}},
		{name: "S04 another host", do: []act{shows("certificate of mail.test", func(a *authorities) leafOf { return leafOf{names: []string{"mail.test"}, ips: []string{"10.1.1.1"}} })}, seen: []check{openssl("hostname mismatch", serverName+":443")}, want: []string{"S04"}},
	}
}

func answerCases() []trial {
	return []trial{
		{name: "H16 a page", do: []act{answers("200 HTML", func(w *world) http.Handler { return page(200, "Welcome to nginx!") })}, seen: []check{curl(0, "200.*text/html.*Welcome", serverURL+"/healthz")}, want: []string{"H16"}},
	}
}

func healthyCases() []trial {
	return []trial{
		{name: "OK plain", kind: healthy, seen: []check{curl(0, "200.*counterfoil", serverURL+"/healthz")}, want: []string{"OK"}},
		{name: "OK port 8443", base: "8443", kind: healthy, seen: []check{curl(0, "200.*counterfoil", serverURL+":8443/healthz")}, want: []string{"OK"}},
	}
}
