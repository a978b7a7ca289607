package viewmodel

import (
	"context"
	"errors"
	"fmt"
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
	ColRate
	ColDiscount
	Columns // their number
)

// saveAfter is how long after the last change the draft goes to disk.
const saveAfter = 300 * time.Millisecond

// Editor edits one invoice. Text that is no number stays in its cell, beside a
// message, and is never lost; the last good number computes meanwhile.
type Editor struct {
	Changed func()
	Saved   func(id string) // a change is on disk
	Merge   books.Merger    // brings typing and what sync brought meanwhile together; nil keeps the typing

	setup Setup
	desk  EditorDesk
	store EditorStore
	later func(time.Duration, func()) (cancel func()) // runs on the window's goroutine

	inv     invoice.Invoice
	base    invoice.Invoice // as it is on disk
	version int64
	raw     map[cellKey]string // texts that do not parse
	sheet   invoice.Sheet
	issues  []invoice.Issue
	undo    []invoice.Invoice
	redo    []invoice.Invoice
	dirty   bool
	saving  bool
	savedAt time.Time
	message string
	cancel  func()
	then    []func() // run when nothing is unsaved
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

func (e *Editor) reset(inv invoice.Invoice, version int64) {
	e.inv, e.base, e.version, e.raw = inv, clone(inv), version, map[cellKey]string{}
	e.undo, e.redo, e.dirty, e.message, e.savedAt = nil, nil, false, "", time.Time{}
	if version > 0 {
		e.savedAt = inv.UpdatedAt
	}
	e.compute()
}

// Open shows a stored invoice.
func (e *Editor) Open(id string) {
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) { return e.store.Invoice(ctx, id) },
		func(st books.Stored, err error) {
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
	if id != e.inv.ID || id == "" {
		return
	}
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) { return e.store.Invoice(ctx, id) },
		func(st books.Stored, err error) {
			if err != nil || id != e.inv.ID || e.Unsaved() {
				return
			}
			e.inv, e.base, e.version = st.Invoice, clone(st.Invoice), st.Version
			e.compute()
			e.tell()
		})
}

// rejoin lays what was typed over what sync brought meanwhile, and saves again.
func (e *Editor) rejoin(id string) {
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) { return e.store.Invoice(ctx, id) },
		func(st books.Stored, err error) {
			if id != e.inv.ID {
				return
			}
			if err != nil || !st.Invoice.State.Editable() || st.Conflict {
				if err == nil {
					err = &books.Error{Code: "stale", Text: "the invoice changed meanwhile"}
				}
				e.message, e.dirty = sentence(e.setup.Words, err), true
				e.tell()
				return
			}
			result := e.inv
			if e.Merge != nil {
				result = e.Merge(&e.base, e.inv, st.Invoice, nil).Result
			}
			e.inv, e.base, e.version, e.dirty = result, clone(st.Invoice), st.Version, true
			e.compute()
			e.tell()
			e.Save()
		})
}

func (e *Editor) tell() {
	if e.Changed != nil {
		e.Changed()
	}
}

// What the screen shows.
func (e *Editor) Invoice() invoice.Invoice { return e.inv }
func (e *Editor) Sheet() invoice.Sheet     { return e.sheet }
func (e *Editor) Issues() []invoice.Issue  { return e.issues }
func (e *Editor) Message() string          { return e.message }
func (e *Editor) SavedAt() time.Time       { return e.savedAt }
func (e *Editor) Unsaved() bool            { return e.dirty || e.saving }
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

func (e *Editor) compute() {
	if s, err := invoice.Compute(e.inv); err == nil {
		e.sheet = s
	}
	e.issues = invoice.Validate(e.inv, invoice.StageSubmit)
	for k := range e.raw {
		if n := e.lineNo(k.line); n > 0 {
			code := "number_malformed"
			if k.col == ColRate {
				code = "rate_malformed"
			}
			e.issues = append(e.issues, invoice.Issue{Field: fmt.Sprintf("lines[%d].%d", n, k.col), Code: code, Severity: invoice.SeverityError, Text: e.raw[k]})
		}
	}
}

func (e *Editor) lineNo(id string) int {
	return slices.IndexFunc(e.inv.Lines, func(l invoice.Line) bool { return l.ID == id }) + 1
}

// change edits the invoice as one step of undo.
func (e *Editor) change(f func(*invoice.Invoice)) {
	if !e.Editable() {
		return
	}
	before := clone(e.inv)
	f(&e.inv)
	e.undo = append(e.undo, before)
	if len(e.undo) > 500 {
		e.undo = e.undo[1:]
	}
	e.redo = nil
	e.touched()
}

func (e *Editor) touched() {
	e.dirty = true
	e.compute()
	if e.cancel != nil {
		e.cancel()
	}
	e.cancel = e.later(saveAfter, e.Save)
	e.tell()
}

func clone(i invoice.Invoice) invoice.Invoice {
	i.Lines = slices.Clone(i.Lines)
	return i
}

