package lab

import (
	"crypto/tls"
	"net/http"
	"time"
)

// dated changes the Date of every answer; "" leaves it out.
func dated(text string, date func() string, l leafOf) act {
	return act{"Date " + text, func(w *world) error {
		return w.stand(site, "", "443", front{tls: &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(l)}}, handler: w.pass(func(r *http.Response) error {
			if d := date(); d == "" {
				r.Header["Date"] = nil
			} else {
				r.Header.Set("Date", d)
			}
			return nil
		})})
	}}
}

// clockCases are of clocks that say odd things, and of certificates seen over a proxy.
func clockCases() (out []trial) {
	at443 := serverName + ":443"
	well := func(name, base string, do act) {
		out = append(out, trial{name: "OK clock: " + name, base: base, kind: healthy, do: []act{do}, seen: []check{curl(0, "200.*counterfoil", serverURL+"/healthz")}, want: []string{"OK"}})
	}
	off := func(d time.Duration) func() string {
		return func() string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	}
	fixed := func(s string) func() string { return func() string { return s } }
	well("no Date at all", "plain", dated("left out", fixed(""), leafOf{}))
	well("Date is nonsense", "plain", dated("nonsense", fixed("yesterday"), leafOf{}))
	well("Date of 1970", "plain", dated("1970", fixed("Thu, 01 Jan 1970 00:00:10 GMT"), leafOf{}))
	well("Date of 1970, never worked", "fresh", dated("1970", fixed("Thu, 01 Jan 1970 00:00:10 GMT"), leafOf{}))
	well("Date a year ahead", "plain", dated("a year ahead", off(365*day), leafOf{}))
	well("Date four minutes behind", "status", dated("four minutes behind", off(-4*time.Minute), leafOf{}))
	well("Date a day ahead, the status host's right", "status", dated("a day ahead", off(day), leafOf{}))
	fault := func(id, name, base string, says string, do act, or ...string) {
		out = append(out, trial{name: id + " clock: " + name, base: base, do: []act{do}, seen: []check{openssl(says, at443)}, want: append([]string{id}, or...)})
	}
	fault("S01", "expired, no Date", "plain", "expired", dated("left out", fixed(""), leafOf{to: -day}))
	fault("S01", "expired, Date of 1970", "plain", "expired", dated("1970", fixed("Thu, 01 Jan 1970 00:00:10 GMT"), leafOf{to: -day}))
	fault("S01", "expired, the server an hour behind", "plain", "expired", dated("an hour behind", off(-time.Hour), leafOf{to: -day}))
	fault("S01", "expired, Date a year behind, the status host's right", "status", "expired", dated("a year behind", off(-365*day), leafOf{from: -900 * day, to: -day}))
	fault("S02", "not yet, no Date", "plain", "not yet", dated("left out", fixed(""), leafOf{from: day}))
	fault("S02", "not yet, Date a day ahead, the status host's right", "status", "not yet", dated("a day ahead", off(day), leafOf{from: day / 2}))
	fault("S03", "all a day ahead", "status", "not yet", shifted("all a day ahead", day, leafOf{from: day / 2}))
	fault("S03", "all two years ahead, never worked", "fresh", "not yet", shifted("all two years ahead", 730*day, leafOf{from: 700 * day, to: 1000 * day}))
	fault("S03", "all two years behind", "status", "expired", shifted("all two years behind", -730*day, leafOf{from: -800 * day, to: -700 * day}))
	return append(out, overProxy()...)
}

func overProxy() (out []trial) {
	add := func(id, name, base string, seen check, do []act, or ...string) {
		out = append(out, trial{name: id + " over a proxy: " + name, base: base, slow: true, do: do, seen: []check{seen}, want: append([]string{id}, or...)})
	}
	at := "http://" + proxyIP + ":3128"
	bad := curl(60, "", "-x", at, serverURL+"/healthz")
	add("S01", "expired", "proxy", bad, []act{shows("expired", func(*authorities) leafOf { return leafOf{to: -day} })})
	add("S04", "another host", "proxy only", bad, []act{shows("another host", func(*authorities) leafOf { return leafOf{names: []string{"mail.test"}, ips: []string{"10.1.1.1"}} })})
	add("S06", "of a stranger", "proxy only", bad, []act{shows("of a stranger", func(a *authorities) leafOf { return leafOf{by: a.stranger} })}, "S11")
	add("S21", "client certificate", "proxy only", tcp(proxyIP+":3128", "open"), []act{handshake("wants a client certificate", func(w *world, c *tls.Config) {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, w.ca.pool()
	})})
	resigns := func(of func(a *authorities) *signer) act {
		return act{"the proxy re-signs", func(w *world) error {
			cert := w.ca.leaf(leafOf{by: of(w.ca)})
			ln, err := w.listen(second, "tcp", secondIP+":443")
			if err != nil {
				return err
			}
			s := &http.Server{Handler: w.pass(nil), ErrorLog: silentLog, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}}
			w.later(func() { _ = s.Close() })
			go func() { _ = s.ServeTLS(ln, "", "") }()
			return w.startProxy(proxyIP+":3199", proxy{to: secondIP})
		}}
	}
	other := curl(60, "", "-x", "http://"+proxyIP+":3199", serverURL+"/healthz")
	add("S11", "it re-signs with a CA of its own", "plain", other, []act{resigns(func(a *authorities) *signer { return a.stranger }), env("HTTPS_PROXY=http://" + proxyIP + ":3199")})
	add("S11", "it re-signs as Zscaler", "plain", other, []act{resigns(func(a *authorities) *signer { return a.authority(named("Zscaler Root CA", "Zscaler Inc."), nil, nil) }), env("HTTPS_PROXY=http://" + proxyIP + ":3199")})
	big := append([]act{run(second, "ip link set s20 gso_max_segs 1"), run(isp, "ip link set isp2 gso_max_segs 1")}, unaggregated...)
	add("S25", "large hello is dropped before it", "proxy only", tcp(proxyIP+":3128", "open"), append(big, nft(router, "forward", "ip daddr "+proxyIP+" meta length > 1300 @ih,0,16 0x1603 drop")))
	add("S26", "every hello is dropped before it", "proxy only", tcp(proxyIP+":3128", "open"), append(big, nft(router, "forward", "ip daddr "+proxyIP+" @ih,0,16 0x1603 drop")))
	add("N12", "large ones are dropped before it", "proxy only", tcp(proxyIP+":3128", "open"), append(big, nft(router, "forward", "ip daddr "+proxyIP+" meta length > 1300 drop")))
	add("T08", "hello is reset before it", "proxy only", tcp(proxyIP+":3128", "open"), append(big, nft(router, "forward", "ip daddr "+proxyIP+" meta l4proto tcp @ih,0,16 0x1603 reject with tcp reset")))
	return out
}
