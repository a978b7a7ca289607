package viewmodel

import (
	"context"
	"strings"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/money"
)

// ConflictDesk is the part of books.Desk that settles conflicts.
type ConflictDesk interface {
	Resolve(ctx context.Context, k document.Key, choices map[string]books.Side) (books.Record, error)
	ResolveSide(ctx context.Context, k document.Key, side books.Side) (books.Record, error)
	KeepBoth(ctx context.Context, k document.Key) (books.Record, error)
}

// ConflictStore lists the open conflicts.
type ConflictStore interface {
	Conflicts(ctx context.Context) ([]books.Conflict, error)
}

// Conflicts is the list of conflicts and the one that is open.
type Conflicts struct {
	Changed func()             // called after each change; nil is allowed
	Settled func(document.Key) // a conflict was settled; nil is allowed

	setup Setup
	store ConflictStore
	desk  ConflictDesk
	merge books.Merger

	list    []books.Conflict
	open    document.Key
	choices map[string]books.Side
	whole   books.Side // the side, when only one as a whole can be taken
	all     bool
	busy    bool
	message string
}

// NewConflicts makes an empty model; Load fills it.
func NewConflicts(s Setup, store ConflictStore, desk ConflictDesk, merge books.Merger) *Conflicts {
	return &Conflicts{setup: s, store: store, desk: desk, merge: merge, choices: map[string]books.Side{}}
}

// ConflictCard is one conflict in the list.
type ConflictCard struct {
	Key              document.Key
	Title, Name      string // what the document is, briefly: a reference or its type; and of whom
	This             string // what it is in a sentence
	Branch           string // who changed it on the server's side
	MineAt, TheirsAt string // local times, "01-02 15:04"
	Open             bool
	Choices, Merged  int  // rows for a person, rows settled by rule
	Deleted          bool // theirs is a deletion
	Deleting         bool // mine is one
	Amounts          bool // its totals are worth showing
}

// ConflictRow is one row of the comparison.
type ConflictRow struct {
	Path, Label, Base, Mine, Theirs string
	Parts                           []ConflictPart // the values that differ
	Side                            books.Side     // chosen; empty until then
	Same                            bool           // nothing to choose: shown only with ShowAll
}

// ConflictTotals are gross amounts, formatted; empty when they cannot be computed.
type ConflictTotals struct{ Result, Mine, Theirs string }

// Load reads the list again; the open conflict and its choices stay when it is still there.
func (c *Conflicts) Load(ctx context.Context) {
	away(c.setup, ctx, c.store.Conflicts, func(list []books.Conflict, err error) {
		if err != nil {
			c.message = Sentence(c.setup.Words, err)
			if len(list) == 0 {
				c.changed()
				return
			}
		}
		c.list = list // those that are whole
		if _, ok := c.current(); !ok {
			c.open = document.Key{}
			if len(list) > 0 {
				c.Open(list[0].Key())
				return
			}
		}
		c.changed()
	})
}

// Cards gives the list, oldest first as the store has it.
func (c *Conflicts) Cards() []ConflictCard {
	out := make([]ConflictCard, 0, len(c.list))
	for _, x := range c.list {
		mine, theirs := x.Mine.Meta(), x.Theirs.Meta()
		card := ConflictCard{
			Key: x.Key(), Title: c.setup.Words.T("type." + string(x.Type)), Name: document.KindOf(x.Mine).Name(x.Mine), This: c.this(x.Type),
			Branch: c.branch(x), MineAt: mine.Updated.Local().Format("01-02 15:04"), TheirsAt: theirs.Updated.Local().Format("01-02 15:04"),
			Open: x.Key() == c.open, Choices: len(x.Diffs), Merged: len(x.Merged), Deleted: x.Deleted, Deleting: x.Deleting(),
		}
		if inv, ok := x.Mine.(invoice.Invoice); ok {
			card.Title, card.Amounts = inv.Reference, true
		}
		out = append(out, card)
	}
	return out
}

// Count is the number of open conflicts, of every type.
func (c *Conflicts) Count() int { return len(c.list) }

func (c *Conflicts) this(t document.Type) string {
	if key := "conflicts.this." + string(t); c.setup.Words.T(key) != key {
		return c.setup.Words.T(key)
	}
	return c.setup.Words.T("conflicts.this")
}

