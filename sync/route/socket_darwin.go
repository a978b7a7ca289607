package route

import (
	"net"
	"strings"

	"golang.org/x/sys/unix"
)

// SegmentSizes reports whether this system lets a program choose its segment size.
const SegmentSizes = true

func (r Route) socket(network string, fd uintptr) error {
	if r.SegmentSize > 0 {
		if err := unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, r.SegmentSize); err != nil {
			return err
		}
	}
	if r.Interface == "" {
		return nil
	}
	card, err := net.InterfaceByName(r.Interface)
	if err != nil {
		return err
	}
	if strings.HasSuffix(network, "6") {
		return unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_BOUND_IF, card.Index)
	}
	return unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BOUND_IF, card.Index)
}
