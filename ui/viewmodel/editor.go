package viewmodel

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/money"
	"counterfoil/app/party"
	"counterfoil/app/tax"
)

// EditorDesk is what the editor needs of the use cases.
type EditorDesk interface {
	Draft(ctx context.Context, inv invoice.Invoice) (books.Stored, invoice.Sheet, error)
	Edit(ctx context.Context, id string, version int64, inv invoice.Invoice) (books.Stored, invoice.Sheet, error)
	Submit(ctx context.Context, id string) (books.Stored, error)
	Recall(ctx context.Context, id string) (books.Stored, error)
	Duplicate(ctx context.Context, id string) (books.Stored, error)
	Reverse(ctx context.Context, id string) (books.Stored, error)
}

// EditorStore is what the editor reads.
type EditorStore interface {
	Invoice(ctx context.Context, id string) (books.Stored, error)
	Customers(ctx context.Context, search string, limit int) ([]party.Customer, error)
	Items(ctx context.Context, search string, limit int) ([]invoice.Item, error)
}

// Columns of the line grid that can be typed into.
const (
	ColName = iota
	ColSpec
	ColUnit
	ColQty
	ColPrice
	ColDiscount // before the rate, as the grid shows them: a pasted block falls where it is seen
	ColRate
	Columns // their number
)

// cellNames are the columns as issues name them.
var cellNames = [Columns]string{"name", "spec", "unit", "qty", "price", "discount", "rate"}

// saveAfter is how long after the last change the draft goes to disk, retryAfter
// how long after the disk refused it.
const (
	saveAfter  = 300 * time.Millisecond
	retryAfter = 5 * time.Second
)

// Editor edits one invoice. Text that is no number stays in its cell, beside a
// message, and is never lost; the last good number computes meanwhile.
type Editor struct {
	Changed func()
	Saved   func(id string) // a change is on disk
	Merge   books.Merger    // brings typing and what sync brought meanwhile together; nil keeps the typing

	setup   Setup
	desk    EditorDesk
	store   EditorStore
	later   func(time.Duration, func()) (cancel func()) // runs on the window's goroutine
	message string
	asked   int         // of Open and New; older answers are dropped
	left    []*document // no longer shown, not yet on disk

	*document // the one shown
}

// A document is one invoice under edit. What it saves stays its own when the
// editor shows another meanwhile.
type document struct {
	editor  *Editor
	inv     invoice.Invoice
	base    invoice.Invoice // as it is on disk
	version int64
	raw     map[cellKey]string // texts that do not parse
	sheet   invoice.Sheet
	issues  []invoice.Issue
	undo    []stage
	redo    []stage
	dirty   bool
	saving  bool
	missed  bool // sync brought something while a save was under way
	savedAt time.Time
	cancel  func()
	then    []func() // run when nothing is unsaved
}

// A stage is what one step of undo goes back to.
type stage struct {
	inv invoice.Invoice
	raw map[cellKey]string
}

type cellKey struct {
	line string
	col  int
}

// NewEditor makes an editor with a new, empty draft.
func NewEditor(s Setup, desk EditorDesk, store EditorStore, later func(time.Duration, func()) func()) *Editor {
	e := &Editor{setup: s, desk: desk, store: store, later: later}
	e.New()
	return e
}

// New begins an empty draft; it reaches the store with its first content.
func (e *Editor) New() {
	e.reset(invoice.Invoice{Kind: invoice.Ordinary, Basis: invoice.Exclusive, State: invoice.Draft, Date: e.setup.Now().Format("2006-01-02")}, 0)
}

// reset shows an invoice as it is on disk.
func (e *Editor) reset(inv invoice.Invoice, version int64) {
	d := &document{editor: e, inv: inv, base: clone(inv), version: version, raw: map[cellKey]string{}}
	if version > 0 {
		d.savedAt = inv.UpdatedAt
	}
	d.compute()
	e.show(d)
}

