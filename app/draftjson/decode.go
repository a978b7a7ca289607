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
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/money"
	"counterfoil/app/party"
	"counterfoil/app/tax"
)

// MaxBytes is the largest draft that is read.
const MaxBytes = 4 << 20

type draft struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Basis    string `json:"basis"`
	Date     string `json:"date"`
	Buyer    buyer  `json:"buyer"`
	Lines    lines  `json:"lines"`
	Remark   string `json:"remark"`
	Payee    string `json:"payee"`
	Reviewer string `json:"reviewer"`
	Drawer   string `json:"drawer"`
	Email    string `json:"email"`
}

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

type buyer struct {
	Name    string `json:"name"`
	TaxNo   string `json:"tax_no"`
	Address string `json:"address"`
	Phone   string `json:"phone"`
	Bank    string `json:"bank"`
	Account string `json:"account"`
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

// Decode reads one draft. Errors are *books.Error with the field and what to do.
func Decode(r io.Reader) (invoice.Invoice, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	switch {
	case err != nil:
		return invoice.Invoice{}, &books.Error{Code: "file", Text: "the draft cannot be read: " + err.Error(), Err: err}
	case len(raw) > MaxBytes:
		return invoice.Invoice{}, bad("", "draft_too_large", "the draft is larger than 4 MB", "split the invoice")
	case len(bytes.TrimSpace(raw)) == 0:
		return invoice.Invoice{}, bad("", "draft_empty", "the draft is empty", `write an object like {"kind":"ordinary","basis":"excl","buyer":{"name":"…"},"lines":[…]}`)
	case !utf8.Valid(raw):
		return invoice.Invoice{}, bad("", "draft_encoding", "the draft is not UTF-8", "save the file as UTF-8")
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var in *draft
	if err := dec.Decode(&in); err != nil {
		return invoice.Invoice{}, syntax(err)
	}
	if in == nil {
		return invoice.Invoice{}, bad("", "draft_malformed", "the draft is null", "write an object")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return invoice.Invoice{}, bad("", "draft_malformed", "something stands after the draft", "write exactly one JSON object")
	}
	if !jsontext.Value(raw).IsValid() {
		return invoice.Invoice{}, bad("", "draft_malformed", "a name stands twice in the draft", "write each name once")
	}
	return in.invoice()
}

func syntax(err error) error {
	var known *books.Error
	if errors.As(err, &known) {
		return known
	}
	var t *json.UnmarshalTypeError
	var s *json.SyntaxError
	switch {
	case errors.As(err, &t):
		return &books.Error{Code: "draft_malformed", Field: t.Field, Text: fmt.Sprintf("a JSON %s stands where a %s belongs", t.Value, t.Type.Kind()), Hint: "see cfoil --help for the form", Err: err}
	case errors.As(err, &s):
		return &books.Error{Code: "draft_malformed", Text: fmt.Sprintf("not JSON at byte %d: %v", s.Offset, s), Hint: "check the file", Err: err}
	}
	return &books.Error{Code: "draft_malformed", Text: "not a draft: " + err.Error(), Hint: "check the file", Err: err}
}

func (in *draft) invoice() (invoice.Invoice, error) {
	out := invoice.Invoice{
		ID: in.ID, Kind: invoice.Kind(in.Kind), Basis: invoice.Basis(in.Basis), Date: in.Date,
		Buyer:  party.Party{Name: in.Buyer.Name, TaxNo: in.Buyer.TaxNo, Address: in.Buyer.Address, Phone: in.Buyer.Phone, Bank: in.Buyer.Bank, Account: in.Buyer.Account},
		Remark: in.Remark, Payee: in.Payee, Reviewer: in.Reviewer, Drawer: in.Drawer, Email: in.Email,
	}
	for i, l := range in.Lines {
		if l == nil {
			return out, bad(fmt.Sprintf("lines[%d]", i+1), "draft_malformed", "the line is null", "write an object or leave it out")
		}
		v, err := l.line(i + 1)
		if err != nil {
			return out, err
		}
		out.Lines = append(out.Lines, v)
	}
	for _, is := range invoice.Errors(invoice.Validate(out, invoice.StageDraft)) {
		return out, &books.Error{Code: is.Code, Field: is.Field, Text: is.Text, Err: is}
	}
	return out, nil
}

func (l *line) line(n int) (invoice.Line, error) {
	out := invoice.Line{ID: l.ID, Name: l.Name, TaxCode: l.TaxCode, Spec: l.Spec, Unit: l.Unit}
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
