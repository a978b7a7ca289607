package attack

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// object is a JSON object as the attacker writes and reads it.
type object = map[string]any

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // the attacker's own values can be encoded
	}
	return b
}

// oneValue reads exactly one JSON value.
func oneValue(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("no JSON value: %v\n%s", err, clip(text))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		t.Fatalf("more than one JSON value:\n%s", clip(text))
	}
	return v
}

// at walks a JSON value by keys and indexes; what is not there is nil.
func at(v any, path ...any) any {
	for _, p := range path {
		switch k := p.(type) {
		case string:
			m, _ := v.(object)
			v = m[k]
		case int:
			a, _ := v.([]any)
			if k >= len(a) {
				return nil
			}
			v = a[k]
		}
	}
	return v
}

func text(v any, path ...any) string {
	s, _ := at(v, path...).(string)
	return s
}

func list(v any, path ...any) []any {
	a, _ := at(v, path...).([]any)
	return a
}

func clip(s string) string {
	if len(s) > 1500 {
		return s[:1500] + "…"
	}
	return s
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// secret is a token of 192 bit.
func secret() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // crypto/rand never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// content is an invoice as cfoil's draft and edit read it.
func content(id, remark string, prices ...string) string {
	o := object{"kind": "ordinary", "basis": "excl", "date": today(), "buyer": object{"name": "苏州工业园区"}, "remark": remark}
	if id != "" {
		o["id"] = id
	}
	if len(prices) == 0 {
		prices = []string{"33.333", "15.93"}
	}
	var lines []any
	for i, p := range prices {
		lines = append(lines, object{"id": "line-" + string(rune('a'+i)), "name": "*文具*笔" + string(rune('A'+i)), "qty": "2", "price": p, "rate": "0.13"})
	}
	o["lines"] = lines
	return string(encode(o))
}

// document is an invoice as it travels.
func document(id, remark, state string) object {
	return object{
		"id": id, "kind": "ordinary", "basis": "excl", "date": today(), "buyer": object{"name": "苏州工业园区"}, "remark": remark, "state": state,
		"lines": []any{object{"id": "l1", "order": "a0", "name": "*文具*笔", "qty": "2", "price": "15.93", "rate": "0.13"}},
	}
}
