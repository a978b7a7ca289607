package lab

import (
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// bases are the folders that cases begin with.
var bases = map[string]base{
	"plain":   {},
	"fresh":   {fresh: true},
	"China":   {setup: []act{env("TZ=Asia/Shanghai")}},
	"gateway": {setup: []act{resolve(gateway)}},

	"fresh gateway": {fresh: true, setup: []act{resolve(gateway)}},
	"both":          {setup: []act{resolve(dnsIP, gateway)}},
	"two":           {setup: []act{resolve(dnsIP, dns2IP)}},
	"fresh 8443":    {fresh: true, url: serverURL + ":8443"},
	"8443":          {url: serverURL + ":8443"},
	"status":        {setup: []act{health("a status host", func(h map[string]any) { h["status"] = "http://status.test/" })}},
	"address":       {url: "https://" + serverIP},
	"far":           {setup: []act{slowLine("80 ms", line{delay: 40 * time.Millisecond})}},
	"dual": {setup: []act{
		sh("ip -6 addr add fd77::2/64 dev cl0 nodad; ip -6 route add default via fd77::1"),
		knows(serverName, record{a: []string{serverIP}, aaaa: []string{serverIP6}}),
	}},
	"six": {setup: []act{
		sh("ip addr flush dev cl0; ip -6 addr add fd77::2/64 dev cl0 nodad; ip -6 route add default via fd77::1"),
		knows(serverName, record{aaaa: []string{serverIP6}}), resolve("fd99::53"),
	}},
	"nodes":         {setup: []act{knows(serverName, record{a: []string{serverIP, nodeIP}})}},
	"vpn":           {setup: []act{tunnel("tun0"), nft(isp, "forward", "oifname isps iifname ispd drop")}},
	"inter":         {setup: []act{shows("chain with an intermediate", func(a *authorities) leafOf { return leafOf{by: a.inter, chain: []*signer{a.inter}} })}},
	"lan":           {setup: []act{atOffice}},
	"fresh lan":     {fresh: true, setup: []act{atOffice}},
	"numbers":       {url: "https://" + serverIP},
	"fresh numbers": {fresh: true, url: "https://" + serverIP},
	"proxy":         {setup: []act{proxied("3128", proxy{}), env("HTTPS_PROXY=http://" + proxyIP + ":3128")}},
	"proxy only":    {setup: []act{proxied("3128", proxy{}), env("HTTPS_PROXY=http://" + proxyIP + ":3128"), nft(router, "forward", "ip daddr 10.88.0.0/24 drop")}},
}

func init() { maps.Copy(bases, layouts()) }

// colleague is an address in the office's own net.
const colleague = "10.77.0.3"

// atOffice is a server in the office's own net.
var atOffice = act{"the server in the office", func(w *world) error {
	w.zone.set(serverName, record{a: []string{colleague}})
	if err := w.resolvers(gateway); err != nil {
		return err
	}
	cert := w.ca.leaf(leafOf{ips: []string{colleague}})
	return w.stand(office, colleague, "443", front{tls: &tls.Config{Certificates: []tls.Certificate{cert}}, handler: w.pass(nil)})
}}

// tunnel is a VPN from this computer to the server's site.
func tunnel(name string) act {
	return act{"tunnel " + name + " to the server's site", func(w *world) error {
		return w.lay(client, name, site, "wv", line{delay: 5 * time.Millisecond},
			"ip addr add 10.200.0.2/24 dev "+name+"; ip route add 10.88.0.0/24 dev "+name,
			"ip addr add 10.200.0.1/24 dev wv; ip route replace 10.77.0.2 dev wv")
	}}
}

// portal sends what goes to a port of anybody outside to the router's own portal:
// how is the status it answers, or "tls".
func (w *world) portal(how, port string) error {
	h := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		switch how {
		case "302":
			rw.Header().Set("Location", "http://portal.hotel.test/login?from="+r.Host)
			rw.WriteHeader(http.StatusFound)
		case "511":
			rw.WriteHeader(http.StatusNetworkAuthenticationRequired)
		}
		_, _ = io.WriteString(rw, "<html><head><title>Sign in to the hotel network</title></head><body>portal</body></html>")
	})
	f := front{handler: h}
	if how == "tls" {
		cert := w.ca.leaf(leafOf{by: w.ca.stranger, names: []string{"portal.hotel.test"}, subject: "portal.hotel.test"})
		f.tls = &tls.Config{Certificates: []tls.Certificate{cert}}
	}
	if err := w.stand(router, "", port, f); err != nil {
		return fmt.Errorf("portal: %w", err)
	}
	return nil
}

// gnome writes the proxy settings that a gsettings of the lab's own answers with.
func (w *world) gnome(proxy, https string) error {
	bin := filepath.Join(w.dir, "bin")
	script := `#!/bin/sh
# gsettings get SCHEMA KEY, and list-recursively SCHEMA, from the lines of the lab
case "$1" in
get) sed -n "s/^$2 $3 //p" "` + bin + `/settings" ;;
list-recursively) grep "^$2" "` + bin + `/settings" ;;
esac
`
	const schema = "org.gnome.system.proxy"
	lines := ""
	all := map[string]string{"mode": "'none'", "autoconfig-url": "''", "ignore-hosts": "['localhost', '127.0.0.0/8', '::1']"}
	secure := map[string]string{"host": "''", "port": "0"}
	for in, text := range map[*map[string]string]string{&all: proxy, &secure: https} {
		for _, l := range strings.Split(text, "\n") {
			if k, v, ok := strings.Cut(l, "="); ok {
				(*in)[k] = v
			}
		}
	}
	for k, v := range all {
		lines += schema + " " + k + " " + v + "\n"
	}
	for k, v := range secure {
		lines += schema + ".https " + k + " " + v + "\n" + schema + ".http " + k + " " + v + "\n"
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	w.env = append(w.env, "PATH="+bin+":"+os.Getenv("PATH"), "XDG_CURRENT_DESKTOP=GNOME", "DESKTOP_SESSION=gnome")
	w.later(func() { _ = os.RemoveAll(bin) })
	if err := os.WriteFile(filepath.Join(bin, "settings"), []byte(lines), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(bin, "gsettings"), []byte(script), 0o755)
}

// http1Front is the server behind a front that speaks no HTTP/2.
func (w *world) http1Front() front {
	return front{tls: &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{})}}, handler: w.pass(nil), h1: true}
}
