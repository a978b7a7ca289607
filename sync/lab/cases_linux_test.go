package lab

import (
	"crypto/tls"
	"net/http"
)

// trials are all cases, in the order of the catalogue.
func trials() []trial {
	var out []trial
	for _, f := range families {
		out = append(out, f()...)
	}
	return append(out, cureCases()...)
}

var families = []func() []trial{
	linkCases, nameCases, proxyCases, routeCases, layoutCases, secureCases, helloCases, answerCases, trafficCases, frontCases,
	serverCases, localCases, folderCases, moreCases, chainCases, pairs, morePairs, healthyCases, oddChains,
	couples, oddCases, oddNames, otherNames, oddProxies, otherProxies, oddPortals,
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

// stranger serves a page over TLS at an address of the second site, with a
// certificate of a CA that nobody here knows.
func stranger(ip string) act {
	return act{"a stranger's server at " + ip, func(w *world) error {
		cert := w.ca.leaf(leafOf{by: w.ca.stranger, names: []string{"shop.elsewhere.test"}, subject: "shop.elsewhere.test"})
		return w.stand(second, ip, "443", front{tls: &tls.Config{Certificates: []tls.Certificate{cert}}, handler: page(200, "A shop")})
	}}
}

// blockPage serves a filter's page with a certificate that the filter signed for
// the server's name.
func blockPage(ip string) act {
	return act{"a filter's page at " + ip, func(w *world) error {
		cert := w.ca.leaf(leafOf{by: w.ca.stranger})
		return w.stand(second, ip, "443", front{tls: &tls.Config{Certificates: []tls.Certificate{cert}}, handler: page(403, "This site is blocked")})
	}}
}
