package money

import (
	"errors"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// ErrTooLarge says that an amount cannot be written in words.
var ErrTooLarge = errors.New("amounts of one million million yuan and more cannot be written in words")

var limit = decimal.New(1, 12)

var (
	numerals = []rune("零壹贰叁肆伍陆柒捌玖")
	places   = []string{"", "拾", "佰", "仟"}
	groups   = []string{"", "万", "亿"}
)

// Words writes an amount in Chinese capitals after rounding it to two decimals
// (R11). ErrTooLarge from 1e12.
func Words(d decimal.Decimal) (string, error) {
	d = Round2(d)
	if d.Abs().GreaterThanOrEqual(limit) {
		return "", ErrTooLarge
	}
	fen := d.Abs().Shift(2).IntPart()
	if fen == 0 {
		return "零圆整", nil
	}
	var b strings.Builder
	if d.IsNegative() {
		b.WriteString("负")
	}
	yuan, jiao, cent := fen/100, fen/10%10, fen%10
	if yuan > 0 {
		b.WriteString(integerWords(yuan))
		b.WriteString("圆")
	}
	switch {
	case jiao == 0 && cent == 0:
		b.WriteString("整")
	case jiao == 0:
		if yuan > 0 {
			b.WriteString("零")
		}
		b.WriteString(string(numerals[cent]) + "分")
	default:
		b.WriteString(string(numerals[jiao]) + "角")
		if cent == 0 {
			b.WriteString("整")
		} else {
			b.WriteString(string(numerals[cent]) + "分")
		}
	}
	return b.String(), nil
}

// integerWords writes 1 … 1e12−1. One 零 stands for each run of zeros between
// non-zero digits.
func integerWords(n int64) string {
	digits := fmt.Sprint(n)
	var b strings.Builder
	zero, inGroup := false, false
	for i, r := range digits {
		at := len(digits) - 1 - i // power of ten
		if r == '0' {
			zero = true
		} else {
			if zero && b.Len() > 0 {
				b.WriteRune(numerals[0])
			}
			zero, inGroup = false, true
			b.WriteRune(numerals[r-'0'])
			b.WriteString(places[at%4])
		}
		if at%4 == 0 && inGroup {
			b.WriteString(groups[at/4])
			inGroup = false
		}
	}
	return b.String()
}

// ParseWords reads an amount in Chinese capitals; 元 and 圆, 正 and 整, simple and
// capital numerals and the optional 零 are all accepted. Errors wrap ErrMalformed.
func ParseWords(s string) (decimal.Decimal, error) {
	t := strings.NewReplacer("（负数）", "负", "(负数)", "负", "人民币", "", "元", "圆", "正", "", "整", "", " ", "", "：", "", ":", "",
		"一", "壹", "二", "贰", "两", "贰", "三", "叁", "四", "肆", "五", "伍", "六", "陆", "七", "柒", "八", "捌", "九", "玖",
		"十", "拾", "百", "佰", "千", "仟", "〇", "零", "萬", "万", "億", "亿").Replace(strings.TrimSpace(s))
	negative := strings.HasPrefix(t, "负")
	t = strings.TrimPrefix(t, "负")
	if t == "" {
		return decimal.Zero, fmt.Errorf("%w: no amount in words: %q", ErrMalformed, s)
	}
	r := wordReader{text: s}
	for _, c := range t {
		if err := r.take(c); err != nil {
			return decimal.Zero, err
		}
	}
	if r.digit >= 0 && (r.digit != 0 || !r.seenUnit) && !r.zeroOnly() {
		return decimal.Zero, fmt.Errorf("%w: %q ends in a numeral without a unit", ErrMalformed, s)
	}
	d := decimal.New(r.yuan*100+r.fen, -2)
	if negative {
		d = d.Neg()
	}
	return d, nil
}

// wordReader adds up numerals and units from left to right.
type wordReader struct {
	text             string
	section, billion int64 // value below 万, value above it so far
	yuan, fen        int64
	digit            int64 // numeral waiting for its unit; 0 also when none waits
	waiting          bool
	seenUnit         bool
	cents            bool // 圆 was read
}

func (r *wordReader) zeroOnly() bool { return !r.waiting }

func (r *wordReader) take(c rune) error {
	bad := func(why string) error { return fmt.Errorf("%w: %q: %s", ErrMalformed, r.text, why) }
	for v, n := range numerals {
		if c == n {
			if r.waiting && r.digit != 0 {
				return bad("two numerals stand together")
			}
			r.digit, r.waiting = int64(v), v != 0
			return nil
		}
	}
	r.seenUnit = true
	unit := int64(0)
	switch c {
	case '拾':
		unit = 10
	case '佰':
		unit = 100
	case '仟':
		unit = 1000
	case '万':
		r.billion += (r.section + r.digit) * 10000
		r.section = 0
	case '亿':
		r.billion = (r.billion + r.section + r.digit) * 100000000
		r.section = 0
	case '圆':
		if r.cents {
			return bad("圆 stands twice")
		}
		r.yuan, r.cents = r.billion+r.section+r.digit, true
	case '角':
		r.fen += r.digit * 10
	case '分':
		r.fen += r.digit
	default:
		return bad(fmt.Sprintf("%q is no numeral", c))
	}
	if unit > 0 {
		if !r.waiting && unit == 10 {
			r.digit = 1
		}
		r.section += r.digit * unit
	}
	if r.yuan > 1e12 || r.billion > 1e12 || r.section > 1e5 {
		return bad("it is too large")
	}
	r.digit, r.waiting = 0, false
	return nil
}
