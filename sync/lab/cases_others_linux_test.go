package lab

import "fmt"

// otherNames are cases with name servers of others.
func otherNames() (out []trial) {
	at := resolve(toolIP)
	still := serverOpen
	mask := func(more ...string) []string {
		return append([]string{"--no-daemon", "--conf-file=/dev/null", "--no-hosts", "--no-resolv", "--bind-interfaces", "--listen-address=" + toolIP, "--user=root", "--pid-file"}, more...)
	}
	dnsmasq := func(name, want string, seen check, base string, args ...string) {
		out = append(out, needing("dnsmasq", trial{name: name + ", by dnsmasq", base: base, do: []act{daemon(second, "dnsmasq", toolIP+":53", "", mask(args...)...), at}, seen: []check{seen, still}, want: []string{want}})...)
	}
	says := func(want string) check { return names(toolIP, "udp", serverName, want) }
	for _, base := range []string{"plain", "fresh"} {
		dnsmasq("D03 refuses what it does not know, "+base, "D03", says("Refused"), base)
		dnsmasq("D08 everything is 0.0.0.0, "+base, "D08", says("0.0.0.0"), base, "--address=/#/0.0.0.0")
		dnsmasq("D08 the name is sunk, "+base, "D08", says("0.0.0.0"), base, "--address=/invoice.test/#")
		dnsmasq("D07 an empty answer, "+base, "D07", says("nothing"), base, "--address=/invoice.test/", "--host-record=invoice.test,fd88::77", "--filter-AAAA")
	}
	dnsmasq("D06 the name is blocked", "D06", says("NameError"), "plain", "--address=/invoice.test/")
	dnsmasq("D05 the name is nobody's", "D05", says("NameError"), "fresh", "--address=/invoice.test/")
	dnsmasq("D08 everything is the status host", "D08", says(statusIP), "plain", "--address=/#/"+statusIP)
	dnsmasq("D02 what is asked before is silent", "D02", says("timeout"), "plain", "--server=10.99.0.77")
	dnsmasq("D07 private addresses are taken out", "D07", check{"dnsmasq takes the address out", func(w *world) error {
		if got := asked(toolIP, "udp", serverName); got == serverIP {
			return fmt.Errorf("it says %s", got)
		}
		return nil
	}}, "plain", "--server="+dnsIP, "--stop-dns-rebind")

	healthyBy := func(program, name string, do act, seen check) {
		out = append(out, needing(program, trial{name: "OK " + name + ", by " + program, kind: healthy, do: []act{do, at}, seen: []check{seen}, want: []string{"OK"}})...)
	}
	odd := func(name string, args ...string) {
		healthyBy("dnsmasq", name, daemon(second, "dnsmasq", toolIP+":53", "", mask(args...)...), says(serverIP))
	}
	odd("A alone", "--address=/invoice.test/"+serverIP)
	odd("no AAAA passes", "--filter-AAAA", "--server="+dnsIP)
	odd("an alias", "--cname=invoice.test,front.test", "--host-record=front.test,"+serverIP)
	odd("forwarded", "--server="+dnsIP)
	odd("two before it, one dead", "--server=10.99.0.77", "--server="+dnsIP, "--all-servers")

	unbound := func(zone string) act {
		conf := "server:\n interface: " + toolIP + "\n access-control: 0.0.0.0/0 allow\n chroot: \"\"\n username: \"\"\n directory: \"{dir}\"\n pidfile: \"\"\n use-syslog: no\n do-daemonize: no\n module-config: \"iterator\"\n qname-minimisation: no\n" + zone
		return daemon(second, "unbound", toolIP+":53", conf, "-d", "-c", "{conf}")
	}
	with := func(name, want string, seen check, base, zone string, slow bool) {
		out = append(out, needing("unbound", trial{name: name + ", by unbound", base: base, slow: slow, do: []act{unbound(zone), at}, seen: []check{seen, still}, want: []string{want}})...)
	}
	local := func(kind string) string { return " local-zone: \"invoice.test.\" " + kind + "\n" }
	for _, base := range []string{"plain", "fresh"} {
		with("D02 silent at our name, "+base, "D02", says("timeout"), base, local("always_deny"), true)
		with("D03 refuses our name, "+base, "D03", says("Refused"), base, local("always_refuse"), false)
		with("D04 fails at our name, "+base, "D04", says("ServerFailure"), base, " local-zone: \"test.\" nodefault\nstub-zone:\n name: \"test.\"\n stub-addr: 127.0.0.9@9\n", false)
		with("D07 no address at our name, "+base, "D07", says("nothing"), base, local("always_nodata"), false)
		with("D08 null at our name, "+base, "D08", says("0.0.0.0"), base, local("always_null"), false)
	}
	with("D06 no such name", "D06", says("NameError"), "plain", local("always_nxdomain"), false)
	with("D05 no such name", "D05", says("NameError"), "fresh", local("always_nxdomain"), false)
	healthyBy("unbound", "a local zone", unbound(" local-zone: \"test.\" static\n local-data: \"invoice.test. A "+serverIP+"\"\n"), says(serverIP))
	healthyBy("unbound", "AAAA is refused", unbound(" local-zone: \"test.\" static\n local-data: \"invoice.test. A "+serverIP+"\"\n"), says(serverIP))
	return out
}

