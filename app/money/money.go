// Package money holds exact decimal arithmetic for invoices: the one rounding,
// strict reading, formatting and amounts in Chinese capitals.
//
// An amount is a decimal with two places; a quantity or price may have thirteen.
// The package refuses binary floats: there is no way in or out through one.
package money

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"golang.org/x/text/width"
)

// ErrMalformed says that a text is no plain decimal number.
var ErrMalformed = errors.New("not a number")

// Round2 rounds to two decimals, half away from zero (R0). It is called once, on
// the exact product.
func Round2(d decimal.Decimal) decimal.Decimal { return d.Round(2) }

// Parse reads a plain decimal: an optional sign, digits, at most one point.
// Surrounding space and full-width characters are tolerated; exponents, thousands
// separators and percent signs are not. It refuses more than decimals places or
// more than chars characters. Errors wrap ErrMalformed and say what to do.
func Parse(s string, decimals, chars int) (decimal.Decimal, error) {
	t := strings.TrimSpace(s)
	if strings.ContainsFunc(t, func(r rune) bool { return r >= utf8.RuneSelf }) {
		t = strings.TrimSpace(width.Narrow.String(t))
	}
	if t == "" {
		return decimal.Zero, fmt.Errorf("%w: it is empty; write digits, like 12.50", ErrMalformed)
	}
	if len(t) > chars {
		return decimal.Zero, fmt.Errorf("%w: it has %d characters, at most %d are allowed", ErrMalformed, len(t), chars)
	}
	digits, places, point := 0, 0, false
	for i, r := range t {
		switch {
		case r >= '0' && r <= '9':
			digits++
			if point {
				places++
			}
		case r == '.' && !point:
			point = true
		case (r == '-' || r == '+') && i == 0:
		default:
			return decimal.Zero, fmt.Errorf("%w: %q holds %q; write digits only, like 12.50", ErrMalformed, s, r)
		}
	}
	switch {
	case digits == 0 || strings.HasSuffix(t, ".") || strings.HasPrefix(strings.TrimLeft(t, "+-"), "."):
		return decimal.Zero, fmt.Errorf("%w: %q; write it like 0.50", ErrMalformed, s)
	case places > decimals:
		return decimal.Zero, fmt.Errorf("%w: %q has %d decimals, at most %d are allowed", ErrMalformed, s, places, decimals)
	}
	d, err := decimal.NewFromString(t)
	if err != nil {
		return decimal.Zero, fmt.Errorf("%w: %q", ErrMalformed, s)
	}
	return d, nil
}

// Format writes an amount with two decimals and thousands separators: 1,234.50.
func Format(d decimal.Decimal) string {
	s := d.StringFixed(2)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "−", s[1:]
	}
	whole, frac, _ := strings.Cut(s, ".")
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return sign + b.String() + "." + frac
}
