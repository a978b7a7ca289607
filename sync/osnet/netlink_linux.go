package osnet

import (
	"encoding/binary"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ask puts one question to the kernel's tables of networks and returns what it
// answers: the errors are syscall.Errno.
func ask(kind uint16, flags uint16, body []byte) ([]syscall.NetlinkMessage, error) {
	s, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	defer unix.Close(s)
	wait := unix.NsecToTimeval(int64(time.Second)) // it answers at once, or never
	if err := unix.SetsockoptTimeval(s, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait); err != nil {
		return nil, err
	}
	msg := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body))) //nolint:gosec // short
	msg = binary.NativeEndian.AppendUint16(msg, kind)
	msg = binary.NativeEndian.AppendUint16(msg, flags|unix.NLM_F_REQUEST)
	msg = binary.NativeEndian.AppendUint32(msg, 1)
	msg = binary.NativeEndian.AppendUint32(msg, 0)
	if err := unix.Sendto(s, append(msg, body...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, err
	}
	var out []syscall.NetlinkMessage
	for {
		buf := make([]byte, 64<<10)
		n, _, err := unix.Recvfrom(s, buf, 0)
		if err != nil {
			return nil, err
		}
		all, err := syscall.ParseNetlinkMessage(buf[:n])
		if err != nil {
			return nil, err
		}
		for _, m := range all {
			switch m.Header.Type {
			case unix.NLMSG_DONE:
				return out, nil
			case unix.NLMSG_ERROR:
				if no := answered(m.Data); no != 0 {
					return nil, no
				}
				return out, nil
			}
			out = append(out, m)
		}
		if flags&unix.NLM_F_DUMP == 0 {
			return out, nil
		}
	}
}

func answered(data []byte) syscall.Errno {
	if len(data) < 4 {
		return syscall.EINVAL
	}
	return syscall.Errno(-int32(binary.NativeEndian.Uint32(data))) //nolint:gosec // a small negative number
}

// attributes are those of a message after its fixed head, by their numbers.
func attributes(data []byte, head int) map[uint16][]byte {
	out := map[uint16][]byte{}
	if len(data) < head {
		return out
	}
	for b := data[head:]; len(b) >= unix.SizeofRtAttr; {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtAttr || size > len(b) {
			return out
		}
		// Above 0x3fff are flags of the number.
		out[binary.NativeEndian.Uint16(b[2:])&0x3fff] = b[unix.SizeofRtAttr:size]
		b = b[min(len(b), (size+3)&^3):]
	}
	return out
}

// attribute is one as the kernel reads it.
func attribute(number uint16, value []byte) []byte {
	size := unix.SizeofRtAttr + len(value)
	b := binary.NativeEndian.AppendUint16(nil, uint16(size)) //nolint:gosec // an address
	b = binary.NativeEndian.AppendUint16(b, number)
	b = append(b, value...)
	return append(b, make([]byte, (size+3)&^3-size)...)
}

func number(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	return int(int32(binary.NativeEndian.Uint32(b))) //nolint:gosec // indexes and metrics
}
