package link

import (
	"time"

	"golang.org/x/sys/unix"
)

func tcpInfo(fd uintptr) TCP {
	i, err := unix.GetsockoptTCPConnectionInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_CONNECTION_INFO)
	if err != nil {
		return TCP{}
	}
	return TCP{
		RTT: time.Duration(i.Srtt) * time.Millisecond, Spread: time.Duration(i.Rttvar) * time.Millisecond,
		Retransmitted: i.Txretransmitpackets,
	}
}
