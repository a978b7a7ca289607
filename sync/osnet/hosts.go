package osnet

import (
	"net/netip"
	"os"
	"strings"
)

// Hosts returns the addresses that this computer's hosts file gives a name, in its
// order; none where the file says nothing of it or cannot be read.
func Hosts(name string) []netip.Addr {
	raw, err := os.ReadFile(HostsFile())
	if err != nil {
		return nil
	}
	return hosts(string(raw), name)
}

func hosts(text, name string) []netip.Addr {
	name = strings.TrimSuffix(name, ".")
	var out []netip.Addr
	for _, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		ip, err := netip.ParseAddr(f[0])
		if err != nil {
			continue
		}
		for _, n := range f[1:] {
			if strings.EqualFold(strings.TrimSuffix(n, "."), name) {
				out = append(out, ip)
				break
			}
		}
	}
	return out
}