// show turns to another document; the one before is brought to disk.
func (e *Editor) show(d *document) {
	old := e.document
	e.document, e.message = d, ""
	e.asked++
	e.left = slices.DeleteFunc(e.left, func(l *document) bool { return l == d })
	if old != nil && old != d && old.Unsaved() && !old.empty() {
		e.left = append(e.left, old)
		old.Save()
	}
}

// Open shows a stored invoice, with what is typed into it and not yet on disk.
func (e *Editor) Open(id string) {
	for _, d := range append([]*document{e.document}, e.left...) {
		if d.inv.ID == id && d.Unsaved() {
			e.show(d)
			e.tell()
			return
		}
	}
	e.asked++
	asked := e.asked
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) { return e.store.Invoice(ctx, id) },
		func(st books.Stored, err error) {
			if asked != e.asked {
				return
			}
			if err != nil {
				e.message = sentence(e.setup.Words, err)
			} else {
				e.reset(st.Invoice, st.Version)
			}
			e.tell()
		})
}

// Reload takes what sync brought. What is typed and not saved stays: the next
// save meets it. Texts that are no numbers stay with their lines.
func (e *Editor) Reload(id string) {
	d := e.document
	if id != d.inv.ID || id == "" {
		return
	}
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) { return e.store.Invoice(ctx, id) },
		func(st books.Stored, err error) {
			if err != nil || d != e.document || st.Version < d.version {
				return
			}
			if d.Unsaved() {
				d.missed = true
				return
			}
			d.rebase(st.Invoice)
			d.inv, d.base, d.version = st.Invoice, clone(st.Invoice), st.Version
			d.compute()
			d.tell()
		})
}

// rejoin lays what was typed over what sync brought meanwhile, and saves again.
func (d *document) rejoin() {
	e, id := d.editor, d.inv.ID
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) { return e.store.Invoice(ctx, id) },
		func(st books.Stored, err error) {
			if err == nil && (!st.Invoice.State.Editable() || st.Conflict) {
				err = &books.Error{Code: "stale", Text: "the invoice changed meanwhile"}
			}
			if err != nil {
				d.refused(err)
				d.tell()
				return
			}
			result := d.inv
			if e.Merge != nil {
				m := e.Merge(&d.base, d.inv, st.Invoice, nil)
				result = m.Result
				// Mine stands where both changed the same; the clerk looks at it before it is handed in.
				result.ReviewNeeded = result.ReviewNeeded || len(m.Diffs) > 0
			}
			d.rebase(st.Invoice)
			d.inv, d.base, d.version, d.dirty, d.missed = result, clone(st.Invoice), st.Version, true, false
			d.compute()
			d.tell()
			d.Save()
		})
}

// rebase brings what sync brought into the steps of undo: going back takes back
// what was typed here, never what another branch wrote.
func (d *document) rebase(theirs invoice.Invoice) {
	if d.editor.Merge == nil || !theirs.State.Editable() {
		return
	}
	for _, steps := range [][]stage{d.undo, d.redo} {
		for i := range steps {
			steps[i].inv = d.editor.Merge(&d.base, steps[i].inv, theirs, nil).Result
		}
	}
}

// tell redraws when the document is the one shown.
func (d *document) tell() {
	if d.editor.document == d {
		d.editor.tell()
	}
}

// say shows an error; it names an invoice that is no longer shown.
func (d *document) say(err error) {
	e := d.editor
	e.message = sentence(e.setup.Words, err)
	if e.document != d {
		e.message += " — " + strings.TrimSpace(d.inv.Reference+" "+d.inv.Buyer.Name)
		e.tell()
	}
}

func (e *Editor) tell() {
	if e.Changed != nil {
		e.Changed()
	}
}

// Unsaved reports whether the invoice shown holds what is not on disk.
func (d *document) Unsaved() bool { return d.dirty || d.saving }

