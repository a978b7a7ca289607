package access

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const (
	hashed = "sha256:"
	day    = "2006-01-02"
)

// Entry is one token of a file.
type Entry struct {
	Principal
	Hash    string // hex SHA-256 of the token
	Starts  string // the first day on which it counts, YYYY-MM-DD; empty is at once
	Expires string // the last day on which it counts, YYYY-MM-DD; empty is without end
	Revoked string // the day on which it was taken back; empty while it counts
	Locked  string // the day on which it was locked until further notice; empty while it counts
}

// Hash returns the hex SHA-256 of a token.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// check returns why the token does not count now.
func (e Entry) check(now time.Time) error {
	switch {
	case e.Revoked != "" && e.Device != "":
		return ErrDevice
	case e.Revoked != "":
		return ErrRevoked
	case e.Locked != "":
		return ErrLocked
	case e.Starts != "" && now.Format(day) < e.Starts:
		return ErrNotYet
	case e.Expires != "" && now.Format(day) > e.Expires:
		return ErrExpired
	}
	return nil
}

// String is the line of the file.
func (e Entry) String() string {
	words := []string{hashed + e.Hash, e.Branch}
	if e.Whole {
		words = append(words, "scope=company")
	}
	for _, w := range []struct{ name, value string }{{"device", e.Device}, {"person", url.PathEscape(e.Person)}, {"roles", strings.Join(e.Roles, ",")}, {"from", networks(e.From)},
		{"starts", e.Starts}, {"expires", e.Expires}, {"revoked", e.Revoked}, {"locked", e.Locked}} {
		if w.value != "" {
			words = append(words, w.name+"="+w.value)
		}
	}
	return strings.Join(words, " ")
}

// parse reads a line: a token or its hash, then the branch's name and, anywhere
// after the first word, scope=company, device=, person=, roles=, from=, starts=, expires=, revoked= and
// locked=.
// plain reports that the line holds the token itself.
func parse(line string) (e Entry, plain bool, err error) {
	words := strings.Fields(line)
	first := words[0]
	if h, ok := strings.CutPrefix(first, hashed); ok {
		if raw, err := hex.DecodeString(h); err != nil || len(raw) != sha256.Size {
			return e, false, fmt.Errorf("%q is not followed by 64 hexadecimal digits", hashed)
		}
		e.Hash = strings.ToLower(h)
	} else {
		if !strong(first) {
			return e, true, fmt.Errorf("its token can be guessed (less than 128 bit): make a new one with syncd token add, and give it to the branch")
		}
		e.Hash, plain = Hash(first), true
	}
	var name []string
	for _, w := range words[1:] {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			name = append(name, w)
			continue
		}
		switch {
		case key == "scope" && value == "company":
			e.Whole = true
		case key == "scope" && value == "branch":
		case key == "device" && value != "":
			e.Device = value
		case key == "person" && value != "":
			if e.Person, err = url.PathUnescape(value); err != nil {
				return e, plain, err
			}
		case key == "roles" && value != "":
			e.Roles = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
		case key == "from":
			if e.From, err = Networks(value); err != nil {
				return e, plain, err
			}
		case key == "starts" && isDay(value):
			e.Starts = value
		case key == "locked" && isDay(value):
			e.Locked = value
		case key == "expires" && isDay(value):
			e.Expires = value
		case key == "revoked" && isDay(value):
			e.Revoked = value
		default:
			return e, plain, fmt.Errorf("%q is none of scope=company, device=ID, person=NAME, roles=LIST, from=NETWORKS, starts=YYYY-MM-DD, expires=YYYY-MM-DD, revoked=YYYY-MM-DD, locked=YYYY-MM-DD", w)
		}
	}
	if e.Branch = strings.Join(name, " "); e.Branch == "" {
		return e, plain, fmt.Errorf("the branch's name is missing after the token")
	}
	return e, plain, nil
}

// Networks reads a list like 10.0.0.0/8,192.0.2.7.
func Networks(list string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		n, err := netip.ParsePrefix(text)
		if ip, errIP := netip.ParseAddr(text); errIP == nil {
			n, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is no network like 10.0.0.0/8 and no address", text)
		}
		out = append(out, n.Masked())
	}
	return out, nil
}

func networks(list []netip.Prefix) string {
	var out []string
	for _, n := range list {
		out = append(out, n.String())
	}
	return strings.Join(out, ",")
}

func isDay(s string) bool {
	_, err := time.Parse(day, s)
	return err == nil
}

// strong reports whether a token can hold 128 bit: 22 URL-safe characters, or
// 32 when they are all hexadecimal digits, and not a few of them repeated.
func strong(token string) bool {
	different, hexadecimal, digits := map[rune]bool{}, true, 0
	for _, c := range token {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
			digits++
		case c == '-':
		case c >= 'g' && c <= 'z', c >= 'G' && c <= 'Z', c == '_', c == '.', c == '~':
			hexadecimal = false
		default:
			return false
		}
		different[c] = true
	}
	if hexadecimal && digits < 32 {
		return false
	}
	return len(token) >= 22 && len(different) >= 8
}
