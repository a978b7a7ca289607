package money

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

func TestRound2(t *testing.T) {
	for in, want := range map[string]string{"0.005": "0.01", "-0.005": "-0.01", "1.004999": "1", "19503.0549546": "19503.05"} {
		if got := Round2(decimal.RequireFromString(in)); got.String() != want {
			t.Errorf("%s → %s, want %s", in, got, want)
		}
	}
}

var wordCases = map[string]string{
	"0": "零圆整", "0.05": "伍分", "0.5": "伍角整", "0.12": "壹角贰分", "10": "壹拾圆整", "107000": "壹拾万零柒仟圆整",
	"960.50": "玖佰陆拾圆伍角整", "1.05": "壹圆零伍分", "100000000": "壹亿圆整", "1010101": "壹佰零壹万零壹佰零壹圆整",
	"16034.22": "壹万陆仟零叁拾肆圆贰角贰分", "987650321.46": "玖亿捌仟柒佰陆拾伍万零叁佰贰拾壹圆肆角陆分",
	"-1130": "负壹仟壹佰叁拾圆整", "100000001": "壹亿零壹圆整", "999999999999.99": "玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖圆玖角玖分",
}

func TestWords(t *testing.T) {
	for in, want := range wordCases {
		got, err := Words(decimal.RequireFromString(in))
		if err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", in, got, err, want)
		}
		back, err := ParseWords(want)
		if err != nil || !back.Equal(decimal.RequireFromString(in)) {
			t.Errorf("%q read as %s %v, want %s", want, back, err, in)
		}
	}
	if _, err := Words(decimal.New(1, 12)); err == nil {
		t.Error("1e12 was written")
	}
}

// Expectations that nobody here wrote, where they are at hand.
func TestWordsThirdParty(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/data/third-party-rmb-words.json")
	if err != nil {
		t.Skip("the third-party vectors are not on this machine: ", err)
	}
	var lists map[string]json.RawMessage
	if err := json.Unmarshal(raw, &lists); err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, body := range lists {
		var list map[string]string
		if json.Unmarshal(body, &list) != nil {
			continue
		}
		for in, want := range list {
			amount, err := decimal.NewFromString(in)
			if err != nil {
				continue
			}
			n++
			want = strings.NewReplacer("元", "圆", "正", "整").Replace(want)
			if strings.HasSuffix(want, "角") {
				want += "整"
			}
			if got, err := Words(amount); err != nil || got != want {
				t.Errorf("%s: %s: %q %v, want %q", name, in, got, err, want)
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d vectors read", n)
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{"12.50": "12.5", " 1 ": "1", "１２．５": "12.5", "-3": "-3", "+3": "3"} {
		got, err := Parse(in, 2, 16)
		if err != nil || got.String() != want {
			t.Errorf("%q: %s %v", in, got, err)
		}
	}
	for _, in := range []string{"", "1e5", "1,000", ".5", "5.", "--1", "1.234", "NaN", "0x1", "13%", "12345678901234567", "1 2"} {
		if got, err := Parse(in, 2, 16); err == nil {
			t.Errorf("%q was read as %s", in, got)
		}
	}
}

func TestFormat(t *testing.T) {
	for in, want := range map[string]string{"1234567.5": "1,234,567.50", "-1130": "−1,130.00", "0": "0.00", "999": "999.00"} {
		if got := Format(decimal.RequireFromString(in)); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1", "-0.5", "１", "1e9", "..", "9999999999999.99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s, 13, 16)
		if err != nil {
			return
		}
		if again, err := Parse(d.String(), 13, 17); err != nil || !again.Equal(d) {
			t.Fatalf("%q → %s → %v %v", s, d, again, err)
		}
	})
}

func FuzzWords(f *testing.F) {
	f.Add(int64(107000))
	f.Add(int64(-5))
	f.Fuzz(func(t *testing.T, fen int64) {
		d := decimal.New(fen%1e14, -2)
		w, err := Words(d)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseWords(w)
		if err != nil || !back.Equal(d) {
			t.Fatalf("%s → %s → %s %v", d, w, back, err)
		}
	})
}