// What the screen shows.
func (e *Editor) Invoice() invoice.Invoice { return e.inv }
func (e *Editor) Sheet() invoice.Sheet     { return e.sheet }
func (e *Editor) Issues() []invoice.Issue  { return e.issues }
func (e *Editor) Message() string          { return e.message }
func (e *Editor) SavedAt() time.Time       { return e.savedAt }
func (e *Editor) Editable() bool           { return e.inv.State.Editable() }

// Rows is the number of grid rows: the lines and an empty one to type into.
func (e *Editor) Rows() int {
	if e.inv.RedRows != nil {
		return len(e.inv.RedRows)
	}
	if e.Editable() {
		return len(e.inv.Lines) + 1
	}
	return len(e.inv.Lines)
}

func (d *document) compute() {
	if s, err := invoice.Compute(d.inv); err == nil {
		d.sheet = s
	}
	d.issues = invoice.Validate(d.inv, invoice.StageSubmit)
	for n, l := range d.inv.Lines {
		for col, name := range cellNames {
			text, bad := d.raw[cellKey{l.ID, col}]
			if !bad {
				continue
			}
			code := "number_malformed"
			if col == ColRate {
				code = "rate_malformed"
			}
			d.issues = append(d.issues, invoice.Issue{Field: fmt.Sprintf("lines[%d].%s", n+1, name), Code: code, Severity: invoice.SeverityError, Text: text})
		}
	}
}

// unread reports whether a text of a line that is there is no number.
func (d *document) unread() bool {
	return slices.ContainsFunc(d.inv.Lines, func(l invoice.Line) bool {
		for k := range d.raw {
			if k.line == l.ID {
				return true
			}
		}
		return false
	})
}

// change edits the invoice as one step of undo.
func (e *Editor) change(f func(*invoice.Invoice)) {
	if !e.Editable() {
		return
	}
	before := e.stage()
	f(&e.inv)
	e.undo = append(e.undo, before)
	if len(e.undo) > 500 {
		e.undo = e.undo[1:]
	}
	e.redo = nil
	e.touched()
}

func (d *document) stage() stage { return stage{clone(d.inv), maps.Clone(d.raw)} }

func (d *document) touched() {
	d.dirty = true
	d.compute()
	d.saveIn(saveAfter)
	d.tell()
}

func (d *document) saveIn(wait time.Duration) {
	if d.cancel != nil {
		d.cancel()
	}
	d.cancel = d.editor.later(wait, d.Save)
}

func clone(i invoice.Invoice) invoice.Invoice {
	i.Lines = slices.Clone(i.Lines)
	return i
}

// Undo and Redo span the whole edit.
func (e *Editor) Undo() { e.travel(&e.undo, &e.redo) }
func (e *Editor) Redo() { e.travel(&e.redo, &e.undo) }

func (e *Editor) travel(from, to *[]stage) {
	if len(*from) == 0 || !e.Editable() {
		return
	}
	*to = append(*to, e.stage())
	was, now := e.inv, (*from)[len(*from)-1]
	*from = (*from)[:len(*from)-1]
	e.inv, e.raw = now.inv, now.raw
	// What the desk and the server gave is not undone.
	e.inv.ID, e.inv.Reference, e.inv.State, e.inv.Rejection = was.ID, was.Reference, was.State, was.Rejection
	e.inv.CreatedAt, e.inv.Revision = was.CreatedAt, was.Revision
	e.touched()
}

// SetBuyer, SetTaxNo, SetRemark, SetKind and SetBasis edit the head.
func (e *Editor) SetBuyer(s string) {
	if s != e.inv.Buyer.Name {
		e.change(func(i *invoice.Invoice) { i.Buyer.Name = s })
	}
}

// SetTaxNo edits the buyer's tax number.
func (e *Editor) SetTaxNo(s string) {
	if s = party.NormalizeTaxNo(s); s != e.inv.Buyer.TaxNo {
		e.change(func(i *invoice.Invoice) { i.Buyer.TaxNo = s })
	}
}

