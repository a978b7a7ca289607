package party

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

const (
	usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	orgAlphabet  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// NormalizeTaxNo narrows, upper-cases and strips spaces and dashes.
func NormalizeTaxNo(no string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return unicode.ToUpper(r)
	}, width.Narrow.String(no))
}

// CheckTaxNo checks a unified social credit code 统一社会信用代码 (R12). ok is false
// when it does not hold; warning then is a stable code: "tax_no_length",
// "tax_no_characters", "tax_no_check_digit", "tax_no_organisation". It is only a
// warning: real codes of the early pilots fail the check digit.
func CheckTaxNo(no string) (ok bool, warning string) {
	s := NormalizeTaxNo(no)
	if len(s) != 18 {
		return false, "tax_no_length"
	}
	sum, weight := 0, 1
	for i := 0; i < 18; i++ {
		v := strings.IndexByte(usccAlphabet, s[i])
		if v < 0 {
			return false, "tax_no_characters"
		}
		if i < 17 {
			sum += v * weight
			weight = weight * 3 % 31
		}
	}
	if usccAlphabet[(31-sum%31)%31] != s[17] {
		return false, "tax_no_check_digit"
	}
	if !organisation(s[8:17]) {
		return false, "tax_no_organisation"
	}
	return true, ""
}

// organisation checks the nine characters of GB 11714.
func organisation(s string) bool {
	weights := [8]int{3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += strings.IndexByte(orgAlphabet, s[i]) * w
	}
	switch c := (11 - sum%11) % 11; c {
	case 10:
		return s[8] == 'X'
	default:
		return int(s[8]-'0') == c
	}
}
