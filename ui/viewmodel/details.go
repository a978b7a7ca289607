package viewmodel

import (
	"fmt"
	"slices"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// detailFields are the fields of a line that have no column: the page shows them
// beside the grid, for the line that is current.
var detailFields = beside(invoice.LineFields)

func beside(all document.Table) (out document.Table) {
	for _, f := range all {
		// The amount follows from quantity and price.
		if f.Key != "amount" && !slices.Contains(cellNames[:], f.Key) {
			out = append(out, f)
		}
	}
	return out
}

// Details are the fields of a line that have no column; of no line in a row that
// holds none.
func (e *Editor) Details(row int) []FormField {
	out := make([]FormField, 0, len(detailFields))
	for _, f := range detailFields {
		out = append(out, e.shown("line", f, e.Detail(row, f.Key), fmt.Sprintf("lines[%d].%s", row+1, f.Key)))
	}
	return out
}

// Detail is such a field as it stands there.
func (e *Editor) Detail(row int, key string) string {
	f, ok := detailFields.Find(key)
	if !ok || row >= len(e.inv.Lines) {
		return ""
	}
	if text, unread := e.raw[books.LineField(e.inv.Lines[row].ID, key)]; unread {
		return text
	}
	return f.Text(e.inv.Lines[row])
}

// SetDetail edits such a field; in the empty last row it makes a line.
func (e *Editor) SetDetail(row int, key, text string) {
	f, ok := detailFields.Find(key)
	if !ok || e.Fixed() || text == e.Detail(row, key) {
		return
	}
	line := e.pendingLine(row)
	e.change(books.LineField(line.ID, key), func(i *invoice.Invoice) {
		if row >= len(i.Lines) {
			row = len(i.Lines)
			i.Lines = append(i.Lines, line)
		}
		setField(e.raw, books.LineField(line.ID, key), f, &i.Lines[row], text)
	})
}

// Policy is the preferential policy of a row for people, empty for none.
func (e *Editor) Policy(row int) string {
	f, _ := detailFields.Find("policy")
	switch {
	case row < len(e.inv.Lines) && e.inv.Lines[row].Policy == "": // asked of every row
	case row < len(e.inv.RedRows):
		return fieldText(e.setup.Words, f, invoice.Line{Policy: e.inv.RedRows[row].Policy})
	case row < len(e.inv.Lines):
		return fieldText(e.setup.Words, f, e.inv.Lines[row])
	}
	return ""
}
