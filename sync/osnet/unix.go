//go:build !windows

package osnet

import (
	"os"
	"slices"
	"strings"
)

// HostsFile is where this system keeps names that no name server is asked for.
func HostsFile() string { return "/etc/hosts" }

// Resolvers are this computer's name servers, without port; none where they cannot
// be read.
func Resolvers() []string {
	raw, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		return nil
	}
	return resolvConf(string(raw))
}

func resolvConf(text string) []string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		f := strings.Fields(line)
		if len(f) >= 2 && f[0] == "nameserver" && !slices.Contains(out, f[1]) {
			out = append(out, f[1])
		}
	}
	return out
}
