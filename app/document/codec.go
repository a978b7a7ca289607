package document

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/shopspring/decimal"

	"counterfoil/app/money"
	"counterfoil/app/tax"
)

// ErrMalformed says that bytes are not a body of their type.
var ErrMalformed = errors.New("malformed document")

// Precision is that of times in a body; what is finer is cut off.
const Precision = time.Millisecond

// Extra holds the fields of a newer program, name → raw JSON, and keeps them.
type Extra = map[string]stdjson.RawMessage

// writing writes equal documents as equal bytes. A letter that is no UTF-8 becomes
// U+FFFD rather than a document that cannot be kept.
var writing = json.JoinOptions(json.Deterministic(true), jsontext.PreserveRawStrings(true), jsontext.AllowInvalidUTF8(true),
	json.WithMarshalers(json.JoinMarshalers(
		json.MarshalToFunc(func(enc *jsontext.Encoder, d decimal.Decimal) error {
			return enc.WriteToken(jsontext.String(d.String()))
		}),
		json.MarshalToFunc(func(enc *jsontext.Encoder, r tax.Rate) error { return enc.WriteToken(jsontext.String(r.String())) }),
		json.MarshalToFunc(func(enc *jsontext.Encoder, t time.Time) error {
			return enc.WriteToken(jsontext.String(t.UTC().Truncate(Precision).Format(time.RFC3339Nano)))
		}))))

var reading = json.WithUnmarshalers(json.JoinUnmarshalers(
	json.UnmarshalFromFunc(func(dec *jsontext.Decoder, d *decimal.Decimal) (err error) {
		s, err := text(dec)
		if err == nil {
			*d, err = money.Parse(s, 13, 32)
		}
		return err
	}),
	json.UnmarshalFromFunc(func(dec *jsontext.Decoder, r *tax.Rate) (err error) {
		s, err := text(dec)
		if err == nil {
			*r, err = tax.ParseRate(s)
		}
		return err
	}),
	json.UnmarshalFromFunc(func(dec *jsontext.Decoder, t *time.Time) (err error) {
		s, err := text(dec)
		if err == nil {
			*t, err = time.Parse(time.RFC3339Nano, s)
			*t = t.UTC()
		}
		return err
	})))

// text reads a JSON string: a JSON number could have been a binary float.
func text(dec *jsontext.Decoder) (string, error) {
	tok, err := dec.ReadToken()
	if err != nil {
		return "", err
	}
	if tok.Kind() != '"' {
		return "", fmt.Errorf("a JSON string is needed, not %s", tok.Kind())
	}
	return tok.String(), nil
}

// Encode returns the body of a document: fields in a fixed order, lists in the
// order in which they are printed, fields of a newer program after them, sorted.
func Encode(d Document) ([]byte, error) {
	if c, ok := d.(interface{ Canonical() Document }); ok {
		d = c.Canonical()
	}
	return json.Marshal(d, writing)
}

// Decode reads a body and keeps fields it does not know. A name that stands twice
// and text that is no UTF-8 are errors: two programs could read them differently.
// Errors wrap ErrMalformed.
func Decode(t Type, body []byte) (Document, error) {
	k, ok := Lookup(t)
	if !ok {
		return nil, fmt.Errorf("%w: no program of this version knows the type %q", ErrMalformed, t)
	}
	d, err := k.decode(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	return d, nil
}

// DecodeAs is Decode for one type.
func DecodeAs[D Document](body []byte) (D, error) {
	var d D
	if err := json.Unmarshal(body, &d, reading); err != nil {
		return d, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	return d, nil
}
