package fault

import (
	"bytes"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"counterfoil/sync/wire"
)

// Answer is an HTTP answer, as far as it was read.
type Answer struct {
	Status int
	Header map[string][]string // by canonical names
	Body   []byte              // or its beginning
	URL    *url.URL            // that was asked for; nil: not known
}

func (a Answer) header(name string) string { return textproto.MIMEHeader(a.Header).Get(name) }

var (
	pageTitle = regexp.MustCompile(`(?is)<title[^>]*>(.{0,200}?)</title>`)
	anAddress = regexp.MustCompile(`\b(?:\d{1,3}\.){3}\d{1,3}\b`)
)

// OfResponse is what an answer over the real path tells. Yes is one of our server
// that does what was asked, or says for itself why it does not do this one thing.
func OfResponse(a Answer) Observation {
	o := Observation{Kind: "http", Via: Real, Outcome: No, Status: a.Status, Product: a.header(wire.HeaderProduct), Media: a.media()}
	o.Values = map[string]string{"request": a.header(wire.HeaderRequest), "status": strconv.Itoa(a.Status)}
	if name := a.header(wire.HeaderInstance); name != "" {
		o.Values["instance"] = name
	}
	if a.Status >= 400 {
		p := problem(a)
		if o.Problem = p.code; p.until != "" {
			o.Values["until"] = p.until
		}
	}
	if o.Product == wire.Product && o.Media != "html" && served(a.Status) {
		o.Outcome = Yes
	}
	if o.Product != wire.Product {
		o.Values["product"] = a.header("Server")
	}
	if m := pageTitle.FindSubmatch(a.Body); o.Media == "html" && m != nil {
		o.Values["title"] = strings.TrimSpace(string(m[1]))
	}
	if code := wantsCertificate(o.Values["title"]); code != "" && a.Status >= 400 && a.Status < 500 {
		o.Code = code
	}
	switch {
	case a.Status == 429 || a.Status == 503 && a.header("Retry-After") != "":
		o.Values["wait"] = a.wait()
	case a.Status == 403:
		o.Values["ip"] = string(anAddress.Find(a.Body)) // ours, as a filter names it
	case a.Status >= 300 && a.Status < 400 && a.Status != 304:
		o.Code = a.redirect(o.Values)
	case a.Status >= 500 && o.Product != wire.Product:
		o.Code = a.edge()
	}
	return o
}

var (
	certificateNone = regexp.MustCompile(`(?i)no required ssl certificate|client certificate (is )?required|ssl certificate required`)
	certificateBad  = regexp.MustCompile(`(?i)the ssl certificate error|client certificate (has |is )?(expired|revoked|untrusted|not trusted|invalid)`)
)

// wantsCertificate is what a page's title says of the certificate of the client, which
// some servers ask for in TLS and miss in HTTP; "" where it speaks of none.
func wantsCertificate(title string) string {
	switch {
	case certificateNone.MatchString(title):
		return "client_cert:none"
	case certificateBad.MatchString(title):
		return "client_cert:bad"
	}
	return ""
}

// served reports whether a status leaves the connection as it should be: a request
// that is refused for what it holds says nothing against the line.
func served(status int) bool {
	switch status {
	case 401, 403, 407, 408, 421, 426, 429, 431, 451, 511:
		return false
	}
	return status < 300 || status == 304 || status >= 400 && status < 500
}

func (a Answer) media() string {
	kind := a.header("Content-Type")
	switch {
	case strings.HasPrefix(kind, "text/html") || bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("<")):
		return "html"
	case strings.Contains(kind, "json"):
		return "json"
	}
	return ""
}

// wait is how long the server asks to wait, in seconds; 60 where it says nothing that
// can be read. A date counts from the server's own, so that our clock does not matter.
func (a Answer) wait() string {
	after := a.header("Retry-After")
	if n, err := strconv.Atoi(after); err == nil && n >= 0 {
		return strconv.Itoa(n)
	}
	until, err := time.Parse(time.RFC1123, after)
	now, nowErr := time.Parse(time.RFC1123, a.header("Date"))
	if err != nil || nowErr != nil {
		return "60"
	}
	return strconv.Itoa(int(max(until.Sub(now), time.Second).Seconds()))
}

// redirect tells where an answer sends: "none" says nowhere, "plain" without
// encryption, "foreign" to another host, "loop" to the same place, "here" elsewhere on
// the same host.
func (a Answer) redirect(values map[string]string) string {
	location := a.header("Location")
	to, err := url.Parse(location)
	if location == "" || err != nil {
		return "redirect:none"
	}
	from := a.URL
	if from != nil {
		to = from.ResolveReference(to)
	}
	values["location"] = to.Host
	switch {
	case to.Scheme == "http":
		return "redirect:plain"
	case from == nil && to.Host == "":
		return "redirect:here"
	case from == nil || !strings.EqualFold(to.Hostname(), from.Hostname()):
		return "redirect:foreign"
	case to.String() == from.String():
		return "redirect:loop"
	}
	return "redirect:here"
}

// edge tells whether an error is that of a delivery network before the server: "cdn"
// is one that names itself, "cdn:via" something in between that may be one. Empty:
// nothing says so.
func (a Answer) edge() string {
	for _, name := range []string{"Cf-Ray", "X-Cache", "X-Amz-Cf-Id", "X-Served-By", "X-Azure-Ref", "Eagleid", "X-Nws-Log-Uuid", "X-Ccdn-Requestid", "X-Akamai-Request-Id"} {
		if a.header(name) != "" {
			return "cdn"
		}
	}
	server := strings.ToLower(a.header("Server"))
	if slices.ContainsFunc([]string{"cloudflare", "cloudfront", "akamai", "fastly", "cdn"}, func(s string) bool { return strings.Contains(server, s) }) {
		return "cdn"
	}
	if a.header("Via") != "" {
		return "cdn:via"
	}
	return ""
}