// SetRemark edits the remark.
func (e *Editor) SetRemark(s string) {
	if s != e.inv.Remark {
		e.change(func(i *invoice.Invoice) { i.Remark = s })
	}
}

// SetDate changes the business date, YYYY-MM-DD.
func (e *Editor) SetDate(s string) {
	if s != e.inv.Date {
		e.change(func(i *invoice.Invoice) { i.Date = s })
	}
}

// SetKind chooses 专票 or 普票.
func (e *Editor) SetKind(k invoice.Kind) {
	if k != e.inv.Kind {
		e.change(func(i *invoice.Invoice) { i.Kind = k })
	}
}

// SetBasis chooses prices with or without tax.
func (e *Editor) SetBasis(b invoice.Basis) {
	if b != e.inv.Basis {
		e.change(func(i *invoice.Invoice) { i.Basis = b })
	}
}

// SetCustomer fills in a customer of the master data.
func (e *Editor) SetCustomer(c party.Customer) {
	e.change(func(i *invoice.Invoice) { i.Buyer = c.Party })
}

// Reviewed ticks that merged lines were looked at.
func (e *Editor) Reviewed() { e.change(func(i *invoice.Invoice) { i.ReviewNeeded = false }) }

// red is the text of a red-letter row, which nobody edits.
func (e *Editor) red(row, col int) string {
	if row >= len(e.inv.RedRows) {
		return ""
	}
	r := e.inv.RedRows[row]
	num := func(d *decimal.Decimal) string {
		if d == nil {
			return ""
		}
		return d.String()
	}
	return [Columns]string{ColName: r.Name, ColSpec: r.Spec, ColUnit: r.Unit, ColQty: num(r.Qty), ColPrice: num(r.Price), ColRate: r.Rate.Percent()}[col]
}

// Cell is the text of a grid cell for editing.
func (e *Editor) Cell(row, col int) string {
	if e.inv.RedRows != nil {
		return e.red(row, col)
	}
	if row >= len(e.inv.Lines) {
		return ""
	}
	l := e.inv.Lines[row]
	if t, ok := e.raw[cellKey{l.ID, col}]; ok {
		return t
	}
	num := func(d *decimal.Decimal) string {
		if d == nil {
			return ""
		}
		return d.String()
	}
	switch col {
	case ColName:
		return l.Name
	case ColSpec:
		return l.Spec
	case ColUnit:
		return l.Unit
	case ColQty:
		return num(l.Qty)
	case ColPrice:
		return num(l.Price)
	case ColRate:
		return l.Rate.Percent()
	case ColDiscount:
		switch {
		case l.Discount == nil:
			return ""
		case l.Discount.Percent != nil:
			return num(l.Discount.Percent) + "%"
		}
		return num(l.Discount.Amount)
	}
	return ""
}

// SetCell puts text into a cell; typing into the empty last row makes a line.
func (e *Editor) SetCell(row, col int, text string) {
	text = strings.TrimSpace(text)
	if text == e.Cell(row, col) || e.Fixed() {
		return
	}
	e.change(func(i *invoice.Invoice) { e.setCell(i, row, col, text) })
}

