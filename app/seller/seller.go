// Package seller holds the legal entities in whose name a company invoices.
//
// Words: a Seller is made by the server and handed out; an invoice takes a copy of
// its Party, which is printed.
package seller

import (
	"time"

	"counterfoil/app/document"
	"counterfoil/app/party"
)

// Type of a seller, on disk and on the wire.
const Type document.Type = "seller"

// Taxpayer is the kind of taxpayer 纳税人类型.
type Taxpayer string

// The kinds of taxpayer.
const (
	General Taxpayer = "general" // 一般纳税人
	Small   Taxpayer = "small"   // 小规模纳税人
)

// Seller is one legal entity.
type Seller struct {
	ID          string `json:"id"`
	party.Party `json:"party" field:"each"`
	Taxpayer    Taxpayer  `json:"taxpayer,omitempty" field:""`
	Series      string    `json:"series,omitempty" field:",20"` // of its invoice numbers; empty: the company's own
	Revision    int64     `json:"revision,omitzero"`
	Branch      string    `json:"branch,omitempty"`
	Created     time.Time `json:"created_at,omitzero"`
	Updated     time.Time `json:"updated_at,omitzero"`

	Extra document.Extra `json:",embed"`
}

var fields = document.TableOf[Seller]()

// Kind is what the program knows of sellers.
var Kind = document.Register(document.Of[Seller]{
	HandedOut: true,
	Check:     check,
	Names:     func(s Seller) []string { return []string{s.Name} },
})

func check(s Seller, _ document.Stage) []document.Issue {
	out := fields.Check(s, "")
	fail := func(field, text string) {
		out = append(out, document.Issue{Field: field, Code: "required", Severity: document.SeverityError, Text: text})
	}
	if s.Name == "" {
		fail("party.name", "the seller's name is missing")
	}
	if s.TaxNo == "" {
		fail("party.tax_no", "the seller's tax number is missing")
	}
	return out
}

// DocumentType implements document.Document.
func (Seller) DocumentType() document.Type { return Type }

// Meta implements document.Document.
func (s Seller) Meta() document.Meta {
	return document.Meta{ID: s.ID, Revision: s.Revision, Branch: s.Branch, Created: s.Created, Updated: s.Updated}
}

// WithMeta implements document.Document.
func (s Seller) WithMeta(m document.Meta) document.Document {
	s.ID, s.Revision, s.Branch, s.Created, s.Updated = m.ID, m.Revision, m.Branch, m.Created, m.Updated
	return s
}
