package desk

import (
	"cmp"
	"net/url"
	"strings"

	"golang.org/x/text/width"

	"counterfoil/app/books"
)

// CleanURL checks a typed server address and returns its canonical form
// https://host[:port]. Full-width characters are narrowed, a missing scheme
// becomes https. Anything else than https is refused: *books.Error "bad_url".
func CleanURL(typed string) (string, error) {
	bad := func(text string) error {
		return &books.Error{Code: "bad_url", Field: "url", Text: text, Hint: "write it like https://invoices.example.com:8443"}
	}
	s := strings.TrimSpace(width.Narrow.String(typed))
	if s == "" {
		return "", bad("the server address is empty")
	}
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || strings.ContainsAny(u.Host, " \t\\"):
		return "", bad("this is not a server address: " + typed)
	case u.Scheme != "https":
		return "", bad("the server address must begin with https://")
	case u.User != nil:
		return "", bad("the server address must not hold a user name or password")
	case u.RawQuery != "" || u.Fragment != "":
		return "", bad("the server address must not hold ? or #")
	}
	return "https://" + strings.ToLower(u.Host) + strings.TrimRight(u.Path, "/"), nil
}

// sameOrigin reports whether two canonical addresses are the same host and port.
func sameOrigin(a, b string) bool {
	x, errA := url.Parse(a)
	y, errB := url.Parse(b)
	port := func(u *url.URL) string { return cmp.Or(u.Port(), "443") }
	return errA == nil && errB == nil && a != "" && x.Scheme == y.Scheme && strings.EqualFold(x.Hostname(), y.Hostname()) && port(x) == port(y)
}
