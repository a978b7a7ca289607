package merge

import (
	"fmt"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/tax"
)

func line(id, name, qty, price string) invoice.Line {
	q, p := decimal.RequireFromString(qty), decimal.RequireFromString(price)
	return invoice.Line{ID: id, Order: "000" + id, Name: name, Qty: &q, Price: &p, Rate: tax.Rate{Value: decimal.RequireFromString("0.13")}}
}

func base() invoice.Invoice {
	return invoice.Invoice{ID: "x", Kind: invoice.Special, Basis: invoice.Exclusive, Date: "2026-11-23", State: invoice.Draft, Revision: 1,
		Remark: "r", Lines: []invoice.Line{line("1", "a", "1", "100"), line("2", "b", "2", "300")}}
}

func with(f func(*invoice.Invoice)) invoice.Invoice {
	i := base()
	f(&i)
	return i
}

func paths(d []books.FieldDiff) []string {
	out := []string{}
	for _, x := range d {
		out = append(out, x.Path)
	}
	return out
}

func TestThree(t *testing.T) {
	cases := []struct {
		name         string
		mine, theirs invoice.Invoice
		diffs        []string
		gross        string
		review       bool
	}{
		{"one side only", with(func(i *invoice.Invoice) { i.Remark = "m" }), with(func(i *invoice.Invoice) {}), []string{}, "791", false},
		{"different fields", with(func(i *invoice.Invoice) { i.Remark = "m" }), with(func(i *invoice.Invoice) { i.Date = "2026-11-24" }), []string{}, "791", false},
		{"the same field", with(func(i *invoice.Invoice) { i.Remark = "m" }), with(func(i *invoice.Invoice) { i.Remark = "t" }), []string{"remark"}, "791", false},
		{"the same change", with(func(i *invoice.Invoice) { i.Remark = "m" }), with(func(i *invoice.Invoice) { i.Remark = "m" }), []string{}, "791", false},
		{"buyer is one group", with(func(i *invoice.Invoice) { i.Buyer.Name = "m" }), with(func(i *invoice.Invoice) { i.Buyer.TaxNo = "t" }), []string{"buyer"}, "791", false},
		{"different lines", with(func(i *invoice.Invoice) { i.Lines[0] = line("1", "a", "2", "100") }), with(func(i *invoice.Invoice) { i.Lines[1] = line("2", "b", "1", "300") }), []string{}, "565", true},
		{"the same line", with(func(i *invoice.Invoice) { i.Lines[0] = line("1", "a", "2", "100") }), with(func(i *invoice.Invoice) { i.Lines[0] = line("1", "a", "1", "200") }), []string{"line/1/amounts"}, "904", false},
		{"both add", with(func(i *invoice.Invoice) { i.Lines = append(i.Lines, line("3", "c", "1", "1")) }), with(func(i *invoice.Invoice) { i.Lines = append(i.Lines, line("4", "d", "1", "2")) }), []string{}, "794.39", true},
		{"deleted against edited", with(func(i *invoice.Invoice) { i.Lines = i.Lines[:1] }), with(func(i *invoice.Invoice) { i.Lines[1] = line("2", "b", "3", "300") }), []string{"line/2"}, "113", false},
		{"deleted against untouched", with(func(i *invoice.Invoice) { i.Lines = i.Lines[:1] }), base(), []string{}, "113", false},
		{"handed in", with(func(i *invoice.Invoice) { i.State = invoice.Waiting }), with(func(i *invoice.Invoice) { i.Remark = "t" }), []string{"state"}, "791", false},
		{"issued by another", with(func(i *invoice.Invoice) { i.Remark = "m" }), with(func(i *invoice.Invoice) { i.State = invoice.Issued }), []string{"state"}, "791", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := base()
			c.theirs.Revision = 2
			m := Three(b, c.mine, c.theirs, nil)
			if got := paths(m.Diffs); !reflect.DeepEqual(got, c.diffs) {
				t.Errorf("diffs %v, want %v", got, c.diffs)
			}
			s, err := invoice.Compute(m.Result.(invoice.Invoice))
			if err != nil || !s.Gross.Equal(decimal.RequireFromString(c.gross)) {
				t.Errorf("gross %s %v, want %s", s.Gross, err, c.gross)
			}
			if m.Result.(invoice.Invoice).ReviewNeeded != c.review {
				t.Errorf("review %v, want %v", m.Result.(invoice.Invoice).ReviewNeeded, c.review)
			}
			if len(c.diffs) > 0 {
				return
			}
			// Merging the outcome again changes nothing.
			again := Three(c.theirs, m.Result, c.theirs, nil)
			if len(again.Diffs) > 0 || linesText(again.Result.(invoice.Invoice).Lines) != linesText(m.Result.(invoice.Invoice).Lines) || again.Result.(invoice.Invoice).Remark != m.Result.(invoice.Invoice).Remark {
				t.Errorf("a second merge differs: %+v", again.Diffs)
			}
			// The other device comes to the same content.
			other := Three(b, c.theirs, c.mine, nil)
			if linesText(other.Result.(invoice.Invoice).Lines) != linesText(m.Result.(invoice.Invoice).Lines) || other.Result.(invoice.Invoice).Remark != m.Result.(invoice.Invoice).Remark || other.Result.(invoice.Invoice).Date != m.Result.(invoice.Invoice).Date {
				t.Error("the two sides come to different contents")
			}
		})
	}
}

