package probe

import (
	"bytes"
	"crypto/x509"
	"regexp"
	"slices"
	"strings"
)

// interceptors are products that re-sign connections, as their certificates name them.
var interceptors = []string{
	"kaspersky", "eset ssl", "eset, spol", "avast", "avg technologies", "avg web", "bitdefender", "fortinet", "fortigate", "zscaler", "sophos", "palo alto networks",
	"cisco umbrella", "opendns", "360 internet", "360 total", "360safe", "360安全", "qihoo", "奇虎", "sangfor", "深信服", "qianxin", "奇安信", "legendsec", "网神",
	"mcafee", "symantec web", "norton web", "netskope", "blue coat", "bluecoat", "check point", "checkpoint", "huorong", "火绒", "dr.web", "g data", "trend micro",
	"sonicwall", "watchguard", "barracuda", "cyberoam", "untangle", "smoothwall", "lightspeed systems", "forcepoint", "websense", "iboss", "contentwatch", "securly",
	"adguard", "superfish", "netfilter sdk", "komodia", "panda security", "f-secure", "webroot", "malwarebytes", "k7 computing", "quick heal", "zonealarm", "titanium web", "netspark", "mitmproxy", "fiddler", "charles proxy", "portswigger", "burp suite", "proxyman", "reqable", "whistle root", "anyproxy", "steamtools", "watt toolkit", "dev-sidecar", "devsidecar", "surge generated", "quantumult", "http toolkit", "owasp zap", "zed attack proxy", "gateway ca - cloudflare", "cloudflare gateway", "squid proxy",
	"hillstone", "山石网科", "topsec", "天融信", "nsfocus", "绿盟", "venustech", "启明星辰", "dptech", "迪普", "ruijie", "锐捷", "h3c ", "新华三", "huawei usg", "华为usg", "secospace", "netentsec", "网康", "sinfor", "leagsoft", "联软", "ip-guard", "亿赛通", "安恒", "dbappsecurity", "sangine", "panabit", "任子行", "surfilter", "上网行为管理", "ssl 审计", "ssl审计", "kingsoft internet security", "金山毒霸", "腾讯电脑管家",
}

func reSigned(leaf, top *x509.Certificate) bool {
	all := strings.ToLower(leaf.Issuer.String() + " " + top.Issuer.String() + " " + top.Subject.String())
	return slices.ContainsFunc(interceptors, func(name string) bool { return strings.Contains(all, name) })
}

// kin reports whether a chain that leads nowhere looks as if one of our own were left out
// of it: its top is signed by one that names itself as an issuing CA does, that is called
// as one which stood there before, or that shares its organization and a word with a root
// of ours.
func (l *chainLook) kin(top *x509.Certificate) bool {
	if selfSigned(top) {
		return false
	}
	if l.LastGood != nil && slices.ContainsFunc(parsed(l.LastGood.Beside), func(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, top.RawIssuer) }) {
		return true
	}
	words := wordsOf(top.Issuer.CommonName)
	switch {
	case slices.Contains(words, "root"), slices.Contains(words, "根"):
		return false
	case slices.ContainsFunc(words, func(w string) bool { return slices.Contains(issuing, w) }):
		return true
	}
	return slices.ContainsFunc(l.roots, func(r *x509.Certificate) bool {
		if !slices.Equal(r.Subject.Organization, top.Issuer.Organization) {
			return false
		}
		own := wordsOf(r.Subject.CommonName)
		return slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(common, w) && slices.Contains(own, w) })
	})
}

// issuing are words by which a CA names itself that is not the highest; common are those
// that many of them have.
var (
	issuing = []string{"intermediate", "issuing", "sub", "subca", "subordinate", "中级", "中间", "签发", "二级"}
	common  = []string{"ca", "root", "certificate", "certification", "authority", "the", "of", "for", "and", "tls", "ssl", "server", "test", "lab", "local", "internal", "private", "trust", "global"}
	aWord   = regexp.MustCompile(`[a-z]+|中级|中间|签发|二级|根`)
)

func wordsOf(name string) []string { return aWord.FindAllString(strings.ToLower(name), -1) }
