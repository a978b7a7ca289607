// Package draftjson holds the invoice JSON that scripts write and read: a strict
// reader for drafts and the printed form of a stored document.
//
// Numbers are JSON strings: a JSON number could pass through a binary float.
package draftjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/money"
	"counterfoil/app/tax"
)

// MaxBytes is the largest draft that is read.
const MaxBytes = 4 << 20

// lines are read one by one and no further than an invoice may have.
type lines []*line

func (l *lines) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	switch t, err := dec.Token(); {
	case err != nil:
		return err
	case t == nil:
		return nil
	case t != json.Delim('['):
		return bad("lines", "draft_malformed", "the lines are no list", "see cfoil --help for the form")
	}
	for dec.More() {
		if len(*l) == invoice.MaxLines {
			return bad("lines", "too_many_lines", fmt.Sprintf("there are more than %d lines", invoice.MaxLines), "split the invoice")
		}
		var next *line
		if err := dec.Decode(&next); err != nil {
			return err
		}
		*l = append(*l, next)
	}
	return nil
}

type line struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	TaxCode  string    `json:"tax_code"`
	Spec     string    `json:"spec"`
	Unit     string    `json:"unit"`
	Qty      *number   `json:"qty"`
	Price    *number   `json:"price"`
	Amount   *number   `json:"amount"`
	Rate     *number   `json:"rate"`
	Policy   string    `json:"policy"`
	Discount *discount `json:"discount"`
}

type discount struct {
	Amount  *number `json:"amount"`
	Percent *number `json:"percent"`
}

// number keeps the text of a JSON string and notes when it was none.
type number struct {
	text   string
	quoted bool
}

func (n *number) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		n.quoted = true
		return json.Unmarshal(b, &n.text)
	}
	n.text = string(b)
	return nil
}

func bad(field, code, text, hint string) error {
	return &books.Error{Code: code, Field: field, Text: text, Hint: hint}
}

// A Draft is what a file says of an invoice: the fields that it names, and no
// other.
type Draft struct {
	ID     string // empty when the file says none
	fields Named
	lines  lines
	listed bool // it says lines, perhaps none
}

// Named are fields of a document with the texts that a file has for them.
type Named []named

type named struct {
	field document.Field
	text  string
}

// Onto returns old with the named fields. Errors are *books.Error.
func (n Named) Onto(old document.Document) (document.Document, error) {
	out := old
	for _, x := range n {
		var err error
		if out, err = document.Set(x.field, out, x.text); err != nil {
			code := "number_malformed"
			if errors.Is(err, tax.ErrRate) {
				code = "rate_malformed"
			}
			return out, &books.Error{Code: code, Field: x.field.Key, Text: err.Error(), Err: err}
		}
	}
	return out, nil
}

// Decode reads one draft. Errors are *books.Error with the field and what to do; a
// name that is no field of an invoice, or one that a file cannot set, is refused.
func Decode(r io.Reader) (Draft, error) {
	var d Draft
	in, err := object(r)
	if err != nil {
		return d, err
	}
	if raw, ok := in["id"]; ok {
		if err := leaf("id", raw, &d.ID); err != nil {
			return d, err
		}
		delete(in, "id")
	}
	if raw, ok := in["lines"]; ok {
		d.listed = true
		if err := json.Unmarshal(raw, &d.lines); err != nil {
			return d, syntax(err)
		}
		delete(in, "lines")
	}
	d.fields, err = read(invoice.Fields, "", in)
	return d, err
}

// Read reads what a file says of a document with these fields. Errors as of Decode.
func Read(r io.Reader, fields document.Table) (Named, error) {
	in, err := object(r)
	if err != nil {
		return nil, err
	}
	return read(fields, "", in)
}

