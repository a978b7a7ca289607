package invoice

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"counterfoil/app/money"
)

var (
	hundred = decimal.NewFromInt(100)
	one     = decimal.NewFromInt(1)
)

// InputError says which input cannot be computed and what to do.
type InputError struct {
	Line  int    // 1-based; 0 for the document
	Field string // "qty", "price", "amount", "discount", "rate", "kind", "basis"
	Code  string // stable, also the key of the translated sentence
	Text  string
}

func (e *InputError) Error() string {
	if e.Line == 0 {
		return e.Field + ": " + e.Text
	}
	return fmt.Sprintf("lines[%d].%s: %s", e.Line, e.Field, e.Text)
}

// Sorted returns the lines in printing order, by (Order, ID); lines without an
// order keep their places.
func Sorted(lines []Line) []Line {
	out := slices.Clone(lines)
	slices.SortStableFunc(out, func(a, b Line) int {
		if a.Order == "" || b.Order == "" {
			return 0
		}
		if c := strings.Compare(a.Order, b.Order); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// Compute adds an invoice up by the rules R1–R6 and R8. An empty line (no
// numbers at all) computes to a zero row. Errors are *InputError.
func Compute(inv Invoice) (Sheet, error) {
	if inv.Reverses != "" && inv.RedRows != nil {
		return total(inv.RedRows), nil
	}
	if inv.Basis != Exclusive && inv.Basis != Inclusive && inv.Basis != "" {
		return Sheet{}, &InputError{Field: "basis", Code: "basis_unknown", Text: fmt.Sprintf("%q is neither excl nor incl", inv.Basis)}
	}
	rows := make([]Row, 0, len(inv.Lines))
	for i, l := range Sorted(inv.Lines) {
		r, err := lineRows(l, inv.Basis, i+1)
		if err != nil {
			return Sheet{}, err
		}
		rows = append(rows, r...)
	}
	return total(rows), nil
}

// lineRows returns one row, or two when the line has a discount.
func lineRows(l Line, basis Basis, n int) ([]Row, error) {
	if err := checkScales(l, n); err != nil {
		return nil, err
	}
	amount, qty, price, err := amounts(l, n)
	if err != nil {
		return nil, err
	}
	row := Row{Line: n, LineID: l.ID, Type: Normal, Name: l.Name, TaxCode: l.TaxCode, Spec: l.Spec, Unit: l.Unit, Rate: l.Rate, Policy: l.Policy, Qty: qty, Price: price}
	split(&row, amount, basis)
	if basis == Inclusive && qty != nil {
		p := shownPrice(row.Net, *qty)
		row.Price = &p
	}
	if l.Discount == nil {
		return []Row{row}, nil
	}
	d, err := discount(*l.Discount, amount, n)
	if err != nil {
		return nil, err
	}
	row.Type = Discounted
	off := Row{Line: n, LineID: l.ID, Type: DiscountRow, Name: l.Name, TaxCode: l.TaxCode, Rate: l.Rate, Policy: l.Policy}
	split(&off, d.Neg(), basis)
	return []Row{row, off}, nil
}

// checkScales holds R1: quantities and prices of at most 13 decimals and 16
// characters, amounts of 2 decimals.
func checkScales(l Line, n int) error {
	for _, f := range []struct {
		name     string
		d        *decimal.Decimal
		decimals int32
	}{{"qty", l.Qty, 13}, {"price", l.Price, 13}, {"amount", l.Amount, 2}} {
		if f.d == nil {
			continue
		}
		if -f.d.Exponent() > f.decimals && !f.d.Equal(f.d.Truncate(f.decimals)) {
			return &InputError{n, f.name, f.name + "_decimals", fmt.Sprintf("at most %d decimals are allowed", f.decimals)}
		}
		if f.d.Exponent() > 16 || f.d.Exponent() < -64 || len(f.d.Abs().String()) > 16 {
			return &InputError{n, f.name, f.name + "_long", "at most 16 characters are allowed"}
		}
	}
	if l.Rate.Value.IsNegative() || l.Rate.Value.GreaterThanOrEqual(one) {
		return &InputError{n, "rate", "rate_range", "the rate is from 0 to below 1; write 0.13 for 13 %"}
	}
	return nil
}

// amounts returns the amount in the document's basis, with quantity and price as
// far as they are given or follow.
func amounts(l Line, n int) (amount decimal.Decimal, qty, price *decimal.Decimal, err error) {
	switch {
	case l.Amount == nil && l.Qty != nil && l.Price != nil:
		return money.Round2(l.Qty.Mul(*l.Price)), l.Qty, l.Price, nil
	case l.Amount == nil && l.Qty == nil && l.Price == nil, l.Amount == nil:
		return decimal.Zero, l.Qty, l.Price, nil
	case l.Qty != nil && l.Price != nil:
		if diff := l.Qty.Mul(*l.Price).Sub(*l.Amount).Abs(); diff.GreaterThan(decimal.New(1, -2)) {
			return amount, nil, nil, &InputError{n, "amount", "amount_mismatch", "the amount is not quantity × price; leave one of the three empty"}
		}
		return *l.Amount, l.Qty, l.Price, nil
	case l.Qty != nil && !l.Qty.IsZero():
		p := shownPrice(*l.Amount, *l.Qty)
		return *l.Amount, l.Qty, &p, nil
	case l.Price != nil && !l.Price.IsZero():
		q := shownPrice(*l.Amount, *l.Price)
		return *l.Amount, &q, l.Price, nil
	}
	return *l.Amount, l.Qty, l.Price, nil
}

func discount(d Discount, amount decimal.Decimal, n int) (decimal.Decimal, error) {
	bad := func(code, text string) (decimal.Decimal, error) {
		return decimal.Zero, &InputError{n, "discount", code, text}
	}
	var off decimal.Decimal
	switch {
	case d.Amount != nil && d.Percent != nil || d.Amount == nil && d.Percent == nil:
		return bad("discount_both", "give either an amount or a percentage")
	case d.Amount != nil:
		if !d.Amount.Equal(d.Amount.Truncate(2)) {
			return bad("discount_decimals", "at most 2 decimals are allowed")
		}
		off = *d.Amount
	default:
		if !d.Percent.IsPositive() || d.Percent.GreaterThan(hundred) {
			return bad("discount_range", "the percentage is above 0 and at most 100")
		}
		if d.Percent.Exponent() < -13 {
			return bad("discount_decimals", "at most 13 decimals are allowed")
		}
		off = money.Round2(amount.Mul(d.Percent.Shift(-2)))
	}
	if !off.IsPositive() || off.GreaterThan(amount) {
		return bad("discount_range", "the discount is above 0 and at most the line's amount")
	}
	return off, nil
}

// split fills net, tax and gross from an amount in the basis (R2, R3). It is odd
// in the amount, so a negated amount gives the negated row.
func split(r *Row, amount decimal.Decimal, basis Basis) {
	rate := r.Rate.Value
	if r.Rate.Status != "" {
		rate = decimal.Zero
	}
	if basis == Inclusive {
		r.Gross = amount
		r.Net = divRound2(amount, one.Add(rate))
		r.Tax = r.Gross.Sub(r.Net)
		return
	}
	r.Net = amount
	r.Tax = money.Round2(amount.Mul(rate))
	r.Gross = r.Net.Add(r.Tax)
}

// divRound2 rounds the exact quotient once, half away from zero.
func divRound2(a, b decimal.Decimal) decimal.Decimal {
	q, rest := a.QuoRem(b, 2)
	if rest.Abs().Mul(decimal.NewFromInt(2)).GreaterThanOrEqual(b.Abs().Shift(-2)) {
		step := decimal.New(1, -2)
		if a.Sign()*b.Sign() < 0 {
			step = step.Neg()
		}
		q = q.Add(step)
	}
	return q
}

// shownPrice is net/qty with the most decimals that fit R1 (R4).
func shownPrice(net, qty decimal.Decimal) decimal.Decimal {
	if qty.IsZero() {
		return decimal.Zero
	}
	for places := int32(13); places > 0; places-- {
		p := net.DivRound(qty, places)
		if len(p.Abs().StringFixed(places)) <= 16 {
			return p
		}
	}
	return net.DivRound(qty, 0)
}

// total sums rows (R6); it never recomputes from a rate.
func total(rows []Row) Sheet {
	s := Sheet{Rows: rows}
	for _, r := range rows {
		s.Net, s.Tax = s.Net.Add(r.Net), s.Tax.Add(r.Tax)
		at := slices.IndexFunc(s.ByRate, func(t RateTotal) bool { return t.Rate.Equal(r.Rate) })
		if at < 0 {
			at = len(s.ByRate)
			s.ByRate = append(s.ByRate, RateTotal{Rate: r.Rate})
		}
		t := &s.ByRate[at]
		t.Net, t.Tax, t.Gross = t.Net.Add(r.Net), t.Tax.Add(r.Tax), t.Gross.Add(r.Gross)
	}
	s.Gross = s.Net.Add(s.Tax)
	if w, err := money.Words(s.Gross); err == nil {
		s.Words = w
	}
	return s
}
