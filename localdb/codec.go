package localdb

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/tax"
)

// The body is JSON of this package's own shape; decimals are strings. Fields may
// be added, never renamed: old files hold them.
type (
	invoiceBody struct {
		ID        string                     `json:"id"`
		Reference string                     `json:"reference,omitempty"`
		Kind      invoice.Kind               `json:"kind,omitempty"`
		Basis     invoice.Basis              `json:"basis,omitempty"`
		Date      string                     `json:"date,omitempty"`
		Buyer     partyBody                  `json:"buyer"`
		Lines     []lineBody                 `json:"lines,omitempty"`
		Remark    string                     `json:"remark,omitempty"`
		Payee     string                     `json:"payee,omitempty"`
		Reviewer  string                     `json:"reviewer,omitempty"`
		Drawer    string                     `json:"drawer,omitempty"`
		Email     string                     `json:"email,omitempty"`
		Review    bool                       `json:"review,omitzero"`
		State     invoice.State              `json:"state,omitempty"`
		Number    string                     `json:"number,omitempty"`
		Revision  int64                      `json:"revision,omitzero"`
		Rejection *rejectionBody             `json:"rejection,omitempty"`
		Reverses  string                     `json:"reverses,omitempty"`
		RedRows   []rowBody                  `json:"red_rows,omitempty"`
		IssuedAt  time.Time                  `json:"issued_at,omitzero"`
		Branch    string                     `json:"branch,omitempty"`
		CreatedAt time.Time                  `json:"created_at,omitzero"`
		UpdatedAt time.Time                  `json:"updated_at,omitzero"`
		Extra     map[string]json.RawMessage `json:"extra,omitempty"`
	}
	partyBody struct {
		Name    string `json:"name,omitempty"`
		TaxNo   string `json:"tax_no,omitempty"`
		Address string `json:"address,omitempty"`
		Phone   string `json:"phone,omitempty"`
		Bank    string `json:"bank,omitempty"`
		Account string `json:"account,omitempty"`

		Extra map[string]json.RawMessage `json:"extra,omitempty"`
	}
	rejectionBody struct {
		Code   string            `json:"code"`
		Fields map[string]string `json:"fields,omitempty"`

		Extra map[string]json.RawMessage `json:"extra,omitempty"`
	}
	lineBody struct {
		ID       string                     `json:"id"`
		Order    string                     `json:"order,omitempty"`
		Name     string                     `json:"name,omitempty"`
		TaxCode  string                     `json:"tax_code,omitempty"`
		Spec     string                     `json:"spec,omitempty"`
		Unit     string                     `json:"unit,omitempty"`
		Qty      *string                    `json:"qty,omitempty"`
		Price    *string                    `json:"price,omitempty"`
		Amount   *string                    `json:"amount,omitempty"`
		Rate     string                     `json:"rate"`
		Discount *discountBody              `json:"discount,omitempty"`
		Extra    map[string]json.RawMessage `json:"extra,omitempty"`
	}
	discountBody struct {
		Amount  *string `json:"amount,omitempty"`
		Percent *string `json:"percent,omitempty"`

		Extra map[string]json.RawMessage `json:"extra,omitempty"`
	}
	rowBody struct {
		Line    int             `json:"line,omitzero"`
		LineID  string          `json:"line_id,omitempty"`
		Type    invoice.RowType `json:"type"`
		Name    string          `json:"name,omitempty"`
		TaxCode string          `json:"tax_code,omitempty"`
		Spec    string          `json:"spec,omitempty"`
		Unit    string          `json:"unit,omitempty"`
		Qty     *string         `json:"qty,omitempty"`
		Price   *string         `json:"price,omitempty"`
		Rate    string          `json:"rate"`
		Net     string          `json:"net"`
		Tax     string          `json:"tax"`
		Gross   string          `json:"gross"`

		Extra map[string]json.RawMessage `json:"extra,omitempty"`
	}
)

