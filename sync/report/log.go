package report

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"counterfoil/sync/mask"
)

// maskedLog masks a log by lines: those of JSON stay JSON, their fields in their order.
func maskedLog(log string, m *mask.Masker) string {
	var b strings.Builder
	for line := range strings.Lines(log) {
		text := strings.TrimRight(line, "\r\n")
		out, ok := maskedLine(text, m)
		if !ok {
			out = m.Text(text)
		}
		b.WriteString(out + line[len(text):])
	}
	return b.String()
}

// maskedLine masks a line that is one value of JSON; false for any other.
func maskedLine(line string, m *mask.Masker) (string, bool) {
	if !strings.HasPrefix(line, "{") {
		return "", false
	}
	var out bytes.Buffer
	d, e := jsontext.NewDecoder(strings.NewReader(line), jsontext.AllowDuplicateNames(true)), jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true))
	for {
		t, err := d.ReadToken()
		if err != nil {
			return strings.TrimSuffix(out.String(), "\n"), out.Len() > 0 && d.StackDepth() == 0 && d.InputOffset() == int64(len(line))
		}
		if t.Kind() != '"' {
			if e.WriteToken(t) != nil {
				return "", false
			}
			continue
		}
		text := t.String()
		if e.WriteToken(jsontext.String(m.Text(text))) != nil {
			return "", false
		}
		if in, n := d.StackIndex(d.StackDepth()); in == '{' && n%2 == 1 && d.PeekKind() != 'n' && m.Withholds(text) {
			if d.SkipValue() != nil || e.WriteToken(jsontext.String(mask.Gone)) != nil {
				return "", false
			}
		}
	}
}