// object reads the one JSON object of a file.
func object(r io.Reader) (map[string]json.RawMessage, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	switch {
	case err != nil:
		return nil, &books.Error{Code: "file", Text: "the draft cannot be read: " + err.Error(), Err: err}
	case len(raw) > MaxBytes:
		return nil, bad("", "draft_too_large", "the draft is larger than 4 MB", "split the invoice")
	case len(bytes.TrimSpace(raw)) == 0:
		return nil, bad("", "draft_empty", "the draft is empty", `write an object like {"kind":"ordinary","basis":"excl","buyer":{"name":"…"},"lines":[…]}`)
	case !utf8.Valid(raw):
		return nil, bad("", "draft_encoding", "the draft is not UTF-8", "save the file as UTF-8")
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	dec := json.NewDecoder(bytes.NewReader(raw))
	var in map[string]json.RawMessage
	if err := dec.Decode(&in); err != nil {
		return nil, syntax(err)
	}
	if in == nil {
		return nil, bad("", "draft_malformed", "the draft is null", "write an object")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, bad("", "draft_malformed", "something stands after the draft", "write exactly one JSON object")
	}
	if !jsontext.Value(raw).IsValid() {
		return nil, bad("", "draft_malformed", "a name stands twice in the draft", "write each name once")
	}
	return in, nil
}

// read takes in the names of an object: fields, and parts that have fields.
func read(fields document.Table, prefix string, in map[string]json.RawMessage) (Named, error) {
	var out Named
	for _, name := range slices.Sorted(maps.Keys(in)) {
		key := prefix + name
		if f, ok := fields.Find(key); ok {
			var text string
			if err := leaf(key, in[name], &text); err != nil {
				return nil, err
			}
			out = append(out, named{f, text})
			continue
		}
		if !slices.ContainsFunc(fields, func(f document.Field) bool { return strings.HasPrefix(f.Key, key+".") }) {
			return nil, bad(key, "draft_malformed", fmt.Sprintf("%q is no field that a file can set", key), "see cfoil --help for the form")
		}
		var part map[string]json.RawMessage
		if err := json.Unmarshal(in[name], &part); err != nil {
			return nil, bad(key, "draft_malformed", "an object belongs here", "see cfoil --help for the form")
		}
		inner, err := read(fields, key+".", part)
		if err != nil {
			return nil, err
		}
		out = append(out, inner...)
	}
	return out, nil
}

func leaf(name string, value json.RawMessage, text *string) error {
	if err := json.Unmarshal(value, text); err != nil {
		return bad(name, "draft_malformed", "a JSON string belongs here", "see cfoil --help for the form")
	}
	return nil
}

// Lists reports whether the draft says which lines there are.
func (d Draft) Lists() bool { return d.listed }

// Invoice returns the new invoice that the draft describes. Errors are *books.Error.
func (d Draft) Invoice() (invoice.Invoice, error) { return d.Onto(invoice.Invoice{ID: d.ID}) }

// Onto returns old with what the draft names: a list of lines replaces the lines,
// each continuing the one that it is like. Errors are *books.Error.
func (d Draft) Onto(old invoice.Invoice) (invoice.Invoice, error) {
	changed, err := d.fields.Onto(old)
	if err != nil {
		return old, err
	}
	out := changed.(invoice.Invoice)
	if d.listed {
		lines, err := d.lines.read()
		if err != nil {
			return out, err
		}
		out.Lines = invoice.AdoptLines(old.Lines, lines)
	}
	for _, is := range invoice.Errors(invoice.Validate(out, invoice.StageDraft)) {
		return out, &books.Error{Code: is.Code, Field: is.Field, Text: is.Text, Err: is}
	}
	return out, nil
}

// read returns the lines as they are in an invoice.
func (in lines) read() ([]invoice.Line, error) {
	var out []invoice.Line
	for i, l := range in {
		if l == nil {
			return nil, bad(fmt.Sprintf("lines[%d]", i+1), "draft_malformed", "the line is null", "write an object or leave it out")
		}
		v, err := l.line(i + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func syntax(err error) error {
	var known *books.Error
	if errors.As(err, &known) {
		return known
	}
	var t *json.UnmarshalTypeError
	var s *json.SyntaxError
	switch {
	case errors.As(err, &t) && t.Type.Kind() == reflect.Map:
		return &books.Error{Code: "draft_malformed", Field: t.Field, Text: fmt.Sprintf("a JSON %s stands where an object belongs", t.Value), Hint: "see cfoil --help for the form", Err: err}
	case errors.As(err, &t):
		return &books.Error{Code: "draft_malformed", Field: t.Field, Text: fmt.Sprintf("a JSON %s stands where a %s belongs", t.Value, t.Type.Kind()), Hint: "see cfoil --help for the form", Err: err}
	case errors.As(err, &s):
		return &books.Error{Code: "draft_malformed", Text: fmt.Sprintf("not JSON at byte %d: %v", s.Offset, s), Hint: "check the file", Err: err}
	}
	return &books.Error{Code: "draft_malformed", Text: "not a draft: " + err.Error(), Hint: "check the file", Err: err}
}

func (l *line) line(n int) (invoice.Line, error) {
	out := invoice.Line{ID: l.ID, Name: l.Name, TaxCode: l.TaxCode, Spec: l.Spec, Unit: l.Unit, Policy: tax.Policy(l.Policy)}
	var err error
	read := func(name string, in *number, decimals int) *decimal.Decimal {
		if in == nil || err != nil {
			return nil
		}
		var d decimal.Decimal
		d, err = in.decimal(fmt.Sprintf("lines[%d].%s", n, name), decimals)
		return &d
	}
	out.Qty, out.Price, out.Amount = read("qty", l.Qty, 13), read("price", l.Price, 13), read("amount", l.Amount, 2)
	if l.Discount != nil {
		out.Discount = &invoice.Discount{Amount: read("discount.amount", l.Discount.Amount, 2), Percent: read("discount.percent", l.Discount.Percent, 13)}
	}
	if err != nil {
		return out, err
	}
	field := fmt.Sprintf("lines[%d].rate", n)
	switch {
	case l.Rate == nil:
		return out, bad(field, "rate_missing", "the tax rate is missing", `write "0.13", "exempt" or "nontaxable"`)
	case !l.Rate.quoted:
		return out, bad(field, "number_not_string", "the rate is not a string", `write "0.13"`)
	}
	if out.Rate, err = tax.ParseRate(l.Rate.text); err != nil {
		return out, &books.Error{Code: "rate_malformed", Field: field, Text: err.Error(), Err: err}
	}
	return out, nil
}

func (n *number) decimal(field string, decimals int) (decimal.Decimal, error) {
	if !n.quoted {
		return decimal.Zero, bad(field, "number_not_string", "numbers are written as strings", `write "12.50" with quotes`)
	}
	d, err := money.Parse(n.text, decimals, 16)
	if err != nil {
		return d, &books.Error{Code: "number_malformed", Field: field, Text: err.Error(), Err: err}
	}
	return d, nil
}
