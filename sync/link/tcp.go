package link

import (
	"net"
	"syscall"
	"time"
)

// TCP is what the system knows of an open connection; zero where it does not tell.
type TCP struct {
	RTT, Spread   time.Duration // round trip, smoothed, and how far it varies
	Retransmitted uint64        // segments that had to be sent again
}

// readTCP asks the system about a connection; it must be open.
func readTCP(c net.Conn) (out TCP) {
	for {
		over, wrapped := c.(interface{ NetConn() net.Conn })
		if !wrapped {
			break
		}
		c = over.NetConn()
	}
	s, ok := c.(syscall.Conn)
	if !ok {
		return out
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return out
	}
	// A connection that was closed meanwhile tells nothing.
	_ = raw.Control(func(fd uintptr) { out = tcpInfo(fd) })
	return out
}

// ReadTCP asks the system about an open connection.
func ReadTCP(c net.Conn) TCP { return readTCP(c) }
