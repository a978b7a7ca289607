package lab

import (
	"encoding/binary"
	"flag"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

var packets = flag.Bool("packets", false, "print what went over this computer's card during the self-check")

// A tap notes the packets that leave and reach this computer over its card.
type tap struct {
	fd    int
	start time.Time
	lines []string
	over  atomic.Bool
	ended chan struct{}
}

// listenIn begins to note; nil where nobody wants to know.
func listenIn(wanted bool) (*tap, error) {
	if !wanted {
		return nil, nil
	}
	all := uint16(unix.ETH_P_ALL)
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(all>>8|all<<8))
	if err != nil {
		return nil, err
	}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 50_000}); err != nil {
		return nil, err
	}
	t := &tap{fd: fd, start: time.Now(), ended: make(chan struct{})}
	go t.run()
	return t, nil
}

func (t *tap) run() {
	defer close(t.ended)
	buf := make([]byte, 65536)
	for !t.over.Load() {
		n, from, err := unix.Recvfrom(t.fd, buf, 0) // which ends after a while
		if link, ok := from.(*unix.SockaddrLinklayer); err == nil && ok && link.Hatype != unix.ARPHRD_LOOPBACK {
			way := "in "
			if link.Pkttype == unix.PACKET_OUTGOING {
				way = "out"
			}
			if text := packetText(buf[:n]); text != "" {
				t.lines = append(t.lines, fmt.Sprintf("%5d ms %s %s", time.Since(t.start).Milliseconds(), way, text))
			}
		}
	}
}

// end returns a line for each packet.
func (t *tap) end() string {
	if t == nil {
		return ""
	}
	t.over.Store(true)
	<-t.ended
	_ = unix.Close(t.fd)
	return strings.Join(t.lines, "\n")
}

// packetText says what a packet of IPv4 is; empty of others.
func packetText(p []byte) string {
	if len(p) < 28 || p[0]>>4 != 4 {
		return ""
	}
	head := int(p[0]&15) * 4
	if len(p) < head+8 {
		return ""
	}
	from, to := netip.AddrFrom4([4]byte(p[12:16])), netip.AddrFrom4([4]byte(p[16:20]))
	body := p[head:]
	ports := func(b []byte) (uint16, uint16) { return binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]) }
	switch p[9] {
	case unix.IPPROTO_ICMP:
		about := ""
		if inner := body[8:]; len(inner) >= 28 {
			sport, dport := ports(inner[20:])
			about = fmt.Sprintf(" about %s:%d from port %d", netip.AddrFrom4([4]byte(inner[16:20])), dport, sport)
		}
		return fmt.Sprintf("ICMP %d/%d %s > %s%s", body[0], body[1], from, to, about)
	case unix.IPPROTO_UDP:
		sport, dport := ports(body)
		return fmt.Sprintf("UDP %s:%d > %s:%d, %d bytes", from, sport, to, dport, len(p))
	case unix.IPPROTO_TCP:
		if len(body) < 20 {
			return ""
		}
		sport, dport := ports(body)
		flags := ""
		for i, f := range "FSRPA" {
			if body[13]>>i&1 == 1 {
				flags += string(f)
			}
		}
		return fmt.Sprintf("TCP %s:%d > %s:%d %s, ttl %d, %d bytes", from, sport, to, dport, flags, p[8], len(p))
	}
	return ""
}
