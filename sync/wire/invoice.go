package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/invoice"
	"counterfoil/app/money"
	"counterfoil/app/party"
	"counterfoil/app/tax"
)

// ErrMalformed says that a body is not a document of this schema.
var ErrMalformed = errors.New("malformed document")

// invoiceBody is an invoice on the wire. Extra holds the fields of a newer program.
type invoiceBody struct {
	ID           string         `json:"id"`
	Reference    string         `json:"reference,omitempty"`
	Kind         string         `json:"kind"`
	Basis        string         `json:"basis"`
	Date         string         `json:"date,omitempty"`
	Buyer        partyBody      `json:"buyer"`
	Lines        List[lineBody] `json:"lines"`
	Remark       string         `json:"remark,omitempty"`
	Payee        string         `json:"payee,omitempty"`
	Reviewer     string         `json:"reviewer,omitempty"`
	Drawer       string         `json:"drawer,omitempty"`
	Email        string         `json:"email,omitempty"`
	ReviewNeeded bool           `json:"review_needed,omitzero"`
	State        string         `json:"state"`
	Number       string         `json:"number,omitempty"`
	Revision     int64          `json:"revision,omitzero"`
	Rejection    *rejection     `json:"rejection,omitempty"`
	Reverses     string         `json:"reverses,omitempty"`
	RedRows      List[rowBody]  `json:"red_rows,omitempty"`
	IssuedAt     *time.Time     `json:"issued_at,omitempty"`
	Branch       string         `json:"branch,omitempty"`
	CreatedAt    *time.Time     `json:"created_at,omitempty"`
	UpdatedAt    *time.Time     `json:"updated_at,omitempty"`

	Extra map[string]json.RawMessage `json:",embed"`
}

type rejection struct {
	Code   string            `json:"code"`
	Fields map[string]string `json:"fields,omitempty"`

	Extra map[string]json.RawMessage `json:",embed"`
}