// officeProxy is a proxy of others.
const officeProxy = toolIP + ":3128"

// squid is Squid with some rules.
func squid(rules string) act {
	return daemon(second, "squid", officeProxy, "http_port "+officeProxy+"\ndns_nameservers "+dnsIP+"\ncache deny all\naccess_log none\ncache_log /dev/null\npid_filename none\ncoredump_dir {dir}\nshutdown_lifetime 0 seconds\nconnect_timeout 2 seconds\nforward_timeout 2 seconds\nvisible_hostname office\nnetdb_filename none\n"+rules, "-N", "-f", "{conf}")
}

// Rules of a Squid that knows clerk with the password "secret"; by NTLM it takes whoever
// keeps to the protocol.
const (
	squidKnown  = "acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n"
	squidBasic  = "auth_param basic program /usr/lib/squid/basic_ncsa_auth {dir}/users\nauth_param basic realm office\n" + squidKnown + "\n--- users\nclerk:$1$x$0AXOYAuOs.uNCmG2qRI8W.\n"
	squidDigest = "auth_param digest program /usr/lib/squid/digest_file_auth {dir}/users\nauth_param digest realm office\n" + squidKnown + "\n--- users\nclerk:secret\n"
	squidNTLM   = "auth_param ntlm program /usr/lib/squid/ntlm_fake_auth\nauth_param ntlm keep_alive on\n" + squidKnown
)

