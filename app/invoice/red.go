package invoice

import (
	"fmt"

	"github.com/shopspring/decimal"

	"counterfoil/app/money"
)

// FullRed negates every stored row (R9): quantity, net and tax; the price stays.
func FullRed(rows []Row) []Row {
	out := make([]Row, len(rows))
	for i, r := range rows {
		if r.Qty != nil {
			q := r.Qty.Neg()
			r.Qty = &q
		}
		r.Net, r.Tax, r.Gross = r.Net.Neg(), r.Tax.Neg(), r.Gross.Neg()
		out[i] = r
	}
	return out
}

// PartialRed reverses part of a line (R9). line is the row with its discount row
// merged; before is the quantity reversed by earlier red invoices, qty the one of
// this; all reds together give the blue line exactly.
func PartialRed(line Row, before, qty decimal.Decimal) (Row, error) {
	if line.Qty == nil || !line.Qty.IsPositive() {
		return Row{}, &InputError{Line: line.Line, Field: "qty", Code: "red_without_qty", Text: "a line without quantity is reversed whole"}
	}
	after := before.Add(qty)
	if !qty.IsPositive() || before.IsNegative() || after.GreaterThan(*line.Qty) {
		return Row{}, &InputError{Line: line.Line, Field: "qty", Code: "red_too_much",
			Text: fmt.Sprintf("at most %s is left to reverse", line.Qty.Sub(before))}
	}
	part := func(total decimal.Decimal) decimal.Decimal {
		at := func(c decimal.Decimal) decimal.Decimal { return divRound2(total.Mul(c), *line.Qty) }
		return at(after).Sub(at(before)).Neg()
	}
	out := line
	q := qty.Neg()
	out.Type, out.Qty = Normal, &q
	out.Net, out.Tax = part(line.Net), part(line.Tax)
	out.Gross = out.Net.Add(out.Tax)
	return out, nil
}

// MergeDiscounts folds each discount row into the row before it.
func MergeDiscounts(rows []Row) []Row {
	var out []Row
	for _, r := range rows {
		if r.Type == DiscountRow && len(out) > 0 {
			l := &out[len(out)-1]
			l.Net, l.Tax, l.Gross, l.Type = l.Net.Add(r.Net), l.Tax.Add(r.Tax), l.Gross.Add(r.Gross), Normal
			continue
		}
		out = append(out, r)
	}
	return out
}

// SuppliedTax checks tax that came from elsewhere (R7) against the tolerance, 0.06
// or 0.01 yuan a row and 1.27 a document. It gives the 1-based rows that fail and
// whether the document does.
func SuppliedTax(rows []Row, tolerance decimal.Decimal) (bad []int, document bool) {
	sum := decimal.Zero
	for i, r := range rows {
		diff := r.Tax.Sub(money.Round2(r.Net.Mul(r.Rate.Value)))
		sum = sum.Add(diff)
		if diff.Abs().GreaterThan(tolerance) {
			bad = append(bad, i+1)
		}
	}
	return bad, sum.Abs().GreaterThan(decimal.New(127, -2))
}
