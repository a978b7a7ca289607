package viewmodel

import (
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"golang.org/x/text/width"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
	"counterfoil/app/money"
	"counterfoil/app/tax"
)

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

// cellKey is the key of a cell among what is typed.
func cellKey(line string, col int) string { return books.LineField(line, cellNames[col]) }

// red is the text of a red-letter row, which nobody edits.
func (e *Editor) red(row, col int) string {
	if row >= len(e.inv.RedRows) {
		return ""
	}
	r := e.inv.RedRows[row]
	return [Columns]string{ColName: r.Name, ColSpec: r.Spec, ColUnit: r.Unit, ColQty: numberText(r.Qty), ColPrice: numberText(r.Price), ColRate: r.Rate.Percent()}[col]
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
	if t, ok := e.raw[cellKey(l.ID, col)]; ok {
		return t
	}
	return cellText(l, col)
}

// SetCell puts text into a cell; typing into the empty last row makes a line.
func (e *Editor) SetCell(row, col int, text string) {
	text = strings.TrimSpace(text)
	if e.Fixed() {
		return
	}
	if text == e.Cell(row, col) {
		e.stopTyping()
		return
	}
	e.change("", func(i *invoice.Invoice) { e.setCell(i, row, col, text) })
}

// Typing keeps the text of a cell that is being typed and was not left yet. It
// reaches the disk beside the invoice, which takes it in with SetCell. A text
// like the cell's own is no typing.
func (e *Editor) Typing(row, col int, text string) {
	switch {
	case e.Fixed():
	case strings.TrimSpace(text) == e.Cell(row, col):
		e.stopTyping()
	default:
		l := e.pendingLine(row)
		if p := e.pending; p == nil || p.text != text || p.col != col || p.line.ID != l.ID {
			e.pending = &pendingCell{l, col, text}
			e.loosen()
		}
	}
}

// pendingLine is the line of a row; in the empty last row a new one, always the same.
func (d *draft) pendingLine(row int) invoice.Line {
	if row < len(d.inv.Lines) {
		return d.inv.Lines[row]
	}
	return d.newLine(d.inv.Lines)
}

// stopTyping forgets the cell that was being typed.
func (d *draft) stopTyping() {
	if d.pending != nil {
		d.pending = nil
		d.loosen()
	}
}

func (d *draft) setCell(i *invoice.Invoice, row, col int, text string) {
	if row >= len(i.Lines) {
		row = len(i.Lines)
		i.Lines = append(i.Lines, d.newLine(i.Lines))
	}
	l := &i.Lines[row]
	key := cellKey(l.ID, col)
	delete(d.raw, key)
	number := func(to **decimal.Decimal) {
		if text == "" {
			*to = nil
			return
		}
		n, err := typedNumber(text)
		if err != nil {
			d.raw[key] = text
			return
		}
		*to = &n
		if l.Qty != nil && l.Price != nil {
			l.Amount = nil // it follows
		}
	}
	switch col {
	case ColName:
		l.Name = text
		if text == "" {
			l.TaxCode, l.Policy = "", "" // they were the item's
		}
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
			d.raw[key] = text
		}
	case ColDiscount:
		if text == "" {
			l.Discount = nil
			return
		}
		figure, percent := strings.CutSuffix(narrow(text), "%")
		n, err := typedNumber(figure)
		switch {
		case err != nil:
			d.raw[key] = text
		case percent:
			l.Discount = &invoice.Discount{Percent: &n}
		default:
			l.Discount = &invoice.Discount{Amount: &n}
		}
	}
}

// newLine is an empty line that takes the rate of the one before. While one is
// being typed it is that.
func (d *draft) newLine(lines []invoice.Line) invoice.Line {
	last, rate := "", tax.Rate{Value: decimal.New(13, -2)}
	if n := len(lines); n > 0 {
		last, rate = lines[n-1].Order, lines[n-1].Rate
	}
	id := ""
	if p := d.pending; p != nil && !slices.ContainsFunc(lines, func(l invoice.Line) bool { return l.ID == p.line.ID }) {
		id = p.line.ID
	} else {
		id = uuid.Must(uuid.NewV7()).String()
	}
	return invoice.Line{ID: id, Order: invoice.OrderAfter(last), Rate: rate}
}

