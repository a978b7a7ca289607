package localdb

import (
	"bytes"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"modernc.org/sqlite"

	"counterfoil/app/document"
)

// decode reads a body that is whole in itself. What cannot be read wraps ErrCorrupt.
func decode(t document.Type, body []byte) (document.Document, error) {
	d, err := document.Decode(t, body)
	if err != nil {
		return nil, fmt.Errorf("%w: body: %w", ErrCorrupt, err)
	}
	return d, nil
}

// decodeMaybe returns nil for no body.
func decodeMaybe(t document.Type, body []byte) (document.Document, error) {
	if len(body) == 0 {
		return nil, nil
	}
	return decode(t, body)
}

// text names a document where a column holds one word for it: the id of an
// invoice, "type/id" of any other.
func text(k document.Key) string {
	if k.Type == invoiceType {
		return k.ID
	}
	return string(k.Type) + "/" + k.ID
}

func init() {
	sqlite.MustRegisterDeterministicScalarFunction("body_8", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		old, ok := args[0].([]byte)
		if !ok {
			return args[0], nil
		}
		return body8(old), nil
	})
}

// body8 brings a body, or a conflict, of schemas 1 to 7 to the form of schema 8:
// "review" is "review_needed", and what stood under "extra" stands beside the
// fields. What is no JSON stays as it is.
func body8(old []byte) []byte {
	if !bytes.Contains(old, []byte(`"review":`)) && !bytes.Contains(old, []byte(`"extra":`)) {
		return old
	}
	var v any
	keep := json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, v *any) error {
		if dec.PeekKind() == '0' { // a number stays as it is written
			raw, err := dec.ReadValue()
			*v = raw.Clone()
			return err
		}
		return errors.ErrUnsupported
	}))
	if err := json.Unmarshal(old, &v, lenient, keep); err != nil {
		return old
	}
	now, err := marshal(lifted(v))
	if err != nil {
		return old
	}
	return now
}

func lifted(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = lifted(v[i])
		}
	case map[string]any:
		for name, x := range v {
			if name != "extra" {
				v[name] = lifted(x)
			}
		}
		if review, ok := v["review"].(bool); ok {
			v["review_needed"] = review
			delete(v, "review")
		}
		if extra, ok := v["extra"].(map[string]any); ok {
			delete(v, "extra")
			for name, x := range extra {
				if _, taken := v[name]; !taken {
					v[name] = x
				}
			}
		}
	}
	return v
}

// keyOfText is the way back.
func keyOfText(s string) document.Key {
	if t, id, ok := strings.Cut(s, "/"); ok {
		return document.Key{Type: document.Type(t), ID: id}
	}
	return document.Key{Type: invoiceType, ID: s}
}
