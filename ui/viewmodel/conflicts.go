package viewmodel

import (
	"context"
	"strings"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/money"
)

// ConflictDesk is the part of books.Desk that settles conflicts.
type ConflictDesk interface {
	Resolve(ctx context.Context, invoiceID string, choices map[string]books.Side) (books.Stored, error)
	ResolveSide(ctx context.Context, invoiceID string, side books.Side) (books.Stored, error)
	KeepBoth(ctx context.Context, invoiceID string) (books.Stored, error)
}

// ConflictStore lists the open conflicts.
type ConflictStore interface {
	Conflicts(ctx context.Context) ([]books.Conflict, error)
}

// Conflicts is the list of conflicts and the one that is open.
type Conflicts struct {
	Changed func() // called after each change; nil is allowed
	Settled func() // a conflict was settled; nil is allowed

	setup Setup
	store ConflictStore
	desk  ConflictDesk
	merge books.Merger

	list    []books.Conflict
	open    string // invoice id
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
	InvoiceID, Reference, Buyer string
	Branch                      string // who changed it on the server's side
	MineAt, TheirsAt            string // local times, "01-02 15:04"
	Open                        bool
	Choices, Merged             int  // rows for a person, rows settled by rule
	Deleted                     bool // theirs is a deletion
	Deleting                    bool // mine is one
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
			c.open = ""
			if len(list) > 0 {
				c.Open(list[0].InvoiceID)
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
		out = append(out, ConflictCard{
			InvoiceID: x.InvoiceID, Reference: x.Mine.Reference, Buyer: x.Mine.Buyer.Name,
			Branch: c.branch(x), MineAt: x.Mine.UpdatedAt.Local().Format("01-02 15:04"),
			TheirsAt: x.Theirs.UpdatedAt.Local().Format("01-02 15:04"),
			Open:     x.InvoiceID == c.open, Choices: len(x.Diffs), Merged: len(x.Merged), Deleted: x.Deleted, Deleting: x.Deleting(),
		})
	}
	return out
}

func (c *Conflicts) branch(x books.Conflict) string {
	if x.Theirs.Branch != "" {
		return x.Theirs.Branch
	}
	return c.setup.Words.T("conflicts.server")
}

// Open shows the conflict of an invoice with no side chosen.
func (c *Conflicts) Open(invoiceID string) {
	c.open, c.message, c.whole = invoiceID, "", ""
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
		if x.InvoiceID == c.open {
			return x, true
		}
	}
	return books.Conflict{}, false
}

// OneSideOnly says that the sides are in different stations of life and only
// one of them as a whole can be taken.
func (c *Conflicts) OneSideOnly() bool {
	x, ok := c.current()
	return ok && (x.Deleted || x.Mine.State != invoice.Draft || x.Theirs.State != invoice.Draft || len(x.Diffs) == 0)
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
	key := "conflicts.field." + d.Path
	if name := c.setup.Words.T(key); name != key && name != "" {
		return name
	}
	return d.Path
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
	m := x.Mine
	add("kind", c.setup.Words.T("conflicts.kind."+string(m.Kind)), 0)
	add("date", m.Date, 0)
	add("buyer", m.Buyer.Name, 0)
	add("remark", m.Remark, 0)
	add("email", m.Email, 0)
	for i, l := range m.Lines {
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

// Result is the invoice that Accept would make, as far as chosen.
func (c *Conflicts) Result() (invoice.Invoice, bool) {
	x, ok := c.current()
	if !ok {
		return invoice.Invoice{}, false
	}
	if c.OneSideOnly() {
		if c.whole == books.Theirs {
			return x.Theirs, true
		}
		return x.Mine, true
	}
	return c.merge(x.Base, x.Mine, x.Theirs, c.choices).Result, true
}

// Totals gives the gross amounts of the result and of both sides.
func (c *Conflicts) Totals() ConflictTotals {
	x, ok := c.current()
	if !ok {
		return ConflictTotals{}
	}
	result, _ := c.Result()
	return ConflictTotals{Result: gross(result), Mine: gross(x.Mine), Theirs: gross(x.Theirs)}
}

func gross(inv invoice.Invoice) string {
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
	id, whole, one := c.open, c.whole, c.OneSideOnly()
	choices := make(map[string]books.Side, len(c.choices))
	for k, v := range c.choices {
		choices[k] = v
	}
	c.settle(ctx, func(ctx context.Context) (books.Stored, error) {
		if one {
			return c.desk.ResolveSide(ctx, id, whole)
		}
		return c.desk.Resolve(ctx, id, choices)
	})
}

// KeepBoth takes the server's version and drafts a copy of mine.
func (c *Conflicts) KeepBoth(ctx context.Context) {
	if _, ok := c.current(); !ok || c.busy {
		return
	}
	id := c.open
	c.settle(ctx, func(ctx context.Context) (books.Stored, error) { return c.desk.KeepBoth(ctx, id) })
}

func (c *Conflicts) settle(ctx context.Context, work func(context.Context) (books.Stored, error)) {
	c.busy, c.message = true, ""
	c.changed()
	away(c.setup, ctx, work, func(_ books.Stored, err error) {
		c.busy = false
		if err != nil {
			c.message = Sentence(c.setup.Words, err)
		} else if c.Settled != nil {
			c.Settled()
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
