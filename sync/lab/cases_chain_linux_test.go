package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// authority is a certificate that signs others, from two years ago for two years more.
func (a *authorities) authority(name pkix.Name, by *signer, change func(*x509.Certificate)) *signer {
	c := &x509.Certificate{Subject: name, NotBefore: time.Now().Add(-700 * day), NotAfter: time.Now().Add(700 * day), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	if change != nil {
		change(c)
	}
	return a.sign(c, by, newKey())
}

func named(cn, o string) pkix.Name {
	n := pkix.Name{CommonName: cn}
	if o != "" {
		n.Organization = []string{o}
	}
	return n
}

func rsaKey(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

// systemTrust makes this computer trust a CA: by a file, or by a folder.
func systemTrust(how string, of func(a *authorities) *signer) act {
	return act{"this computer trusts it, by " + how, func(w *world) error {
		dir := w.ca.path("trusted")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		w.later(func() { _ = os.RemoveAll(dir) })
		w.env = append(w.env, how+"="+map[string]string{"SSL_CERT_FILE": dir + "/office.pem", "SSL_CERT_DIR": dir}[how])
		return writePEM(dir+"/office.pem", "CERTIFICATE", of(w.ca).cert.Raw)
	}}
}

// oddChains are chains that are well and look like ones that are not.
func oddChains() (out []trial) {
	add := func(name string, l func(a *authorities) leafOf) {
		for _, base := range []string{"plain", "fresh"} {
			of := ""
			if base == "fresh" {
				of = ", never worked"
			}
			out = append(out, trial{name: "OK chain: " + name + of, base: base, kind: healthy, do: []act{shows(name, l)}, seen: []check{curl(0, "200", serverURL+"/healthz")}, want: []string{"OK"}})
		}
	}
	add("older than its root", func(*authorities) leafOf { return leafOf{from: -950 * day} })
	add("root renewed with the same key, shown beside", func(a *authorities) leafOf {
		c := *a.root.cert
		c.NotAfter = time.Now().Add(4000 * day)
		return leafOf{chain: []*signer{a.sign(&c, nil, a.root.key)}}
	})
	add("new root, which the old one signed", func(a *authorities) leafOf {
		cross := a.sign(&x509.Certificate{Subject: a.renewed.cert.Subject, NotBefore: time.Now().Add(-day), NotAfter: time.Now().Add(700 * day), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, a.root, a.renewed.key)
		return leafOf{by: a.renewed, chain: []*signer{a.renewed, cross}}
	})
	add("in the wrong order", func(a *authorities) leafOf {
		one := a.authority(named("One CA", ""), a.root, nil)
		two := a.authority(named("Two CA", ""), one, nil)
		return leafOf{by: two, chain: []*signer{one, a.root, two}}
	})
	add("certificates of others beside", func(a *authorities) leafOf { return leafOf{chain: []*signer{a.stranger, a.renewed, a.inter}} })
	add("an expired one of the same name beside", func(a *authorities) leafOf {
		old := a.sign(&x509.Certificate{Subject: a.inter.cert.Subject, NotBefore: time.Now().Add(-900 * day), NotAfter: time.Now().Add(-day), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, a.root, a.inter.key)
		return leafOf{by: a.inter, chain: []*signer{old, a.inter}}
	})
	add("name with a star", func(*authorities) leafOf { return leafOf{names: []string{"*.test"}} })
	add("forty names", func(*authorities) leafOf {
		names := []string{}
		for i := range 400 {
			names = append(names, fmt.Sprintf("branch-%03d.offices.of.the.company.test", i))
		}
		return leafOf{names: append(names, serverName)}
	})
	for name, key := range map[string]func() crypto.Signer{
		"P-384": func() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)) },
		"P-521": func() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)) },
		"Ed25519": func() crypto.Signer {
			_, k, err := ed25519.GenerateKey(rand.Reader)
			return must(k, err)
		},
		"RSA 2048": func() crypto.Signer { return rsaKey(2048) },
	} {
		add("key of "+name, func(*authorities) leafOf { return leafOf{key: key()} })
	}
	add("RSA 4096 all the way", func(a *authorities) leafOf {
		c := a.sign(&x509.Certificate{Subject: named("Large CA", ""), NotBefore: time.Now().Add(-day), NotAfter: time.Now().Add(700 * day), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, a.root, rsaKey(4096))
		return leafOf{by: c, chain: []*signer{c}, key: rsaKey(4096)}
	})
	add("for servers and clients", func(*authorities) leafOf {
		return leafOf{purpose: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	})
	add("of an intermediate of another maker's name", func(a *authorities) leafOf {
		c := a.authority(named("FortiGate Issuing CA", "Fortinet"), a.root, nil)
		return leafOf{by: c, chain: []*signer{c}}
	})
	add("20 days left, and a CA of 20 years", func(a *authorities) leafOf { return leafOf{to: 20 * day} })
	for i := range out {
		// Tools are stricter than the program about a star below the highest level, and follow a chain otherwise.
		if strings.Contains(out[i].name, "star") || strings.Contains(out[i].name, "old one signed") {
			out[i].seen = []check{tcp(serverIP+":443", "open")}
		}
	}
	two := act{"another key at the other node", func(w *world) error {
		return w.stand(site, nodeIP, "443", front{tls: &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{})}}, handler: w.pass(nil)})
	}}
	out = append(out, trial{name: "OK two nodes with a certificate each", base: "nodes", kind: healthy, do: []act{two}, seen: []check{curl(0, "200", "--resolve", serverName+":443:"+nodeIP, serverURL+"/healthz")}, want: []string{"OK"}})
	byIP := trial{name: "OK called by its address, which the certificate names", kind: healthy, base: "address", seen: []check{curl(0, "200", "https://"+serverIP+"/healthz")}, want: []string{"OK"}}
	out = append(out, byIP)
	for name, change := range map[string]func(c *tls.Config){
		"HTTP/1.1 alone":          func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} },
		"no protocol named":       func(c *tls.Config) { c.NextProtos = []string{} },
		"TLS 1.2 and P-256 alone": func(c *tls.Config) { c.MaxVersion, c.CurvePreferences = tls.VersionTLS12, []tls.CurveID{tls.CurveP256} },
		"P-521 alone":             func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP521} },
		"no tickets":              func(c *tls.Config) { c.SessionTicketsDisabled = true },
		"client certificate of others is welcome": func(c *tls.Config) { c.ClientAuth = tls.VerifyClientCertIfGiven },
	} {
		out = append(out, trial{name: "OK handshake: " + name, kind: healthy, do: []act{handshake1(name, change)}, seen: []check{curl(0, "200", serverURL+"/healthz")}, want: []string{"OK"}})
	}
	return out
}