func (e *Editor) setCell(i *invoice.Invoice, row, col int, text string) {
	if row >= len(i.Lines) {
		row = len(i.Lines)
		i.Lines = append(i.Lines, e.newLine(i.Lines))
	}
	l := &i.Lines[row]
	key := cellKey{l.ID, col}
	delete(e.raw, key)
	number := func(to **decimal.Decimal) {
		if text == "" {
			*to = nil
			return
		}
		d, err := typedNumber(text)
		if err != nil {
			e.raw[key] = text
			return
		}
		*to = &d
	}
	switch col {
	case ColName:
		l.Name = text
	case ColSpec:
		l.Spec = text
	case ColUnit:
		l.Unit = text
	case ColQty:
		number(&l.Qty)
	case ColPrice:
		number(&l.Price)
	case ColRate:
		if r, ok := typedRate(text); ok {
			l.Rate = r
		} else {
			e.raw[key] = text
		}
	case ColDiscount:
		if text == "" {
			l.Discount = nil
			return
		}
		percent := strings.HasSuffix(text, "%") || strings.HasSuffix(text, "％")
		d, err := typedNumber(strings.TrimRight(text, "%％ "))
		switch {
		case err != nil:
			e.raw[key] = text
		case percent:
			l.Discount = &invoice.Discount{Percent: &d}
		default:
			l.Discount = &invoice.Discount{Amount: &d}
		}
	}
}

// newLine is an empty line that takes the rate of the one before.
func (e *Editor) newLine(lines []invoice.Line) invoice.Line {
	last, rate := "", tax.Rate{Value: decimal.New(13, -2)}
	if n := len(lines); n > 0 {
		last, rate = lines[n-1].Order, lines[n-1].Rate
	}
	return invoice.Line{ID: uuid.Must(uuid.NewV7()).String(), Order: invoice.OrderBetween(last, ""), Rate: rate}
}

// thousands is a number with its thousands apart; "85,5" is none.
var thousands = regexp.MustCompile(`^[+-]?\d{1,3}([,，]\d{3})+(\.\d+)?$`)

// typedNumber reads a number as clerks and spreadsheets write it.
func typedNumber(s string) (decimal.Decimal, error) {
	if thousands.MatchString(s) {
		s = strings.NewReplacer(",", "", "，", "").Replace(s)
	}
	return money.Parse(s, 13, 16)
}

// typedRate reads "13", "13%", "0.13", "免税" and "不征税".
func typedRate(s string) (tax.Rate, bool) {
	switch s {
	case "免税", "exempt":
		return tax.Rate{Status: tax.Exempt}, true
	case "不征税", "nontaxable":
		return tax.Rate{Status: tax.NonTaxable}, true
	}
	t := strings.TrimRight(s, "%％")
	d, err := money.Parse(t, 6, 10)
	if err != nil || d.IsNegative() {
		return tax.Rate{}, false
	}
	if t != s || d.GreaterThanOrEqual(decimal.New(1, 0)) {
		d = d.Shift(-2)
	}
	return tax.Rate{Value: d}, d.LessThan(decimal.New(1, 0))
}

// Paste puts a block copied from a spreadsheet at a cell, as one step of undo.
func (e *Editor) Paste(row, col int, block string) {
	if e.Fixed() {
		return
	}
	e.change(func(i *invoice.Invoice) {
		for r, cells := range blockCells(block) {
			for c, text := range cells {
				if col+c < Columns {
					e.setCell(i, row+r, col+c, strings.TrimSpace(strings.ReplaceAll(text, "\n", " ")))
				}
			}
		}
	})
}

// blockCells takes a block of a spreadsheet apart: tabs between cells, a line
// end after each row, and quotes, doubled inside, around a cell that holds any
// of these.
func blockCells(block string) [][]string {
	block = strings.TrimRight(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(block), "\n")
	rows := [][]string{nil}
	for {
		cell, rest := block, ""
		if q, after, ok := quotedCell(block); ok {
			cell, rest = q, after
		} else if at := strings.IndexAny(block, "\t\n"); at >= 0 {
			cell, rest = block[:at], block[at:]
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], cell)
		if rest == "" {
			return rows
		}
		if rest[0] == '\n' {
			rows = append(rows, nil)
		}
		block = rest[1:]
	}
}

// quotedCell reads a quoted cell; a quote that only begins a text, like an
// inch sign, is part of it.
func quotedCell(s string) (cell, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		return "", "", false
	}
	for at := 1; at < len(s); at++ {
		if s[at] != '"' {
			continue
		}
		if strings.HasPrefix(s[at:], `""`) {
			at++
			continue
		}
		rest = s[at+1:]
		if rest == "" || rest[0] == '\t' || rest[0] == '\n' {
			return strings.ReplaceAll(s[1:at], `""`, `"`), rest, true
		}
		return "", "", false
	}
	return "", "", false
}