// Undo and Redo span the whole edit.
func (e *Editor) Undo() { e.travel(&e.undo, &e.redo) }
func (e *Editor) Redo() { e.travel(&e.redo, &e.undo) }

func (e *Editor) travel(from, to *[]invoice.Invoice) {
	if len(*from) == 0 || !e.Editable() {
		return
	}
	*to = append(*to, clone(e.inv))
	id, ref := e.inv.ID, e.inv.Reference
	e.inv = (*from)[len(*from)-1]
	e.inv.ID, e.inv.Reference = id, ref
	*from = (*from)[:len(*from)-1]
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
		d, err := money.Parse(strings.ReplaceAll(text, ",", ""), 13, 16)
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
		d, err := money.Parse(strings.TrimRight(text, "%％"), 13, 16)
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
		for r, line := range strings.Split(strings.TrimRight(strings.ReplaceAll(block, "\r", ""), "\n"), "\n") {
			for c, text := range strings.Split(line, "\t") {
				if col+c < Columns {
					e.setCell(i, row+r, col+c, strings.TrimSpace(text))
				}
			}
		}
	})
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
		l.Name, l.TaxCode, l.Spec, l.Unit, l.Rate = it.Name, it.TaxCode, it.Spec, it.Unit, it.Rate
		if it.Price != nil {
			p := *it.Price
			l.Price = &p
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
func (e *Editor) empty() bool {
	return e.inv.ID == "" && e.inv.Buyer.Name == "" && e.inv.Buyer.TaxNo == "" && e.inv.Remark == "" && len(e.inv.Lines) == 0
}

// Save brings the draft to disk now.
func (e *Editor) Save() {
	if e.cancel != nil {
		e.cancel()
		e.cancel = nil
	}
	if !e.dirty || e.saving || e.empty() {
		return
	}
	e.saving, e.dirty = true, false
	inv, version := clone(e.inv), e.version
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) {
		if inv.ID == "" {
			st, _, err := e.desk.Draft(ctx, inv)
			return st, err
		}
		st, _, err := e.desk.Edit(ctx, inv.ID, version, inv)
		return st, err
	}, e.saved)
}

func (e *Editor) saved(st books.Stored, err error) {
	e.saving = false
	switch {
	case errors.Is(err, books.ErrStale):
		// Sync changed it meanwhile.
		e.dirty = true
		e.rejoin(e.inv.ID)
	case err != nil:
		e.message = sentence(e.setup.Words, err)
		e.dirty = true
		e.then = nil
	default:
		e.message = ""
		e.version, e.savedAt = st.Version, e.setup.Now()
		e.adopt(st.Invoice)
		if e.Saved != nil {
			e.Saved(st.Invoice.ID)
		}
	}
	if err == nil && e.dirty {
		e.Save()
	} else if err == nil {
		todo := e.then
		e.then = nil
		for _, f := range todo {
			f()
		}
	}
	e.tell()
}

// adopt takes ids and orders that the desk gave, leaving what was typed since.
func (e *Editor) adopt(st invoice.Invoice) {
	e.inv.ID, e.inv.Reference, e.inv.State, e.inv.Rejection = st.ID, st.Reference, st.State, st.Rejection
	e.inv.CreatedAt, e.inv.Revision = st.CreatedAt, st.Revision
	e.base = clone(st)
	if !e.dirty {
		e.inv.Lines = slices.Clone(st.Lines)
	}
	e.compute()
}

// whenSaved runs f after everything typed is on disk.
func (e *Editor) whenSaved(f func()) {
	if !e.dirty && !e.saving {
		f()
		return
	}
	e.then = append(e.then, f)
	e.Save()
}

// Submit saves and hands in.
func (e *Editor) Submit() {
	if len(e.raw) > 0 || !e.Editable() {
		return
	}
	e.whenSaved(func() { e.step(e.desk.Submit) })
}

// Recall takes a waiting invoice back.
func (e *Editor) Recall() { e.step(e.desk.Recall) }

// Duplicate drafts a copy and shows it.
func (e *Editor) Duplicate() { e.whenSaved(func() { e.step(e.desk.Duplicate) }) }

// Reverse drafts the red-letter invoice of an issued one and shows it.
func (e *Editor) Reverse() { e.step(e.desk.Reverse) }

// Fixed reports whether the lines cannot be edited: handed in, or red-letter.
func (e *Editor) Fixed() bool { return !e.Editable() || e.inv.RedRows != nil }

func (e *Editor) step(f func(context.Context, string) (books.Stored, error)) {
	id := e.inv.ID
	if id == "" {
		return
	}
	away(e.setup, context.Background(), func(ctx context.Context) (books.Stored, error) { return f(ctx, id) },
		func(st books.Stored, err error) {
			if err != nil {
				e.message = sentence(e.setup.Words, err)
			} else {
				e.reset(st.Invoice, st.Version)
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
