package route

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// segment is the largest segment that a connection sends, in bytes.
func segment(t *testing.T, c net.Conn) (size int) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	cerr := raw.Control(func(fd uintptr) { size, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG) })
	if cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
	return size
}
