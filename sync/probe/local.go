package probe

import (
	"context"
	"fmt"
	"net"
	"strings"

	"counterfoil/sync/fault"
)

// minFree is what a desk needs to go on working, in bytes.
const minFree = 20 << 20

// data checks the local store and the room on its disk.
func (l *Ladder) data(ctx context.Context) (string, bool) {
	if l.cfg.CheckStore != nil {
		if err := l.cfg.CheckStore(ctx); ctx.Err() != nil {
			return "not ended: " + ctx.Err().Error(), true // no finding is no fault
		} else if err != nil {
			id := fault.ID("")
			if l.cfg.ClassifyStore != nil {
				id = l.cfg.ClassifyStore(err)
			}
			if id == "" {
				id = "K06"
			}
			l.hard(id, fault.Proven, nil)
			return err.Error(), false
		}
	}
	if l.cfg.DataDir != "" {
		if free, err := freeBytes(l.cfg.DataDir); err == nil && free < minFree {
			l.hard("K08", fault.Proven, map[string]string{"free": fmt.Sprint(free >> 20)})
			return fmt.Sprintf("%d MB free", free>>20), false
		}
	}
	return "ok", true
}

// keyring reads the CA as the program does.
func (l *Ladder) keyring(ctx context.Context) (string, bool) {
	roots, err := l.cfg.Roots(ctx)
	if err != nil {
		id := fault.ID("K02")
		if l.cfg.ClassifyTrust != nil {
			id = l.cfg.ClassifyTrust(err)
		}
		l.hard(id, fault.Proven, nil)
		return err.Error(), false
	}
	if len(roots) == 0 {
		l.hard("S08", fault.Proven, nil)
		return "no root certificate", false
	}
	l.roots = roots
	return fmt.Sprintf("%d certificate(s)", len(roots)), true
}

// network looks at interfaces and routes; it sends nothing. A server on this
// very computer needs none.
func (l *Ladder) network(context.Context) (string, bool) {
	if ip := net.ParseIP(l.host); l.host == "localhost" || ip != nil && ip.IsLoopback() {
		return "this computer", true
	}
	all, err := net.Interfaces()
	if err != nil {
		return "interfaces cannot be read: " + err.Error(), true
	}
	up, addressed := 0, 0
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 || i.Flags&net.FlagUp == 0 || i.Flags&net.FlagRunning == 0 {
			continue
		}
		up++
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
				addressed++
			}
		}
	}
	switch {
	case up == 0:
		l.hard("N01", fault.Proven, nil)
		return "no interface is connected", false
	case addressed == 0:
		l.hard("N02", fault.Proven, nil)
		return "no address", false
	}
	if has, known := hasRoute(l.host); known && !has {
		l.hard("N04", fault.Proven, nil)
		return "no route to the outside", false
	}
	return fmt.Sprintf("%d connected", up), true
}

// hasRoute asks the system for a route without sending anything: connecting a
// UDP socket only looks one up. known is false when that tells nothing.
func hasRoute(host string) (has, known bool) {
	target := host
	if net.ParseIP(host) == nil {
		// The name may not resolve without a route: any outside address will do.
		// 192.0.2.1 is a documentation address; nothing is sent to it.
		target = "192.0.2.1"
	}
	c, err := net.Dial("udp", net.JoinHostPort(target, "9"))
	if err == nil {
		_ = c.Close()
		return true, true
	}
	return false, strings.Contains(err.Error(), "unreachable") || isUnreachable(err)
}