// SetItem fills a line from the master data.
func (e *Editor) SetItem(row int, it invoice.Item) {
	if e.Fixed() {
		return
	}
	e.change(func(i *invoice.Invoice) {
		if row >= len(i.Lines) {
			row = len(i.Lines)
			i.Lines = append(i.Lines, e.newLine(i.Lines))
		}
		l := &i.Lines[row]
		for _, col := range []int{ColName, ColSpec, ColUnit, ColRate} {
			delete(e.raw, cellKey{l.ID, col})
		}
		l.Name, l.TaxCode, l.Spec, l.Unit, l.Rate = it.Name, it.TaxCode, it.Spec, it.Unit, it.Rate
		if it.Price != nil {
			p := *it.Price
			l.Price = &p
			delete(e.raw, cellKey{l.ID, ColPrice})
		}
	})
}

// DuplicateLine, DeleteLine and MoveLine edit whole lines.
func (e *Editor) DuplicateLine(row int) {
	if row >= len(e.inv.Lines) {
		return
	}
	e.change(func(i *invoice.Invoice) {
		l := e.newLine(i.Lines)
		id := l.ID
		l = i.Lines[row]
		after := ""
		if row+1 < len(i.Lines) {
			after = i.Lines[row+1].Order
		}
		for col := range Columns {
			if text, bad := e.raw[cellKey{l.ID, col}]; bad {
				e.raw[cellKey{id, col}] = text
			}
		}
		l.ID, l.Order = id, invoice.OrderBetween(i.Lines[row].Order, after)
		i.Lines = slices.Insert(i.Lines, row+1, l)
	})
}

// DeleteLine removes a line.
func (e *Editor) DeleteLine(row int) {
	if row < len(e.inv.Lines) {
		e.change(func(i *invoice.Invoice) { i.Lines = slices.Delete(i.Lines, row, row+1) })
	}
}

// MoveLine moves a line by one place up (-1) or down (1).
func (e *Editor) MoveLine(row, by int) {
	to := row + by
	if row >= len(e.inv.Lines) || to < 0 || to >= len(e.inv.Lines) {
		return
	}
	e.change(func(i *invoice.Invoice) {
		i.Lines[row].Order, i.Lines[to].Order = i.Lines[to].Order, i.Lines[row].Order
		i.Lines[row], i.Lines[to] = i.Lines[to], i.Lines[row]
	})
}

// empty reports whether nothing worth keeping was typed.
func (d *document) empty() bool {
	return d.inv.ID == "" && d.inv.Buyer.Name == "" && d.inv.Buyer.TaxNo == "" && d.inv.Remark == "" && len(d.inv.Lines) == 0
}

// Save brings the draft to disk now.
func (d *document) Save() {
	if d.cancel != nil {
		d.cancel()
		d.cancel = nil
	}
	if !d.dirty || d.saving || d.empty() {
		return
	}
	d.saving, d.dirty = true, false
	e, inv, version := d.editor, clone(d.inv), d.version
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) {
		if inv.ID == "" {
			st, _, err := e.desk.Draft(ctx, inv)
			return st, err
		}
		st, _, err := e.desk.Edit(ctx, inv.ID, version, inv)
		return st, err
	}, d.saved)
}

func (d *document) saved(st books.Stored, err error) {
	e := d.editor
	d.saving = false
	switch {
	case errors.Is(err, books.ErrStale):
		// Sync changed it meanwhile.
		d.dirty = true
		d.rejoin()
	case err != nil:
		d.refused(err)
	default:
		if e.document == d {
			e.message = ""
		}
		d.version, d.savedAt = st.Version, e.setup.Now()
		d.adopt(st.Invoice)
		if e.Saved != nil {
			e.Saved(st.Invoice.ID)
		}
		d.next()
	}
	d.tell()
}

