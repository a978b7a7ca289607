package osproxy

import "strings"

// scutil reads what macOS prints of its proxies: "Key : value" lines, and a list of
// exceptions in braces.
func scutil(text string) Settings {
	s := Settings{From: "macOS"}
	at := map[string]string{}
	list := false
	for _, line := range strings.Split(text, "\n") {
		k, v, ok := strings.Cut(strings.TrimSpace(line), " : ")
		switch {
		case strings.Contains(v, "<array>"):
			list = true
		case strings.TrimSpace(line) == "}":
			list = false
		case ok && list:
			s.Except = append(s.Except, v)
		case ok:
			at[k] = v
		}
	}
	if at["ExcludeSimpleHostnames"] == "1" {
		s.Except = append(s.Except, "<local>")
	}
	if at["ProxyAutoConfigEnable"] == "1" {
		s.Script = at["ProxyAutoConfigURLString"]
	}
	s.Detect = at["ProxyAutoDiscoveryEnable"] == "1"
	for scheme, key := range map[string]string{"http": "HTTP", "https": "HTTPS", "socks": "SOCKS"} {
		if at[key+"Enable"] == "1" && at[key+"Proxy"] != "" {
			if s.Proxies == nil {
				s.Proxies = map[string]string{}
			}
			s.Proxies[scheme] = at[key+"Proxy"] + ":" + at[key+"Port"]
		}
	}
	return s
}
