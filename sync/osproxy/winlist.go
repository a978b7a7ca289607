package osproxy

import "strings"

// winList reads how Windows writes proxies and exceptions: "host:port" for all, or
// "http=a:1;https=b:2;socks=c:3", and names divided by semicolons or spaces.
func winList(from, proxies, except string) Settings {
	s := Settings{From: from}
	cut := func(r rune) bool { return r == ';' || r == ' ' }
	for _, p := range strings.FieldsFunc(proxies, cut) {
		if s.Proxies == nil {
			s.Proxies = map[string]string{}
		}
		if scheme, at, ok := strings.Cut(p, "="); ok {
			s.Proxies[strings.ToLower(scheme)] = at
			continue
		}
		for _, scheme := range []string{"http", "https"} {
			s.Proxies[scheme] = p
		}
	}
	s.Except = strings.FieldsFunc(except, cut)
	return s
}
