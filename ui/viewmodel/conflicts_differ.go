package viewmodel

import (
	"strings"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// ConflictPart is one value inside a row of the comparison: a price in a line's
// register, the tax number of a buyer. Texts are empty where there is none.
type ConflictPart struct{ Label, Base, Mine, Theirs string }

// parts lists the values of a row that are not the same on both sides; for a
// merged row those that changed. A row that cannot be taken apart gives its texts.
func (c *Conflicts) parts(x books.Conflict, d books.FieldDiff) []ConflictPart {
	whole := []ConflictPart{{Base: d.Base, Mine: d.Mine, Theirs: d.Theirs}}
	if d.Path == "state" {
		p := &whole[0]
		p.Base, p.Mine, p.Theirs = c.station(d.Base, "conflicts.there"), c.station(d.Mine, "conflicts.edited"), c.station(d.Theirs, "conflicts.edited")
		return whole
	}
	if rest, ok := strings.CutPrefix(d.Path, "line/"); ok {
		id, _, _ := strings.Cut(rest, "/")
		return c.differing(invoice.LineFields, "line", lineOf(x.Base, id), lineOf(x.Mine, id), lineOf(x.Theirs, id), whole)
	}
	kind := document.KindOf(x.Mine)
	base := x.Base
	if base == nil {
		base = kind.Zero()
	}
	return c.differing(kind.Fields.Of(d.Path), string(x.Type), base, x.Mine, x.Theirs, whole)
}

// station names a station of life; a type without any has a word for its versions.
func (c *Conflicts) station(state, none string) string {
	if state == "" {
		return c.setup.Words.T(none)
	}
	if key := "invoices." + state; c.setup.Words.T(key) != key {
		return c.setup.Words.T(key)
	}
	return state
}

// differing lists the fields in which mine and theirs differ; a field alone in its
// row needs no name.
func (c *Conflicts) differing(t document.Table, of string, base, mine, theirs any, whole []ConflictPart) []ConflictPart {
	var out []ConflictPart
	for _, f := range t {
		p := ConflictPart{Base: fieldText(c.setup.Words, f, base), Mine: fieldText(c.setup.Words, f, mine), Theirs: fieldText(c.setup.Words, f, theirs)}
		if len(t) > 1 {
			p.Label = fieldLabel(c.setup.Words, of, f.Key)
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

func lineOf(d document.Document, id string) invoice.Line {
	inv, _ := d.(invoice.Invoice)
	for _, l := range inv.Lines {
		if l.ID == id {
			return l
		}
	}
	return invoice.Line{}
}

// contents are the rows in which the contents differ, where only one side as a
// whole can be taken: the person sees what is given up.
func (c *Conflicts) contents(x books.Conflict) []books.FieldDiff {
	m := c.merge(x.Base, document.WithState(x.Mine, document.Draft), document.WithState(x.Theirs, document.Draft), nil)
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
