package wire

import (
	"fmt"

	"counterfoil/app/invoice"
	"counterfoil/app/party"
)

type customerBody struct {
	ID       string    `json:"id"`
	Party    partyBody `json:"party"`
	Email    string    `json:"email,omitempty"`
	Revision int64     `json:"revision,omitzero"`
}

// EncodeCustomer gives the canonical bytes of a customer.
func EncodeCustomer(c party.Customer) ([]byte, error) {
	return Marshal(customerBody{c.ID, partyBody(c.Party), c.Email, c.Revision})
}

// DecodeCustomer reads a customer. Errors wrap ErrMalformed.
func DecodeCustomer(raw []byte) (party.Customer, error) {
	var b customerBody
	if err := Unmarshal(raw, &b); err != nil {
		return party.Customer{}, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	b.Party.Extra = nil // of the master data, not of an invoice
	return party.Customer{ID: b.ID, Party: party.Party(b.Party), Email: b.Email, Revision: b.Revision}, nil
}

type itemBody struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	TaxCode  string  `json:"tax_code,omitempty"`
	Spec     string  `json:"spec,omitempty"`
	Unit     string  `json:"unit,omitempty"`
	Price    *string `json:"price,omitempty"`
	Rate     string  `json:"rate"`
	Revision int64   `json:"revision,omitzero"`
}

// EncodeItem gives the canonical bytes of an item.
func EncodeItem(i invoice.Item) ([]byte, error) {
	return Marshal(itemBody{i.ID, i.Name, i.TaxCode, i.Spec, i.Unit, text(i.Price), i.Rate.String(), i.Revision})
}

// DecodeItem reads an item. Errors wrap ErrMalformed.
func DecodeItem(raw []byte) (invoice.Item, error) {
	var b itemBody
	if err := Unmarshal(raw, &b); err != nil {
		return invoice.Item{}, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	r := &reader{}
	out := invoice.Item{
		ID: b.ID, Name: b.Name, TaxCode: b.TaxCode, Spec: b.Spec, Unit: b.Unit,
		Price: r.optional("price", b.Price), Rate: r.rate(b.Rate), Revision: b.Revision,
	}
	return out, r.err
}