// next goes on after a save: with what was typed meanwhile, with what sync
// brought, with what waits for the save.
func (d *document) next() {
	e := d.editor
	if d.dirty {
		d.Save()
		return
	}
	e.left = slices.DeleteFunc(e.left, func(l *document) bool { return l == d })
	if d.missed {
		d.missed = false
		e.Reload(d.inv.ID)
	}
	todo := d.then
	d.then = nil
	for _, f := range todo {
		f()
	}
}

// refused keeps what could not be saved, and what waited for it does not happen.
// What the disk refused is tried again; what the desk refused waits for a change.
func (d *document) refused(err error) {
	d.dirty, d.then = true, nil
	d.say(err)
	var told *books.Error
	if !errors.As(err, &told) || strings.HasPrefix(told.Code, "localdb_") {
		d.saveIn(retryAfter)
	}
}

// adopt takes ids and orders that the desk gave, leaving what was typed since.
func (d *document) adopt(st invoice.Invoice) {
	d.inv.ID, d.inv.Reference, d.inv.State, d.inv.Rejection = st.ID, st.Reference, st.State, st.Rejection
	d.inv.CreatedAt, d.inv.Revision = st.CreatedAt, st.Revision
	d.base = clone(st)
	if !d.dirty {
		d.inv.Lines = slices.Clone(st.Lines)
	}
	d.compute()
}

// whenSaved runs f after everything typed is on disk; never when that fails or
// there is nothing to save yet.
func (d *document) whenSaved(f func()) {
	if !d.dirty && !d.saving {
		f()
		return
	}
	if d.empty() {
		return
	}
	d.then = append(d.then, f)
	d.Save()
}

// Submit saves and hands in.
func (e *Editor) Submit() {
	if e.unread() || !e.Editable() {
		return
	}
	d := e.document
	d.whenSaved(func() { d.step(e.desk.Submit) })
}

// Recall takes a waiting invoice back.
func (e *Editor) Recall() { e.step(e.desk.Recall) }

// Duplicate drafts a copy and shows it.
func (e *Editor) Duplicate() {
	d := e.document
	d.whenSaved(func() { d.step(e.desk.Duplicate) })
}

// Reverse drafts the red-letter invoice of an issued one and shows it.
func (e *Editor) Reverse() { e.step(e.desk.Reverse) }

// Fixed reports whether the lines cannot be edited: handed in, or red-letter.
func (e *Editor) Fixed() bool { return !e.Editable() || e.inv.RedRows != nil }

// step does something to the stored invoice and shows the outcome, unless
// another invoice is shown by then.
func (d *document) step(f func(context.Context, string) (books.Stored, error)) {
	e, id := d.editor, d.inv.ID
	if id == "" {
		return
	}
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) { return f(ctx, id) },
		func(st books.Stored, err error) {
			if err != nil {
				d.say(err)
			} else {
				if e.document == d {
					e.reset(st.Invoice, st.Version)
				}
				if e.Saved != nil {
					e.Saved(id)
				}
			}
			e.tell()
		})
}

// FindCustomers and FindItems complete what is typed; got runs on the window's goroutine.
func (e *Editor) FindCustomers(s string, got func([]party.Customer)) {
	away(e.setup, context.Background(), func(ctx context.Context) ([]party.Customer, error) { return e.store.Customers(ctx, s, 8) },
		func(c []party.Customer, _ error) { got(c) })
}

// FindItems completes an item's name.
func (e *Editor) FindItems(s string, got func([]invoice.Item)) {
	away(e.setup, context.Background(), func(ctx context.Context) ([]invoice.Item, error) { return e.store.Items(ctx, s, 8) },
		func(c []invoice.Item, _ error) { got(c) })
}
