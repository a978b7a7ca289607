package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sort"
	"strings"
)

var (
	invoiceFields = fieldsOf(reflect.TypeFor[invoiceBody[lineBody]]())
	lineFields    = fieldsOf(reflect.TypeFor[lineBody]())
)

func fieldsOf(t reflect.Type) map[string]bool {
	out := map[string]bool{}
	for i := 0; i < t.NumField(); i++ {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" {
			out[name] = true
		}
	}
	return out
}

// withExtra marshals v, an object, and appends the extra fields in sorted order.
func withExtra(v any, extra map[string]json.RawMessage) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil || len(extra) == 0 {
		return b, err
	}
	names := make([]string, 0, len(extra))
	for n := range extra {
		names = append(names, n)
	}
	sort.Strings(names)
	out := bytes.NewBuffer(b[:len(b)-1])
	for _, n := range names {
		key, err := json.Marshal(n)
		if err != nil {
			return nil, err
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(key)
		out.WriteByte(':')
		// Escaped as Marshal does, so that the bytes survive being sent inside
		// another message and keep their hash.
		var one bytes.Buffer
		if err := json.Compact(&one, extra[n]); err != nil {
			return nil, err
		}
		json.HTMLEscape(out, one.Bytes())
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// unknown gives the fields of an object that are not in known; nil when none.
// It walks the tokens of the top level only, without decoding the values.
func unknown(raw []byte, known map[string]bool) (map[string]json.RawMessage, error) {
	var out map[string]json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, err
		}
		if name, ok := t.(string); ok && !known[name] {
			if out == nil {
				out = map[string]json.RawMessage{}
			}
			out[name] = v
		}
	}
	return out, nil
}

// extraLine is a line with fields that this program does not know.
type extraLine struct {
	lineBody
	extra map[string]json.RawMessage
}

// MarshalJSON writes the line with its unknown fields.
func (l extraLine) MarshalJSON() ([]byte, error) { return withExtra(l.lineBody, l.extra) }

// UnmarshalJSON reads the line and keeps its unknown fields.
func (l *extraLine) UnmarshalJSON(b []byte) (err error) {
	if err := json.Unmarshal(b, &l.lineBody); err != nil {
		return err
	}
	l.extra, err = unknown(b, lineFields)
	return err
}
