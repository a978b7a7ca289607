package lab

import "time"

// Layouts are worlds of three: this computer, the router and the server, nobody else.
// There is no provider, no status page and no name server outside, unless it stands
// beside the server.

// lanIP is the server's in the client's own network.
const lanIP = "10.77.0.20"

// small puts the server right behind the router.
func small() act {
	return act{"a world of three: client, router, server", func(w *world) error {
		if err := w.sh(router, "ip link set rtu down; ip link add rtv type veth peer name sv1 netns sv; ip addr add 10.88.0.1/24 dev rtv; ip -6 addr add fd88::1/64 dev rtv nodad; ip link set rtv up"); err != nil {
			return err
		}
		w.later(func() { _ = w.sh(router, "ip link del rtv") })
		return w.sh(site, "ip link set sv0 down; ip -4 addr flush dev sv0; ip -6 addr flush dev sv0; "+atSite("sv1", "10.88.0.1", "fd88::1"))
	}}
}

// atSite gives an interface of the site all its addresses.
func atSite(dev, gate, gate6 string) string {
	return "ip link set " + dev + " up; for a in 2 10 11 20 53; do ip addr add 10.88.0.$a/24 dev " + dev + "; done; " +
		"for a in 10 11; do ip -6 addr add fd88::$a/64 dev " + dev + " nodad; done; " +
		"ip route replace default via " + gate + "; ip -6 route replace default via " + gate6
}

// smallFar is small with a line between router and server.
func smallFar(text string, l line) act {
	return act{"a world of three, the server at the end of a line: " + text, func(w *world) error {
		if err := w.sh(router, "ip link set rtu down"); err != nil {
			return err
		}
		if err := w.sh(site, "ip link set sv0 down; ip -4 addr flush dev sv0; ip -6 addr flush dev sv0"); err != nil {
			return err
		}
		return w.lay(router, "w0", site, "w1", l, "ip addr add 10.88.0.1/24 dev w0", atSite("w1", "10.88.0.1", "fd88::1"))
	}}
}

// near puts the server into the client's own network.
func near() act {
	return act{"the server in the client's own network", func(w *world) error {
		if err := w.sh(office, "ip link add swv type veth peer name sv1 netns sv; ip link set swv master br0 up"); err != nil {
			return err
		}
		w.later(func() { _ = w.sh(office, "ip link del swv") })
		w.zone.set(serverName, record{a: []string{lanIP}})
		return w.sh(site, "ip link set sv0 down; ip -4 addr flush dev sv0; ip -6 addr flush dev sv0; ip link set sv1 up; ip addr add "+lanIP+"/24 dev sv1; ip route replace default via 10.77.0.1")
	}}
}

// hostsOnly lets this computer know the server by its hosts file alone.
func hostsOnly(ip string) act {
	return act{"hosts: " + ip + "; no name server", func(w *world) error {
		if err := w.resolvers(); err != nil {
			return err
		}
		return w.hosts(ip + " " + serverName + "\n")
	}}
}

// listensAt lets the server listen at one port alone.
func listensAt(port string) act {
	script := "nft flush chain inet lab pre; nft flush chain inet lab input; "
	if port != "8443" {
		script += "nft add rule inet lab pre tcp dport " + port + " redirect to :8443; nft add rule inet lab input tcp dport 8443 ct original proto-dst 8443 reject with tcp reset"
	}
	return run(site, script)
}

// layouts are the bases of such worlds.
func layouts() map[string]base {
	out := map[string]base{}
	add := func(name, url string, setup ...act) {
		out[name] = base{url: url, setup: setup}
		out[name+" fresh"] = base{url: url, setup: setup, fresh: true}
	}
	add("small", "", small(), resolve(gateway))
	add("small named", "", small(), hostsOnly(serverIP))
	add("small site", "", small(), resolve(siteDNS))
	add("small 2265", serverURL+":2265", small(), resolve(gateway), listensAt("2265"))
	add("small 8443", serverURL+":8443", small(), resolve(siteDNS), listensAt("8443"))
	add("small far", "", smallFar("150 ms", line{delay: 75 * time.Millisecond}), resolve(gateway))
	add("small far site", "", smallFar("150 ms", line{delay: 75 * time.Millisecond}), resolve(siteDNS))
	add("near", "", near(), resolve(gateway))
	add("near named", "", near(), hostsOnly(lanIP))
	add("small dual", "", small(), resolve(gateway), sh("ip -6 addr add fd77::2/64 dev cl0 nodad; ip -6 route add default via fd77::1"),
		knows(serverName, record{a: []string{serverIP}, aaaa: []string{serverIP6}}))
	add("small six", "", small(), sh("ip addr flush dev cl0; ip -6 addr add fd77::2/64 dev cl0 nodad; ip -6 route add default via fd77::1"),
		act{"hosts: " + serverIP6, func(w *world) error { return w.hosts(serverIP6 + " " + serverName + "\n") }}, resolve())
	add("small nodes", "", small(), resolve(gateway), knows(serverName, record{a: []string{serverIP, nodeIP}}))
	return out
}
