package probe

import (
	"encoding/binary"
	"encoding/hex"
	"net"
	"os"
	"strings"

	"counterfoil/sync/fault"
)

// gateway is the first of IPv4's default routes; nil where there is none.
func gateway() net.IP {
	for _, f := range table("/proc/net/route") {
		// Interface, destination, gateway: hexadecimal in the order of this computer.
		if len(f) < 3 || f[1] != "00000000" || f[2] == "00000000" {
			continue
		}
		if raw, err := hex.DecodeString(f[2]); err == nil && len(raw) == 4 {
			return binary.NativeEndian.AppendUint32(nil, binary.BigEndian.Uint32(raw))
		}
	}
	return nil
}

// neighbour is whether the system knows the hardware address of one in its own
// network; not measured where it did not ask.
func neighbour(ip net.IP) fault.Outcome {
	for _, f := range table("/proc/net/arp") {
		// Address, type, flags: 0x2 is a complete entry, 0x0 one without an answer.
		if len(f) < 3 || f[0] != ip.String() {
			continue
		}
		switch f[2] {
		case "0x0":
			return fault.No
		case "0x2", "0x6":
			return fault.Yes
		}
	}
	return fault.Unmeasured
}

// table are the fields of the lines of a file of /proc; none where it cannot be read.
func table(file string) [][]string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var out [][]string
	for _, line := range strings.Split(string(raw), "\n") {
		out = append(out, strings.Fields(line))
	}
	return out
}
