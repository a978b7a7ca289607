package osnet

import (
	"errors"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// adapters calls each for every adapter that is switched on.
func adapters(each func(*windows.IpAdapterAddresses)) error {
	const flags = windows.GAA_FLAG_SKIP_ANYCAST | windows.GAA_FLAG_SKIP_MULTICAST
	size := uint32(15 << 10)
	for range 3 { // adapters may come between asking for the size and for the list
		buf := make([]byte, size)
		first := (*windows.IpAdapterAddresses)(unsafe.Pointer(unsafe.SliceData(buf)))
		err := windows.GetAdaptersAddresses(windows.AF_UNSPEC, flags, 0, first, &size)
		if errors.Is(err, windows.ERROR_BUFFER_OVERFLOW) {
			continue
		}
		for a := first; err == nil && a != nil; a = a.Next {
			each(a)
		}
		return err
	}
	return windows.ERROR_BUFFER_OVERFLOW
}

// Interfaces returns this computer's interfaces in the order of the system.
func Interfaces() ([]Interface, error) {
	var out []Interface
	err := adapters(func(a *windows.IpAdapterAddresses) {
		i := Interface{
			Index: int(a.IfIndex), Name: windows.UTF16PtrToString(a.FriendlyName), Kind: kind(a), MTU: int(a.Mtu),
			Up: true, Running: a.OperStatus == windows.IfOperStatusUp,
		}
		if i.Index == 0 {
			i.Index = int(a.Ipv6IfIndex)
		}
		for u := a.FirstUnicastAddress; u != nil; u = u.Next {
			if ip, ok := netip.AddrFromSlice(u.Address.IP()); ok {
				i.Addresses = append(i.Addresses, Address{netip.PrefixFrom(ip.Unmap(), int(u.OnLinkPrefixLength)), u.DadState == windows.IpDadStateDuplicate})
			}
		}
		out = append(out, i)
	})
	return out, err
}

// kind is what an adapter is. Drivers of VPNs call themselves Ethernet: whether
// hardware stands behind one tells.
func kind(a *windows.IpAdapterAddresses) Kind {
	const wwan, wwan2, virtual, hardware = 243, 244, 53, 1
	switch a.IfType {
	case windows.IF_TYPE_SOFTWARE_LOOPBACK:
		return Loopback
	case windows.IF_TYPE_PPP, windows.IF_TYPE_TUNNEL, virtual:
		return Tunnel
	case wwan, wwan2:
		return Cellular
	}
	row := windows.MibIfRow2{InterfaceLuid: a.Luid}
	known := windows.GetIfEntry2Ex(windows.MibIfEntryNormal, &row) == nil
	switch {
	case known && row.InterfaceAndOperStatusFlags&hardware == 0 && isVPN(windows.UTF16PtrToString(a.Description)):
		return Tunnel
	case known && row.InterfaceAndOperStatusFlags&hardware == 0:
		return Virtual
	case a.IfType == windows.IF_TYPE_IEEE80211:
		return WiFi
	}
	return Ethernet
}

// isVPN reports whether an adapter that is no hardware describes itself as a VPN's.
func isVPN(description string) bool {
	d := strings.ToLower(description)
	return slices.ContainsFunc([]string{
		"tap-", "wintun", "wireguard", "vpn", "tunnel", "anyconnect", "cisco", "fortinet", "sangfor", "easyconnect", "juniper", "pangp", "globalprotect",
		"tailscale", "zerotier", "check point", "sonicwall", "citrix", "wan miniport", "topsec", "huawei secoclient", "inode",
	}, func(name string) bool { return strings.Contains(d, name) })
}

// Resolvers are the name servers of the adapters that are up, without port; none
// where they cannot be read.
func Resolvers() []string {
	var out []string
	_ = adapters(func(a *windows.IpAdapterAddresses) { // see above
		if a.OperStatus != windows.IfOperStatusUp || a.IfType == windows.IF_TYPE_SOFTWARE_LOOPBACK {
			return
		}
		for s := a.FirstDnsServerAddress; s != nil; s = s.Next {
			ip, ok := netip.AddrFromSlice(s.Address.IP())
			ip = ip.Unmap()
			// Windows lists the site-local ones for adapters that have no server of their own.
			if ok && !siteLocal.Contains(ip) && !slices.Contains(out, ip.String()) {
				out = append(out, ip.String())
			}
		}
	})
	return out
}

var siteLocal = netip.MustParsePrefix("fec0::/10")

// HostsFile is where this system keeps names that no name server is asked for.
func HostsFile() string {
	dir, err := windows.GetSystemDirectory()
	if err != nil {
		dir = `C:\Windows\System32`
	}
	return filepath.Join(dir, "drivers", "etc", "hosts")
}
