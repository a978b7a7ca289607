package mask

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

var (
	percents = regexp.MustCompile(`(?:%[0-9A-Fa-f]{2})+`)
	escapes  = regexp.MustCompile(`(?:\\+u[0-9A-Fa-f]{4})+`)
	oneCode  = regexp.MustCompile(`[0-9A-Fa-f]{4}`)
)

// codings is how often something may be coded over again.
const codings = 3

// plainly writes out what is written in the codes of addresses and of JSON, so that it
// is recognised. What is no text in that code stays.
func plainly(text string) string {
	for range codings {
		was := text
		text = percents.ReplaceAllStringFunc(text, func(s string) string {
			out, err := url.PathUnescape(s)
			if err != nil {
				return s
			}
			return readable(out, s)
		})
		text = escapes.ReplaceAllStringFunc(text, func(s string) string {
			var units []uint16
			for _, code := range oneCode.FindAllString(strings.NewReplacer(`\`, " ", "u", " ").Replace(s), -1) {
				n, _ := strconv.ParseUint(code, 16, 16) // it is four digits
				units = append(units, uint16(n))
			}
			return readable(string(utf16.Decode(units)), s)
		})
		if text == was {
			break
		}
	}
	return text
}

// readable is out where that is text, else what it was made of.
func readable(out, from string) string {
	if !utf8.ValidString(out) || strings.ContainsFunc(out, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }) {
		return from
	}
	return out
}

// narrow is a text with the digits and dots of full width as those of everybody.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == '．':
			return '.'
		}
		return r
	}, s)
}
