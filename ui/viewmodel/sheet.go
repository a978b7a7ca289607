package viewmodel

import (
	"encoding/csv"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// sheet writes the rows of every file that a spreadsheet is to open.
type sheet struct{ *csv.Writer }

// newSheet begins a file with a byte order mark: Excel takes a file for UTF-8
// only with one.
func newSheet(w io.Writer) (sheet, error) {
	_, err := io.WriteString(w, "\ufeff")
	return sheet{csv.NewWriter(w)}, err
}

// Write writes a row whose cells a spreadsheet takes for what they are.
func (s sheet) Write(row []string) error {
	out := make([]string, len(row))
	for i, cell := range row {
		out[i] = harmless(cell)
	}
	return s.Writer.Write(out)
}

var number = regexp.MustCompile(`^-?\d+(\.\d+)?$`)

// harmless keeps a spreadsheet from running a text as a formula: one that begins
// with a sign of a formula, also full-width or after blanks, and one that begins
// with a tab or a line break. Numbers stay numbers.
func harmless(s string) string {
	if number.MatchString(s) {
		return s
	}
	rest := strings.TrimLeftFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
	r, n := utf8.DecodeRuneInString(rest)
	sign := n > 0 && strings.ContainsAny(norm.NFKC.String(string(r)), "=+-@−")
	first, n := utf8.DecodeRuneInString(s)
	if sign || n > 0 && unicode.IsControl(first) {
		return "'" + s
	}
	return s
}
