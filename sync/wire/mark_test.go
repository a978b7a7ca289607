package wire

import (
	"maps"
	"strings"
	"testing"
)

// A mark holds the numbers of every series; without other series than the first it
// is written as it always was.
func TestMarkOfSeries(t *testing.T) {
	secret := []byte("secret")
	m := Mark{Epoch: "e", Seq: 7, Hash: []byte{1, 2}, Numbers: map[string]int64{DefaultSeries: 5}}
	if s := m.Seal(secret); !strings.HasPrefix(s, "e:7:0102:5:") || len(s) != len("e:7:0102:5:")+2*markMAC {
		t.Errorf("%q", s)
	}
	for _, numbers := range []map[string]int64{
		{}, {DefaultSeries: 5}, {"A": 3}, {DefaultSeries: 5, "A": 3, "a.b:c,d=e 上海%": 12},
	} {
		m.Numbers = numbers
		s := m.Seal(secret)
		got, err := OpenMark(s, secret)
		if err != nil || got.Epoch != "e" || got.Seq != 7 || string(got.Hash) != "\x01\x02" || !maps.Equal(got.Numbers, numbers) {
			t.Errorf("%q is %+v, %v", s, got, err)
		}
		if desk, err := ReadMark(s); err != nil || desk.Seq != 7 || desk.Numbers[DefaultSeries] != numbers[DefaultSeries] {
			t.Errorf("a desk reads %q as %+v, %v", s, desk, err)
		}
		for i := range s {
			if _, err := OpenMark(s[:i]+"9"+s[i+1:], secret); err == nil && s[i] != '9' {
				t.Errorf("%q was opened with another letter at %d", s, i)
			}
		}
		if _, err := OpenMark(s[:len(s)-2*markMAC-1], secret); err == nil {
			t.Error("opened without its code")
		}
	}
}
