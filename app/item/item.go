// Package item holds the goods and services that a company sells.
//
// Words: an Item is an entry of the list that desks and server share; a line of an
// invoice takes a copy of it.
package item

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/document"
	"counterfoil/app/tax"
)

// Type of an item, on disk and on the wire.
const Type document.Type = "item"

// Item is a good or service. What decides its tax changes as one.
type Item struct {
	ID       string           `json:"id"`
	Name     string           `json:"name" field:",100"` // printed name, with *category*
	TaxCode  string           `json:"tax_code,omitempty" field:"tax,19"`
	Spec     string           `json:"spec,omitempty" field:",40"`
	Unit     string           `json:"unit,omitempty" field:",22"`
	Price    *decimal.Decimal `json:"price,omitzero" field:""` // exclusive; nil when it varies
	Rate     tax.Rate         `json:"rate" field:"tax"`
	Policy   tax.Policy       `json:"policy,omitempty" field:"tax"` // 优惠政策; empty for none
	Revision int64            `json:"revision,omitzero"`
	Branch   string           `json:"branch,omitempty"` // that last changed it
	Created  time.Time        `json:"created_at,omitzero"`
	Updated  time.Time        `json:"updated_at,omitzero"`

	Extra document.Extra `json:",embed"`
}

var fields = document.TableOf[Item]()

// Kind is what the program knows of items.
var Kind = document.Register(document.Of[Item]{
	Check: check,
	Names: func(i Item) []string { return []string{i.Name} },
})

func check(i Item, _ document.Stage) []document.Issue {
	out := fields.Check(i, "")
	fail := func(field, code, text string) {
		out = append(out, document.Issue{Field: field, Code: code, Severity: document.SeverityError, Text: text})
	}
	if strings.TrimSpace(i.Name) == "" {
		fail("name", "required", "the item name is missing")
	}
	if !tax.ValidCode(i.TaxCode) {
		fail("tax_code", "tax_code_malformed", "a tax classification code has 19 digits; choose it from the list or leave it empty")
	}
	if !i.Policy.Known() {
		fail("policy", "policy_unknown", "there is no preferential policy of this number; choose one from the list")
	}
	if i.Price != nil && i.Price.IsNegative() {
		fail("price", "price_negative", "a price is not below zero")
	}
	return out
}

// DocumentType implements document.Document.
func (Item) DocumentType() document.Type { return Type }

// Meta implements document.Document.
func (i Item) Meta() document.Meta {
	return document.Meta{ID: i.ID, Revision: i.Revision, Branch: i.Branch, Created: i.Created, Updated: i.Updated}
}

// WithMeta implements document.Document.
func (i Item) WithMeta(m document.Meta) document.Document {
	i.ID, i.Revision, i.Branch, i.Created, i.Updated = m.ID, m.Revision, m.Branch, m.Created, m.Updated
	return i
}
