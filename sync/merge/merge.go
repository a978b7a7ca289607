// Package merge holds the three-way merge of drafts.
//
// Base is what this device last had from the server, mine what the clerk has
// now, theirs what the server has now. A group of fields that belongs together
// changes as one. Totals are never merged: they are computed from the result.
//
// The merge is pure, deterministic and idempotent. It refuses to decide between
// two changes of the same group, between a deletion and an edit, and anything
// about an invoice that was handed in.
package merge

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// A group is a part of the header that changes as one.
type group struct {
	path string
	text func(invoice.Invoice) string // canonical, for comparing and for people
	copy func(dst *invoice.Invoice, src invoice.Invoice)
}

var groups = []group{
	{"kind", func(i invoice.Invoice) string { return string(i.Kind) + " " + string(i.Basis) },
		func(d *invoice.Invoice, s invoice.Invoice) { d.Kind, d.Basis = s.Kind, s.Basis }},
	{"buyer", buyerText, func(d *invoice.Invoice, s invoice.Invoice) { d.Buyer = s.Buyer }},
	{"date", func(i invoice.Invoice) string { return i.Date }, func(d *invoice.Invoice, s invoice.Invoice) { d.Date = s.Date }},
	{"remark", func(i invoice.Invoice) string { return i.Remark }, func(d *invoice.Invoice, s invoice.Invoice) { d.Remark = s.Remark }},
	{"payee", func(i invoice.Invoice) string { return i.Payee }, func(d *invoice.Invoice, s invoice.Invoice) { d.Payee = s.Payee }},
	{"reviewer", func(i invoice.Invoice) string { return i.Reviewer }, func(d *invoice.Invoice, s invoice.Invoice) { d.Reviewer = s.Reviewer }},
	{"drawer", func(i invoice.Invoice) string { return i.Drawer }, func(d *invoice.Invoice, s invoice.Invoice) { d.Drawer = s.Drawer }},
	{"email", func(i invoice.Invoice) string { return i.Email }, func(d *invoice.Invoice, s invoice.Invoice) { d.Email = s.Email }},
}

func buyerText(i invoice.Invoice) string {
	parts := []string{i.Buyer.Name, i.Buyer.TaxNo, i.Buyer.Address, i.Buyer.Phone, i.Buyer.Bank, i.Buyer.Account}
	return strings.TrimRight(strings.Join(parts, " "), " ")
}

// merger collects the outcome.
type merger struct {
	choices map[string]books.Side
	out     books.Merge
	noBase  bool // nobody can say what was added and what was deleted
	ruled   int  // rows settled by rule, not by a person
}

// settle decides one group by its texts: which side's content to take.
func (m *merger) settle(path string, line int, base, mine, theirs string, hasBase bool) books.Side {
	d := books.FieldDiff{Path: path, Line: line, Base: base, Mine: mine, Theirs: theirs}
	switch {
	case mine == theirs:
		return books.Mine
	case hasBase && mine == base:
		return m.rule(d, books.Theirs)
	case hasBase && theirs == base:
		return m.rule(d, books.Mine)
	}
	return m.ask(d)
}

func (m *merger) rule(d books.FieldDiff, side books.Side) books.Side {
	d.Side = side
	m.out.Merged = append(m.out.Merged, d)
	m.ruled++
	return side
}

// ask leaves the decision to a person; mine stands until then.
func (m *merger) ask(d books.FieldDiff) books.Side {
	if s := m.choices[d.Path]; s == books.Mine || s == books.Theirs {
		d.Side = s
		m.out.Merged = append(m.out.Merged, d)
		return s
	}
	m.out.Diffs = append(m.out.Diffs, d)
	return books.Mine
}

