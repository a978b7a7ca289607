package sim

import (
	"fmt"
	"slices"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// A model remembers what clerks saved and what they gave up with open eyes. Each
// saved text is a token that is never used again, so it can be looked for.
type model struct {
	w       *world
	next    int
	cloned  bool
	drafts  map[string]bool   // ids of all invoices drafted
	by      map[string]*desk  // token → who saved it
	gone    map[string]bool   // tokens that a person replaced or did not choose
	cuts    map[string]cut    // lines that a person deleted
	intents []intent          // hand-ins, recalls and deletions
	deleted map[string]bool   // documents that a clerk asked to delete
	numbers map[string]string // document → number that was shown first
	second  map[string]string // document → another number that was shown
	holder  map[string]string // number → document that was shown with it
}

// A cut is the deletion of a line.
type cut struct {
	doc, line string
	by        *desk
}

// An intent is a step in the life of an invoice that a clerk asked for.
type intent struct {
	kind string
	doc  string
	by   *desk
	rev  int64 // what it was based on
	hist int   // entries of the desk's history then
}

func newModel(w *world) *model {
	return &model{w: w, drafts: map[string]bool{}, by: map[string]*desk{}, gone: map[string]bool{}, cuts: map[string]cut{}, deleted: map[string]bool{}, numbers: map[string]string{}, second: map[string]string{}, holder: map[string]string{}}
}

func (m *model) token() string {
	m.next++
	return fmt.Sprintf("t%d", m.next)
}

// texts gives the tokens of an invoice by the path that a conflict names.
func texts(inv invoice.Invoice) map[string][]string {
	out := map[string][]string{}
	add := func(path, s string) {
		if s != "" {
			out[path] = append(out[path], s)
		}
	}
	add("remark", inv.Remark)
	add("payee", inv.Payee)
	add("email", inv.Email)
	add("buyer", inv.Buyer.Name)
	add("drawer", inv.Drawer)
	add("reviewer", inv.Reviewer)
	for _, l := range inv.Lines {
		add("line/"+l.ID+"/amounts", l.Name)
		add("line/"+l.ID+"/description", l.Spec)
		add("line/"+l.ID, l.Name)
		add("line/"+l.ID, l.Spec)
	}
	return out
}

func tokens(inv invoice.Invoice) []string {
	var out []string
	for _, s := range texts(inv) {
		out = append(out, s...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func lineIDs(inv invoice.Invoice) []string {
	var out []string
	for _, l := range inv.Lines {
		out = append(out, l.ID)
	}
	return out
}

func (m *model) drafted(d *desk, inv invoice.Invoice) {
	m.drafts[inv.ID] = true
	for _, s := range tokens(inv) {
		if m.by[s] == nil {
			m.by[s] = d
		}
	}
}

// given notes that a person saw what was before and replaced it by what is after.
func (m *model) given(before invoice.Invoice, after ...invoice.Invoice) {
	var kept []string
	for _, inv := range after {
		kept = append(kept, tokens(inv)...)
	}
	for _, s := range tokens(before) {
		if !slices.Contains(kept, s) {
			m.gone[s] = true
		}
	}
}

// wanted notes that a clerk works on what he asked to delete: he wants it back.
func (m *model) wanted(d *desk, doc string) {
	m.intents = slices.DeleteFunc(m.intents, func(i intent) bool { return i.by == d && i.doc == doc && i.kind == "delete" })
}

func (m *model) saved(d *desk, before, after invoice.Invoice) {
	m.given(before, after)
	m.wanted(d, after.ID)
	for _, s := range tokens(after) {
		if m.by[s] == nil {
			m.by[s] = d
		}
	}
	kept := lineIDs(after)
	for _, l := range lineIDs(before) {
		if !slices.Contains(kept, l) {
			m.cuts[after.ID+l] = cut{after.ID, l, d}
		}
	}
}

// resolved notes what the person who settled c did not choose. Where whole
// versions stood against each other, or theirs was taken, all of the other side
// goes; else only the places that the conflict named.
// copied is the new draft that holds mine, if there is one.
func (m *model) resolved(d *desk, c books.Conflict, result, copied invoice.Invoice, whole bool) {
	whole = whole || c.Deleted || copied.ID != ""
	if c.Base == nil {
		// A line that only one side has may have been added there or deleted here.
		m.kept(c.DocumentID, result)
	}
	for _, f := range c.Diffs {
		whole = whole || f.Path == "state"
	}
	if whole {
		m.given(c.Mine.(invoice.Invoice), result, copied)
		m.given(c.Theirs.(invoice.Invoice), result)
		m.kept(c.DocumentID, result)
		return
	}
	kept := tokens(result)
	mine, theirs := texts(c.Mine.(invoice.Invoice)), texts(c.Theirs.(invoice.Invoice))
	for _, f := range c.Diffs {
		for _, s := range append(slices.Clone(mine[f.Path]), theirs[f.Path]...) {
			if !slices.Contains(kept, s) {
				m.gone[s] = true
			}
		}
		for key, x := range m.cuts {
			if x.doc == c.DocumentID && f.Path == "line/"+x.line && slices.Contains(lineIDs(result), x.line) {
				delete(m.cuts, key)
			}
		}
	}
}

// kept notes that a person left the lines of result in the document.
func (m *model) kept(doc string, result invoice.Invoice) {
	for key, x := range m.cuts {
		if x.doc == doc && slices.Contains(lineIDs(result), x.line) {
			delete(m.cuts, key)
		}
	}
}

// intend notes a step; it takes the place of one that the same clerk asked for before.
func (m *model) intend(d *desk, st books.Stored, kind string) {
	m.intents = slices.DeleteFunc(m.intents, func(i intent) bool { return i.by == d && i.doc == st.Invoice.ID })
	if kind == "delete" {
		m.deleted[st.Invoice.ID] = true
	}
	m.intents = append(m.intents, intent{kind, st.Invoice.ID, d, st.Invoice.Revision, len(d.history(st.Invoice.ID))})
}

// done reports whether the step was taken on the server, or its fate was shown
// to the clerk as a conflict or a refusal.
func (m *model) done(i intent) bool {
	for _, s := range m.w.backend.states[i.doc] {
		switch {
		case s.rev <= i.rev:
		case s.deleted,
			i.kind == "submit" && (s.name == "waiting" || s.name == "issued"),
			i.kind == "recall" && s.name == "draft":
			return true
		}
	}
	// A recall or deletion of what the server never had needs nothing.
	// A clone of the folder may still hold it.
	if i.kind == "delete" && (len(m.w.backend.states[i.doc]) == 0 || i.rev == 0 && m.cloned) {
		return true
	}
	h := i.by.history(i.doc)
	for _, e := range h[min(i.hist, len(h)):] {
		if e.Event == "conflict" || e.Event == "rejected" {
			return true
		}
	}
	return false
}

func (m *model) number(d *desk, r books.Row) {
	was := m.numbers[r.ID]
	switch {
	case was == "":
		m.numbers[r.ID] = r.Number
	case was != r.Number && !m.w.restored:
		m.w.errorf("desk %d shows %s as number %s, it was %s", d.n, r.ID, r.Number, was)
	case was != r.Number:
		m.second[r.ID] = r.Number
	}
	if other := m.holder[r.Number]; other != "" && other != r.ID && !m.w.unaware {
		m.w.errorf("desk %d shows number %s on %s, it was on %s", d.n, r.Number, r.ID, other)
	}
	m.holder[r.Number] = r.ID
}
