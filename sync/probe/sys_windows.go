package probe

import (
	"errors"
	"net"
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"
)

func freeBytes(dir string) (uint64, error) {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	return free, windows.GetDiskFreeSpaceEx(p, &free, nil, nil)
}

// resolvers are the name servers of the adapters that are up, without port; nil
// where they cannot be read.
func resolvers() []string {
	const flags = windows.GAA_FLAG_SKIP_UNICAST | windows.GAA_FLAG_SKIP_ANYCAST | windows.GAA_FLAG_SKIP_MULTICAST
	size := uint32(15 << 10)
	for range 3 { // adapters may come between asking for the size and for the list
		buf := make([]byte, size)
		first := (*windows.IpAdapterAddresses)(unsafe.Pointer(unsafe.SliceData(buf)))
		err := windows.GetAdaptersAddresses(windows.AF_UNSPEC, flags, 0, first, &size)
		if errors.Is(err, windows.ERROR_BUFFER_OVERFLOW) {
			continue
		}
		if err != nil {
			return nil
		}
		var out []string
		for a := first; a != nil; a = a.Next {
			if a.OperStatus != windows.IfOperStatusUp || a.IfType == windows.IF_TYPE_SOFTWARE_LOOPBACK {
				continue
			}
			for s := a.FirstDnsServerAddress; s != nil; s = s.Next {
				ip := s.Address.IP()
				// Windows lists these for adapters that have no server of their own.
				if ip == nil || siteLocal.Contains(ip) || slices.Contains(out, ip.String()) {
					continue
				}
				out = append(out, ip.String())
			}
		}
		return out
	}
	return nil
}

var siteLocal = net.IPNet{IP: net.ParseIP("fec0::"), Mask: net.CIDRMask(10, 128)}