// Three merges three versions of a draft; base may be nil. Choices settle paths
// that a person decided. What still needs a person is in Diffs, and Result then
// holds mine there. It is a books.Merger.
func Three(base *invoice.Invoice, mine, theirs invoice.Invoice, choices map[string]books.Side) books.Merge {
	m := &merger{choices: choices, noBase: base == nil}
	b := invoice.Invoice{}
	if base != nil {
		b = *base
	}
	res := mine
	res.Revision, res.Branch = theirs.Revision, theirs.Branch
	if mine.State == invoice.Waiting && theirs.State == invoice.Draft && same(mine, theirs) {
		// What is handed in is exactly what the server has: nothing to decide.
		m.out.Result = res
		return m.out
	}
	if handedIn(mine.State) || handedIn(theirs.State) {
		if m.ask(books.FieldDiff{Path: "state", Base: string(b.State), Mine: string(mine.State), Theirs: string(theirs.State)}) == books.Theirs {
			res = theirs
		}
		m.out.Result = res
		return m.out
	}
	for _, g := range groups {
		bt, mt, tt := g.text(b), g.text(mine), g.text(theirs)
		if m.settle(g.path, 0, bt, mt, tt, base != nil) == books.Theirs {
			g.copy(&res, theirs)
		}
	}
	m.ruled = 0
	res.Lines = m.lines(b.Lines, mine.Lines, theirs.Lines)
	res.ReviewNeeded = m.review(base, mine, theirs, res)
	res.Extra = extra(mine.Extra, theirs.Extra)
	res.Buyer.Extra = extra(mine.Buyer.Extra, theirs.Buyer.Extra)
	if len(theirs.RedRows) == len(mine.RedRows) {
		res.RedRows = theirs.RedRows // no clerk edits them
	}
	m.out.Result = res
	return m.out
}

// review reports whether a person must look at the lines before submit: where
// both sides changed lines and the outcome holds some of each by rule. Lines that
// are wholly one side's are as that clerk left them, and who chose every row that
// differs has looked at them by that very act.
func (m *merger) review(base *invoice.Invoice, mine, theirs, out invoice.Invoice) bool {
	b := invoice.Invoice{}
	if base != nil {
		b = *base
	}
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

// same compares what clerks write.
func same(a, b invoice.Invoice) bool {
	for _, g := range groups {
		if g.text(a) != g.text(b) {
			return false
		}
	}
	return linesText(a.Lines) == linesText(b.Lines)
}

func handedIn(s invoice.State) bool { return !s.Editable() }

// extra merges fields that this program does not know. It edits none of them, so
// theirs is the newer one.
func extra(mine, theirs map[string]json.RawMessage) map[string]json.RawMessage {
	if len(theirs) == 0 {
		return mine
	}
	out := maps.Clone(theirs)
	for name, value := range mine {
		if _, ok := out[name]; !ok {
			out[name] = value
		}
	}
	return out
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
			if m.settle(path, at, lineText(b.Line), lineText(my.Line), "", true) == books.Mine {
				out = append(out, my.Line)
			}
		default: // I deleted it
			if m.settle(path, at, lineText(b.Line), "", lineText(th.Line), true) == books.Theirs {
				out = append(out, th.Line)
			}
		}
	}
	return invoice.Sorted(out)
}

// line merges two versions of one line: the amounts register, the description
// and the place, each as one.
func (m *merger) line(b, my, th invoice.Line, hasBase bool, at int) invoice.Line {
	out := my
	path := "line/" + my.ID
	if m.settle(path+"/amounts", at, amountsText(b), amountsText(my), amountsText(th), hasBase) == books.Theirs {
		out.Name, out.TaxCode, out.Unit = th.Name, th.TaxCode, th.Unit
		out.Qty, out.Price, out.Amount, out.Rate, out.Discount = th.Qty, th.Price, th.Amount, th.Rate, th.Discount
	}
	if m.settle(path+"/description", at, b.Spec, my.Spec, th.Spec, hasBase) == books.Theirs {
		out.Spec = th.Spec
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

// amountsText is the register in canonical form.
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

func linesText(lines []invoice.Line) string {
	var out []string
	for _, l := range lines {
		out = append(out, l.ID+" "+l.Order+" "+lineText(l))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
