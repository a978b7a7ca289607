package invoice

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/shopspring/decimal"

	"counterfoil/app/document"
	"counterfoil/app/tax"
)

// Type of an invoice, on disk and on the wire.
const Type document.Type = "invoice"

// DocumentKind is what the program knows of invoices.
var DocumentKind = document.Register(document.Of[Invoice]{
	Issued: true,
	Check:  Validate, // lengths too, of lines as well
	Names:  names,
})

func names(i Invoice) []string {
	out := []string{i.Buyer.Name, i.Number, i.Reference}
	for _, l := range i.Lines {
		out = append(out, l.Name, l.Spec)
	}
	return out
}

// DocumentType implements document.Document.
func (Invoice) DocumentType() document.Type { return Type }

// Meta implements document.Document.
func (i Invoice) Meta() document.Meta {
	return document.Meta{ID: i.ID, Revision: i.Revision, State: i.State, Branch: i.Branch, Created: i.CreatedAt, Updated: i.UpdatedAt,
		Number: i.Number, IssuedAt: i.IssuedAt, Rejection: i.Rejection}
}

// WithMeta implements document.Document.
func (i Invoice) WithMeta(m document.Meta) document.Document {
	i.ID, i.Revision, i.State, i.Branch, i.CreatedAt, i.UpdatedAt = m.ID, m.Revision, m.State, m.Branch, m.Created, m.Updated
	i.Number, i.IssuedAt, i.Rejection = m.Number, m.IssuedAt, m.Rejection
	return i
}

// Canonical returns the invoice as its body has it: lines in printing order.
func (i Invoice) Canonical() document.Document {
	i.Lines = Sorted(i.Lines)
	if i.Lines == nil {
		i.Lines = []Line{}
	}
	return i
}

// Decode reads an invoice's body. Errors wrap document.ErrMalformed.
func Decode(body []byte) (Invoice, error) { return document.DecodeAs[Invoice](body) }

const unsaid tax.Status = "unsaid"

// UnmarshalJSONFrom refuses a line without a rate: none is not the zero rate.
func (l *Line) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	type plain Line
	in := plain{Rate: tax.Rate{Status: unsaid}}
	if err := json.UnmarshalDecode(dec, &in); err != nil {
		return err
	}
	if in.Rate.Status == unsaid {
		return errors.New("a line has no rate")
	}
	*l = Line(in)
	return nil
}

// A rowBody has the amounts of a row with two decimals, and tells none from zero.
type rowBody struct {
	plainRow
	Rate  *tax.Rate `json:"rate"`
	Net   *amount   `json:"net"`
	Tax   *amount   `json:"tax"`
	Gross *amount   `json:"gross"`
}

type plainRow Row

type amount decimal.Decimal

func (a amount) MarshalJSONTo(enc *jsontext.Encoder) error {
	return enc.WriteToken(jsontext.String(decimal.Decimal(a).StringFixed(2)))
}

func (a *amount) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return json.UnmarshalDecode(dec, (*decimal.Decimal)(a))
}

// MarshalJSONTo writes the amounts with two decimals.
func (r Row) MarshalJSONTo(enc *jsontext.Encoder) error {
	return json.MarshalEncode(enc, rowBody{plainRow(r), &r.Rate, (*amount)(&r.Net), (*amount)(&r.Tax), (*amount)(&r.Gross)})
}

// UnmarshalJSONFrom refuses a row without its rate or an amount.
func (r *Row) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	var in rowBody
	if err := json.UnmarshalDecode(dec, &in); err != nil {
		return err
	}
	if in.Rate == nil || in.Net == nil || in.Tax == nil || in.Gross == nil {
		return errors.New("a row has no rate or lacks an amount")
	}
	*r = Row(in.plainRow)
	r.Rate, r.Net, r.Tax, r.Gross = *in.Rate, decimal.Decimal(*in.Net), decimal.Decimal(*in.Tax), decimal.Decimal(*in.Gross)
	return nil
}