func (c *Conflicts) branch(x books.Conflict) string {
	if b := x.Theirs.Meta().Branch; b != "" {
		return b
	}
	return c.setup.Words.T("conflicts.server")
}

// Open shows the conflict of a document with no side chosen.
func (c *Conflicts) Open(k document.Key) {
	c.open, c.message, c.whole = k, "", ""
	c.choices = map[string]books.Side{}
	c.changed()
}

// Current gives the open conflict's card.
func (c *Conflicts) Current() (ConflictCard, bool) {
	for _, x := range c.Cards() {
		if x.Open {
			return x, true
		}
	}
	return ConflictCard{}, false
}

func (c *Conflicts) current() (books.Conflict, bool) {
	for _, x := range c.list {
		if x.Key() == c.open {
			return x, true
		}
	}
	return books.Conflict{}, false
}

// OneSideOnly says that the sides are in different stations of life and only
// one of them as a whole can be taken.
func (c *Conflicts) OneSideOnly() bool {
	x, ok := c.current()
	return ok && (x.Deleted || !drafted(x.Mine) || !drafted(x.Theirs) || len(x.Diffs) == 0)
}

func drafted(d document.Document) bool {
	s := d.Meta().State
	return s == document.Draft || s == ""
}

// Choose takes a side for one row, or for all rows where only one side as a whole can be taken.
func (c *Conflicts) Choose(path string, side books.Side) {
	if c.OneSideOnly() {
		c.ChooseAll(side)
		return
	}
	if side == books.Mine || side == books.Theirs {
		c.choices[path] = side
	}
	c.changed()
}

// ChooseAll takes one side for every row.
func (c *Conflicts) ChooseAll(side books.Side) {
	x, ok := c.current()
	if !ok || side != books.Mine && side != books.Theirs {
		return
	}
	for _, d := range x.Diffs {
		c.choices[d.Path] = side
	}
	c.whole = side
	c.changed()
}

// ShowAll switches rows that are the same on or off.
func (c *Conflicts) ShowAll(on bool) { c.all = on; c.changed() }

// ShowsAll says whether rows that are the same are shown.
func (c *Conflicts) ShowsAll() bool { return c.all }

// Missing counts the rows without a chosen side.
func (c *Conflicts) Missing() int {
	x, ok := c.current()
	if !ok {
		return 0
	}
	if c.OneSideOnly() {
		if c.whole == "" {
			return max(1, len(x.Diffs))
		}
		return 0
	}
	n := 0
	for _, d := range x.Diffs {
		if c.choices[d.Path] == "" {
			n++
		}
	}
	return n
}

// Ready says whether Accept may be pressed.
func (c *Conflicts) Ready() bool {
	_, ok := c.current()
	return ok && !c.busy && c.Missing() == 0
}

// Busy says that an answer of the desk is awaited; Message is its last error.
func (c *Conflicts) Busy() bool      { return c.busy }
func (c *Conflicts) Message() string { return c.message }

// Rows gives what differs, and with ShowAll what does not.
func (c *Conflicts) Rows() []ConflictRow {
	x, ok := c.current()
	if !ok {
		return nil
	}
	var out []ConflictRow
	for _, d := range x.Diffs {
		out = append(out, c.row(x, d, c.choices[d.Path]))
	}
	if c.OneSideOnly() && !x.Deleted && !x.Deleting() {
		for _, d := range c.contents(x) {
			out = append(out, c.row(x, d, c.whole))
		}
	}
	if c.all {
		out = append(out, c.same(x)...)
	}
	return out
}

// MergedRows gives what was settled by rule; Side says whose change was taken.
func (c *Conflicts) MergedRows() []ConflictRow {
	x, ok := c.current()
	if !ok {
		return nil
	}
	var out []ConflictRow
	for _, d := range x.Merged {
		r := c.row(x, d, d.Side)
		if d.Base == "" || d.Mine == "" || d.Theirs == "" {
			r.Parts = []ConflictPart{{Base: d.Base, Mine: d.Mine, Theirs: d.Theirs}} // all of it came or went
		}
		out = append(out, r)
	}
	return out
}

func (c *Conflicts) row(x books.Conflict, d books.FieldDiff, side books.Side) ConflictRow {
	return ConflictRow{Path: d.Path, Label: c.label(x, d), Base: d.Base, Mine: d.Mine, Theirs: d.Theirs, Parts: c.parts(x, d), Side: side}
}

