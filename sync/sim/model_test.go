package sim

import (
	"fmt"
	"slices"
	"strings"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// A model remembers what clerks saved and what they gave up with open eyes. Each
// saved text is a token that is never used again, so it can be looked for.
type model struct {
	w       *world
	next    int
	cloned  bool
	drafts  map[string]document.Type // by id, all that were made
	by      map[string]*desk         // token → who saved it
	gone    map[string]bool          // tokens that a person replaced or did not choose
	cuts    map[string]cut           // lines that a person deleted
	intents []intent                 // hand-ins, recalls and deletions
	deleted map[string]bool          // documents that a clerk asked to delete
	numbers map[string]string        // document → number that was shown first
	second  map[string]string        // document → another number that was shown
	holder  map[string]string        // number → document that was shown with it
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
	return &model{w: w, drafts: map[string]document.Type{}, by: map[string]*desk{}, gone: map[string]bool{}, cuts: map[string]cut{}, deleted: map[string]bool{}, numbers: map[string]string{}, second: map[string]string{}, holder: map[string]string{}}
}

// key names a document that was made.
func (m *model) key(id string) document.Key { return document.Key{Type: m.drafts[id], ID: id} }

func (m *model) token() string {
	m.next++
	return fmt.Sprintf("t%d", m.next)
}

// texts returns the tokens of a document by the path that a conflict names.
func texts(doc document.Document) map[string][]string {
	out := map[string][]string{}
	add := func(path, s string) {
		if s != "" {
			out[path] = append(out[path], s)
		}
	}
	inv, ok := doc.(invoice.Invoice)
	if !ok && doc != nil {
		for _, f := range document.KindOf(doc).Fields {
			if s := f.Text(doc); strings.HasPrefix(s, "t") {
				add(f.Group, s)
			}
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

func tokens(doc document.Document) []string {
	var out []string
	for _, s := range texts(doc) {
		out = append(out, s...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func lineIDs(doc document.Document) []string {
	var out []string
	inv, _ := doc.(invoice.Invoice)
	for _, l := range inv.Lines {
		out = append(out, l.ID)
	}
	return out
}

func (m *model) drafted(d *desk, doc document.Document) {
	m.drafts[doc.Meta().ID] = doc.DocumentType()
	for _, s := range tokens(doc) {
		if m.by[s] == nil {
			m.by[s] = d
		}
	}
}

// given notes that a person saw what was before and replaced it by what is after.
func (m *model) given(before document.Document, after ...document.Document) {
	var kept []string
	for _, doc := range after {
		kept = append(kept, tokens(doc)...)
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

func (m *model) saved(d *desk, before, after document.Document) {
	m.given(before, after)
	id := after.Meta().ID
	m.wanted(d, id)
	for _, s := range tokens(after) {
		if m.by[s] == nil {
			m.by[s] = d
		}
	}
	kept := lineIDs(after)
	for _, l := range lineIDs(before) {
		if !slices.Contains(kept, l) {
			m.cuts[id+l] = cut{id, l, d}
		}
	}
}

// resolved notes what the person who settled c did not choose. Where whole
// versions stood against each other, or theirs was taken, all of the other side
// goes; else only the places that the conflict named.
// copied is the new draft that holds mine, if there is one.
func (m *model) resolved(d *desk, c books.Conflict, result, copied document.Document, whole bool) {
	whole = whole || c.Deleted || copied != nil
	if c.Base == nil {
		// A line that only one side has may have been added there or deleted here.
		m.kept(c.DocumentID, result)
	}
	for _, f := range c.Diffs {
		whole = whole || f.Path == "state"
	}
	if whole {
		m.given(c.Mine, result, copied)
		m.given(c.Theirs, result)
		m.kept(c.DocumentID, result)
		return
	}
	kept := tokens(result)
	mine, theirs := texts(c.Mine), texts(c.Theirs)
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
func (m *model) kept(doc string, result document.Document) {
	for key, x := range m.cuts {
		if x.doc == doc && slices.Contains(lineIDs(result), x.line) {
			delete(m.cuts, key)
		}
	}
}

// intend notes a step; it takes the place of one that the same clerk asked for before.
func (m *model) intend(d *desk, doc document.Document, kind string) {
	id := doc.Meta().ID
	m.intents = slices.DeleteFunc(m.intents, func(i intent) bool { return i.by == d && i.doc == id })
	if kind == "delete" {
		m.deleted[id] = true
	}
	m.intents = append(m.intents, intent{kind, id, d, doc.Meta().Revision, len(d.history(id))})
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