func toBody(v invoice.Invoice) invoiceBody {
	b := invoiceBody{
		ID: v.ID, Reference: v.Reference, Kind: v.Kind, Basis: v.Basis, Date: v.Date, Buyer: partyBody(v.Buyer),
		Remark: v.Remark, Payee: v.Payee, Reviewer: v.Reviewer, Drawer: v.Drawer, Email: v.Email, Review: v.ReviewNeeded,
		State: v.State, Number: v.Number, Revision: v.Revision, Reverses: v.Reverses, IssuedAt: v.IssuedAt, Branch: v.Branch,
		CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt, Extra: v.Extra,
	}
	if v.Rejection != nil {
		b.Rejection = &rejectionBody{v.Rejection.Code, v.Rejection.Fields, v.Rejection.Extra}
	}
	for _, l := range v.Lines {
		x := lineBody{ID: l.ID, Order: l.Order, Name: l.Name, TaxCode: l.TaxCode, Spec: l.Spec, Unit: l.Unit,
			Qty: text(l.Qty), Price: text(l.Price), Amount: text(l.Amount), Rate: l.Rate.String(), Extra: l.Extra}
		if l.Discount != nil {
			x.Discount = &discountBody{text(l.Discount.Amount), text(l.Discount.Percent), l.Discount.Extra}
		}
		b.Lines = append(b.Lines, x)
	}
	for _, r := range v.RedRows {
		b.RedRows = append(b.RedRows, rowBody{Line: r.Line, LineID: r.LineID, Type: r.Type, Name: r.Name, TaxCode: r.TaxCode,
			Spec: r.Spec, Unit: r.Unit, Qty: text(r.Qty), Price: text(r.Price), Rate: r.Rate.String(),
			Net: r.Net.String(), Tax: r.Tax.String(), Gross: r.Gross.String(), Extra: r.Extra})
	}
	return b
}

func fromBody(b invoiceBody) (invoice.Invoice, error) {
	var p parser
	v := invoice.Invoice{
		ID: b.ID, Reference: b.Reference, Kind: b.Kind, Basis: b.Basis, Date: b.Date, Buyer: party.Party(b.Buyer),
		Remark: b.Remark, Payee: b.Payee, Reviewer: b.Reviewer, Drawer: b.Drawer, Email: b.Email, ReviewNeeded: b.Review,
		State: b.State, Number: b.Number, Revision: b.Revision, Reverses: b.Reverses, IssuedAt: b.IssuedAt, Branch: b.Branch,
		CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt, Extra: b.Extra,
	}
	if b.Rejection != nil {
		v.Rejection = &invoice.Rejection{Code: b.Rejection.Code, Fields: b.Rejection.Fields, Extra: b.Rejection.Extra}
	}
	for _, l := range b.Lines {
		x := invoice.Line{ID: l.ID, Order: l.Order, Name: l.Name, TaxCode: l.TaxCode, Spec: l.Spec, Unit: l.Unit,
			Qty: p.maybe(l.Qty), Price: p.maybe(l.Price), Amount: p.maybe(l.Amount), Rate: p.rate(l.Rate), Extra: l.Extra}
		if l.Discount != nil {
			x.Discount = &invoice.Discount{Amount: p.maybe(l.Discount.Amount), Percent: p.maybe(l.Discount.Percent), Extra: l.Discount.Extra}
		}
		v.Lines = append(v.Lines, x)
	}
	for _, r := range b.RedRows {
		v.RedRows = append(v.RedRows, invoice.Row{Line: r.Line, LineID: r.LineID, Type: r.Type, Name: r.Name, TaxCode: r.TaxCode,
			Spec: r.Spec, Unit: r.Unit, Qty: p.maybe(r.Qty), Price: p.maybe(r.Price), Rate: p.rate(r.Rate),
			Net: p.number(r.Net), Tax: p.number(r.Tax), Gross: p.number(r.Gross), Extra: r.Extra})
	}
	return v, p.err
}

func encode(v invoice.Invoice) ([]byte, error) { return marshal(toBody(v)) }

func decode(data []byte) (invoice.Invoice, error) {
	var b invoiceBody
	if err := unmarshal(data, &b); err != nil {
		return invoice.Invoice{}, fmt.Errorf("%w: body: %w", ErrCorrupt, err)
	}
	v, err := fromBody(b)
	if err != nil {
		return v, fmt.Errorf("%w: body: %w", ErrCorrupt, err)
	}
	return v, nil
}

// decodeMaybe gives nil for no data.
func decodeMaybe(data []byte) (*invoice.Invoice, error) {
	if len(data) == 0 {
		return nil, nil
	}
	v, err := decode(data)
	if err != nil {
		return nil, err
	}
	return &v, nil
}

func text(d *decimal.Decimal) *string {
	if d == nil {
		return nil
	}
	s := d.String()
	return &s
}

// parser keeps the first error.
type parser struct{ err error }

func (p *parser) number(s string) decimal.Decimal {
	d, err := decimal.NewFromString(s)
	if err != nil && p.err == nil {
		p.err = err
	}
	return d
}

func (p *parser) maybe(s *string) *decimal.Decimal {
	if s == nil {
		return nil
	}
	d := p.number(*s)
	return &d
}

func (p *parser) rate(s string) tax.Rate {
	switch st := tax.Status(s); st {
	case tax.Exempt, tax.NonTaxable:
		return tax.Rate{Status: st}
	}
	return tax.Rate{Value: p.number(s)}
}
