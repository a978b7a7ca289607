package lab

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"time"
)

// unaggregated keeps packets as they are on the way, in both directions.
var unaggregated = []act{
	run(router, "ip link set rtc gso_max_segs 1; ip link set rtu gso_max_segs 1"), run(isp, "ip link set ispd gso_max_segs 1; ip link set isps gso_max_segs 1"),
	run(site, "ip link set sv0 gso_max_segs 1"), sh("ip link set cl0 gso_max_segs 1"), run(office, "ip link set swc gso_max_segs 1; ip link set swr gso_max_segs 1"),
}

// boxCases are of boxes on the way that let some of a secure connection through.
func boxCases() (out []trial) {
	add := func(id, name, base string, seen check, do []act, or ...string) *trial {
		out = append(out, trial{name: id + " box: " + name, base: base, slow: true, do: do, seen: []check{seen}, want: append([]string{id}, or...)})
		return &out[len(out)-1]
	}
	drop := func(ns, chain, rule string) []act { return append(slices.Clone(unaggregated), nft(ns, chain, rule)) }
	up, down := "ip daddr "+serverIP+" ", "ip saddr "+serverIP+" "
	for _, size := range []string{"1280", "1400", "1450"} {
		add("N12", "large ones going out, over "+size, "plain", serverOpen, drop(router, "forward", up+"meta length > "+size+" drop"))
		add("N12", "large ones coming in, over "+size, "plain", serverOpen, drop(router, "forward", down+"meta length > "+size+" drop"))
	}
	add("N12", "large ones going out, never worked", "fresh", serverOpen, drop(isp, "forward", up+"meta length > 1400 drop"))
	add("N12", "large ones coming in, never worked", "fresh", serverOpen, drop(isp, "forward", down+"meta length > 1400 drop"))
	add("N12", "large ones to the server's own door", "plain", serverOpen, drop(site, "input", "meta l4proto tcp iifname sv0 meta length > 1350 drop"))
	add("N12", "large ones from the server's own door", "plain", serverOpen, drop(site, "output", "meta l4proto tcp oifname sv0 meta length > 1350 drop"))
	add("N12", "large ones from here", "plain", serverOpen, drop(client, "output", up+"meta length > 1350 drop"))
	add("N12", "large ones to here", "plain", serverOpen, drop(client, "input", down+"meta length > 1350 drop"))
	add("N12", "IPv6 large ones, both ways", "six", tcp("["+serverIP6+"]:443", "open"), drop(router, "forward", "meta l4proto tcp meta length > 1350 drop"))
	add("N12", "IPv6 large ones coming in", "six", tcp("["+serverIP6+"]:443", "open"), drop(router, "forward", "iifname rtu meta l4proto tcp meta length > 1350 drop"))
	far := slowLine("160 ms", line{delay: 80 * time.Millisecond})
	add("N12", "large ones going out, 160 ms", "plain", serverOpen, append(drop(router, "forward", up+"meta length > 1400 drop"), far))
	add("N12", "large ones coming in, 160 ms", "plain", serverOpen, append(drop(router, "forward", down+"meta length > 1400 drop"), far))
	add("N12", "a line of 1280 and nobody says so", "plain", serverOpen, []act{
		run(router, "ip link set rtu mtu 1280; nft add rule inet lab output icmp type destination-unreachable drop"),
		run(isp, "ip link set ispd mtu 1280; nft add rule inet lab output icmp type destination-unreachable drop"),
	})
	add("N12", "a line of 1400 and nobody says so", "plain", serverOpen, []act{
		run(router, "ip link set rtu mtu 1400; nft add rule inet lab output icmp type destination-unreachable drop"),
		run(isp, "ip link set ispd mtu 1400; nft add rule inet lab output icmp type destination-unreachable drop"),
	})
	large := act{"a chain of RSA 4096", func(w *world) error {
		key := rsaKey(4096)
		ca := w.ca.authority(named("Issuing CA of a name that is long enough to fill a packet with", "A company"), w.ca.root, nil)
		cert := w.ca.leaf(leafOf{by: ca, chain: []*signer{ca, w.ca.root}, key: key})
		return w.stand(site, "", "443", front{tls: &tls.Config{Certificates: []tls.Certificate{cert}}, handler: w.pass(nil)})
	}}
	add("N12", "large ones coming in, large chain", "plain", serverOpen, append(drop(router, "forward", down+"meta length > 1300 drop"), large))
	add("N12", "large ones coming in, large chain, never worked", "fresh", serverOpen, append(drop(router, "forward", down+"meta length > 1300 drop"), large))
	add("N12", "both ways, large chain", "plain", serverOpen, append(drop(router, "forward", "meta l4proto tcp meta length > 1300 drop"), large))

	hello := up + "meta length > 1300 @ih,0,16 0x1603 "
	add("S25", "at the server's own door", "plain", serverOpen, drop(site, "input", "meta l4proto tcp iifname sv0 meta length > 1300 @ih,0,16 0x1603 drop"))
	add("S25", "from here", "plain", serverOpen, drop(client, "output", hello+"drop"))
	add("S25", "160 ms", "plain", serverOpen, append(drop(isp, "forward", hello+"drop"), far))
	add("S25", "IPv6", "six", tcp("["+serverIP6+"]:443", "open"), drop(router, "forward", "meta l4proto tcp meta length > 1300 @ih,0,16 0x1603 drop"))
	add("S25", "by the size that the record says", "plain", serverOpen, drop(router, "forward", up+"@ih,0,24 0x160301 @ih,24,16 > 1000 drop"))
	for what, f := range map[string]func(net.Conn){
		"hangs up":             func(c net.Conn) { _ = c.Close() },
		"resets":               func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() },
		"says alert 40":        func(c net.Conn) { _, _ = c.Write([]byte{21, 3, 1, 0, 2, 2, 40}); _, _ = io.Copy(io.Discard, c) },
		"says alert 80":        func(c net.Conn) { _, _ = c.Write([]byte{21, 3, 1, 0, 2, 2, 80}); _, _ = io.Copy(io.Discard, c) },
		"takes it and is mute": func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
	} {
		add("S25", "reads hellos, at a large one "+what, "plain", serverOpen, []act{{"a box that " + what, func(w *world) error {
			return w.stand(site, "", "443", front{raw: w.reader(func(hello []byte) bool { return len(hello) > 1000 }, f)})
		}}}, "T08")
	}
	named := func(hello []byte) bool { return bytes.Contains(hello, []byte(serverName)) }
	for what, c := range map[string]struct {
		f    func(net.Conn)
		want []string
	}{
		"hangs up":             {func(c net.Conn) { _ = c.Close() }, []string{"T08", "S26"}},
		"resets":               {func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() }, []string{"T08"}},
		"takes it and is mute": {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, []string{"S26"}},
	} {
		add(c.want[0], "reads hellos, at the name "+what, "plain", serverOpen, []act{{"a box that " + what, func(w *world) error { return w.stand(site, "", "443", front{raw: w.reader(named, c.f)}) }}}, c.want[1:]...)
	}
	match := func(then string) []act {
		return []act{run(router, "iptables-nft -A FORWARD -p tcp --dport 443 -m string --algo bm --string "+serverName+" -j "+then), {"", func(w *world) error {
			w.later(func() { _ = w.sh(router, "iptables-nft -F") })
			return nil
		}}}
	}
	needs := func(t *trial, tool string) { t.needs = tool }
	needs(add("S26", "packets with the name are dropped", "plain", serverOpen, match("DROP")), "iptables-nft")
	needs(add("S26", "packets with the name are dropped, never worked", "fresh", serverOpen, match("DROP")), "iptables-nft")
	needs(add("T08", "packets with the name are reset", "plain", serverOpen, match("REJECT --reject-with tcp-reset")), "iptables-nft")
	add("S26", "the server's hello is dropped", "plain", serverOpen, []act{nft(router, "forward", down+"@ih,0,16 0x1603 drop")})
	add("S26", "the server's hello is dropped, never worked", "fresh", serverOpen, []act{nft(router, "forward", down+"@ih,0,16 0x1603 drop")})
	add("S26", "at the server's own door", "plain", serverOpen, []act{nft(site, "input", "@ih,0,16 0x1603 drop")})
	add("S26", "from here", "plain", serverOpen, []act{nft(client, "output", up+"@ih,0,16 0x1603 drop")})
	add("S26", "160 ms", "plain", serverOpen, []act{far, nft(isp, "forward", up+"@ih,0,16 0x1603 drop")})
	add("S26", "IPv6", "six", tcp("["+serverIP6+"]:443", "open"), []act{nft(router, "forward", "meta l4proto tcp @ih,0,16 0x1603 drop")})
	add("T08", "IPv6", "six", tcp("["+serverIP6+"]:443", "open"), []act{nft(router, "forward", "meta l4proto tcp @ih,0,16 0x1603 reject with tcp reset")})
	add("T08", "160 ms", "plain", serverOpen, []act{far, nft(router, "forward", up+"@ih,0,16 0x1603 reject with tcp reset")})
	add("T08", "at the server's own door", "plain", serverOpen, []act{nft(site, "input", "@ih,0,16 0x1603 reject with tcp reset")})
	add("T08", "from here", "plain", serverOpen, []act{nft(client, "output", up+"meta l4proto tcp @ih,0,16 0x1603 reject with tcp reset")})
	return append(append(out, strangeServers()...), softwareCases()...)
}

