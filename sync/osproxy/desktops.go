package osproxy

import "strings"

// gnome reads "schema key value" lines.
func gnome(text string) Settings {
	at := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		f := strings.SplitN(strings.TrimSpace(line), " ", 3)
		if len(f) == 3 {
			at[strings.TrimPrefix(strings.TrimPrefix(f[0], "org.gnome.system.proxy"), ".")+"/"+f[1]] = strings.Trim(f[2], "'")
		}
	}
	s := Settings{From: "GNOME"}
	switch at["/mode"] {
	case "auto":
		s.Script = at["/autoconfig-url"]
		s.Detect = s.Script == ""
	case "manual":
		s.Proxies = map[string]string{}
		for _, scheme := range []string{"http", "https", "socks"} {
			if host, port := at[scheme+"/host"], at[scheme+"/port"]; host != "" && port != "0" {
				s.Proxies[scheme] = host + ":" + port
			}
		}
		for _, e := range strings.Split(strings.Trim(at["/ignore-hosts"], "[]"), ",") {
			s.Except = append(s.Except, strings.Trim(strings.TrimSpace(e), "'"))
		}
	}
	return s
}

// kde reads kioslaverc, where host and port are divided by a space.
func kde(text string) Settings {
	at := map[string]string{}
	in := false
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			in = line == "[Proxy Settings]"
		}
		if k, v, ok := strings.Cut(line, "="); ok && in {
			at[strings.TrimSuffix(k, "[$e]")] = v
		}
	}
	s := Settings{From: "KDE"}
	switch at["ProxyType"] {
	case "1":
		s.Proxies = map[string]string{}
		for scheme, key := range map[string]string{"http": "httpProxy", "https": "httpsProxy", "socks": "socksProxy"} {
			if v := strings.TrimSpace(at[key]); v != "" {
				s.Proxies[scheme] = strings.Replace(v, " ", ":", 1)
			}
		}
		s.Except = strings.Split(at["NoProxyFor"], ",")
	case "2":
		s.Script = at["Proxy Config Script"]
	case "3":
		s.Detect = true
	}
	return s
}
