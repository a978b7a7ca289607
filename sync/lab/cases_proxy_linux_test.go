package lab

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
)

// via sends the program through a proxy by its environment.
func via(address string) act { return env("HTTPS_PROXY=" + address) }

// proxied starts the office's proxy.
func proxied(port string, p proxy) act {
	return act{fmt.Sprintf("proxy %s:%s %s", proxyIP, port, p.text()), func(w *world) error { return w.startProxy(proxyIP+":"+port, p) }}
}

func proxyCases() (out []trial) {
	add := func(t trial) { out = append(out, t) }
	through := func(name string, p proxy, seen check, want ...string) {
		add(trial{name: name, base: "proxy", do: []act{proxied("3129", p), via("http://" + proxyIP + ":3129")}, seen: []check{seen}, want: want})
	}
	status := func(n int) check { return curl(56, fmt.Sprint(n), serverURL+"/healthz") }

	add(trial{name: "X01 proxy of an unknown name", base: "proxy", do: []act{via("http://proxy.nowhere.test:3128")}, seen: []check{curl(5, "", serverURL+"/healthz"), serverOpen}, want: []string{"X01"}})
	add(trial{name: "X01 the proxy's name is gone", do: []act{knows("proxy.test", record{rcode: 3}), via("http://proxy.test:3128")}, seen: []check{curl(5, "", serverURL+"/healthz"), names(dnsIP, "udp", "proxy.test", "NameError")}, want: []string{"X01"}})
	add(trial{name: "X01 unknown name, direct shut", base: "proxy only", do: []act{via("http://proxy.nowhere.test:3128")}, seen: []check{curl(5, "", serverURL+"/healthz")}, want: []string{"X01"}})
	add(trial{name: "X01 unknown name, never worked", base: "fresh", do: []act{via("http://proxy.nowhere.test:3128")}, seen: []check{curl(5, "", serverURL+"/healthz")}, want: []string{"X01"}})

	add(trial{name: "X02 proxy refuses", base: "proxy", do: []act{via("http://" + proxyIP + ":9")}, seen: []check{tcp(proxyIP+":9", "refused")}, want: []string{"X02"}})
	add(trial{name: "X02 proxy silent", base: "proxy", slow: true, do: []act{nft(isp, "forward", "ip daddr "+proxyIP+" drop")}, seen: []check{tcp(proxyIP+":3128", "timeout"), serverOpen}, want: []string{"X02"}})
	add(trial{name: "X02 proxy silent, direct shut", base: "proxy only", slow: true, do: []act{nft(isp, "forward", "ip daddr "+proxyIP+" drop")}, seen: []check{tcp(proxyIP+":3128", "timeout"), serverSilent}, want: []string{"X02"}})
	add(trial{name: "X02 proxy's computer gone", base: "proxy", slow: true, do: []act{via("http://10.99.0.99:3128")}, seen: []check{ping("10.99.0.99", false)}, want: []string{"X02"}})
	add(trial{name: "X02 proxy refuses, never worked", base: "fresh", do: []act{via("http://" + proxyIP + ":9")}, seen: []check{tcp(proxyIP+":9", "refused")}, want: []string{"X02"}})
	add(trial{name: "X02 office proxy refuses, direct shut", base: "proxy only", do: []act{via("http://" + proxyIP + ":9")}, seen: []check{tcp(proxyIP+":9", "refused"), serverSilent}, want: []string{"X02"}})

	for _, schemes := range [][]string{{`Basic realm="office"`}, {"NTLM"}, {"Negotiate"}, {`Digest realm="office", nonce="x"`}, {"Negotiate", "NTLM", `Basic realm="office"`}} {
		through(fmt.Sprintf("X03 407 %s, %d schemes", schemes[0], len(schemes)), proxy{user: "clerk:secret", schemes: schemes}, status(407), "X03")
	}
	add(trial{name: "X03 407, wrong password", base: "proxy", do: []act{proxied("3129", proxy{user: "clerk:secret", schemes: []string{`Basic realm="office"`}}), via("http://clerk:wrong@" + proxyIP + ":3129")}, seen: []check{status(407)}, want: []string{"X03"}})
	add(trial{name: "X03 407, direct shut", base: "proxy only", do: []act{proxied("3129", proxy{user: "clerk:secret", schemes: []string{"NTLM"}}), via("http://" + proxyIP + ":3129")}, seen: []check{status(407), serverSilent}, want: []string{"X03"}})
	add(trial{name: "X03 407, never worked", base: "fresh", do: []act{proxied("3129", proxy{user: "clerk:secret", schemes: []string{`Basic realm="office"`}}), via("http://" + proxyIP + ":3129")}, seen: []check{status(407)}, want: []string{"X03"}})

	for _, n := range []int{403, 405, 451, 400, 404} {
		want := []string{"X04"}
		if n == 400 || n == 404 {
			want = []string{"X04", "X09"}
		}
		through(fmt.Sprintf("X04 CONNECT %d", n), proxy{status: n, body: "<html><title>Blocked by policy</title></html>", header: map[string]string{"Content-Type": "text/html"}}, status(n), want...)
	}
	add(trial{name: "X04 403, direct shut", base: "proxy only", do: []act{proxied("3129", proxy{status: 403}), via("http://" + proxyIP + ":3129")}, seen: []check{status(403), serverSilent}, want: []string{"X04"}})
	add(trial{name: "X04 403, never worked", base: "fresh", do: []act{proxied("3129", proxy{status: 403}), via("http://" + proxyIP + ":3129")}, seen: []check{status(403)}, want: []string{"X04"}})
	for _, n := range []int{502, 503, 504, 500} {
		through(fmt.Sprintf("X05 CONNECT %d", n), proxy{status: n}, status(n), "X05")
	}
	add(trial{name: "X05 502, server stopped too", base: "proxy only", do: []act{stopped}, seen: []check{status(502)}, want: []string{"X05"}})
	add(trial{name: "X05 504, direct shut", base: "proxy only", do: []act{proxied("3129", proxy{status: 504}), via("http://" + proxyIP + ":3129")}, seen: []check{status(504), serverSilent}, want: []string{"X05"}})

	add(trial{name: "X08 direct shut, environment lost", base: "proxy only", slow: true, do: []act{{"environment without proxy, GNOME's settings with", func(w *world) error { w.env = nil; return w.gnomeProxy(proxyIP, "3128") }}}, seen: []check{serverSilent, tcp(proxyIP+":3128", "open")}, want: []string{"X08"}})
	add(trial{name: "X07 environment's proxy dead, the system's well", base: "proxy only", do: []act{via("http://" + proxyIP + ":9"), {"GNOME's settings: the right proxy", func(w *world) error { return w.gnomeProxy(proxyIP, "3128") }}}, seen: []check{tcp(proxyIP+":9", "refused"), tcp(proxyIP+":3128", "open")}, want: []string{"X07"}})
	add(trial{name: "X06 PAC file not found", slow: true, base: "plain", do: []act{pac(reply{status: 404})}, seen: []check{curl(0, "404", "http://"+secondIP+"/proxy.pac")}, want: []string{"X06"}})
	add(trial{name: "X06 PAC file is a page", slow: true, base: "plain", do: []act{pac(page(200, "Intranet"))}, seen: []check{curl(0, "200.*Intranet", "http://"+secondIP+"/proxy.pac")}, want: []string{"X06"}})
	add(trial{name: "X06 PAC file with an error", slow: true, base: "plain", do: []act{pac(reply{status: 200, header: map[string]string{"Content-Type": "application/x-ns-proxy-autoconfig"}, body: "function FindProxyForURL(url, host) { return nonsense("})}, seen: []check{curl(0, "nonsense", "http://"+secondIP+"/proxy.pac")}, want: []string{"X06"}})

	script := reply{status: 200, header: map[string]string{"Content-Type": "application/x-ns-proxy-autoconfig"}, body: "function FindProxyForURL(url, host) { return dnsDomainIs(host, '.test') ? 'PROXY " + proxyIP + ":3128' : 'DIRECT' }"}
	add(trial{name: "X08 direct shut, a script knows the proxy", base: "proxy only", slow: true, do: []act{{"environment without proxy", func(w *world) error { w.env = nil; return nil }}, pac(script)}, seen: []check{serverSilent, curl(0, "FindProxy", "http://"+secondIP+"/proxy.pac")}, want: []string{"X08"}})
	add(trial{name: "X06 PAC host silent", slow: true, base: "plain", do: []act{pac(script), nft(isp, "forward", "ip daddr "+secondIP+" drop")}, seen: []check{curl(28, "", "http://"+secondIP+"/proxy.pac")}, want: []string{"X06"}})

	raw := func(text string, f func(net.Conn)) act {
		return act{text, func(w *world) error { return w.stand(second, proxyIP, "3130", front{raw: f}) }}
	}
	to := via("http://" + proxyIP + ":3130")
	add(trial{name: "X09 an SSH server there", base: "proxy", do: []act{raw("SSH at the proxy's port", says("SSH-2.0-OpenSSH_9.6\r\n")), to}, seen: []check{curl(56, "", serverURL+"/healthz"), tcp(proxyIP+":3130", "open")}, want: []string{"X09"}})
	add(trial{name: "X09 a TLS server there", base: "proxy", do: []act{{"TLS at the proxy's port", func(w *world) error {
		return w.stand(second, proxyIP, "3130", front{tls: &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{})}}, handler: page(200, "x"), h1: true})
	}}, to}, seen: []check{tcp(proxyIP+":3130", "open")}, want: []string{"X09"}})
	add(trial{name: "X09 it hangs up at once", base: "proxy", do: []act{raw("hangs up", func(c net.Conn) { _ = c.Close() }), to}, seen: []check{curl(56, "", serverURL+"/healthz")}, want: []string{"X09"}})
	add(trial{name: "X09 a web server there", base: "proxy", do: []act{{"a web server at the proxy's port", func(w *world) error {
		return w.stand(second, proxyIP, "3130", front{handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { page(405, "Method Not Allowed").ServeHTTP(rw, r) })})
	}}, to}, seen: []check{curl(56, "405", serverURL+"/healthz")}, want: []string{"X04", "X09"}})
	add(trial{name: "X09 SOCKS typed, an HTTP proxy there", base: "proxy", do: []act{via("socks5://" + proxyIP + ":3128")}, seen: []check{curl(-1, "", serverURL+"/healthz")}, want: []string{"X09"}})
	add(trial{name: "X02 proxy takes and says nothing", base: "proxy", slow: true, do: []act{proxied("3129", proxy{stall: true}), via("http://" + proxyIP + ":3129")}, seen: []check{curl(28, "", serverURL+"/healthz")}, want: []string{"X02", "X05", "X09"}})

	for _, port := range []string{"7890", "1080"} {
		add(trial{name: "X10 left-over proxy 127.0.0.1:" + port, do: []act{via("http://127.0.0.1:" + port)}, seen: []check{tcp("127.0.0.1:"+port, "refused"), serverOpen}, want: []string{"X10"}})
	}
	add(trial{name: "X10 left-over proxy localhost", do: []act{via("http://localhost:7890")}, seen: []check{tcp("127.0.0.1:7890", "refused"), serverOpen}, want: []string{"X10"}})
	add(trial{name: "X10 left-over SOCKS proxy", do: []act{via("socks5://127.0.0.1:1080")}, seen: []check{tcp("127.0.0.1:1080", "refused"), serverOpen}, want: []string{"X10"}})
	add(trial{name: "X10 left-over proxy, never worked", base: "fresh", do: []act{via("http://127.0.0.1:7890")}, seen: []check{tcp("127.0.0.1:7890", "refused")}, want: []string{"X10"}})
	return out
}

// says writes words to whoever connects.
func says(words string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = c.Write([]byte(words))
		buf := make([]byte, 4096)
		_, _ = c.Read(buf)
		_ = c.Close()
	}
}

// pac serves a proxy script and names it in GNOME's settings.
func pac(h http.Handler) act {
	return act{"GNOME's settings: automatic proxy", func(w *world) error {
		if err := w.stand(second, secondIP, "80", front{handler: h}); err != nil {
			return err
		}
		return w.gnome("mode='auto'\nautoconfig-url='http://"+secondIP+"/proxy.pac'\n", "")
	}}
}

func (w *world) gnomeProxy(host, port string) error {
	return w.gnome("mode='manual'\n", "host='"+host+"'\nport="+port+"\n")
}
