package viewmodel

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/sync/merge"
)

// compared is what the page shows of two sides that changed the same invoice:
// each row's name and the values that differ.
func compared(t *testing.T, mine, theirs func(*invoice.Invoice)) map[string][]ConflictPart {
	t.Helper()
	w, s := newWindow(t)
	base := conflictOf("a").Mine.(invoice.Invoice)
	base.Buyer = party.Party{Name: strings.Repeat("很长的名称", 20), TaxNo: "91310112087994932F"}
	base.Lines[0].Name = strings.Repeat("不锈钢法兰", 18)
	side := func(f func(*invoice.Invoice)) invoice.Invoice {
		i := base
		i.Lines = append([]invoice.Line{}, base.Lines...)
		f(&i)
		return i
	}
	c := books.Conflict{ID: "c", Type: invoice.Type, DocumentID: "a", Base: base, Mine: side(mine), Theirs: side(theirs)}
	c.Diffs = merge.Three(c.Base, c.Mine, c.Theirs, nil).Diffs
	d := &desk{list: []books.Conflict{c}}
	m := NewConflicts(s, d, d, merge.Three)
	m.Load(context.Background())
	w.until("list", func() bool { return len(m.Cards()) == 1 })
	out := map[string][]ConflictPart{}
	for _, r := range m.Rows() {
		out[r.Path] = r.Parts
	}
	return out
}

// However long the texts around it are, the value that differs is shown by its
// name, and no other.
func TestWhatDiffersIsSeen(t *testing.T) {
	price := func(p string) func(*invoice.Invoice) {
		return func(i *invoice.Invoice) { d, _ := typedNumber(p); i.Lines[0].Price = &d }
	}
	kind := func(k invoice.Kind, b invoice.Basis) func(*invoice.Invoice) {
		return func(i *invoice.Invoice) { i.Kind, i.Basis = k, b }
	}
	for _, c := range []struct {
		what         string
		mine, theirs func(*invoice.Invoice)
		path         string
		want         []ConflictPart
	}{
		{"prices", price("780"), price("750"), "line/l/amounts", []ConflictPart{{"price", "1000", "780", "750"}}},
		{"name, unit and rate", func(i *invoice.Invoice) { l := &i.Lines[0]; l.Name, l.Unit = "甲", "个" },
			func(i *invoice.Invoice) { l := &i.Lines[0]; l.Name = "乙"; l.Rate, _ = typedRate("9") }, "line/l/amounts",
			[]ConflictPart{{"name", strings.Repeat("不锈钢法兰", 18), "甲", "乙"}, {"unit", "", "个", ""}, {"rate", "0%", "0%", "9%"}}},
		{"specs", func(i *invoice.Invoice) { i.Lines[0].Spec = "DN50" }, func(i *invoice.Invoice) { i.Lines[0].Spec = "DN60" }, "line/l/description", []ConflictPart{{"spec", "", "DN50", "DN60"}}},
		{"a line that they deleted", price("780"), func(i *invoice.Invoice) { i.Lines = nil }, "line/l", []ConflictPart{
			{"name", strings.Repeat("不锈钢法兰", 18), strings.Repeat("不锈钢法兰", 18), ""}, {"qty", "2", "2", ""}, {"price", "1000", "780", ""}, {"rate", "0%", "0%", ""}}},
		{"buyers", func(i *invoice.Invoice) { i.Buyer.Account = "1" }, func(i *invoice.Invoice) { i.Buyer.Account = "2" }, "buyer", []ConflictPart{{"buyer.account", "", "1", "2"}}},
		{"kinds", kind(invoice.Special, invoice.Exclusive), kind(invoice.Ordinary, invoice.Exclusive), "kind", []ConflictPart{{"kind", "", "special", "ordinary"}}},
		{"remarks", func(i *invoice.Invoice) { i.Remark = "甲" }, func(i *invoice.Invoice) { i.Remark = "乙" }, "remark", []ConflictPart{{"", "mine", "甲", "乙"}}},
		{"dates", func(i *invoice.Invoice) { i.Date = "2026-11-01" }, func(i *invoice.Invoice) { i.Date = "2026-11-02" }, "date", []ConflictPart{{"", "2026-11-23", "2026-11-01", "2026-11-02"}}},
		{"issued meanwhile", price("780"), func(i *invoice.Invoice) { i.State, i.Number = invoice.Issued, "1" }, "state", []ConflictPart{{"", "draft", "draft", "issued"}}},
		{"issued meanwhile, its content", price("780"), func(i *invoice.Invoice) { i.State, i.Number = invoice.Issued, "1" }, "line/l/amounts", []ConflictPart{{"price", "1000", "780", "1000"}}},
	} {
		if got := compared(t, c.mine, c.theirs); !reflect.DeepEqual(got[c.path], c.want) {
			t.Errorf("%s: %+v, want %+v", c.what, got[c.path], c.want)
		}
	}
}

func TestSpans(t *testing.T) {
	long := strings.Repeat("合同", 30)
	for _, c := range []struct{ a, b, want string }{
		{"780", "750", "[{780 true}]"},
		{"780", "780", "[{780 false}]"},
		{"780", "", "[{780 false}]"},
		{long + "甲" + long, long + "乙" + long, fmt.Sprint([]Span{{long, false}, {"甲", true}, {long, false}})},
		{long + "  x", long + " x", fmt.Sprint([]Span{{long + " ", false}, {"·", true}, {"x", false}})},
	} {
		if got := fmt.Sprint(Spans(c.a, c.b)); got != c.want {
			t.Errorf("%q against %q: %s, want %s", c.a, c.b, got, c.want)
		}
	}
}
