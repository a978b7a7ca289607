package osnet

import (
	"errors"
	"net/netip"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	iphlpapi       = windows.NewLazySystemDLL("iphlpapi.dll")
	getBestRoute2  = iphlpapi.NewProc("GetBestRoute2")
	getIPNetTable2 = iphlpapi.NewProc("GetIpNetTable2")
	getHint        = iphlpapi.NewProc("GetNetworkConnectivityHint")
)

// address reads a socket address; invalid for one of another family.
func address(s *windows.RawSockaddrInet) netip.Addr {
	switch s.Family {
	case windows.AF_INET:
		return netip.AddrFrom4((*windows.RawSockaddrInet4)(unsafe.Pointer(s)).Addr)
	case windows.AF_INET6:
		return netip.AddrFrom16((*windows.RawSockaddrInet6)(unsafe.Pointer(s)).Addr)
	}
	return netip.Addr{}
}

func socketAddress(ip netip.Addr) *windows.RawSockaddrInet {
	s := &windows.RawSockaddrInet{Family: family(ip)}
	if ip.Is4() {
		(*windows.RawSockaddrInet4)(unsafe.Pointer(s)).Addr = ip.As4()
	} else {
		(*windows.RawSockaddrInet6)(unsafe.Pointer(s)).Addr = ip.As16()
	}
	return s
}

func family(ip netip.Addr) uint16 {
	if ip.Is4() {
		return windows.AF_INET
	}
	return windows.AF_INET6
}

func route(row *windows.MibIpForwardRow2) Route {
	r := Route{Interface: int(row.InterfaceIndex), Metric: int(row.Metric)}
	r.To = netip.PrefixFrom(address(&row.DestinationPrefix.Prefix), int(row.DestinationPrefix.PrefixLength))
	if hop := address(&row.NextHop); !hop.IsUnspecified() {
		r.Gateway = hop
	}
	return r
}

// Defaults returns the routes to everywhere: IPv4's before IPv6's, in each the one
// that is taken first.
func Defaults() ([]Route, error) {
	var table *windows.MibIpForwardTable2
	if err := windows.GetIpForwardTable2(windows.AF_UNSPEC, &table); err != nil {
		return nil, err
	}
	defer windows.FreeMibTable(unsafe.Pointer(table))
	var out []Route
	for i := range table.Rows() {
		if r := route(&table.Rows()[i]); r.To.IsValid() && r.To.Bits() == 0 {
			out = append(out, r)
		}
	}
	metrics := map[int]int{} // the adapter's own is added
	_ = adapters(func(a *windows.IpAdapterAddresses) { metrics[int(a.IfIndex)] = int(a.Ipv4Metric) })
	for i := range out {
		out[i].Metric += metrics[out[i].Interface]
	}
	sortDefaults(out)
	return out, nil
}

// RouteTo returns the way that a packet to an address would take. The errors are
// syscall.Errno: ENETUNREACH where there is none.
func RouteTo(to netip.Addr) (Route, error) {
	var row windows.MibIpForwardRow2
	var source windows.RawSockaddrInet
	if err := getBestRoute2.Find(); err != nil {
		return Route{}, err
	}
	code, _, _ := getBestRoute2.Call(0, 0, 0, uintptr(unsafe.Pointer(socketAddress(to))), 0, uintptr(unsafe.Pointer(&row)), uintptr(unsafe.Pointer(&source)))
	switch e := syscall.Errno(code); {
	case e == windows.ERROR_NETWORK_UNREACHABLE, e == windows.ERROR_HOST_UNREACHABLE, e == windows.ERROR_NOT_FOUND:
		return Route{}, windows.WSAENETUNREACH
	case e != 0:
		return Route{}, e
	}
	r := route(&row)
	r.Source = address(&source)
	return r, nil
}

// Forbidden reports whether an error of RouteTo says that this computer's own rules
// shut the way. Windows tells that only when one connects.
func Forbidden(err error) bool { return errors.Is(err, windows.WSAEACCES) }

// neighbourRow is MIB_IPNET_ROW2.
type neighbourRow struct {
	Address               windows.RawSockaddrInet
	InterfaceIndex        uint32
	InterfaceLuid         uint64
	PhysicalAddress       [32]byte
	PhysicalAddressLength uint32
	State                 int32
	Flags                 uint32
	Reachable             uint32 // milliseconds since it was last confirmed
}

// Neighbour returns whether the system knows the hardware address of one in its own
// networks, and how long ago that was confirmed.
func Neighbour(ip netip.Addr) (State, time.Duration) {
	var table *struct {
		Entries uint32
		_       uint32
		Rows    [1]neighbourRow
	}
	if getIPNetTable2.Find() != nil {
		return Unknown, 0
	}
	if code, _, _ := getIPNetTable2.Call(uintptr(family(ip)), uintptr(unsafe.Pointer(&table))); code != 0 {
		return Unknown, 0
	}
	defer windows.FreeMibTable(unsafe.Pointer(table))
	const unreachable, incomplete, reachable, permanent = 0, 1, 5, 6
	state := Unknown
	for _, r := range unsafe.Slice(&table.Rows[0], table.Entries) {
		if address(&r.Address) != ip.WithZone("") {
			continue
		}
		switch r.State {
		case reachable:
			return Present, time.Duration(r.Reachable) * time.Millisecond
		case permanent:
			return Unknown, 0 // nobody asks for it
		case unreachable, incomplete:
			state = Absent
		}
	}
	return state, 0
}

// connectivity is NL_NETWORK_CONNECTIVITY_HINT.
type connectivity struct {
	Level, Cost                  int32
	Approaching, Over, IsRoaming bool
}

func hint() (h connectivity, ok bool) {
	if getHint.Find() != nil { // since Windows 10 2004
		return h, false
	}
	code, _, _ := getHint.Call(uintptr(unsafe.Pointer(&h)))
	return h, code == 0
}

// Metered reports whether each byte on the line costs; known is whether the system
// tells.
func Metered() (metered, known bool) {
	h, ok := hint()
	const unknown, unrestricted = 0, 1
	return h.Cost > unrestricted, ok && h.Cost != unknown
}

// Online reports whether the system takes the internet for reachable, which it finds out
// by itself now and then; known is whether it tells.
func Online() (online, known bool) {
	h, ok := hint()
	const unknown, internet = 0, 3
	return h.Level == internet, ok && h.Level != unknown
}
