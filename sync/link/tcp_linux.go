package link

import (
	"time"

	"golang.org/x/sys/unix"
)

func tcpInfo(fd uintptr) TCP {
	i, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return TCP{}
	}
	return TCP{
		RTT: time.Duration(i.Rtt) * time.Microsecond, Spread: time.Duration(i.Rttvar) * time.Microsecond,
		Retransmitted: uint64(i.Total_retrans),
	}
}
