// Package tax holds VAT rates as dated data, the tax states and the tax
// classification codes. It never decides money: that is app/invoice.
package tax

import "github.com/shopspring/decimal"

// Status tells a zero rate from exemption and from no tax at all (R8).
type Status string

// The tax states.
const (
	Taxable    Status = ""           // ordinary; the rate may be 0 (零税率)
	Exempt     Status = "exempt"     // 免税
	NonTaxable Status = "nontaxable" // 不征税
)

// Rate is a tax state with its rate: Value is 0.13 for 13 %, and 0 unless
// Status is Taxable. The zero Rate is the zero rate 零税率.
type Rate struct {
	Status Status
	Value  decimal.Decimal
}