// label names a row for people: a line by its place and name, a group of the
// head by its own; an unknown path is shown as it is.
func (c *Conflicts) label(x books.Conflict, d books.FieldDiff) string {
	if rest, ok := strings.CutPrefix(d.Path, "line/"); ok {
		id, _, _ := strings.Cut(rest, "/")
		name := lineOf(x.Mine, id).Name
		if name == "" {
			name = lineOf(x.Theirs, id).Name
		}
		return c.setup.Words.T("conflicts.line", d.Line, name)
	}
	return fieldLabel(c.setup.Words, string(x.Type), d.Path)
}

func (c *Conflicts) same(x books.Conflict) []ConflictRow {
	seen := map[string]bool{}
	for _, d := range append(append([]books.FieldDiff{}, x.Diffs...), x.Merged...) {
		seen[d.Path] = true
	}
	var out []ConflictRow
	add := func(path, text string, line int) {
		if !seen[path] && text != "" {
			out = append(out, ConflictRow{Path: path, Label: c.label(x, books.FieldDiff{Path: path, Line: line}), Base: text, Mine: text, Theirs: text, Same: true})
		}
	}
	fields := document.KindOf(x.Mine).Fields
	for _, g := range fields.Groups() {
		add(g, fieldText(c.setup.Words, fields.Of(g)[0], x.Mine), 0)
	}
	inv, _ := x.Mine.(invoice.Invoice)
	for i, l := range inv.Lines {
		touched := false
		for p := range seen {
			touched = touched || p == "line/"+l.ID || strings.HasPrefix(p, "line/"+l.ID+"/")
		}
		if !touched {
			add("line/"+l.ID, l.Name, i+1)
		}
	}
	return out
}

// Result is the document that Accept would make, as far as chosen.
func (c *Conflicts) Result() (document.Document, bool) {
	x, ok := c.current()
	if !ok {
		return nil, false
	}
	if c.OneSideOnly() {
		if c.whole == books.Theirs {
			return x.Theirs, true
		}
		return x.Mine, true
	}
	return c.merge(x.Base, x.Mine, x.Theirs, c.choices).Result, true
}

// Totals returns the gross amounts of the result and of both sides.
func (c *Conflicts) Totals() ConflictTotals {
	x, ok := c.current()
	if !ok {
		return ConflictTotals{}
	}
	result, _ := c.Result()
	return ConflictTotals{Result: gross(result), Mine: gross(x.Mine), Theirs: gross(x.Theirs)}
}

func gross(d document.Document) string {
	inv, ok := d.(invoice.Invoice)
	if !ok {
		return ""
	}
	s, err := invoice.Compute(inv)
	if err != nil {
		return ""
	}
	return grouped(s.Gross)
}

// grouped writes yuan with thousands separators and two decimals.
func grouped(d decimal.Decimal) string { return money.Format(d) }

// Accept settles the open conflict with the chosen sides.
func (c *Conflicts) Accept(ctx context.Context) {
	if !c.Ready() {
		return
	}
	k, whole, one := c.open, c.whole, c.OneSideOnly()
	choices := make(map[string]books.Side, len(c.choices))
	for path, v := range c.choices {
		choices[path] = v
	}
	c.settle(ctx, func(ctx context.Context) (books.Record, error) {
		if one {
			return c.desk.ResolveSide(ctx, k, whole)
		}
		return c.desk.Resolve(ctx, k, choices)
	})
}

// KeepBoth takes the server's version and drafts a copy of mine.
func (c *Conflicts) KeepBoth(ctx context.Context) {
	if _, ok := c.current(); !ok || c.busy {
		return
	}
	k := c.open
	c.settle(ctx, func(ctx context.Context) (books.Record, error) { return c.desk.KeepBoth(ctx, k) })
}

func (c *Conflicts) settle(ctx context.Context, work func(context.Context) (books.Record, error)) {
	c.busy, c.message = true, ""
	k := c.open
	c.changed()
	away(c.setup, ctx, work, func(_ books.Record, err error) {
		c.busy = false
		if err != nil {
			c.message = Sentence(c.setup.Words, err)
		} else if c.Settled != nil {
			c.Settled(k)
		}
		c.changed()
		c.Load(ctx)
	})
}

func (c *Conflicts) changed() {
	if c.Changed != nil {
		c.Changed()
	}
}
