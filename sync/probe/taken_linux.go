package probe

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// acknowledged reports whether all that was sent over a connection was taken by the
// other end's system.
func acknowledged(c net.Conn) (taken, known bool) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return false, false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false, false
	}
	err = raw.Control(func(fd uintptr) {
		if i, ierr := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); ierr == nil {
			taken, known = i.Unacked == 0 && i.Notsent_bytes == 0, true
		}
	})
	return taken, known && err == nil
}
