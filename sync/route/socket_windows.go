package route

import (
	"math/bits"
	"net"
	"strings"

	"golang.org/x/sys/windows"
)

// SegmentSizes reports whether this system lets a program choose its segment size.
const SegmentSizes = false

// Of ws2ipdef.h: the card by which a socket sends.
const unicastInterface = 31 // IP_UNICAST_IF and IPV6_UNICAST_IF

func (r Route) socket(network string, fd uintptr) error {
	if r.Interface == "" {
		return nil
	}
	card, err := net.InterfaceByName(r.Interface)
	if err != nil {
		return err
	}
	if strings.HasSuffix(network, "6") {
		return windows.SetsockoptInt(windows.Handle(fd), windows.IPPROTO_IPV6, unicastInterface, card.Index)
	}
	// The index of an IPv4 socket is in network order.
	return windows.SetsockoptInt(windows.Handle(fd), windows.IPPROTO_IP, unicastInterface, int(bits.ReverseBytes32(uint32(card.Index)))) //nolint:gosec // a small number
}
