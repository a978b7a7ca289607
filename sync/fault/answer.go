package fault

import (
	"bytes"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"

	"counterfoil/sync/wire"
)

// Answer is an HTTP answer, as far as it was read.
type Answer struct {
	Status int
	Header map[string][]string // by canonical names
	Body   []byte              // or its beginning
}

func (a Answer) header(name string) string { return textproto.MIMEHeader(a.Header).Get(name) }

var pageTitle = regexp.MustCompile(`(?is)<title[^>]*>(.{0,200}?)</title>`)

// OfResponse is what an answer over the real path tells. Yes is one of our server
// that does what was asked, or says for itself why it does not do this one thing.
func OfResponse(a Answer) Observation {
	o := Observation{Kind: "http", Via: Real, Outcome: No, Status: a.Status, Product: a.header(wire.HeaderProduct), Media: a.media()}
	o.Values = map[string]string{"request": a.header(wire.HeaderRequest)}
	var p wire.Problem
	if a.Status >= 400 && wire.Unmarshal(a.Body, &p) == nil {
		o.Problem = p.Code
		if p.Maintenance != nil {
			o.Problem, o.Values["until"] = "maintenance", p.Maintenance.Until.Local().Format("15:04")
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
	if a.Status == 429 {
		o.Values["wait"] = a.header("Retry-After")
		if _, err := strconv.Atoi(o.Values["wait"]); err != nil {
			o.Values["wait"] = "60"
		}
	}
	return o
}

// served reports whether a status leaves the connection as it should be: a request
// that is refused for what it holds says nothing against the line.
func served(status int) bool {
	switch status {
	case 401, 403, 407, 408, 421, 426, 429, 451, 511:
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
