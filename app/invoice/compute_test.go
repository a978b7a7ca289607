package invoice

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"counterfoil/app/tax"
)

func d(s string) decimal.Decimal { return decimal.RequireFromString(s) }
func p(s string) *decimal.Decimal {
	if s == "" {
		return nil
	}
	v := d(s)
	return &v
}

func rate(t testing.TB, s string) tax.Rate {
	t.Helper()
	r, err := tax.ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// line reads "qty×price@rate", "amount@rate", either with "-10%" or "-9.99".
func line(t testing.TB, s string) Line {
	t.Helper()
	var l Line
	body, off, has := strings.Cut(s, " -")
	nums, r, _ := strings.Cut(body, "@")
	l.Rate = rate(t, r)
	if q, pr, ok := strings.Cut(nums, "×"); ok {
		l.Qty, l.Price = p(q), p(pr)
	} else {
		l.Amount = p(nums)
	}
	if has {
		if pc, ok := strings.CutSuffix(off, "%"); ok {
			l.Discount = &Discount{Percent: p(pc)}
		} else {
			l.Discount = &Discount{Amount: p(off)}
		}
	}
	return l
}

func rowsText(s Sheet) string {
	var out []string
	for _, r := range s.Rows {
		out = append(out, r.Net.StringFixed(2)+"/"+r.Tax.StringFixed(2))
	}
	return strings.Join(out, " ")
}

// The worked vectors of the money rules.
func TestVectors(t *testing.T) {
	many := func(n int, l, row string) (string, string) {
		return strings.TrimSuffix(strings.Repeat(l+";", n), ";"), strings.TrimSpace(strings.Repeat(row+" ", n))
	}
	m9l, m9r := many(10, "0.04@0.13", "0.04/0.01")
	m10l, m10r := many(10, "0.03@0.13", "0.03/0.00")
	m12l, m12r := many(20, "0.05@0.13", "0.04/0.01")
	for _, v := range []struct{ id, basis, lines, rows, totals string }{
		{"A-excl-003", "excl", "3×33.333@0.13", "100.00/13.00", "100.00 13.00 113.00"},
		{"A-excl-005", "excl", "0.04@0.13", "0.04/0.01", "0.04 0.01 0.05"},
		{"A-excl-006", "excl", "0.03@0.13", "0.03/0.00", "0.03 0.00 0.03"},
		{"A-excl-007", "excl", "7×1.235@0.09", "8.65/0.78", "8.65 0.78 9.43"},
		{"A-excl-010", "excl", "1.50@0.03", "1.50/0.05", "1.50 0.05 1.55"},
		{"A-excl-014", "excl", "5×0.001@0.13", "0.01/0.00", "0.01 0.00 0.01"},
		{"B-incl-001", "incl", "113@0.13", "100.00/13.00", "100.00 13.00 113.00"},
		{"B-incl-002", "incl", "100@0.13", "88.50/11.50", "88.50 11.50 100.00"},
		{"B-incl-003", "incl", "3×99.99@0.13", "265.46/34.51", "265.46 34.51 299.97"},
		{"B-incl-005", "incl", "0.01@0.13", "0.01/0.00", "0.01 0.00 0.01"},
		{"B-incl-007", "incl", "80@0.13", "70.80/9.20", "70.80 9.20 80.00"},
		{"B-incl-012", "incl", "0.13@0.04", "0.13/0.00", "0.13 0.00 0.13"},
		{"C-disc-001", "excl", "3×33.333@0.13 -10%;7×1.235@0.09;1.5×199.99@0.06 -9.99", "100.00/13.00 -10.00/-1.30 8.65/0.78 299.99/18.00 -9.99/-0.60", "388.65 29.88 418.53"},
		{"C-disc-022", "incl", "3×33.333@0.13 -10%;7×1.235@0.09;1.5×199.99@0.06 -9.99", "88.50/11.50 -8.85/-1.15 7.94/0.71 283.01/16.98 -9.42/-0.57", "361.18 27.47 388.65"},
		{"C-disc-023", "incl", "100@0.13 -100%", "88.50/11.50 -88.50/-11.50", "0.00 0.00 0.00"},
		{"D-multi-009", "excl", m9l, m9r, "0.40 0.10 0.50"},
		{"D-multi-010", "excl", m10l, m10r, "0.30 0.00 0.30"},
		{"D-multi-012", "incl", m12l, m12r, "0.80 0.20 1.00"},
		{"F-large-002", "incl", "9999999999999.99@0.13", "8849557522123.88/1150442477876.11", "8849557522123.88 1150442477876.11 9999999999999.99"},
		{"G-zero-004", "excl", "1000@exempt;100@0.13", "1000.00/0.00 100.00/13.00", "1100.00 13.00 1113.00"},
		{"R0-once", "excl", "15.869×1229.0034@0", "19503.05/0.00", "19503.05 0.00 19503.05"},
	} {
		t.Run(v.id, func(t *testing.T) {
			inv := Invoice{Basis: Basis(v.basis)}
			for _, l := range strings.Split(v.lines, ";") {
				inv.Lines = append(inv.Lines, line(t, l))
			}
			s, err := Compute(inv)
			if err != nil {
				t.Fatal(err)
			}
			if got := rowsText(s); got != v.rows {
				t.Errorf("rows %s, want %s", got, v.rows)
			}
			if got := s.Net.StringFixed(2) + " " + s.Tax.StringFixed(2) + " " + s.Gross.StringFixed(2); got != v.totals {
				t.Errorf("totals %s, want %s", got, v.totals)
			}
		})
	}
}

func TestShownPrice(t *testing.T) {
	s, err := Compute(Invoice{Basis: Inclusive, Lines: []Line{line(t, "3×99.99@0.13")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Rows[0].Price.String(); got != "88.4866666666667" {
		t.Errorf("shown price %s", got)
	}
}

func TestPartialRed(t *testing.T) {
	for _, v := range []struct{ qty, net, tax, parts, want string }{
		{"3", "212.39", "27.61", "1 1 1", "-70.80/-9.20 -70.79/-9.21 -70.80/-9.20"},
		{"12", "1000000.01", "130000.00", "5 5", "-416666.67/-54166.67 -416666.67/-54166.66"},
	} {
		blue := Row{Line: 1, Qty: p(v.qty), Net: d(v.net), Tax: d(v.tax)}
		done, got := decimal.Zero, []string{}
		for _, q := range strings.Fields(v.parts) {
			r, err := PartialRed(blue, done, d(q))
			if err != nil {
				t.Fatal(err)
			}
			done = done.Add(d(q))
			got = append(got, r.Net.StringFixed(2)+"/"+r.Tax.StringFixed(2))
		}
		if g := strings.Join(got, " "); g != v.want {
			t.Errorf("%s, want %s", g, v.want)
		}
		if _, err := PartialRed(blue, done, d(v.qty)); err == nil {
			t.Error("more than the whole was reversed")
		}
	}
}

func TestFullRedIsSymmetric(t *testing.T) {
	s, err := Compute(Invoice{Basis: Inclusive, Lines: []Line{line(t, "3×33.333@0.13 -10%"), line(t, "7×1.235@0.09")}})
	if err != nil {
		t.Fatal(err)
	}
	red, err := Compute(Invoice{Reverses: "x", RedRows: FullRed(s.Rows)})
	if err != nil {
		t.Fatal(err)
	}
	if !red.Gross.Equal(s.Gross.Neg()) || !red.Tax.Equal(s.Tax.Neg()) {
		t.Errorf("red %s %s, blue %s %s", red.Gross, red.Tax, s.Gross, s.Tax)
	}
	if red.Words == "" || !strings.HasPrefix(red.Words, "负") {
		t.Errorf("words %q", red.Words)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ line, code string }{
		{"1.234@0.13", "amount_decimals"},
		{"1×1.00000000000001@0.13", "price_decimals"},
		{"12345678901234567×1@0.13", "qty_long"},
		{"100@0.13 -100.01", "discount_range"},
		{"100@0.13 -101%", "discount_range"},
		{"100@0.13 -0%", "discount_range"},
	} {
		_, err := Compute(Invoice{Basis: Exclusive, Lines: []Line{line(t, c.line)}})
		in, ok := err.(*InputError)
		if !ok || in.Code != c.code {
			t.Errorf("%s: %v, want %s", c.line, err, c.code)
		}
	}
}

func TestOrderBetween(t *testing.T) {
	for _, c := range [][2]string{{"", ""}, {"0001", "0002"}, {"0001", "00011"}, {"", "0001"}, {"zzzz", ""}, {"a", "b"}, {"az", "b"}} {
		for a, b, i := c[0], c[1], 0; i < 40; i++ {
			m := OrderBetween(a, b)
			if m <= a || b != "" && m >= b {
				t.Fatalf("%q is not between %q and %q", m, a, b)
			}
			b = m
		}
	}
	o := Orders(3000)
	for i := 1; i < len(o); i++ {
		if o[i] <= o[i-1] {
			t.Fatalf("%q after %q at %d", o[i], o[i-1], i)
		}
	}
}

func TestAdoptLines(t *testing.T) {
	old := []Line{{ID: "a", Order: "0001", Name: "x", Qty: p("1")}, {ID: "b", Order: "0002", Name: "y", Qty: p("1")}}
	got := AdoptLines(old, []Line{{Name: "new"}, {Name: "x", Qty: p("2")}, {Name: "y", Qty: p("1")}})
	if got[0].ID != "" || got[1].ID != "a" || got[2].ID != "b" {
		t.Errorf("%+v", got)
	}
}

// Whatever the numbers, a row's gross is its net and tax, and a red row is the
// negated blue one.
func FuzzCompute(f *testing.F) {
	f.Add(int64(3), int64(33333), uint8(3), uint8(13), true)
	f.Add(int64(7), int64(1), uint8(2), uint8(0), false)
	f.Fuzz(func(t *testing.T, qty, price int64, scale, percent uint8, incl bool) {
		basis := Exclusive
		if incl {
			basis = Inclusive
		}
		q, pr := decimal.New(qty%1e6, 0), decimal.New(price%1e9, -int32(scale%13))
		l := Line{Qty: &q, Price: &pr, Rate: tax.Rate{Value: decimal.New(int64(percent%100), -2)}}
		s, err := Compute(Invoice{Basis: basis, Lines: []Line{l}})
		if err != nil {
			t.Skip(fmt.Sprint("refused input: ", err))
		}
		nq := q.Neg()
		l.Qty = &nq
		red, err := Compute(Invoice{Basis: basis, Lines: []Line{l}})
		if err != nil {
			t.Fatal(err)
		}
		if !s.Gross.Equal(s.Net.Add(s.Tax)) || !red.Net.Equal(s.Net.Neg()) || !red.Tax.Equal(s.Tax.Neg()) {
			t.Fatalf("blue %v %v %v red %v %v", s.Net, s.Tax, s.Gross, red.Net, red.Tax)
		}
	})
}
