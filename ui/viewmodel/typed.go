package viewmodel

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// What is typed is always kept: the invoice as far as it can be stored, and
// beside it, as text, what it cannot hold.

// A pendingCell is the cell that is being typed and was not left yet. line is
// the id of its line, which is a new one in the empty last row.
type pendingCell struct {
	line invoice.Line
	col  int
	text string
}

// compute finds out what the invoice comes to, what is wrong with it, and which
// part of it can be stored.
func (d *draft) compute() {
	var bad, rest []invoice.Issue
	d.kept, d.held = d.inv, nil
	d.sheet, bad, rest = invoice.Look(d.inv)
	if d.most >= len(d.inv.Lines) {
		d.most = 0 // it became shorter
	}
	if len(bad) > 0 || d.inv.Date == "" || d.most > 0 {
		var left []invoice.Issue
		bad = d.sift(bad)
		d.sheet, left, rest = invoice.Look(d.kept)
		told := map[string]bool{}
		for _, i := range bad {
			told[i.Field] = true
		}
		bad = append(bad, left...)
		rest = slices.DeleteFunc(rest, func(i invoice.Issue) bool { return told[i.Field] })
	}
	d.issues = append(append(bad, d.unread()...), rest...)
	if len(d.editor.sellers) > 0 && d.inv.Seller.IsZero() && d.inv.Reverses == "" && d.inv.State.Editable() {
		d.issues = append(d.issues, invoice.Issue{Field: "seller", Code: "seller_missing", Severity: invoice.SeverityWarning, Text: "no seller is chosen"})
	}
	if len(bad) > 0 || len(d.raw) > 0 {
		d.issues = tidied(d.issues)
	}
	d.open = d.open || d.MoreWrong()
}

// unread are the issues of texts that cannot be read.
func (d *draft) unread() (issues []invoice.Issue) {
	for key, text := range d.raw {
		id, field := books.Typed(d.raw).Line(key)
		code := "number_malformed"
		if field == cellNames[ColRate] {
			code = "rate_malformed"
		}
		if row := d.lineAt(id); row >= 0 {
			key = fmt.Sprintf("lines[%d].%s", row+1, field)
		} else if id != "" {
			continue
		}
		issues = append(issues, invoice.Issue{Field: key, Code: code, Severity: invoice.SeverityError, Text: text})
	}
	return issues
}

// tidied puts the issues of a line together, and leaves out what only follows
// from a quantity or a price that cannot be read.
func tidied(issues []invoice.Issue) []invoice.Issue {
	at := func(i invoice.Issue) (line, col int) {
		m := lineField.FindStringSubmatch(i.Field)
		if m == nil {
			return 0, 0
		}
		line, _ = strconv.Atoi(m[1])
		return line, slices.Index(cellNames[:], m[2])
	}
	unread := map[int]bool{}
	for _, i := range issues {
		if line, _ := at(i); i.Code == "number_malformed" {
			unread[line] = true
		}
	}
	issues = slices.DeleteFunc(issues, func(i invoice.Issue) bool {
		line, _ := at(i)
		return unread[line] && (i.Code == "amount_not_positive" || i.Code == "discount_range")
	})
	slices.SortStableFunc(issues, func(a, b invoice.Issue) int {
		la, ca := at(a)
		lb, cb := at(b)
		return cmp.Or(cmp.Compare(la, lb), cmp.Compare(ca, cb))
	})
	return issues
}

// sift parts the invoice into what can be stored, d.kept, and what cannot,
// d.held, and gives the issues of the latter. bad is what was found in the head.
func (d *draft) sift(bad []invoice.Issue) (issues []invoice.Issue) {
	inv := clone(d.inv)
	d.held = books.Typed{}
	if inv.Date == "" {
		bad = append(bad, invoice.Issue{Field: "date", Code: "date_malformed", Severity: invoice.SeverityError})
	}
	issues = d.setFieldsApart(&inv, bad)
	if inv.Date == "" {
		inv.Date = d.base.Date
		_, meets, _ := invoice.Look(inv) // what does not go with that date; it goes with none that was typed
		d.setFieldsApart(&inv, meets)
	}
	room := invoice.MaxLines
	if d.most > 0 {
		room = min(room, d.most)
	}
	if len(inv.Lines) > room {
		for _, l := range inv.Lines[room:] {
			d.setApart(d.held, l)
		}
		inv.Lines = inv.Lines[:room]
		issues = append(issues, invoice.Issue{Field: "lines", Code: "too_many_lines", Severity: invoice.SeverityError})
	}
	for n := range inv.Lines {
		l := &inv.Lines[n]
		for found := invoice.LookLine(*l, inv.Basis); len(found) > 0; found = invoice.LookLine(*l, inv.Basis) {
			i := found[0]
			key := books.LineField(l.ID, i.Field)
			if _, again := d.held[key]; again {
				break // it is not the text: the desk will say what it is
			}
			f, ok := invoice.LineFields.Find(i.Field)
			if !ok {
				break
			}
			d.held[key] = lineText(*l, f)
			*l = document.Clear(f, *l)
			i.Field = fmt.Sprintf("lines[%d].%s", n+1, i.Field)
			issues = append(issues, i)
		}
	}
	d.kept = inv
	return issues
}

// setFieldsApart writes the fields of the head that issues stand in as texts, takes
// them out of the invoice, and returns those issues.
func (d *draft) setFieldsApart(from *invoice.Invoice, bad []invoice.Issue) (issues []invoice.Issue) {
	for _, i := range bad {
		if f, ok := invoice.Fields.Find(i.Field); ok && f.Choices(from.Date) == nil {
			d.held[i.Field] = f.Text(*from)
			*from = document.Clear(f, *from)
			issues = append(issues, i)
		}
	}
	return issues
}