// thousands is a number with its thousands apart; "85,5" is none.
var thousands = regexp.MustCompile(`^\d{1,3}(,\d{3})+(\.\d+)?$`)

// narrow writes full-width characters narrow and takes the space around a text away.
func narrow(s string) string { return strings.TrimSpace(width.Narrow.String(s)) }

// typedNumber reads a number as clerks and spreadsheets write it, also with the
// currency: "1,234.50", "¥28.32", "２８．３２元".
func typedNumber(s string) (decimal.Decimal, error) {
	s = narrow(s)
	sign := ""
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		sign, s = s[:1], s[1:]
	}
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(s, "¥"), "元"))
	if thousands.MatchString(s) {
		s = strings.ReplaceAll(s, ",", "")
	}
	return money.Parse(sign+s, 13, 16)
}

// typedRate reads "13", "13 %", "0.13", "免税" and "不征税".
func typedRate(s string) (tax.Rate, bool) {
	switch s {
	case "免税", "exempt":
		return tax.Rate{Status: tax.Exempt}, true
	case "不征税", "nontaxable":
		return tax.Rate{Status: tax.NonTaxable}, true
	}
	figure, percent := strings.CutSuffix(narrow(s), "%")
	d, err := money.Parse(figure, 6, 10)
	if err != nil || d.IsNegative() {
		return tax.Rate{}, false
	}
	if percent || d.GreaterThanOrEqual(decimal.New(1, 0)) {
		d = d.Shift(-2)
	}
	return tax.Rate{Value: d}, d.LessThan(decimal.New(1, 0))
}

// Paste puts a block copied from a spreadsheet at a cell, as one step of undo.
func (e *Editor) Paste(row, col int, block string) {
	if e.Fixed() {
		return
	}
	e.change("", func(i *invoice.Invoice) {
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
func (e *Editor) SetItem(row int, it item.Item) {
	if e.Fixed() {
		return
	}
	e.change("", func(i *invoice.Invoice) {
		if row >= len(i.Lines) {
			row = len(i.Lines)
			i.Lines = append(i.Lines, e.newLine(i.Lines))
		}
		l := &i.Lines[row]
		for _, col := range []int{ColName, ColSpec, ColUnit, ColRate} {
			delete(e.raw, cellKey(l.ID, col))
		}
		l.Name, l.TaxCode, l.Spec, l.Unit, l.Rate, l.Policy = it.Name, it.TaxCode, it.Spec, it.Unit, it.Rate, it.Policy
		if it.Price != nil {
			p := *it.Price
			l.Price = &p
			delete(e.raw, cellKey(l.ID, ColPrice))
		}
	})
}

// DuplicateLine, DeleteLine and MoveLine edit whole lines.
func (e *Editor) DuplicateLine(row int) {
	if row >= len(e.inv.Lines) {
		return
	}
	e.change("", func(i *invoice.Invoice) {
		l := e.newLine(i.Lines)
		id := l.ID
		l = i.Lines[row]
		after := ""
		if row+1 < len(i.Lines) {
			after = i.Lines[row+1].Order
		}
		for _, f := range invoice.LineFields {
			if text, unread := e.raw[books.LineField(l.ID, f.Key)]; unread {
				e.raw[books.LineField(id, f.Key)] = text
			}
		}
		l.ID, l.Order = id, invoice.OrderBetween(i.Lines[row].Order, after)
		if after == "" {
			l.Order = invoice.OrderAfter(i.Lines[row].Order)
		}
		i.Lines = slices.Insert(i.Lines, row+1, l)
	})
}

// DeleteLine removes a line.
func (e *Editor) DeleteLine(row int) {
	if row < len(e.inv.Lines) {
		e.change("", func(i *invoice.Invoice) { i.Lines = slices.Delete(i.Lines, row, row+1) })
	}
}

// MoveLine moves a line by one place up (-1) or down (1).
func (e *Editor) MoveLine(row, by int) {
	to := row + by
	if row >= len(e.inv.Lines) || to < 0 || to >= len(e.inv.Lines) {
		return
	}
	e.change("", func(i *invoice.Invoice) {
		i.Lines[row].Order, i.Lines[to].Order = i.Lines[to].Order, i.Lines[row].Order
		i.Lines[row], i.Lines[to] = i.Lines[to], i.Lines[row]
	})
}