// handshake1 is handshake by a server of HTTP/1.1.
func handshake1(text string, change func(c *tls.Config)) act {
	return act{text, func(w *world) error {
		c := &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{})}}
		change(c)
		return w.stand(site, "", "443", front{tls: c, handler: w.pass(nil), h1: true})
	}}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// chainCases are faults of certificates in other shapes.
func chainCases() (out []trial) {
	at443 := serverName + ":443"
	bad := openssl("verify error|Verification error|alert", at443)
	add := func(id, name string, l func(a *authorities) leafOf, or ...string) *trial {
		out = append(out, trial{name: id + " chain: " + name, do: []act{shows(name, l)}, seen: []check{bad}, want: append([]string{id}, or...)})
		return &out[len(out)-1]
	}
	fresh := func(id, name string, l func(a *authorities) leafOf, or ...string) {
		add(id, name, l, or...)
		t := add(id, name, l, or...)
		t.name, t.base = t.name+", never worked", "fresh"
	}
	fresh("S06", "unknown, expired, another host", func(a *authorities) leafOf {
		return leafOf{by: a.stranger, to: -day, names: []string{"mail.test"}, ips: []string{"10.1.1.1"}}
	})
	for i := range out {
		out[i].also = []string{"S01", "S04"}
	}
	fresh("S01", "expired, its root younger", func(*authorities) leafOf { return leafOf{from: -1200 * day, to: -800 * day} })
	fresh("S01", "expired, with the chain", func(a *authorities) leafOf { return leafOf{by: a.inter, chain: []*signer{a.inter}, to: -time.Hour} })
	fresh("S01", "two above expired", func(a *authorities) leafOf {
		old := a.authority(named("Old CA", ""), a.root, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-day) })
		two := a.authority(named("Two CA", ""), old, nil)
		return leafOf{by: two, chain: []*signer{two, old}}
	})
	fresh("S02", "intermediate from tomorrow", func(a *authorities) leafOf {
		c := a.authority(named("Young CA", ""), a.root, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(day) })
		return leafOf{by: c, chain: []*signer{c}}
	})
	add("S07", "intermediate of the new root", func(a *authorities) leafOf {
		c := a.authority(named("Lab Issuing CA", "Lab Issuing CA"), a.renewed, nil)
		return leafOf{by: c, chain: []*signer{c}}
	})
	add("S07", "intermediate of the new root, and it", func(a *authorities) leafOf {
		c := a.authority(named("Lab Issuing CA", "Lab Issuing CA"), a.renewed, nil)
		return leafOf{by: c, chain: []*signer{c, a.renewed}}
	})
	add("S07", "new root, expired", func(a *authorities) leafOf { return leafOf{by: a.renewed, to: -day} }, "S01")
	kin := func(a *authorities) *signer {
		return a.authority(named("Lab Invoice Issuing CA 2", "Lab Invoice CA"), a.root, nil)
	}
	fresh("S09", "another intermediate is missing", func(a *authorities) leafOf { return leafOf{by: kin(a)} })
	fresh("S09", "an intermediate without a firm is missing", func(a *authorities) leafOf {
		return leafOf{by: a.authority(named("Test Intermediate CA", ""), a.root, nil)}
	})
	add("S09", "renewed intermediate is missing", func(a *authorities) leafOf {
		return leafOf{by: a.authority(a.inter.cert.Subject, a.root, nil)}
	}).base = "inter"
	fresh("S09", "the lower of two is missing", func(a *authorities) leafOf {
		one := a.authority(named("Lab Policy CA", "Lab"), a.root, nil)
		two := a.authority(named("Lab Sub CA", "Lab"), one, nil)
		return leafOf{by: two, chain: []*signer{one}}
	}, "S06")
	fresh("S09", "the upper of two is missing", func(a *authorities) leafOf {
		one := a.authority(named("Lab Policy CA", "Lab"), a.root, nil)
		two := a.authority(named("Lab Sub CA", "Lab"), one, nil)
		return leafOf{by: two, chain: []*signer{two}}
	}, "S06")
	fresh("S06", "of a public-looking CA with its intermediate", func(a *authorities) leafOf {
		r := a.authority(named("Global Trust Root R9", "Global Trust"), nil, nil)
		c := a.authority(named("Global Trust TLS CA 2026", "Global Trust"), r, nil)
		return leafOf{by: c, chain: []*signer{c}}
	}, "S09")
	fresh("S10", "signs itself, as a CA", func(a *authorities) leafOf { return leafOf{self: true} })
	add("S10", "signs itself, another host", func(a *authorities) leafOf {
		return leafOf{self: true, names: []string{"localhost"}, ips: []string{"127.0.0.1"}}
	}, "S04")
	fresh("S13", "intermediate of RSA 1024", func(a *authorities) leafOf {
		c := a.sign(&x509.Certificate{Subject: named("Small CA", ""), NotBefore: time.Now().Add(-day), NotAfter: time.Now().Add(700 * day), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, a.root, rsaKey(1024))
		return leafOf{by: c, chain: []*signer{c}}
	})
	fresh("S14", "signing is not among its uses", func(a *authorities) leafOf {
		c := a.authority(named("Odd CA", ""), a.root, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })
		return leafOf{by: c, chain: []*signer{c}}
	})
	fresh("S14", "for code alone", func(*authorities) leafOf { return leafOf{purpose: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}} })
	fresh("S14", "CA for clients alone", func(a *authorities) leafOf {
		c := a.authority(named("Clients CA", ""), a.root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
		return leafOf{by: c, chain: []*signer{c}}
	})
	fresh("S04", "star of another level", func(*authorities) leafOf { return leafOf{names: []string{"*.invoice.test"}, ips: []string{"10.1.1.1"}} })
	add("S04", "address alone", func(*authorities) leafOf { return leafOf{names: []string{}, ips: []string{"10.88.0.77"}} }, "S05").seen = []check{curl(60, "", serverURL+"/healthz")}
	for _, by := range makers {
		add("S11", "by "+by[0], func(a *authorities) leafOf {
			return leafOf{by: a.authority(named(by[0], by[1]), nil, nil)}
		})
	}
	add("S11", "by ESET, with its CA, of a day", func(a *authorities) leafOf {
		c := a.authority(named("ESET SSL Filter CA", "ESET, spol. s r. o."), nil, nil)
		return leafOf{by: c, chain: []*signer{c}, from: -day, to: day}
	})
	add("S11", "signs itself, by Fortinet", func(a *authorities) leafOf { return leafOf{self: true, subject: "FortiGate"} }, "S10")
	for _, how := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		t := add("S11", "by the office's own CA, "+how, func(a *authorities) leafOf { return leafOf{by: a.stranger, chain: []*signer{a.stranger}} })
		t.do = append(t.do, systemTrust(how, func(a *authorities) *signer { return a.stranger }))
		t = add("S11", "by an intermediate of the office's own CA, "+how, func(a *authorities) leafOf {
			c := a.authority(named("Office Gateway 7", "Office"), a.stranger, nil)
			return leafOf{by: c, chain: []*signer{c}}
		})
		t.do = append(t.do, systemTrust(how, func(a *authorities) *signer { return a.stranger }))
		t = add("S11", "by the office's own CA, expired, another name, "+how, func(a *authorities) leafOf { return leafOf{by: a.stranger, to: -day, names: []string{"gate.office"}} })
		t.do = append(t.do, systemTrust(how, func(a *authorities) *signer { return a.stranger }))
	}
	all := add("S11", "everything is re-signed by an unknown box", func(a *authorities) leafOf { return leafOf{by: a.stranger} }, "S06")
	all.do = append(all.do, act{"the status host as well", func(w *world) error {
		cert := w.ca.leaf(leafOf{by: w.ca.stranger, names: []string{"status.test"}})
		return w.stand(second, statusIP, "443", front{tls: &tls.Config{Certificates: []tls.Certificate{cert}}, handler: http.NotFoundHandler()})
	}})
	return slices.Concat(out, boxCases(), clockCases())
}

