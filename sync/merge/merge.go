// Package merge holds the three-way merge of documents.
//
// Base is what this device last had from the server, mine what the clerk has
// now, theirs what the server has now. A group of fields that belongs together
// changes as one; which do, the table of the type says. Totals are never merged:
// they are computed from the result.
//
// The merge is pure, deterministic and idempotent. It refuses to decide between
// two changes of the same group, between a deletion and an edit, and anything
// about a document that was handed in.
package merge

import (
	"encoding/json"
	"maps"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// merger collects the outcome.
type merger struct {
	choices map[string]books.Side
	out     books.Merge
	noBase  bool // nobody can say what was added and what was deleted
	ruled   int  // rows settled by rule, not by a person
}

// settle decides one group by what its fields hold in the three versions: which
// side's content to take.
func (m *merger) settle(d books.FieldDiff, t document.Table, base, mine, theirs any, hasBase bool) books.Side {
	switch {
	case t.Equal(mine, theirs):
		return books.Mine
	case hasBase && t.Equal(mine, base):
		return m.rule(d, books.Theirs)
	case hasBase && t.Equal(theirs, base):
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

// Three merges three versions of a document; base may be nil. Choices settle paths
// that a person decided. What still needs a person is in Diffs, and Result then
// holds mine there. It is a books.Merger.
func Three(base, mine, theirs document.Document, choices map[string]books.Side) books.Merge {
	m := &merger{choices: choices, noBase: base == nil}
	kind := document.KindOf(mine)
	b := base
	if b == nil {
		b = kind.Zero()
	}
	my, th := mine.Meta(), theirs.Meta()
	res := my
	res.Revision, res.Branch = th.Revision, th.Branch
	out := mine.WithMeta(res)
	if my.State == document.Waiting && th.State == document.Draft && same(kind, mine, theirs) {
		// What is handed in is exactly what the server has: nothing to decide.
		m.out.Result = out
		return m.out
	}
	if !my.State.Editable() || !th.State.Editable() {
		if m.ask(books.FieldDiff{Path: "state", Base: string(b.Meta().State), Mine: string(my.State), Theirs: string(th.State)}) == books.Theirs {
			out = theirs
		}
		m.out.Result = out
		return m.out
	}
	for _, g := range kind.Fields.Groups() {
		t := kind.Fields.Of(g)
		d := books.FieldDiff{Path: g, Base: t.Text(b), Mine: t.Text(mine), Theirs: t.Text(theirs)}
		if m.settle(d, t, b, mine, theirs, base != nil) == books.Theirs {
			out = document.Copy(t, out, theirs)
		}
	}
	out = document.MergeExtra(out, theirs, extra)
	m.out.Result = out
	if inv, ok := out.(invoice.Invoice); ok {
		was, _ := base.(invoice.Invoice)
		m.out.Result = m.invoice(inv, was, mine.(invoice.Invoice), theirs.(invoice.Invoice))
	}
	return m.out
}

// same compares what clerks write.
func same(kind *document.Kind, a, b document.Document) bool {
	if !kind.Fields.Equal(a, b) {
		return false
	}
	x, ok := a.(invoice.Invoice)
	return !ok || linesText(x.Lines) == linesText(b.(invoice.Invoice).Lines)
}

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
