package osnet

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// reach connects by itself: a net.Dialer closes what failed before it can be asked who
// said no.
func reach(ctx context.Context, to netip.AddrPort, hops int) (Told, error) {
	fail := func(err error) error {
		if err == nil {
			return nil
		}
		return &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: err}
	}
	if err := ctx.Err(); err != nil {
		return Told{}, fail(err)
	}
	fd, err := unix.Socket(int(family(to.Addr())), unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return Told{}, fail(os.NewSyscallError("socket", err))
	}
	f := os.NewFile(uintptr(fd), "connection") // which waits for it, and closes it
	defer f.Close()
	wantsWord(uintptr(fd), to.Addr().Is6())
	if hops > 0 {
		if err := limitHops(uintptr(fd), to.Addr().Is6(), hops); err != nil {
			return Told{}, fail(os.NewSyscallError("setsockopt", err))
		}
	}
	switch err := unix.Connect(fd, sockaddr(to)); {
	case errors.Is(err, unix.EINPROGRESS) || errors.Is(err, unix.EINTR):
	case err != nil:
		return Told{}, fail(os.NewSyscallError("connect", err))
	}
	err = connected(ctx, f)
	var told Told
	if errno := unix.Errno(0); errors.As(err, &errno) {
		told = word(uintptr(fd))
	}
	return told, fail(err)
}

// connected waits until a connection stands or has failed.
func connected(ctx context.Context, f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		n, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		switch errno := unix.Errno(n); {
		case err != nil:
			failed = os.NewSyscallError("getsockopt", err)
		case errno == 0:
			_, err := unix.Getpeername(int(fd))
			return err == nil // else it has only begun
		case errno == unix.EINPROGRESS || errno == unix.EALREADY || errno == unix.EINTR:
			return false
		default:
			failed = os.NewSyscallError("connect", errno)
		}
		return true
	})
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(err, failed)
}

func sockaddr(to netip.AddrPort) unix.Sockaddr {
	if to.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
}

// wantsWord asks the system to keep what routers say; one that does not tells less.
func wantsWord(fd uintptr, v6 bool) {
	if v6 {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1)
		return
	}
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVERR, 1)
}

// word is what a router said of what a socket sent.
func word(fd uintptr) Told {
	buf, beside := make([]byte, 256), make([]byte, 256)
	_, n, _, _, err := unix.Recvmsg(int(fd), buf, beside, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
	if err != nil {
		return Told{}
	}
	all, err := unix.ParseSocketControlMessage(beside[:n])
	if err != nil {
		return Told{}
	}
	for _, m := range all {
		if t := wordOf(m.Data); t.What != "" {
			return t
		}
	}
	return Told{}
}

// wordOf reads a struct sock_extended_err and the address that follows it.
func wordOf(b []byte) Told {
	const size = 16
	if len(b) < size+4 {
		return Told{}
	}
	origin, kind, code := b[4], b[5], b[6]
	t := Told{What: Otherwise}
	switch origin {
	case unix.SO_EE_ORIGIN_ICMP:
		switch {
		case kind == 11:
			t.What = Expired
		case kind == 3 && (code == 9 || code == 10 || code == 13):
			t.What = Prohibited
		case kind == 3 && (code == 1 || code == 7 || code == 12):
			t.What = NoHost
		case kind == 3 && (code == 0 || code == 6 || code == 11):
			t.What = NoNet
		case kind == 3 && code == 3:
			t.What = NoPort
		}
	case unix.SO_EE_ORIGIN_ICMP6:
		switch {
		case kind == 3:
			t.What = Expired
		case kind == 1 && (code == 1 || code == 5 || code == 6):
			t.What = Prohibited
		case kind == 1 && code == 3:
			t.What = NoHost
		case kind == 1 && code == 0:
			t.What = NoNet
		case kind == 1 && code == 4:
			t.What = NoPort
		}
	default: // this computer's own
		return Told{}
	}
	switch at := b[size:]; binary.NativeEndian.Uint16(at) {
	case unix.AF_INET:
		if len(at) >= 8 {
			t.From = netip.AddrFrom4([4]byte(at[4:8]))
		}
	case unix.AF_INET6:
		if len(at) >= 24 {
			t.From = netip.AddrFrom16([16]byte(at[8:24]))
		}
	}
	return t
}

// LeastHops lets a socket take only packets that may still live for so many hops.
func LeastHops(fd uintptr, v6 bool, n int) error {
	if v6 {
		return unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MINHOPCOUNT, n)
	}
	return unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MINTTL, n)
}
