// Package customer holds the buyers that a company knows.
//
// Words: a Customer is a buyer in the list that desks and server share; an invoice
// takes a copy of it, so that what was printed never changes with it.
package customer

import (
	"strings"
	"time"

	"counterfoil/app/document"
	"counterfoil/app/party"
)

// Type of a customer, on disk and on the wire.
const Type document.Type = "customer"

// Customer is one buyer. Its fields change one by one: a new phone here and a new
// bank there are no conflict.
type Customer struct {
	ID          string `json:"id"`
	party.Party `json:"party" field:"each"`
	Contact     string    `json:"contact,omitempty" field:",50"` // whom to ask for
	Email       string    `json:"email,omitempty" field:",72"`
	Revision    int64     `json:"revision,omitzero"`
	Branch      string    `json:"branch,omitempty"` // that last changed it
	Created     time.Time `json:"created_at,omitzero"`
	Updated     time.Time `json:"updated_at,omitzero"`

	Extra document.Extra `json:",embed"`
}

var fields = document.TableOf[Customer]()

// Kind is what the program knows of customers.
var Kind = document.Register(document.Of[Customer]{
	Check: check,
	Names: func(c Customer) []string { return []string{c.Name} },
})

func check(c Customer, _ document.Stage) []document.Issue {
	out := fields.Check(c, "")
	if strings.TrimSpace(c.Name) == "" {
		out = append(out, document.Issue{Field: "party.name", Code: "required", Severity: document.SeverityError, Text: "the customer's name is missing"})
	}
	if c.TaxNo != "" {
		if _, warning := party.CheckTaxNo(c.TaxNo); warning != "" {
			out = append(out, document.Issue{Field: "party.tax_no", Code: warning, Severity: document.SeverityWarning, Text: "the tax number does not hold its check; compare it with the buyer's papers"})
		}
	}
	return out
}

// DocumentType implements document.Document.
func (Customer) DocumentType() document.Type { return Type }

// Meta implements document.Document.
func (c Customer) Meta() document.Meta {
	return document.Meta{ID: c.ID, Revision: c.Revision, Branch: c.Branch, Created: c.Created, Updated: c.Updated}
}

// WithMeta implements document.Document.
func (c Customer) WithMeta(m document.Meta) document.Document {
	c.ID, c.Revision, c.Branch, c.Created, c.Updated = m.ID, m.Revision, m.Branch, m.Created, m.Updated
	return c
}
