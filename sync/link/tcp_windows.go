package link

import (
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// sioTCPInfo is SIO_TCP_INFO, from Windows 10 of 2017 on.
const sioTCPInfo = 0xD8000027

// tcpInfoV0 is TCP_INFO_v0 of mstcpip.h.
type tcpInfoV0 struct {
	State, Mss             uint32
	ConnectionTimeMs       uint64
	TimestampsEnabled      uint8
	_                      [3]uint8
	RttUs, MinRttUs        uint32
	BytesInFlight, Cwnd    uint32
	SndWnd, RcvWnd, RcvBuf uint32
	BytesOut, BytesIn      uint64
	BytesReordered         uint32
	BytesRetrans           uint32
	FastRetrans, DupAcksIn uint32
	TimeoutEpisodes        uint32
	SynRetrans             uint8
	_                      [3]uint8
}

func tcpInfo(fd uintptr) TCP {
	var version, got uint32
	var i tcpInfoV0
	err := windows.WSAIoctl(windows.Handle(fd), sioTCPInfo, (*byte)(unsafe.Pointer(&version)), uint32(unsafe.Sizeof(version)),
		(*byte)(unsafe.Pointer(&i)), uint32(unsafe.Sizeof(i)), &got, nil, 0)
	if err != nil || got == 0 {
		return TCP{} // an older Windows
	}
	lost := uint64(i.SynRetrans)
	if i.Mss > 0 {
		lost += uint64((i.BytesRetrans + i.Mss - 1) / i.Mss)
	}
	return TCP{RTT: time.Duration(i.RttUs) * time.Microsecond, Retransmitted: lost}
}
