package viewmodel

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
)

// No cell of an export is run by a spreadsheet.
func TestHarmless(t *testing.T) {
	for _, s := range []string{"=1+1", "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠SUM", "﹢1", "﹦1", "﹫x", "−1",
		"\t=1", "\r=1", "\n=1", " =1", "　＝1", "\u200b=1", "\ufeff=1", "\u00a0@x", "\tplain", "\rplain", "\x00=1", "-", "--1", "-1.", "+12"} {
		if got := harmless(s); got != "'"+s {
			t.Errorf("%q is written as %q", s, got)
		}
	}
	for _, s := range []string{"", "苏州明远", "12.50", "-12.50", "-3", "2026-11-24", "a=b", "(−1)", " plain", "'=1"} {
		if got := harmless(s); got != s {
			t.Errorf("%q is written as %q", s, got)
		}
	}
}

func TestSheet(t *testing.T) {
	var b bytes.Buffer
	s, err := newSheet(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write([]string{"＝HYPERLINK()", "-1.50", "a,\"b\""}); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	text, ok := strings.CutPrefix(b.String(), "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if !ok || err != nil || len(rows) != 1 || rows[0][0] != "'＝HYPERLINK()" || rows[0][1] != "-1.50" || rows[0][2] != "a,\"b\"" {
		t.Errorf("%q %v", b.String(), err)
	}
}