// makers are names of CAs that re-sign connections, and of who made them.
var makers = [][2]string{
	{"Kaspersky Anti-Virus Personal Root Certificate", "AO Kaspersky Lab"}, {"avast! Web/Mail Shield Root", "avast! Web/Mail Shield"}, {"AVG Web/Mail Shield Root", "AVG Web/Mail Shield"},
	{"Bitdefender Personal CA.Net-Defender", "Bitdefender"}, {"FG100FTK19000000", "Fortinet"}, {"Zscaler Intermediate Root CA (zscaler.net)", "Zscaler Inc."},
	{"Sophos SSL CA_C01001234567890", "Sophos"}, {"Cisco Umbrella Root CA", "Cisco"}, {"SANGFOR-CA", "SANGFOR"}, {"深信服科技 SSL 代理", "深信服科技股份有限公司"},
	{"奇安信 SSL 代理根证书", "奇安信科技集团"}, {"360 SSL Proxy Root", "Qihoo 360 Technology"}, {"火绒安全 CA", "北京火绒网络科技有限公司"}, {"天融信 上网行为管理", "TOPSEC"},
	{"Hillstone Networks SSL Proxy CA", "Hillstone Networks"}, {"绿盟科技 WAF", "NSFOCUS"}, {"启明星辰 CA", "Venustech"}, {"锐捷网络 SSL 审计", "Ruijie Networks"},
	{"H3C SSL Proxy CA", "H3C Technologies Co., Limited"}, {"Huawei USG SSL Proxy", "Huawei"}, {"网康 ICG", "网康科技"}, {"Check Point SSL Inspection", "Check Point"},
	{"Blue Coat ProxySG CA", "Blue Coat Systems"}, {"Netskope CA", "netSkope Inc"}, {"McAfee Web Gateway", "McAfee"}, {"Norton Web/Mail Shield Root", "Norton Web/Mail Shield"},
	{"DO_NOT_TRUST_FiddlerRoot", "DO_NOT_TRUST"}, {"mitmproxy", "mitmproxy"}, {"SteamTools Certificate", "SteamTools"}, {"AdGuard Personal CA", "Adguard Software Limited"},
	{"Palo Alto Networks Decrypt CA", "Palo Alto Networks"}, {"Gateway CA - Cloudflare Managed G1", "Cloudflare"}, {"Trend Micro Web Security", "Trend Micro"}, {"SonicWall Firewall DPI-SSL", "SonicWALL Inc."},
	{"Dr.Web SSL", "Dr.Web"}, {"WatchGuard Fireware HTTPS Proxy", "WatchGuard_Technologies"}, {"Barracuda SSL Inspection", "Barracuda Networks"}, {"Forcepoint Root CA", "Forcepoint"},
}