func TestChoices(t *testing.T) {
	b := base()
	mine := with(func(i *invoice.Invoice) { i.Remark = "m"; i.Lines[0] = line("1", "a", "2", "100") })
	theirs := with(func(i *invoice.Invoice) { i.Remark = "t"; i.Lines[0] = line("1", "a", "1", "200"); i.Revision = 2 })
	m := Three(b, mine, theirs, map[string]books.Side{"remark": books.Theirs, "line/1/amounts": books.Mine})
	if len(m.Diffs) != 0 || m.Result.(invoice.Invoice).Remark != "t" || m.Result.(invoice.Invoice).Lines[0].Qty.String() != "2" || m.Result.(invoice.Invoice).Revision != 2 {
		t.Errorf("%+v", m)
	}
}

// Both made a document of the same id: every difference is asked for.
func TestWithoutBase(t *testing.T) {
	m := Three(nil, with(func(i *invoice.Invoice) { i.Remark = "m" }), base(), nil)
	if got := paths(m.Diffs); !reflect.DeepEqual(got, []string{"remark"}) {
		t.Errorf("%v", got)
	}
	// A line of one side alone was added there or deleted here.
	m = Three(nil, with(func(i *invoice.Invoice) { i.Lines = i.Lines[:1] }), with(func(i *invoice.Invoice) { i.Lines = i.Lines[1:] }), nil)
	if got := paths(m.Diffs); !reflect.DeepEqual(got, []string{"line/1", "line/2"}) {
		t.Errorf("%v", got)
	}
	m = Three(nil, base(), with(func(i *invoice.Invoice) { i.Lines = i.Lines[1:] }), map[string]books.Side{"line/1": books.Theirs})
	if len(m.Diffs) > 0 || len(m.Result.(invoice.Invoice).Lines) != 1 {
		t.Errorf("%+v", m)
	}
}

// A draft handed in with the very content the server has needs no decision; with
// another content it does.
func TestHandedIn(t *testing.T) {
	b := base()
	mine := with(func(i *invoice.Invoice) { i.State = invoice.Waiting })
	same := with(func(i *invoice.Invoice) { i.State, i.Revision = invoice.Draft, 3 })
	m := Three(b, mine, same, nil)
	if len(m.Diffs) != 0 || m.Result.(invoice.Invoice).State != invoice.Waiting || m.Result.(invoice.Invoice).Revision != 3 {
		t.Errorf("the same content: %+v", m)
	}
	other := with(func(i *invoice.Invoice) { i.State, i.Revision, i.Remark = invoice.Draft, 3, "t" })
	if m := Three(b, mine, other, nil); !reflect.DeepEqual(paths(m.Diffs), []string{"state"}) {
		t.Errorf("another content: %+v", m)
	}
	gone := with(func(i *invoice.Invoice) { i.State, i.Revision = invoice.Issued, 3 })
	if m := Three(b, mine, gone, nil); !reflect.DeepEqual(paths(m.Diffs), []string{"state"}) {
		t.Errorf("issued meanwhile: %+v", m)
	}
}

