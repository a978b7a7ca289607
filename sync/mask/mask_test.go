package mask

import (
	"strings"
	"testing"
)

// What is nobody's business goes; what IT needs stays.
func TestText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`S01: Get "https://invoice.ming.cn:8443/healthz": dial tcp 10.2.3.4:8443: i/o timeout`,
			`S01: Get "https://host-1:8443/healthz": dial tcp address-1:8443: i/o timeout`},
		{"lookup invoice.ming.cn on 192.168.1.1:53: no such host", "lookup host-1 on address-1:53: no such host"},
		{"lookup invoicesrv: no such host; invoicesrv:8443", "lookup host-1: no such host; host-1:8443"},
		{"x509: certificate is valid for *.other.example, not Invoice.Ming.CN", "x509: certificate is valid for host-1, not host-2"},
		{"the proxy http://wang:geheim@proxy.corp.local:3128 denies", "the proxy http://***@host-1:3128 denies"},
		{"fe80::1%eth0, 2001:db8:0:1::7 and [2001:db8:0:1::7]:443; ::1 and 127.0.0.1 stay", "address-1, address-2 and [address-2]:443; ::1 and 127.0.0.1 stay"},
		{`open C:\Users\Wang Fang\AppData\counterfoil.db: denied`, `open C:\Users\user-1\AppData\counterfoil.db: denied`},
		{`{"path":"C:\\Users\\wang\\x"}`, `{"path":"C:\\Users\\user-1\\x"}`},
		{"/home/wang/.local/x.pem and /Users/wang/Library, /home/li", "/home/user-1/.local/x.pem and /Users/user-1/Library, /home/user-2"},
		{`\\fileserver\share\counterfoil.db`, `\\host-1\share\counterfoil.db`},
		{"2026-11-24 12:30:15 +0800  S04 HTTP 401 v0.1.0 250 ms 00:12", "2026-11-24 12:30:15 +0800  S04 HTTP 401 v0.1.0 250 ms 00:12"},
		{"x509.HostnameError in counterfoil.db, go1.26, off by 1.5s, 3.2 MB", "x509.HostnameError in counterfoil.db, go1.26, off by 1.5s, 3.2 MB"},
		{"Bearer abcdef.ghi-JKL", "***"}, {"token=xyz", "***"}, {"令牌：xyz 后", "*** 后"},
		{"91320594MA1XYZ2R7P 13812345678 a@b.cn", "*** *** ***"},
		{"6Zr2xq0TqgC1n0bVdPZ5mA6Zr2xq0TqgC1n0bVdPZ5m", "***"},
		{"00:1a:2b:3c:4d:5e", "***"},
	} {
		if got := New(English).Text(c.in); got != c.want {
			t.Errorf("%s\n is %s\nwant %s", c.in, got, c.want)
		}
	}
	if got := New(Chinese).Text("连不上 invoice.ming.cn（10.0.0.8），用户目录 /home/wang/x"); got != "连不上 主机1（地址1），用户目录 /home/用户1/x" {
		t.Error(got)
	}
}

func TestNames(t *testing.T) {
	got := New(English, "https://invoices:8443", "王五", "苏州明远", "", "li", "desk-7", "root", "cli").Text("王五 of 苏州明远 at INVOICES:8443 by li from client desk-7; root certificate")
	if got != "name-2 of name-1 at host-1:8443 by li from client name-3; root certificate" {
		t.Error(got)
	}
	// The same thing has the same name, and nothing of it is left.
	got = New(English, "a.example.cn").Text("a.example.cn b.example.cn a.example.cn A.EXAMPLE.CN")
	if strings.Count(got, "host-1") != 3 || strings.Contains(strings.ToLower(got), "example") {
		t.Error(got)
	}
}

// Masking twice changes nothing more.
func TestTwice(t *testing.T) {
	in := `Get "https://invoice.ming.cn:8443/": dial tcp 10.2.3.4:8443 by /home/wang/x, proxy.corp.local:3128`
	once := New(English).Text(in)
	if twice := New(English).Text(once); twice != once {
		t.Errorf("%s\n%s", once, twice)
	}
}

// What somebody wants to be seen stays; a secret never does.
func TestKeep(t *testing.T) {
	in := "https://invoice.ming.cn:8443 10.2.3.4 /home/wang/x a@b.cn 91320594MA1XYZ2R7P ¥1,234.50 99.00 元 CNY 5 Bearer abcdef.ghi-JKL"
	for _, c := range []struct {
		keep []Kind
		want string
	}{
		{nil, "https://host-1:8443 address-1 /home/user-1/x *** *** *** *** *** ***"},
		{[]Kind{Hosts}, "https://invoice.ming.cn:8443 address-1 /home/user-1/x *** *** *** *** *** ***"},
		{[]Kind{Addresses}, "https://host-1:8443 10.2.3.4 /home/user-1/x *** *** *** *** *** ***"},
		{[]Kind{People}, "https://host-1:8443 address-1 /home/wang/x a@host-2 *** *** *** *** ***"},
		{[]Kind{Numbers}, "https://host-1:8443 address-1 /home/user-1/x *** 91320594MA1XYZ2R7P ¥1,234.50 99.00 元 CNY 5 ***"},
		{Kinds, "https://invoice.ming.cn:8443 10.2.3.4 /home/wang/x a@b.cn 91320594MA1XYZ2R7P ¥1,234.50 99.00 元 CNY 5 ***"},
	} {
		if got := New(English).Keep(c.keep...).Text(in); got != c.want {
			t.Errorf("%v:\n is %s\nwant %s", c.keep, got, c.want)
		}
	}
	if got := New(English).Text("took 0.95 s, 99.95 %, port 8443"); got != "took 0.95 s, 99.95 %, port 8443" {
		t.Error(got)
	}
}

// FuzzText masks any bytes, characters or not, for any names: it never panics.
func FuzzText(f *testing.F) {
	f.Add("GET https://invoice.test\xa3\xba443 failed", "invoice.test\xa3\xba443")
	f.Add("\xff\xfe\xfd shop.example", "SHOP.example")
	f.Add("İİİ Kelvin K host ſ", "host")
	f.Add("\\\\\xa3\xba\\x", "https://\xa3\xba")
	f.Fuzz(func(t *testing.T, text, name string) {
		for _, w := range []Words{Chinese, English} {
			_ = New(w, name).Text(text)
			_ = New(w, text, name).Text(name + " " + text)
		}
	})
}
