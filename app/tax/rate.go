// Package tax holds VAT rates as dated data, the tax states and the tax
// classification codes. It never decides money: that is app/invoice.
package tax

import (
	"errors"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"counterfoil/app/money"
)

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

// String is the canonical form: "0.13", "exempt", "nontaxable".
func (r Rate) String() string {
	if r.Status != Taxable {
		return string(r.Status)
	}
	return r.Value.String()
}

// Equal compares state and value.
func (r Rate) Equal(o Rate) bool { return r.Status == o.Status && r.Value.Equal(o.Value) }

// Percent is the printed form: "13%", "免税", "不征税".
func (r Rate) Percent() string {
	switch r.Status {
	case Exempt:
		return "免税"
	case NonTaxable:
		return "不征税"
	}
	return r.Value.Shift(2).String() + "%"
}

// ErrRate says that a text is no rate.
var ErrRate = errors.New("not a tax rate")

// ParseRate reads "0.13" (any rate from 0 to below 1, at most 6 decimals),
// "exempt" or "nontaxable". Errors wrap ErrRate and say what to write.
func ParseRate(s string) (Rate, error) {
	switch s {
	case string(Exempt), string(NonTaxable):
		return Rate{Status: Status(s)}, nil
	}
	if strings.HasSuffix(s, "%") {
		return Rate{}, fmt.Errorf("%w: %q; write 0.13 for 13 %%", ErrRate, s)
	}
	v, err := money.Parse(s, 6, 10)
	if err != nil {
		return Rate{}, fmt.Errorf("%w: %q; write 0.13, exempt or nontaxable", ErrRate, s)
	}
	if v.IsNegative() || v.GreaterThanOrEqual(decimal.NewFromInt(1)) {
		return Rate{}, fmt.Errorf("%w: %q is not from 0 to below 1; write 0.13 for 13 %%", ErrRate, s)
	}
	return Rate{Value: v}, nil
}
