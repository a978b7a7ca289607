package osnet

import "syscall"

// limitHops lets the packets of a socket live for some hops.
func limitHops(fd uintptr, v6 bool, hops int) error {
	if v6 {
		return syscall.SetsockoptInt(syscall.Handle(fd), syscall.IPPROTO_IPV6, syscall.IPV6_UNICAST_HOPS, hops)
	}
	return syscall.SetsockoptInt(syscall.Handle(fd), syscall.IPPROTO_IP, syscall.IP_TTL, hops)
}
