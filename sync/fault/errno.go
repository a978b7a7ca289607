package fault

import (
	"strconv"
	"syscall"
)

// winsock are the numbers of Windows' sockets by the names that Unix has for the
// same. No Unix uses these numbers, so the table stands on every system.
var winsock = map[syscall.Errno]string{
	10004: "EINTR", 10013: "EACCES", 10022: "EINVAL", 10024: "EMFILE", 10045: "EOPNOTSUPP", 10048: "EADDRINUSE", 10049: "EADDRNOTAVAIL", 10050: "ENETDOWN",
	10051: "ENETUNREACH", 10052: "ENETRESET", 10053: "ECONNABORTED", 10054: "ECONNRESET", 10055: "ENOBUFS", 10057: "ENOTCONN",
	10058: "ESHUTDOWN", 10060: "ETIMEDOUT", 10061: "ECONNREFUSED", 10064: "EHOSTDOWN", 10065: "EHOSTUNREACH",
}

// The name service of Windows has numbers of its own.
var winNames = map[syscall.Errno]string{
	11001: "rcode:NXDOMAIN", 11002: "rcode:SERVFAIL", 11003: "dns:failed", 11004: "rcode:NXDOMAIN", 9003: "rcode:NXDOMAIN", 9002: "rcode:SERVFAIL",
	9005: "rcode:REFUSED", 9501: "rcode:NXDOMAIN", 1460: "timeout",
}

// errnoCode is the code of a system's error number, the same on Unix and Windows.
func errnoCode(e syscall.Errno) string {
	name := winsock[e]
	if name == "" {
		if n := winNames[e]; n != "" {
			return n
		}
		name = systemName(e)
	}
	switch name {
	case "":
		return "errno:" + strconv.Itoa(int(e))
	case "ETIMEDOUT": // the system gave up before we did: the same silence
		return "timeout"
	}
	return "errno:" + name
}
