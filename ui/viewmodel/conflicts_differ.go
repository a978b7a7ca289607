package viewmodel

import (
	"strings"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// ConflictPart is one value inside a row of the comparison: a price in a line's
// register, the tax number of a buyer. Texts are empty where there is none.
type ConflictPart struct{ Label, Base, Mine, Theirs string }

// field is a value inside a group that is settled as one.
type groupField[T any] struct {
	label string // key of its name
	text  func(T) string
}

var lineFields = []groupField[invoice.Line]{
	{"editor.col.name", func(l invoice.Line) string { return l.Name }},
	{"editor.col.tax_code", func(l invoice.Line) string { return l.TaxCode }},
	{"editor.col.unit", func(l invoice.Line) string { return l.Unit }},
	{"editor.col.qty", func(l invoice.Line) string { return numberText(l.Qty) }},
	{"editor.col.price", func(l invoice.Line) string { return numberText(l.Price) }},
	{"editor.col.amount", func(l invoice.Line) string { return numberText(l.Amount) }},
	{"editor.col.discount", func(l invoice.Line) string { return cellText(l, ColDiscount) }},
	{"editor.col.rate", func(l invoice.Line) string {
		if l.ID == "" {
			return ""
		}
		return l.Rate.Percent()
	}},
	{"editor.col.spec", func(l invoice.Line) string { return l.Spec }},
}

var headFields = map[string][]groupField[invoice.Invoice]{
	"buyer": {
		{"editor.field.buyer.name", func(i invoice.Invoice) string { return i.Buyer.Name }},
		{"editor.field.buyer.tax_no", func(i invoice.Invoice) string { return i.Buyer.TaxNo }},
		{"editor.field.buyer.address", func(i invoice.Invoice) string { return i.Buyer.Address }},
		{"editor.field.buyer.phone", func(i invoice.Invoice) string { return i.Buyer.Phone }},
		{"editor.field.buyer.bank", func(i invoice.Invoice) string { return i.Buyer.Bank }},
		{"editor.field.buyer.account", func(i invoice.Invoice) string { return i.Buyer.Account }},
	},
	"date":     {{"", func(i invoice.Invoice) string { return i.Date }}},
	"remark":   {{"", func(i invoice.Invoice) string { return i.Remark }}},
	"payee":    {{"", func(i invoice.Invoice) string { return i.Payee }}},
	"reviewer": {{"", func(i invoice.Invoice) string { return i.Reviewer }}},
	"drawer":   {{"", func(i invoice.Invoice) string { return i.Drawer }}},
	"email":    {{"", func(i invoice.Invoice) string { return i.Email }}},
}

// parts lists the values of a row that are not the same on both sides; for a
// merged row those that changed. A row that cannot be taken apart gives its texts.
func (c *Conflicts) parts(x books.Conflict, d books.FieldDiff) []ConflictPart {
	var base invoice.Invoice
	if x.Base != nil {
		base = *x.Base
	}
	whole := []ConflictPart{{Base: d.Base, Mine: d.Mine, Theirs: d.Theirs}}
	switch {
	case d.Path == "kind":
		fields := []groupField[invoice.Invoice]{
			{"conflicts.field.kind", func(i invoice.Invoice) string { return c.kind(i) }},
			{"conflicts.field.basis", func(i invoice.Invoice) string { return c.basis(i) }},
		}
		return c.differing(d, fields, base, x.Mine, x.Theirs, whole)
	case d.Path == "state":
		for _, side := range []*string{&whole[0].Base, &whole[0].Mine, &whole[0].Theirs} {
			if key := "invoices." + *side; *side != "" && c.setup.Words.T(key) != key {
				*side = c.setup.Words.T(key)
			}
		}
		return whole
	case headFields[d.Path] != nil:
		return c.differing(d, headFields[d.Path], base, x.Mine, x.Theirs, whole)
	}
	rest, ok := strings.CutPrefix(d.Path, "line/")
	if !ok {
		return whole
	}
	id, _, _ := strings.Cut(rest, "/")
	return differing(c, d, lineFields, lineOf(base, id), lineOf(x.Mine, id), lineOf(x.Theirs, id), whole)
}

func (c *Conflicts) differing(d books.FieldDiff, fields []groupField[invoice.Invoice], base, mine, theirs invoice.Invoice, whole []ConflictPart) []ConflictPart {
	return differing(c, d, fields, base, mine, theirs, whole)
}

func differing[T any](c *Conflicts, d books.FieldDiff, fields []groupField[T], base, mine, theirs T, whole []ConflictPart) []ConflictPart {
	var out []ConflictPart
	for _, f := range fields {
		p := ConflictPart{Base: f.text(base), Mine: f.text(mine), Theirs: f.text(theirs)}
		if f.label != "" {
			p.Label = c.setup.Words.T(f.label)
		}
		if p.Mine != p.Theirs {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return whole
	}
	return out
}

func lineOf(inv invoice.Invoice, id string) invoice.Line {
	for _, l := range inv.Lines {
		if l.ID == id {
			return l
		}
	}
	return invoice.Line{}
}

func (c *Conflicts) kind(i invoice.Invoice) string {
	if i.Kind == "" {
		return ""
	}
	return c.setup.Words.T("conflicts.kind." + string(i.Kind))
}

func (c *Conflicts) basis(i invoice.Invoice) string {
	if i.Basis == "" {
		return ""
	}
	return c.setup.Words.T("editor." + string(i.Basis))
}

// contents are the rows in which the contents differ, where only one side as a
// whole can be taken: the person sees what is given up.
func (c *Conflicts) contents(x books.Conflict) []books.FieldDiff {
	mine, theirs := x.Mine, x.Theirs
	mine.State, theirs.State = invoice.Draft, invoice.Draft
	m := c.merge(x.Base, mine, theirs, nil)
	var out []books.FieldDiff
	for _, d := range append(m.Diffs, m.Merged...) {
		if d.Mine != d.Theirs {
			out = append(out, d)
		}
	}
	return out
}

// Span is a piece of a text; Differs marks what the other text has not.
type Span struct {
	Text    string
	Differs bool
}

// short texts are marked as a whole: one digit in a price is easily overlooked.
const short = 20

// Spans marks where a text differs from another. Space that differs is drawn as
// a dot, so that it is seen.
func Spans(text, other string) []Span {
	a, b := []rune(text), []rune(other)
	if text == other || other == "" || text == "" {
		return []Span{{Text: text}}
	}
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	if len(a) <= short && len(b) <= short {
		head, tail = 0, 0
	}
	middle := string(a[head : len(a)-tail])
	if strings.TrimSpace(middle) == "" || strings.TrimSpace(string(b[head:len(b)-tail])) == "" {
		middle = strings.NewReplacer(" ", "·", "\u3000", "·", "\t", "→", "\n", "↵\n").Replace(middle)
	}
	var out []Span
	for _, s := range []Span{{string(a[:head]), false}, {middle, true}, {string(a[len(a)-tail:]), false}} {
		if s.Text != "" {
			out = append(out, s)
		}
	}
	return out
}
