// Package party holds sellers and buyers and checks their tax numbers (R12).
package party

import "encoding/json"

// Party is a seller or buyer as printed. Its tags are its body and its field
// table, see package document; lengths are in characters.
type Party struct {
	Name    string `json:"name,omitempty" field:",100"`
	TaxNo   string `json:"tax_no,omitempty" field:",20"`
	Address string `json:"address,omitempty" field:",100"`
	Phone   string `json:"phone,omitempty" field:",50"`
	Bank    string `json:"bank,omitempty" field:",100"`
	Account string `json:"account,omitempty" field:",100"`

	// Extra keeps fields of a newer program unchanged (name → raw JSON).
	Extra map[string]json.RawMessage `json:",embed"`
}

// Known returns the party without the fields of a newer program: they belong to the
// document that it is part of, and do not go along where it is copied into another.
func (p Party) Known() Party {
	p.Extra = nil
	return p
}

// IsZero reports whether nothing is said of the party.
func (p Party) IsZero() bool {
	return p.Name == "" && p.TaxNo == "" && p.Address == "" && p.Phone == "" && p.Bank == "" && p.Account == "" && len(p.Extra) == 0
}
