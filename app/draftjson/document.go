package draftjson

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// Printed is the printed form of an invoice; amounts have two decimals. Head holds
// the fields of invoice.Fields that say something, by their keys.
type Printed struct {
	Head map[string]any `json:",embed"`

	ID        string       `json:"id,omitzero"`
	State     string       `json:"state,omitzero"`
	Number    string       `json:"number,omitzero"`
	Reference string       `json:"reference,omitzero"`
	Revision  *int64       `json:"revision,omitzero"`
	Version   int64        `json:"version,omitzero"`
	Rows      []PrintedRow `json:"rows"`
	Net       string       `json:"net"`
	Tax       string       `json:"tax"`
	Gross     string       `json:"gross"`
	Words     string       `json:"words"`
	ByRate    []RateTotal  `json:"by_rate"`
	Conflict  bool         `json:"conflict,omitzero"`
	Pending   string       `json:"pending,omitzero"`
	Review    bool         `json:"review_needed,omitzero"`
	Rejection *Rejection   `json:"rejection,omitzero"`
	Reverses  string       `json:"reverses,omitzero"`
	Branch    string       `json:"branch,omitzero"`
	IssuedAt  string       `json:"issued_at,omitzero"`
	Warnings  []Warning    `json:"warnings,omitzero"`
}

// MarshalJSON writes the fields of the head beside the others.
func (p Printed) MarshalJSON() ([]byte, error) {
	type plain Printed
	return json.Marshal(plain(p), json.Deterministic(true))
}

// head are the fields of an invoice. What tells one is there even when it is empty.
func head(inv invoice.Invoice) map[string]any {
	out := Fields(inv)
	for _, name := range []string{"kind", "basis"} {
		if out[name] == nil {
			out[name] = ""
		}
	}
	buyer, _ := out["buyer"].(map[string]any)
	if buyer == nil {
		buyer = map[string]any{}
		out["buyer"] = buyer
	}
	for _, name := range []string{"name", "tax_no"} {
		if buyer[name] == nil {
			buyer[name] = ""
		}
	}
	return out
}

// Fields nests the fields of a document that say something, as its body does.
func Fields(d document.Document) map[string]any {
	out := map[string]any{}
	for _, f := range document.KindOf(d).Fields {
		text := f.Text(d)
		if text == "" {
			continue
		}
		part, name, nested := strings.Cut(f.Key, ".")
		if !nested {
			out[part] = text
			continue
		}
		in, _ := out[part].(map[string]any)
		if in == nil {
			in = map[string]any{}
			out[part] = in
		}
		in[name] = text
	}
	return out
}

// PrintedRow is one printed row.
type PrintedRow struct {
	Line    int    `json:"line"`
	Type    string `json:"type"`
	Name    string `json:"name"`
	TaxCode string `json:"tax_code,omitzero"`
	Spec    string `json:"spec,omitzero"`
	Unit    string `json:"unit,omitzero"`
	Policy  string `json:"policy,omitzero"`
	Qty     string `json:"qty,omitzero"`
	Price   string `json:"price,omitzero"`
	Rate    string `json:"rate"`
	Net     string `json:"net"`
	Tax     string `json:"tax"`
	Gross   string `json:"gross"`
}

// RateTotal sums one rate.
type RateTotal struct {
	Rate  string `json:"rate"`
	Net   string `json:"net"`
	Tax   string `json:"tax"`
	Gross string `json:"gross"`
}

// Rejection is why the server refused.
type Rejection struct {
	Code   string            `json:"code"`
	Fields map[string]string `json:"fields,omitzero"`
}

// Warning does not stop a submit.
type Warning struct {
	Field string `json:"field"`
	Code  string `json:"code"`
	Text  string `json:"text"`
}

func optional(d *decimal.Decimal) string {
	if d == nil {
		return ""
	}
	return d.String()
}

// Computed is the printed form of what was only computed, not stored.
func Computed(inv invoice.Invoice, s invoice.Sheet) Printed {
	out := Printed{
		Head: head(inv), Reverses: inv.Reverses, Rows: []PrintedRow{}, ByRate: []RateTotal{},
		Net: s.Net.StringFixed(2), Tax: s.Tax.StringFixed(2), Gross: s.Gross.StringFixed(2), Words: s.Words,
	}
	for _, r := range s.Rows {
		out.Rows = append(out.Rows, PrintedRow{
			Line: r.Line, Type: string(r.Type), Name: r.Name, TaxCode: r.TaxCode, Spec: r.Spec, Unit: r.Unit, Policy: string(r.Policy),
			Qty: optional(r.Qty), Price: optional(r.Price), Rate: r.Rate.String(),
			Net: r.Net.StringFixed(2), Tax: r.Tax.StringFixed(2), Gross: r.Gross.StringFixed(2),
		})
	}
	for _, t := range s.ByRate {
		out.ByRate = append(out.ByRate, RateTotal{t.Rate.String(), t.Net.StringFixed(2), t.Tax.StringFixed(2), t.Gross.StringFixed(2)})
	}
	for _, i := range invoice.Validate(inv, invoice.StageDraft) {
		if i.Severity == invoice.SeverityWarning {
			out.Warnings = append(out.Warnings, Warning{i.Field, i.Code, i.Text})
		}
	}
	return out
}

// Document is the printed form of a stored invoice.
func Document(st books.Stored, s invoice.Sheet) Printed {
	inv := st.Invoice
	out := Computed(inv, s)
	out.ID, out.State, out.Number, out.Reference = inv.ID, string(inv.State), inv.Number, inv.Reference
	out.Revision, out.Version, out.Conflict, out.Pending = &inv.Revision, st.Version, st.Conflict, string(st.Pending)
	out.Review, out.Branch = inv.ReviewNeeded, inv.Branch
	if inv.Rejection != nil {
		out.Rejection = &Rejection{inv.Rejection.Code, inv.Rejection.Fields}
	}
	if !inv.IssuedAt.IsZero() {
		out.IssuedAt = inv.IssuedAt.UTC().Format(time.RFC3339)
	}
	return out
}
