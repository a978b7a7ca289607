package osproxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// What every system prints of its proxies, and what it means for one address.
func TestSettings(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "invoice.test"}
	for _, c := range []struct {
		name string
		s    Settings
		want string
	}{
		{"GNOME by hand", gnome("org.gnome.system.proxy mode 'manual'\norg.gnome.system.proxy ignore-hosts ['localhost', '127.0.0.0/8']\n" +
			"org.gnome.system.proxy.https host '10.99.0.3'\norg.gnome.system.proxy.https port 3128\norg.gnome.system.proxy.http host ''\norg.gnome.system.proxy.http port 8080\n"), "http://10.99.0.3:3128"},
		{"GNOME excepts it", gnome("org.gnome.system.proxy mode 'manual'\norg.gnome.system.proxy ignore-hosts ['*.test']\n" +
			"org.gnome.system.proxy.https host '10.99.0.3'\norg.gnome.system.proxy.https port 3128\n"), ""},
		{"GNOME off", gnome("org.gnome.system.proxy mode 'none'\norg.gnome.system.proxy.https host '10.99.0.3'\norg.gnome.system.proxy.https port 3128\n"), ""},
		{"KDE", kde("[Other]\nProxyType=1\n[Proxy Settings]\nProxyType=1\nhttpsProxy=http://10.99.0.3 3128\nNoProxyFor=.else\n"), "http://10.99.0.3:3128"},
		{"macOS", scutil("<dictionary> {\n  ExceptionsList : <array> {\n    0 : *.local\n    1 : 169.254/16\n  }\n  HTTPSEnable : 1\n  HTTPSPort : 3128\n  HTTPSProxy : 10.99.0.3\n}\n"), "http://10.99.0.3:3128"},
		{"macOS with SOCKS", scutil("<dictionary> {\n  SOCKSEnable : 1\n  SOCKSPort : 1080\n  SOCKSProxy : 10.99.0.3\n}\n"), "socks5://10.99.0.3:1080"},
		{"Windows, one for all", winList("Windows", "10.99.0.3:3128", "<local>;*.else"), "http://10.99.0.3:3128"},
		{"Windows, by scheme", winList("Windows", "http=10.99.0.9:80;https=10.99.0.3:3128", ""), "http://10.99.0.3:3128"},
		{"Windows excepts it", winList("Windows", "10.99.0.3:3128", "10.*;invoice.test"), ""},
	} {
		got, err := c.s.For(context.Background(), u)
		text := ""
		if got != nil {
			text = got.String()
		}
		if err != nil || text != c.want {
			t.Errorf("%s: %q %v, want %q", c.name, text, err, c.want)
		}
	}
	for _, s := range []Settings{
		gnome("org.gnome.system.proxy mode 'auto'\norg.gnome.system.proxy autoconfig-url 'http://x/p.pac'\n"),
		kde("[Proxy Settings]\nProxyType=2\nProxy Config Script=http://x/p.pac\n"),
		scutil("<dictionary> {\n  ProxyAutoConfigEnable : 1\n  ProxyAutoConfigURLString : http://x/p.pac\n}\n"),
	} {
		if s.Script != "http://x/p.pac" {
			t.Errorf("%s: script %q", s.From, s.Script)
		}
	}
}

// Where the settings say that a script is to be looked for, and where they do not.
func TestDetect(t *testing.T) {
	for name, c := range map[string]struct {
		Settings
		want bool
	}{
		"GNOME":                {gnome("org.gnome.system.proxy mode 'auto'\norg.gnome.system.proxy autoconfig-url ''\n"), true},
		"GNOME with a script":  {gnome("org.gnome.system.proxy mode 'auto'\norg.gnome.system.proxy autoconfig-url 'http://x/p.pac'\n"), false},
		"GNOME off":            {gnome("org.gnome.system.proxy mode 'none'\norg.gnome.system.proxy autoconfig-url ''\n"), false},
		"KDE":                  {kde("[Proxy Settings]\nProxyType=3\n"), true},
		"macOS":                {scutil("<dictionary> {\n  ProxyAutoDiscoveryEnable : 1\n}\n"), true},
		"macOS off":            {scutil("<dictionary> {\n  ProxyAutoDiscoveryEnable : 0\n}\n"), false},
		"Windows, one for all": {winList("Windows", "10.99.0.3:3128", ""), false},
	} {
		if c.Detect != c.want {
			t.Errorf("%s: %v", name, c.Detect)
		}
	}
	if s := (Settings{From: "x"}).Located(t.Context()); s.Script != "" || !detected.at.IsZero() {
		t.Error("looked for without being told to")
	}
	if got := nmcli("DHCP4.OPTION[1]:ip_address = 10.0.0.5\nDHCP4.OPTION[9]:wpad = http\\://wpad.office.test/proxy.pac\n"); got != "http://wpad.office.test/proxy.pac" {
		t.Errorf("NetworkManager: %q", got)
	}
}

