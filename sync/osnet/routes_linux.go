package osnet

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Defaults returns the routes to everywhere: IPv4's before IPv6's, in each the one
// that is taken first.
func Defaults() ([]Route, error) {
	all, err := ask(unix.RTM_GETROUTE, unix.NLM_F_DUMP, make([]byte, unix.SizeofRtMsg))
	if err != nil {
		return nil, err
	}
	var out []Route
	for _, m := range all {
		if r, ok := route(m); ok && r.To.Bits() == 0 {
			out = append(out, r)
		}
	}
	sortDefaults(out)
	return out, nil
}

// RouteTo returns the way that a packet to an address would take. The errors are
// syscall.Errno: ENETUNREACH where there is none, EACCES, EHOSTUNREACH or EINVAL
// where this computer forbids it.
func RouteTo(to netip.Addr) (Route, error) {
	body := make([]byte, unix.SizeofRtMsg)
	body[0], body[1] = family(to), byte(to.BitLen()) //nolint:gosec // 32 or 128
	all, err := ask(unix.RTM_GETROUTE, 0, append(body, attribute(unix.RTA_DST, to.WithZone("").AsSlice())...))
	if err != nil {
		return Route{}, err
	}
	for _, m := range all {
		if r, ok := route(m); ok {
			return r, nil
		}
		if len(m.Data) >= unix.SizeofRtMsg && m.Data[7] == unix.RTN_LOCAL {
			return Route{To: netip.PrefixFrom(to, to.BitLen()), Interface: number(attributes(m.Data, unix.SizeofRtMsg)[unix.RTA_OIF])}, nil
		}
	}
	return Route{}, syscall.ENETUNREACH
}

func family(ip netip.Addr) byte {
	if ip.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// route reads a route to elsewhere; those to this computer itself and those that
// forbid are none.
func route(m syscall.NetlinkMessage) (Route, bool) {
	if m.Header.Type != unix.RTM_NEWROUTE || len(m.Data) < unix.SizeofRtMsg || m.Data[7] != unix.RTN_UNICAST {
		return Route{}, false
	}
	a := attributes(m.Data, unix.SizeofRtMsg)
	hop := a
	if several := a[unix.RTA_MULTIPATH]; len(several) >= unix.SizeofRtNexthop { // one stands for all
		size := min(len(several), int(binary.NativeEndian.Uint16(several)))
		hop = attributes(several[:size], unix.SizeofRtNexthop)
		hop[unix.RTA_OIF] = several[4:8]
	}
	r := Route{Interface: number(hop[unix.RTA_OIF]), Metric: number(a[unix.RTA_PRIORITY])}
	any4, any6 := netip.IPv4Unspecified(), netip.IPv6Unspecified()
	to := any4
	if m.Data[0] == unix.AF_INET6 {
		to = any6
	}
	if ip, ok := netip.AddrFromSlice(a[unix.RTA_DST]); ok {
		to = ip
	}
	r.To = netip.PrefixFrom(to, int(m.Data[1]))
	r.Gateway, _ = netip.AddrFromSlice(hop[unix.RTA_GATEWAY]) // invalid where there is none
	if via := hop[unix.RTA_VIA]; len(via) > 2 {               // a gateway of the other family
		r.Gateway, _ = netip.AddrFromSlice(via[2:])
	}
	r.Source, _ = netip.AddrFromSlice(a[unix.RTA_PREFSRC])
	return r, true
}

// Neighbour returns whether the system knows the hardware address of one in its own
// networks, and how long ago that was confirmed.
func Neighbour(ip netip.Addr) (State, time.Duration) {
	body := make([]byte, unix.SizeofNdMsg)
	body[0] = family(ip)
	all, err := ask(unix.RTM_GETNEIGH, unix.NLM_F_DUMP, body)
	if err != nil {
		return Unknown, 0
	}
	state := Unknown
	for _, m := range all {
		if m.Header.Type != unix.RTM_NEWNEIGH || len(m.Data) < unix.SizeofNdMsg {
			continue
		}
		a := attributes(m.Data, unix.SizeofNdMsg)
		at, ok := netip.AddrFromSlice(a[unix.NDA_DST])
		if !ok || at != ip.WithZone("") {
			continue
		}
		// Stale, delay and probe: it was there once, and is being asked again.
		// Permanent and without ARP: nobody asks.
		switch s := binary.NativeEndian.Uint16(m.Data[8:]); {
		case s&unix.NUD_REACHABLE != 0:
			return Present, time.Duration(number(a[unix.NDA_CACHEINFO])) * time.Second / 100 // the kernel counts for programs in 1/100 s
		case s&(unix.NUD_FAILED|unix.NUD_INCOMPLETE) != 0:
			state = Absent
		}
	}
	return state, 0
}

// Forbidden reports whether an error of RouteTo says that this computer's own rules
// shut the way.
func Forbidden(err error) bool {
	return errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL)
}
