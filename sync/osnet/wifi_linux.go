package osnet

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// Signal is the strength of the Wi-Fi that this computer has joined, in percent of
// what is best; known is whether it has joined one and the system tells.
func Signal() (percent int, known bool) {
	raw, err := os.ReadFile("/proc/net/wireless")
	if err != nil {
		return 0, false
	}
	return signal(string(raw))
}

// signal reads the table of /proc/net/wireless: interface, status, quality of the
// link, level in dBm.
func signal(table string) (percent int, known bool) {
	for _, line := range strings.Split(table, "\n") {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasSuffix(f[0], ":") {
			continue
		}
		level, err := strconv.ParseFloat(strings.TrimSuffix(f[3], "."), 64)
		if err != nil || level >= 0 {
			continue
		}
		percent, known = max(percent, min(100, max(0, int(2*(level+100))))), true
	}
	return percent, known
}

// Metered reports whether each byte on the line costs; known is whether the system
// tells, which only NetworkManager does.
func Metered() (metered, known bool) {
	const yes, guessYes = 1, 3
	n := manager("Metered")
	return n == yes || n == guessYes, n != 0
}

// Online reports whether the system takes the internet for reachable, which it finds out
// by itself now and then; known is whether it tells.
func Online() (online, known bool) {
	const full = 4
	n := manager("Connectivity")
	return n == full, n != 0
}

// manager is a number that NetworkManager keeps; 0 where it does not run or know.
func manager(property string) uint32 {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	c, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return 0
	}
	defer c.Close()
	const name = "org.freedesktop.NetworkManager"
	var v dbus.Variant
	err = c.Object(name, "/org/freedesktop/NetworkManager").CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart, name, property).Store(&v)
	if n, ok := v.Value().(uint32); ok && err == nil {
		return n
	}
	return 0
}