// otherProxies are cases with proxies of others.
func otherProxies() (out []trial) {
	to := func(scheme, user string) act { return via(scheme + "://" + user + officeProxy) }
	status := func(n int) check { return curl(-1, fmt.Sprint(n), serverURL+"/healthz") }
	works := curl(0, "200.*counterfoil", serverURL+"/healthz")
	add := func(program, name, base string, do []act, seen check, want ...string) {
		t := trial{name: name + ", by " + program, base: base, do: do, seen: []check{seen}, want: want}
		if want[0] == "OK" {
			t.kind = healthy
		}
		out = append(out, needing(program, t)...)
	}

	for _, base := range []string{"plain", "fresh"} {
		add("squid", "OK a proxy, "+base, base, []act{squid("http_access allow all\n"), to("http", "")}, works, "OK")
		add("squid", "X03 Basic, "+base, base, []act{squid(squidBasic), to("http", "")}, status(407), "X03")
		add("squid", "X03 NTLM, "+base, base, []act{squid(squidNTLM), to("http", "")}, status(407), "X03")
		add("squid", "X03 Digest, "+base, base, []act{squid(squidDigest), to("http", "")}, status(407), "X03")
		add("squid", "X04 denied, "+base, base, []act{squid("http_access deny all\n"), to("http", "")}, status(403), "X04")
		add("squid", "X05 no way to the server, "+base, base, []act{squid("http_access allow all\n"), to("http", ""), closedAt(serverIP)}, status(503), "X05")
	}
	add("squid", "OK a proxy, direct shut", "proxy only", []act{squid("http_access allow all\n"), to("http", "")}, works, "OK")
	add("squid", "OK a proxy without a scheme", "plain", []act{squid("http_access allow all\n"), via(officeProxy)}, works, "OK")
	add("squid", "X04 the site is on a list", "proxy only", []act{squid("acl bad dstdomain .test\nhttp_access deny bad\nhttp_access allow all\n"), to("http", "")}, status(403), "X04")
	add("squid", "X05 it knows no such name", "plain", []act{squid("http_access allow all\n"), to("http", ""), know(dnsIP, serverName, record{rcode: 3})}, status(50), "X05")
	add("squid", "X05 server silent", "proxy only", []act{squid("http_access allow all\n"), to("http", ""), nft(isp, "forward", "ip daddr "+serverIP+" drop")}, status(503), "X05", "X02")
	add("squid", "X09 SOCKS typed", "plain", []act{squid("http_access allow all\n"), to("socks5", "")}, curl(-1, "", serverURL+"/healthz"), "X09")
	add("squid", "X02 hung", "plain", []act{squid("http_access allow all\n"), to("http", ""), run(second, "kill -STOP $(pgrep -x squid)")}, curl(28, "", serverURL+"/healthz"), "X02", "X05", "X09")

	tiny := func(rules string) act {
		return daemon(second, "tinyproxy", officeProxy, "Port 3128\nListen "+toolIP+"\nTimeout 20\nMaxClients 20\n"+rules, "-d", "-c", "{conf}")
	}
	for _, base := range []string{"plain", "proxy only"} {
		add("tinyproxy", "OK a proxy, "+base, base, []act{tiny(""), to("http", "")}, works, "OK")
		add("tinyproxy", "OK a proxy with a sign-in, "+base, base, []act{tiny("BasicAuth clerk secret\n"), to("http", "clerk:secret@")}, works, "OK")
		add("tinyproxy", "X03 Basic, "+base, base, []act{tiny("BasicAuth clerk secret\n"), to("http", "")}, status(407), "X03")
		add("tinyproxy", "X03 a wrong password, "+base, base, []act{tiny("BasicAuth clerk secret\n"), to("http", "clerk:wrong@")}, status(401), "X03")
		add("tinyproxy", "X04 not for us, "+base, base, []act{tiny("Allow 10.1.1.1\n"), to("http", "")}, status(403), "X04")
		add("tinyproxy", "X04 the port is not allowed, "+base, base, []act{tiny("ConnectPort 563\n"), to("http", "")}, status(403), "X04")
		add("tinyproxy", "X05 server refuses, "+base, base, []act{tiny(""), to("http", ""), closedAt(serverIP)}, status(50), "X05")
	}

	dante := func(rules string) act {
		return daemon(second, "danted", officeProxy, "internal: "+toolIP+" port = 3128\nexternal: s20\nuser.privileged: root\nuser.unprivileged: root\nlogoutput: stderr\nclientmethod: none\nsocksmethod: none\nclient pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n"+rules, "-f", "{conf}")
	}
	pass := "socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n"
	for _, base := range []string{"plain", "proxy only"} {
		add("danted", "OK a SOCKS proxy, "+base, base, []act{dante(pass), to("socks5", "")}, works, "OK")
		add("danted", "OK a SOCKS proxy that looks names up, "+base, base, []act{dante(pass), to("socks5h", "")}, works, "OK")
		add("danted", "X04 SOCKS forbids, "+base, base, []act{dante("socks block { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n"), to("socks5", "")}, curl(-1, "", serverURL+"/healthz"), "X04")
		add("danted", "X05 SOCKS does not get there, "+base, base, []act{dante(pass), to("socks5", ""), closedAt(serverIP)}, curl(-1, "", serverURL+"/healthz"), "X05")
	}
	micro := func(words ...string) act {
		return daemon(second, "microsocks", officeProxy, "", append([]string{"-i", toolIP, "-p", "3128"}, words...)...)
	}
	add("microsocks", "OK a SOCKS proxy with a sign-in", "plain", []act{micro("-u", "clerk", "-P", "secret"), to("socks5", "clerk:secret@")}, works, "OK")
	add("microsocks", "X03 SOCKS wants a sign-in", "plain", []act{micro("-u", "clerk", "-P", "secret"), to("socks5", "")}, curl(97, "", serverURL+"/healthz"), "X03")
	add("microsocks", "X03 SOCKS, a wrong password", "plain", []act{micro("-u", "clerk", "-P", "secret"), to("socks5", "clerk:wrong@")}, curl(97, "", serverURL+"/healthz"), "X03")
	add("microsocks", "X09 HTTP typed, SOCKS there", "plain", []act{micro(), to("http", "")}, curl(-1, "", serverURL+"/healthz"), "X09")
	return out
}