// setApart writes a whole line as texts.
func (d *draft) setApart(to books.Typed, l invoice.Line) {
	to[books.LineField(l.ID, "order")] = l.Order
	for _, f := range invoice.LineFields {
		text, raw := d.raw[books.LineField(l.ID, f.Key)]
		if !raw {
			text = lineText(l, f)
		}
		if raw || text != "" {
			to[books.LineField(l.ID, f.Key)] = text
		}
	}
}

// lineText is a field of a line as typed.
func lineText(l invoice.Line, f document.Field) string {
	if col := slices.Index(cellNames[:], f.Key); col >= 0 {
		return cellText(l, col)
	}
	return f.Text(l)
}

// texts is all that the stored invoice does not hold: what cannot be read, what
// cannot be stored, and the cell that is being typed.
func (d *draft) texts() books.Typed {
	out := books.Typed{}
	maps.Copy(out, d.held)
	for key, text := range d.raw {
		id, _ := out.Line(key)
		if id == "" || slices.ContainsFunc(d.kept.Lines, func(l invoice.Line) bool { return l.ID == id }) {
			out[key] = text
		}
	}
	if p := d.pending; p != nil {
		if !slices.ContainsFunc(d.inv.Lines, func(l invoice.Line) bool { return l.ID == p.line.ID }) {
			out[books.LineField(p.line.ID, "order")] = p.line.Order
		}
		out[cellKey(p.line.ID, p.col)] = p.text
	}
	return out
}

// restore lays what was typed over the invoice again; the cell that is being
// typed is in its entry. It reports whether the invoice takes something in that
// is not stored in it.
func (d *draft) restore(typed books.Typed) (taken bool) {
	d.raw, d.beside = map[string]string{}, nil
	if len(typed) == 0 || !d.inv.State.Editable() {
		if d.beside = typed; !d.inv.State.Editable() {
			d.pending = nil
		}
		d.compute()
		return false
	}
	d.inv = clone(d.inv)
	apart := false
	for _, key := range slices.Sorted(maps.Keys(typed)) {
		if f, ok := invoice.Fields.Find(key); ok {
			setField(d.raw, key, f, &d.inv, typed[key])
			continue
		}
		if id, field := typed.Line(key); field == "order" && d.lineAt(id) < 0 && !d.isPending(id, "") {
			l := d.newLine(d.inv.Lines)
			l.ID, l.Order = id, typed[key]
			d.inv.Lines = append(d.inv.Lines, l)
			apart = true
		}
	}
	if apart {
		d.inv.Lines = invoice.Sorted(d.inv.Lines)
	}
	for _, key := range slices.Sorted(maps.Keys(typed)) { // an amount before what it follows from
		id, field := typed.Line(key)
		if row := d.lineAt(id); id != "" && row >= 0 && !d.isPending(id, field) {
			d.restoreField(row, field, typed[key])
		}
	}
	d.compute()
	still := d.texts()
	for key := range typed {
		id, _ := typed.Line(key)
		if _, kept := still[key]; !kept && (id == "" || d.lineAt(id) >= 0) {
			return true
		}
	}
	return false
}

func (d *draft) restoreField(row int, field, text string) {
	l := &d.inv.Lines[row]
	if col := slices.Index(cellNames[:], field); col >= 0 {
		d.setCell(&d.inv, row, col, text)
	} else if f, ok := invoice.LineFields.Find(field); ok {
		setField(d.raw, books.LineField(l.ID, field), f, l, text)
	}
}

func (d *draft) lineAt(id string) int {
	return slices.IndexFunc(d.inv.Lines, func(l invoice.Line) bool { return l.ID == id })
}

// isPending reports whether a cell is the one being typed; any of its line's
// where no field is named.
func (d *draft) isPending(line, field string) bool {
	return d.pending != nil && d.pending.line.ID == line && (field == "" || cellNames[d.pending.col] == field)
}

func numberText(n *decimal.Decimal) string {
	if n == nil {
		return ""
	}
	return n.String()
}

// cellText is a cell's text for editing, without what cannot be read.
func cellText(l invoice.Line, col int) string {
	switch col {
	case ColName:
		return l.Name
	case ColSpec:
		return l.Spec
	case ColUnit:
		return l.Unit
	case ColQty:
		return numberText(l.Qty)
	case ColPrice:
		return numberText(l.Price)
	case ColRate:
		return l.Rate.Percent()
	case ColDiscount:
		switch {
		case l.Discount == nil:
			return ""
		case l.Discount.Percent != nil:
			return numberText(l.Discount.Percent) + "%"
		}
		return numberText(l.Discount.Amount)
	}
	return ""
}

// differing is texts and, beside them, whatever else the invoice holds and the
// stored one does not, where the desk takes no edit: as texts it is not lost.
func (d *draft) differing() books.Typed {
	out := d.texts()
	for _, f := range invoice.Fields {
		if now := f.Text(d.kept); now != f.Text(d.base) {
			out[f.Key] = now
		}
	}
	stored := map[string]invoice.Line{}
	for _, l := range d.base.Lines {
		stored[l.ID] = l
	}
	for _, l := range d.kept.Lines {
		was, there := stored[l.ID]
		if !there {
			d.setApart(out, l)
			continue
		}
		for _, f := range invoice.LineFields {
			key := books.LineField(l.ID, f.Key)
			if _, typed := out[key]; !typed && lineText(l, f) != lineText(was, f) {
				out[key] = lineText(l, f)
			}
		}
	}
	return out
}
