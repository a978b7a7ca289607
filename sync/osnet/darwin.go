//go:build darwin

package osnet

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/route"
)

// Interfaces returns this computer's interfaces in the order of their indexes.
func Interfaces() ([]Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	ports := hardwarePorts()
	var out []Interface
	for _, n := range all {
		i := Interface{Index: n.Index, Name: n.Name, MTU: n.MTU, Up: n.Flags&net.FlagUp != 0, Running: n.Flags&net.FlagRunning != 0, Kind: kind(n, ports)}
		addrs, err := n.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				i.Addresses = append(i.Addresses, Address{Prefix: netip.PrefixFrom(p.Addr().Unmap(), p.Bits())})
			}
		}
		out = append(out, i)
	}
	return out, nil
}

func kind(n net.Interface, ports map[string]Kind) Kind {
	switch {
	case n.Flags&net.FlagLoopback != 0:
		return Loopback
	case ports[n.Name] != "":
		return ports[n.Name]
	case kindByName(n.Name) != "":
		return kindByName(n.Name)
	case strings.HasPrefix(n.Name, "en"):
		return Ethernet
	case strings.HasPrefix(n.Name, "pdp_ip"):
		return Cellular
	}
	return Virtual // awdl, llw, bridge, ap, anpi, gif, stf
}

// asked keeps the answer of a program of the system's for a while: it takes long.
var asked struct {
	sync.Mutex
	at    time.Time
	ports map[string]Kind
}

// hardwarePorts is what the system calls its ports by the names of their devices, not
// older than a minute.
func hardwarePorts() map[string]Kind {
	asked.Lock()
	defer asked.Unlock()
	if asked.ports == nil || time.Since(asked.at) > time.Minute {
		asked.ports, asked.at = askPorts(), time.Now()
	}
	return asked.ports
}

func askPorts() map[string]Kind {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	raw, err := exec.CommandContext(ctx, "/usr/sbin/networksetup", "-listallhardwareports").Output()
	if err != nil {
		return nil
	}
	return readPorts(string(raw))
}

func readPorts(text string) map[string]Kind {
	out := map[string]Kind{}
	port := ""
	for _, line := range strings.Split(text, "\n") {
		if name, ok := strings.CutPrefix(line, "Hardware Port: "); ok {
			port = name
		}
		device, ok := strings.CutPrefix(line, "Device: ")
		switch {
		case !ok:
		case port == "Wi-Fi" || port == "AirPort":
			out[device] = WiFi
		case strings.Contains(port, "iPhone") || strings.Contains(port, "WWAN"):
			out[device] = Cellular
		case strings.Contains(port, "Bridge"):
			out[device] = Virtual
		default:
			out[device] = Ethernet
		}
	}
	return out
}

// table are the routes of a kind; flags picks among them, 0 all.
func table(kind route.RIBType, flags int) ([]*route.RouteMessage, error) {
	raw, err := route.FetchRIB(syscall.AF_UNSPEC, kind, flags)
	if err != nil {
		return nil, err
	}
	all, err := route.ParseRIB(route.RIBTypeRoute, raw)
	if err != nil {
		return nil, err
	}
	var out []*route.RouteMessage
	for _, m := range all {
		if r, ok := m.(*route.RouteMessage); ok && len(r.Addrs) > syscall.RTAX_NETMASK {
			out = append(out, r)
		}
	}
	return out, nil
}

func address(a route.Addr) netip.Addr {
	switch ip := a.(type) {
	case *route.Inet4Addr:
		return netip.AddrFrom4(ip.IP)
	case *route.Inet6Addr:
		return netip.AddrFrom16(ip.IP)
	}
	return netip.Addr{}
}

// routes are all ways out of this computer.
func routes() ([]Route, error) {
	all, err := table(route.RIBTypeRoute, 0)
	if err != nil {
		return nil, err
	}
	var out []Route
	for _, m := range all {
		to := address(m.Addrs[syscall.RTAX_DST])
		if m.Flags&syscall.RTF_UP == 0 || !to.IsValid() || m.Flags&(syscall.RTF_REJECT|syscall.RTF_BLACKHOLE) != 0 {
			continue
		}
		bits := to.BitLen()
		if m.Flags&syscall.RTF_HOST == 0 {
			bits = 0
			if mask := address(m.Addrs[syscall.RTAX_NETMASK]); mask.IsValid() {
				bits, _ = net.IPMask(mask.AsSlice()).Size()
			}
		}
		r := Route{To: netip.PrefixFrom(to, bits), Interface: m.Index, Metric: len(out)} // the first is taken
		if m.Flags&syscall.RTF_GATEWAY != 0 {
			r.Gateway = address(m.Addrs[syscall.RTAX_GATEWAY])
		}
		out = append(out, r)
	}
	return out, nil
}

// Defaults returns the routes to everywhere: IPv4's before IPv6's, in each the one
// that is taken first.
func Defaults() ([]Route, error) {
	all, err := routes()
	if err != nil {
		return nil, err
	}
	var out []Route
	for _, r := range all {
		if r.To.Bits() == 0 {
			out = append(out, r)
		}
	}
	sortDefaults(out)
	return out, nil
}

// RouteTo returns the way that a packet to an address would take. The errors are
// syscall.Errno: ENETUNREACH where there is none.
func RouteTo(to netip.Addr) (Route, error) {
	all, err := routes()
	if err != nil {
		return Route{}, err
	}
	best := Route{}
	for _, r := range all {
		if r.To.Contains(to) && (!best.To.IsValid() || r.To.Bits() > best.To.Bits()) {
			best = r
		}
	}
	if !best.To.IsValid() {
		return best, syscall.ENETUNREACH
	}
	// Connecting over UDP sends nothing: the system only chooses the source.
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, 9)))
	if err != nil {
		return best, err
	}
	best.Source = c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	return best, c.Close()
}

// Forbidden reports whether an error of RouteTo says that this computer's own rules
// shut the way.
func Forbidden(err error) bool {
	return errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM)
}

// Neighbour returns whether the system knows the hardware address of one in its own
// networks. How long ago that was confirmed the system does not tell: an old entry
// is unknown.
func Neighbour(ip netip.Addr) (State, time.Duration) {
	all, err := table(route.RIBType(syscall.NET_RT_FLAGS), syscall.RTF_LLINFO)
	if err != nil {
		return Unknown, 0
	}
	for _, m := range all {
		if address(m.Addrs[syscall.RTAX_DST]) != ip.WithZone("") {
			continue
		}
		if hw, ok := m.Addrs[syscall.RTAX_GATEWAY].(*route.LinkAddr); ok && len(hw.Addr) == 0 {
			return Absent, 0
		}
	}
	return Unknown, 0
}

// Signal is the strength of the Wi-Fi, which this system tells only to programs of
// its own kind: unknown.
func Signal() (percent int, known bool) { return 0, false }

// Metered is whether each byte on the line costs, which this system tells only to
// programs of its own kind: unknown.
func Metered() (metered, known bool) { return false, false }

// Online reports whether the system takes the internet for reachable; macOS does not tell.
func Online() (online, known bool) { return false, false }
