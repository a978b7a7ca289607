package route

import (
	"golang.org/x/sys/unix"
)

// SegmentSizes reports whether this system lets a program choose its segment size.
const SegmentSizes = true

func (r Route) socket(_ string, fd uintptr) error {
	if r.SegmentSize > 0 {
		if err := unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, r.SegmentSize); err != nil {
			return err
		}
	}
	if r.Interface != "" {
		return unix.BindToDevice(int(fd), r.Interface)
	}
	return nil
}
