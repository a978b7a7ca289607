// Package osproxy reads the proxy of the system's own settings.
//
// Words: Settings are what a person or an administrator set for all programs: fixed
// proxies by scheme, exceptions from them, or a script (PAC) that chooses for each
// address. The environment is not among them: net/http reads that.
//
// The package asks without any rights and changes nothing. It fetches a script from
// where the settings say, and runs it with nothing at hand but names and addresses.
package osproxy

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"
)

// Settings are the system's. The zero Settings are those of no proxy at all.
type Settings struct {
	From    string            // who keeps them, like "GNOME", "Windows"
	Script  string            // URL of the script that chooses; empty: none
	Detect  bool              // a script is to be looked for in the network, see Located
	Proxies map[string]string // "https", "http", "socks" → host:port
	Except  []string          // hosts, domains, networks and patterns that are reached without
}

// IsNone reports whether everything is reached without a proxy, as far as no script is
// found.
func (s Settings) IsNone() bool { return s.Script == "" && len(s.Proxies) == 0 }

// For returns the proxy for an address, nil for none. The error is a *ScriptError
// where the script is what fails.
func (s Settings) For(ctx context.Context, u *url.URL) (*url.URL, error) {
	if s.Script == "" {
		return s.fixed(u), nil
	}
	text, err := Fetch(ctx, s.Script)
	if err != nil {
		return nil, err
	}
	return Run(ctx, text, u)
}

// fixed is the proxy for an address without a script.
func (s Settings) fixed(u *url.URL) *url.URL {
	if s.excepted(u.Hostname()) {
		return nil
	}
	for _, scheme := range []string{u.Scheme, "socks"} {
		if at := s.Proxies[scheme]; at != "" {
			return proxyURL(map[bool]string{true: "socks5", false: "http"}[scheme == "socks"], at)
		}
	}
	return nil
}

// proxyURL reads host:port, which may carry a scheme of its own; nil for what is none.
func proxyURL(scheme, at string) *url.URL {
	if !strings.Contains(at, "://") {
		at = scheme + "://" + at
	}
	u, err := url.Parse(strings.TrimRight(at, "/"))
	if err != nil || u.Hostname() == "" {
		return nil
	}
	return u
}

// excepted reports whether a host is reached without a proxy. "<local>" stands for names
// without a dot, as Windows has it.
func (s Settings) excepted(host string) bool {
	host = strings.ToLower(host)
	ip, ipErr := netip.ParseAddr(host)
	for _, e := range s.Except {
		e = strings.ToLower(strings.TrimSpace(e))
		if net, err := netip.ParsePrefix(e); err == nil {
			if ipErr == nil && net.Contains(ip) {
				return true
			}
			continue
		}
		if h, _, err := net.SplitHostPort(e); err == nil {
			e = h
		}
		match, err := path.Match(e, host)
		switch {
		case e == "":
		case e == "<local>" && !strings.Contains(host, "."), err == nil && match, e == host,
			strings.HasPrefix(e, ".") && strings.HasSuffix(host, e), strings.HasSuffix(host, "."+e):
			return true
		}
	}
	return false
}

// keep is how long Choose trusts what it has read.
const keep = 30 * time.Second

var known struct {
	sync.Mutex
	at       time.Time
	settings Settings
	script   string
}

// Choose returns the proxy that the system's settings have for a request, nil for none.
// It reads them at most twice a minute.
func Choose(req *http.Request) (*url.URL, error) {
	known.Lock()
	defer known.Unlock()
	ctx, cancel := context.WithTimeout(req.Context(), 2*time.Second)
	defer cancel()
	if time.Since(known.at) > keep {
		s := Read(ctx).Located(ctx)
		text := ""
		if s.Script != "" {
			var err error
			if text, err = Fetch(ctx, s.Script); err != nil {
				return nil, err
			}
		}
		known.at, known.settings, known.script = time.Now(), s, text
	}
	if known.settings.Script == "" {
		return known.settings.fixed(req.URL), nil
	}
	return Run(ctx, known.script, req.URL)
}