type partyBody struct {
	Name    string `json:"name,omitempty"`
	TaxNo   string `json:"tax_no,omitempty"`
	Address string `json:"address,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Bank    string `json:"bank,omitempty"`
	Account string `json:"account,omitempty"`

	Extra map[string]json.RawMessage `json:",embed"`
}

type lineBody struct {
	ID       string        `json:"id"`
	Order    string        `json:"order"`
	Name     string        `json:"name,omitempty"`
	TaxCode  string        `json:"tax_code,omitempty"`
	Spec     string        `json:"spec,omitempty"`
	Unit     string        `json:"unit,omitempty"`
	Qty      *string       `json:"qty,omitempty"`
	Price    *string       `json:"price,omitempty"`
	Amount   *string       `json:"amount,omitempty"`
	Rate     string        `json:"rate"`
	Discount *discountBody `json:"discount,omitempty"`

	Extra map[string]json.RawMessage `json:",embed"`
}

type discountBody struct {
	Amount  *string `json:"amount,omitempty"`
	Percent *string `json:"percent,omitempty"`

	Extra map[string]json.RawMessage `json:",embed"`
}

type rowBody struct {
	Line    int     `json:"line"`
	LineID  string  `json:"line_id,omitempty"`
	Type    string  `json:"type"`
	Name    string  `json:"name"`
	TaxCode string  `json:"tax_code,omitempty"`
	Spec    string  `json:"spec,omitempty"`
	Unit    string  `json:"unit,omitempty"`
	Qty     *string `json:"qty,omitempty"`
	Price   *string `json:"price,omitempty"`
	Rate    string  `json:"rate"`
	Net     string  `json:"net"`
	Tax     string  `json:"tax"`
	Gross   string  `json:"gross"`

	Extra map[string]json.RawMessage `json:",embed"`
}

func text(d *decimal.Decimal) *string {
	if d == nil {
		return nil
	}
	s := d.String()
	return &s
}

// reader collects the first error of many conversions and where it was: the
// at-th entry, from 1, of a list, or in the document itself without one.
type reader struct {
	list string
	at   int
	err  error
}

func (r *reader) fail(field string, err error) {
	if r.list != "" {
		field = fmt.Sprintf("%s[%d].%s", r.list, r.at, field)
	}
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s: %v", ErrMalformed, field, err)
	}
}

func (r *reader) optional(field string, s *string) *decimal.Decimal {
	if s == nil {
		return nil
	}
	d := r.number(field, *s)
	return &d
}

func (r *reader) number(field, s string) decimal.Decimal {
	d, err := money.Parse(s, 13, 32)
	if err != nil {
		r.fail(field, err)
	}
	return d
}

func (r *reader) rate(s string) tax.Rate {
	t, err := tax.ParseRate(s)
	if err != nil {
		r.fail("rate", err)
	}
	return t
}

func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC().Truncate(time.Millisecond)
	return &u
}

func unstamp(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func lineOf(l invoice.Line) lineBody {
	b := lineBody{
		ID: l.ID, Order: l.Order, Name: l.Name, TaxCode: l.TaxCode, Spec: l.Spec, Unit: l.Unit,
		Qty: text(l.Qty), Price: text(l.Price), Amount: text(l.Amount), Rate: l.Rate.String(), Extra: l.Extra,
	}
	if l.Discount != nil {
		b.Discount = &discountBody{text(l.Discount.Amount), text(l.Discount.Percent), l.Discount.Extra}
	}
	return b
}

// EncodeInvoice gives the canonical bytes of an invoice: lines in printing order,
// fields in a fixed order, unknown fields of a newer program after them, sorted.
func EncodeInvoice(inv invoice.Invoice) ([]byte, error) {
	lines := invoice.Sorted(inv.Lines)
	b := invoiceBody{
		ID: inv.ID, Reference: inv.Reference, Kind: string(inv.Kind), Basis: string(inv.Basis), Date: inv.Date,
		Buyer: partyBody(inv.Buyer), Lines: make(List[lineBody], 0, len(lines)), Remark: inv.Remark, Payee: inv.Payee, Reviewer: inv.Reviewer,
		Drawer: inv.Drawer, Email: inv.Email, ReviewNeeded: inv.ReviewNeeded, State: string(inv.State), Number: inv.Number,
		Revision: inv.Revision, Reverses: inv.Reverses, Branch: inv.Branch, Extra: inv.Extra,
		IssuedAt: stamp(inv.IssuedAt), CreatedAt: stamp(inv.CreatedAt), UpdatedAt: stamp(inv.UpdatedAt),
	}
	if inv.Rejection != nil {
		b.Rejection = &rejection{inv.Rejection.Code, inv.Rejection.Fields, inv.Rejection.Extra}
	}
	for _, l := range lines {
		b.Lines = append(b.Lines, lineOf(l))
	}
	for _, r := range inv.RedRows {
		b.RedRows = append(b.RedRows, rowBody{
			Line: r.Line, LineID: r.LineID, Type: string(r.Type), Name: r.Name, TaxCode: r.TaxCode, Spec: r.Spec, Unit: r.Unit,
			Qty: text(r.Qty), Price: text(r.Price), Rate: r.Rate.String(),
			Net: r.Net.StringFixed(2), Tax: r.Tax.StringFixed(2), Gross: r.Gross.StringFixed(2), Extra: r.Extra,
		})
	}
	return Marshal(b)
}

// DecodeInvoice reads an invoice body and keeps fields it does not know. Errors
// wrap ErrMalformed.
func DecodeInvoice(raw []byte) (invoice.Invoice, error) {
	var b invoiceBody
	if err := Unmarshal(raw, &b); err != nil {
		return invoice.Invoice{}, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	r := &reader{}
	inv := invoice.Invoice{
		ID: b.ID, Reference: b.Reference, Kind: invoice.Kind(b.Kind), Basis: invoice.Basis(b.Basis), Date: b.Date,
		Buyer: party.Party(b.Buyer), Remark: b.Remark, Payee: b.Payee, Reviewer: b.Reviewer, Drawer: b.Drawer, Email: b.Email,
		ReviewNeeded: b.ReviewNeeded, State: invoice.State(b.State), Number: b.Number, Revision: b.Revision,
		Reverses: b.Reverses, Branch: b.Branch, Extra: b.Extra,
		IssuedAt: unstamp(b.IssuedAt), CreatedAt: unstamp(b.CreatedAt), UpdatedAt: unstamp(b.UpdatedAt),
	}
	if b.Rejection != nil {
		inv.Rejection = &invoice.Rejection{Code: b.Rejection.Code, Fields: b.Rejection.Fields, Extra: b.Rejection.Extra}
	}
	for i, l := range b.Lines {
		r.list, r.at = "lines", i+1
		v := invoice.Line{
			ID: l.ID, Order: l.Order, Name: l.Name, TaxCode: l.TaxCode, Spec: l.Spec, Unit: l.Unit, Extra: l.Extra,
			Qty: r.optional("qty", l.Qty), Price: r.optional("price", l.Price), Amount: r.optional("amount", l.Amount),
			Rate: r.rate(l.Rate),
		}
		if l.Discount != nil {
			v.Discount = &invoice.Discount{Amount: r.optional("discount", l.Discount.Amount), Percent: r.optional("discount", l.Discount.Percent), Extra: l.Discount.Extra}
		}
		inv.Lines = append(inv.Lines, v)
	}
	for i, w := range b.RedRows {
		r.list, r.at = "red_rows", i+1
		inv.RedRows = append(inv.RedRows, invoice.Row{
			Line: w.Line, LineID: w.LineID, Type: invoice.RowType(w.Type), Name: w.Name, TaxCode: w.TaxCode, Spec: w.Spec, Unit: w.Unit,
			Qty: r.optional("qty", w.Qty), Price: r.optional("price", w.Price), Rate: r.rate(w.Rate),
			Net: r.number("net", w.Net), Tax: r.number("tax", w.Tax), Gross: r.number("gross", w.Gross), Extra: w.Extra,
		})
	}
	return inv, r.err
}
