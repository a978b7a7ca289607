package screen

import (
	"cmp"
	"slices"
	"strconv"

	"counterfoil/app/invoice"
	"counterfoil/app/money"
	"counterfoil/ui/viewmodel"
)

// lines is the grid's view of the editor.
type lines struct {
	vm *viewmodel.Editor
	t  viewmodel.Phrases
}

// gridColumn maps a grid column to the editor's; -1 is computed.
var gridColumn = []int{-1, viewmodel.ColName, viewmodel.ColSpec, viewmodel.ColUnit, viewmodel.ColQty, viewmodel.ColPrice, viewmodel.ColDiscount, viewmodel.ColRate, -1, -1}

func (l lines) Rows() int   { return l.vm.Rows() }
func (l lines) Fixed() bool { return l.vm.Fixed() }
func (l lines) Key(row int) string {
	if all := l.vm.Invoice().Lines; row < len(all) {
		return all[row].ID
	}
	return ""
}
func (l lines) Edit(row, col int) string {
	if gridColumn[col] < 0 {
		return ""
	}
	return l.vm.Cell(row, gridColumn[col])
}
func (l lines) Set(row, col int, s string) {
	if gridColumn[col] >= 0 {
		l.vm.SetCell(row, gridColumn[col], s)
	}
}

func (l lines) Text(row, col int) string {
	if col == 0 {
		return strconv.Itoa(row + 1)
	}
	if gridColumn[col] >= 0 {
		return l.Edit(row, col)
	}
	figure := func(r invoice.Row) string {
		if col == 8 {
			return money.Format(r.Net)
		}
		return money.Format(r.Tax)
	}
	if red := l.vm.Invoice().RedRows; red != nil {
		if row < len(red) {
			return figure(red[row])
		}
		return ""
	}
	for _, r := range l.rows(row + 1) {
		if r.Type != invoice.DiscountRow && row < len(l.vm.Invoice().Lines) {
			return figure(r)
		}
	}
	return ""
}

// rows are the computed rows of a line: itself, and its discount where it has one.
func (l lines) rows(line int) []invoice.Row {
	all := l.vm.Sheet().Rows // in the order of their lines
	at, _ := slices.BinarySearchFunc(all, line, func(r invoice.Row, n int) int { return cmp.Compare(r.Line, n) })
	end := at
	for end < len(all) && all[end].Line == line {
		end++
	}
	return all[at:end]
}

// discount is the discount row of a grid row. Red-letter rows stand for themselves.
func (l lines) discount(row int) (invoice.Row, bool) {
	if l.vm.Invoice().RedRows == nil {
		for _, r := range l.rows(row + 1) {
			if r.Type == invoice.DiscountRow {
				return r, true
			}
		}
	}
	return invoice.Row{}, false
}

func (l lines) Tall(row int) bool {
	_, ok := l.discount(row)
	return ok || l.vm.Policy(row) != ""
}

func (l lines) Sub(row int) []string {
	policy := l.vm.Policy(row)
	r, ok := l.discount(row)
	if !ok {
		return []string{1: "    " + policy}
	}
	text := "    " + l.t.T("editor.discount", l.Edit(row, 6))
	if policy != "" {
		text += " · " + policy
	}
	return []string{1: text, 7: r.Rate.Percent(), 8: money.Format(r.Net), 9: money.Format(r.Tax)}
}