// reader reads the first record of each connection and deals with those that it does not
// like; the others go to the real server.
func (w *world) reader(bad func(hello []byte) bool, deal func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		head := make([]byte, 5)
		if _, err := io.ReadFull(c, head); err != nil {
			_ = c.Close()
			return
		}
		hello := head
		if head[0] == 22 {
			rest := make([]byte, int(head[3])<<8|int(head[4]))
			if _, err := io.ReadFull(c, rest); err != nil {
				_ = c.Close()
				return
			}
			hello = append(head, rest...)
		}
		if bad(hello) {
			deal(c)
			_ = c.Close()
			return
		}
		w.relay(c, hello, nil)
	}
}

// relay hands a connection to the real server, after first was sent to it and before to
// the client.
func (w *world) relay(c net.Conn, first, before []byte) {
	defer c.Close()
	to, err := w.dial(context.Background(), site, "tcp", "127.0.0.1:8443")
	if err != nil {
		return
	}
	defer to.Close()
	if _, err := to.Write(first); err != nil {
		return
	}
	if _, err := c.Write(before); err != nil {
		return
	}
	go func() { _, _ = io.Copy(to, c); _ = to.Close() }()
	_, _ = io.Copy(c, to)
}

// strangeServers shake hands in ways that no server should.
func strangeServers() (out []trial) {
	add := func(name, text string, f func(w *world, c net.Conn), want ...string) *trial {
		out = append(out, trial{name: want[0] + " server: " + name, do: []act{{text, func(w *world) error {
			return w.stand(site, "", "443", front{raw: func(c net.Conn) { defer c.Close(); f(w, c) }})
		}}}, seen: []check{curl(-1, "", serverURL+"/healthz")}, want: want})
		return &out[len(out)-1]
	}
	hear := func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }
	add("hangs up at once", "FIN", func(*world, net.Conn) {}, "H27", "T08", "T09")
	add("hangs up at the hello", "hello, FIN", func(_ *world, c net.Conn) { hear(c) }, "H27", "T08", "T09")
	add("resets at once", "RST", func(_ *world, c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }, "T08", "T09")
	half := func(after int, then func(net.Conn)) func(*world, net.Conn) {
		return func(w *world, c net.Conn) {
			to, err := w.dial(context.Background(), site, "tcp", "127.0.0.1:8443")
			if err != nil {
				return
			}
			defer to.Close()
			go func() { _, _ = io.Copy(to, c) }()
			_, _ = io.CopyN(c, to, int64(after))
			then(c)
		}
	}
	stall := func(c net.Conn) { time.Sleep(8 * time.Second) }
	add("stalls in its hello", "60 bytes, then nothing", half(60, stall), "H31", "S26", "N12").slow = true
	add("stalls after its hello", "130 bytes, then nothing", half(130, stall), "H31", "S26", "N12").slow = true
	add("stalls after its certificate", "600 bytes, then nothing", half(600, stall), "H31", "S26", "N12").slow = true
	add("hangs up after its hello", "130 bytes, then FIN", half(130, func(net.Conn) {}), "T09", "H27")
	add("resets after its hello", "130 bytes, then RST", half(130, func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }), "T09")
	noise := make([]byte, 300)
	_, _ = rand.Read(noise)
	noise[0] = 0x99
	add("says noise", "300 bytes of noise", func(_ *world, c net.Conn) { hear(c); _, _ = c.Write(noise); hear(c) }, "S18")
	add("echoes what it hears", "the client's own bytes", func(_ *world, c net.Conn) { _, _ = io.Copy(c, c) }, "S29", "S18")
	add("says a hello and then noise", "130 bytes, then noise", half(130, func(c net.Conn) { _, _ = c.Write(noise); hear(c) }), "S29")
	add("shakes hands and then says noise", "TLS, then naked bytes", func(w *world, c net.Conn) {
		t := w.serverSide(c)
		if t.Handshake() == nil {
			_, _ = t.Read(make([]byte, 4096))
			_, _ = c.Write(noise)
			hear(c)
		}
	}, "S29", "H29")
	add("says noise inside TLS", "TLS, then noise in it", func(w *world, c net.Conn) {
		t := w.serverSide(c)
		if t.Handshake() == nil {
			_, _ = t.Read(make([]byte, 4096))
			_, _ = t.Write(noise)
			_, _ = t.Read(make([]byte, 16))
		}
	}, "H29")
	add("closes TLS after the handshake", "TLS, close_notify", func(w *world, c net.Conn) {
		t := w.serverSide(c)
		_ = t.Handshake()
		_ = t.Close()
	}, "H27")
	for n, want := range map[byte][]string{0: {"H27", "T09"}, 10: {"S29", "S16"}, 22: {"S29", "S25"}, 43: {"S23"}, 47: {"S29", "S16"}, 49: {"S23"}, 86: {"S15", "S29"}, 109: {"S29", "S16"}, 110: {"S29", "S16"}, 115: {"S29", "S16"}} {
		name := "alert " + itoa(int64(n))
		add(name, name, func(_ *world, c net.Conn) { hear(c); _, _ = c.Write([]byte{21, 3, 3, 0, 2, 2, n}); hear(c) }, want...)
	}
	for _, n := range []byte{40, 70, 112, 80, 42, 45, 48} {
		name := "alert, as a warning, " + itoa(int64(n))
		want := map[byte][]string{40: {"S16", "S21"}, 70: {"S15"}, 112: {"S20"}, 80: {"S20", "S16"}, 42: {"S23"}, 45: {"S22"}, 48: {"S23"}}[n]
		add(name, name, func(_ *world, c net.Conn) { hear(c); _, _ = c.Write([]byte{21, 3, 3, 0, 2, 1, n}) }, want...)
	}
	return out
}
