// Package party holds sellers and buyers and checks their tax numbers (R12).
package party

import "encoding/json"

// Party is a seller or buyer as printed. Lengths are in characters.
type Party struct {
	Name    string // at most 100
	TaxNo   string // at most 20
	Address string // at most 100
	Phone   string // at most 50
	Bank    string // at most 100
	Account string // at most 100

	// Extra keeps fields of a newer program unchanged (name → raw JSON).
	Extra map[string]json.RawMessage
}

// Customer is a buyer in the master data that the server hands out.
type Customer struct {
	ID string
	Party
	Email    string
	Revision int64
}
