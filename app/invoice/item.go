package invoice

import (
	"github.com/shopspring/decimal"

	"counterfoil/app/tax"
)

// Item is a good or service in the master data that the server hands out.
type Item struct {
	ID       string
	Name     string // printed name, with *category*
	TaxCode  string
	Spec     string
	Unit     string
	Price    *decimal.Decimal // exclusive; nil when it varies
	Rate     tax.Rate
	Revision int64
}
