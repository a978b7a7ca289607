package merge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// invoice merges what an invoice has beside the fields of its head: out holds these
// merged already. base is the zero invoice when there is none.
func (m *merger) invoice(out, base, mine, theirs invoice.Invoice) invoice.Invoice {
	m.ruled = 0
	out.Lines = m.lines(base.Lines, mine.Lines, theirs.Lines)
	out.ReviewNeeded = m.review(base, mine, theirs, out)
	if len(theirs.RedRows) == len(mine.RedRows) {
		out.RedRows = theirs.RedRows // no clerk edits them
	}
	return out
}

// review reports whether a person must look at the lines before submit: where
// both sides changed lines and the outcome holds some of each by rule. Lines that
// are wholly one side's are as that clerk left them, and who chose every row that
// differs has looked at them by that very act.
func (m *merger) review(b, mine, theirs, out invoice.Invoice) bool {
	was, my, th := linesText(b.Lines), linesText(mine.Lines), linesText(theirs.Lines)
	if my != was && th != was && my != th {
		switch linesText(out.Lines) {
		case my:
			return mine.ReviewNeeded
		case th:
			return theirs.ReviewNeeded
		}
		return m.ruled > 0
	}
	if b.ReviewNeeded { // one side may have ticked it since
		return mine.ReviewNeeded && theirs.ReviewNeeded
	}
	return mine.ReviewNeeded || theirs.ReviewNeeded
}

// lines merges by line id.
func (m *merger) lines(base, mine, theirs []invoice.Line) []invoice.Line {
	bl, ml, tl := byID(base), byID(mine), byID(theirs)
	var out []invoice.Line
	for _, id := range ids(mine, theirs) {
		b, hasB := bl[id]
		my, hasM := ml[id]
		th, hasT := tl[id]
		at := my.n
		if !hasM {
			at = th.n
		}
		path := "line/" + id
		switch {
		case hasM && hasT:
			out = append(out, m.line(b.Line, my.Line, th.Line, hasB, at))
		case hasM && !hasT && m.noBase:
			if m.ask(books.FieldDiff{Path: path, Line: at, Mine: lineText(my.Line)}) == books.Mine {
				out = append(out, my.Line)
			}
		case hasT && !hasM && m.noBase:
			if m.ask(books.FieldDiff{Path: path, Line: at, Theirs: lineText(th.Line)}) == books.Theirs {
				out = append(out, th.Line)
			}
		case hasM && !hasB:
			m.rule(books.FieldDiff{Path: path, Line: at, Mine: lineText(my.Line)}, books.Mine)
			out = append(out, my.Line)
		case hasT && !hasB:
			m.rule(books.FieldDiff{Path: path, Line: at, Theirs: lineText(th.Line)}, books.Theirs)
			out = append(out, th.Line)
		case hasM: // they deleted it
			if m.gone(path, at, b.Line, my.Line, books.Theirs) == books.Mine {
				out = append(out, my.Line)
			}
		default: // I deleted it
			if m.gone(path, at, b.Line, th.Line, books.Mine) == books.Theirs {
				out = append(out, th.Line)
			}
		}
	}
	return invoice.Sorted(out)
}

// gone decides on a line that one side deleted: it goes when the other left it as
// it was.
func (m *merger) gone(path string, at int, was, kept invoice.Line, deleter books.Side) books.Side {
	d := books.FieldDiff{Path: path, Line: at, Base: lineText(was), Mine: lineText(kept)}
	if deleter == books.Mine {
		d.Mine, d.Theirs = "", lineText(kept)
	}
	if invoice.LineFields.Equal(was, kept) {
		return m.rule(d, deleter)
	}
	return m.ask(d)
}

// line merges two versions of one line: each group as one, and the place.
func (m *merger) line(b, my, th invoice.Line, hasBase bool, at int) invoice.Line {
	out := my
	for _, g := range invoice.LineFields.Groups() {
		t := invoice.LineFields.Of(g)
		d := books.FieldDiff{Path: "line/" + my.ID + "/" + g, Line: at, Base: groupText(g, t, b), Mine: groupText(g, t, my), Theirs: groupText(g, t, th)}
		if m.settle(d, t, b, my, th, hasBase) == books.Theirs {
			out = document.Copy(t, out, th)
		}
	}
	// The place is settled by rule: the side that moved it, else the smaller, so
	// that both devices come to the same order.
	if hasBase && my.Order == b.Order || my.Order != th.Order && (!hasBase || th.Order != b.Order) && th.Order < my.Order {
		out.Order = th.Order
	}
	out.Extra = extra(my.Extra, th.Extra)
	if out.Discount != nil && my.Discount != nil && th.Discount != nil {
		d := *out.Discount
		d.Extra = extra(my.Discount.Extra, th.Discount.Extra)
		out.Discount = &d
	}
	return out
}

type indexed struct {
	invoice.Line
	n int
}

func byID(lines []invoice.Line) map[string]indexed {
	out := make(map[string]indexed, len(lines))
	for i, l := range lines {
		out[l.ID] = indexed{l, i + 1}
	}
	return out
}

// ids lists every line id once, sorted, so that the outcome does not depend on
// which side is called mine.
func ids(mine, theirs []invoice.Line) []string {
	var out []string
	for _, l := range mine {
		out = append(out, l.ID)
	}
	for _, l := range theirs {
		out = append(out, l.ID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func num(d *decimal.Decimal) string {
	if d == nil {
		return ""
	}
	return d.String()
}

// groupText is what a group of fields of a line says, for people.
func groupText(group string, t document.Table, l invoice.Line) string {
	if group == "amounts" {
		return amountsText(l)
	}
	return t.Text(l)
}

// amountsText is the register in the form in which people write it.
func amountsText(l invoice.Line) string {
	if l.ID == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString(l.Name)
	if l.TaxCode != "" {
		fmt.Fprintf(&b, " [%s]", l.TaxCode)
	}
	if l.Qty != nil || l.Price != nil {
		fmt.Fprintf(&b, " %s%s × %s", num(l.Qty), l.Unit, num(l.Price))
	} else if l.Unit != "" {
		b.WriteString(" " + l.Unit)
	}
	if l.Amount != nil {
		b.WriteString(" = " + num(l.Amount))
	}
	b.WriteString(" @" + l.Rate.Percent())
	if l.Policy != "" {
		b.WriteString(" 优惠政策 " + string(l.Policy))
	}
	if d := l.Discount; d != nil {
		if d.Amount != nil {
			b.WriteString(" −" + num(d.Amount))
		}
		if d.Percent != nil {
			b.WriteString(" −" + num(d.Percent) + "%")
		}
	}
	return b.String()
}

func lineText(l invoice.Line) string {
	return strings.TrimSpace(amountsText(l) + " " + l.Spec)
}

// linesText tells lines from others: their ids, places and what people write in them.
func linesText(lines []invoice.Line) string {
	var out []string
	for _, l := range lines {
		out = append(out, l.ID+" "+l.Order+" "+lineText(l))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