// A script is fetched and run; how it fails is told by its step.
func TestScript(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "invoice.test:8443"}
	for _, c := range []struct{ name, script, want, step string }{
		{"a proxy", `function FindProxyForURL(url, host) { if (dnsDomainIs(host, ".test") && shExpMatch(url, "https://*/*")) return "PROXY 10.99.0.3:3128; DIRECT"; return "DIRECT" }`, "http://10.99.0.3:3128", ""},
		{"direct", `function FindProxyForURL(url, host) { return isInNet("10.1.2.3", "10.0.0.0", "255.0.0.0") ? "DIRECT" : "PROXY a:1" }`, "", ""},
		{"SOCKS, in today's language", `const FindProxyForURL = (url, host) => { let p = [1080]; return ` + "`SOCKS5 ${host}:${p[0]}`" + ` }`, "socks5://invoice.test:1080", ""},
		{"a function of today", `function FindProxyForURL(url, host) { let p = [1080]; return ` + "`SOCKS5 ${host}:${p[0]}`" + ` }`, "socks5://invoice.test:1080", ""},
		{"at any time", `function FindProxyForURL() { return weekdayRange("SUN","SAT") && dateRange(1, 31) && timeRange(0, 24) ? "PROXY a:1" : "DIRECT" }`, "http://a:1", ""},
		{"a page", `<html>FindProxyForURL</html>`, "", StepType},
		{"another script", `function x() {}`, "", StepType},
		{"a slip", `function FindProxyForURL(url, host) { return nonsense(`, "", StepRun},
		{"it throws", `function FindProxyForURL() { throw "no" }`, "", StepRun},
		{"it never ends", `function FindProxyForURL() { for (;;) {} }`, "", StepRun},
		{"it says nothing", `function FindProxyForURL() {}`, "", StepAnswer},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, c.script) }))
		got, err := Settings{Script: srv.URL}.For(context.Background(), u)
		srv.Close()
		var se *ScriptError
		step, text := "", ""
		if errors.As(err, &se) {
			step = se.Step
		}
		if got != nil {
			text = got.String()
		}
		if text != c.want || step != c.step {
			t.Errorf("%s: %q %v, want %q %s", c.name, text, err, c.want, c.step)
		}
	}
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	var se *ScriptError
	if _, err := Fetch(context.Background(), srv.URL); !errors.As(err, &se) || se.Status != 404 {
		t.Errorf("not found: %v", err)
	}
}

func TestCalendar(t *testing.T) {
	at := time.Date(2026, 11, 30, 23, 15, 0, 0, time.UTC) // a Monday
	for _, c := range []struct {
		name string
		got  bool
		want bool
	}{
		{"Monday", weekdays(at, []string{"MON", "GMT"}), true},
		{"Sat to Mon", weekdays(at, []string{"SAT", "MON"}), true},
		{"Tue to Fri", weekdays(at, []string{"TUE", "FRI"}), false},
		{"from 22 to 6", hours(at, []any{int64(22), int64(6)}), true},
		{"from 23:00 to 23:10", hours(at, []any{int64(23), int64(0), int64(23), int64(10)}), false},
		{"November", dates(at, []any{"NOV"}), true},
		{"Oct to Jan", dates(at, []any{"OCT", "JAN"}), true},
		{"15 Nov to 29 Nov", dates(at, []any{int64(15), "NOV", int64(29), "NOV"}), false},
		{"2027", dates(at, []any{int64(2027)}), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v", c.name, c.got)
		}
	}
}
