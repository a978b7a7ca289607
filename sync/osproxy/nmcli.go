package osproxy

import "strings"

// nmcli reads "DHCP4.OPTION[5]:wpad = http://…" lines of NetworkManager.
func nmcli(text string) string {
	for _, line := range strings.Split(text, "\n") {
		_, option, _ := strings.Cut(line, ":")
		name, value, ok := strings.Cut(option, "=")
		if ok && strings.TrimSpace(name) == "wpad" {
			return strings.ReplaceAll(strings.TrimSpace(value), `\:`, ":")
		}
	}
	return ""
}
