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
		if i, ierr := unix.GetsockoptTCPConnectionInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_CONNECTION_INFO); ierr == nil {
			taken, known = i.Snd_sbbytes == 0, true // what is not taken stays in the buffer
		}
	})
	return taken, known && err == nil
}
