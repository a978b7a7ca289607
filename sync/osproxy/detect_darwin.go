package osproxy

import (
	"context"
	"net"
	"os/exec"
	"strings"
)

// told is the script that DHCP names on one of this computer's cards.
func told(ctx context.Context) string {
	all, err := net.Interfaces()
	if err != nil {
		return ""
	}
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || !strings.HasPrefix(i.Name, "en") {
			continue
		}
		raw, err := exec.CommandContext(ctx, "/usr/sbin/ipconfig", "getoption", i.Name, "252").Output()
		if s := strings.TrimSpace(string(raw)); err == nil && strings.HasPrefix(s, "http") {
			return s
		}
	}
	return ""
}