// many is a draft of n lines.
func many(n int) invoice.Invoice {
	i := base()
	i.Lines = nil
	for k := range n {
		l := line(strconv.Itoa(k), "item", "1", "100")
		l.Order = fmt.Sprintf("%05d", k)
		i.Lines = append(i.Lines, l)
	}
	return i
}

// The largest invoice is merged in time that grows with its lines, not with their
// square: a write transaction waits for it.
func TestManyLinesMergeSoon(t *testing.T) {
	least := func(n int) time.Duration {
		b, mine, theirs := many(n), many(n), many(n)
		for k := range n {
			switch k % 3 {
			case 0:
				mine.Lines[k].Spec = "m"
			case 1:
				theirs.Lines[k].Spec = "t"
			}
		}
		best := time.Hour
		for range 5 {
			start := time.Now()
			if m := Three(b, mine, theirs, nil); len(m.Diffs) != 0 || len(m.Result.(invoice.Invoice).Lines) != n {
				t.Fatalf("%d diffs, %d lines", len(m.Diffs), len(m.Result.(invoice.Invoice).Lines))
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	few, all := least(250), least(invoice.MaxLines)
	if all > 40*few && all > 300*time.Millisecond {
		t.Errorf("%v for 250 lines, %v for %d", few, all, invoice.MaxLines)
	}
}

func BenchmarkThree(b *testing.B) {
	old, mine, theirs := many(invoice.MaxLines), many(invoice.MaxLines), many(invoice.MaxLines)
	for k := range mine.Lines {
		mine.Lines[k].Spec = "m"
	}
	for b.Loop() {
		Three(old, mine, theirs, nil)
	}
}

// A review is asked for only where the outcome holds lines of both clerks that no
// person chose.
func TestReview(t *testing.T) {
	b := base()
	edit := func(n int, qty string) func(*invoice.Invoice) {
		return func(i *invoice.Invoice) { q := decimal.RequireFromString(qty); i.Lines[n].Qty = &q }
	}
	both := func(f ...func(*invoice.Invoice)) invoice.Invoice {
		return with(func(i *invoice.Invoice) {
			for _, g := range f {
				g(i)
			}
		})
	}
	one, two := "line/1/amounts", "line/2/amounts"
	for name, c := range map[string]struct {
		mine, theirs invoice.Invoice
		choices      map[string]books.Side
		want         bool
	}{
		"merged by rule":               {both(edit(0, "5")), both(edit(1, "6")), nil, true},
		"one line, mine":               {both(edit(0, "5")), both(edit(0, "6")), map[string]books.Side{one: books.Mine}, false},
		"one line, theirs":             {both(edit(0, "5")), both(edit(0, "6")), map[string]books.Side{one: books.Theirs}, false},
		"all rows mine":                {both(edit(0, "5"), edit(1, "5")), both(edit(0, "6"), edit(1, "6")), map[string]books.Side{one: books.Mine, two: books.Mine}, false},
		"a mix that a person chose":    {both(edit(0, "5"), edit(1, "5")), both(edit(0, "6"), edit(1, "6")), map[string]books.Side{one: books.Mine, two: books.Theirs}, false},
		"mine, and theirs by rule":     {both(edit(0, "5")), both(edit(0, "6"), edit(1, "6")), map[string]books.Side{one: books.Mine}, true},
		"theirs, which rules added to": {both(edit(0, "5")), both(edit(0, "6"), edit(1, "6")), map[string]books.Side{one: books.Theirs}, false},
	} {
		if m := Three(b, c.mine, c.theirs, c.choices); len(m.Diffs) > 0 || m.Result.(invoice.Invoice).ReviewNeeded != c.want {
			t.Errorf("%s: review %v, %d diffs", name, m.Result.(invoice.Invoice).ReviewNeeded, len(m.Diffs))
		}
	}
}
