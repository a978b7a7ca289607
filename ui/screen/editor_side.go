package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"counterfoil/app/invoice"
	"counterfoil/app/money"
	"counterfoil/ui/viewmodel"
)

// fate says what became of an invoice that was handed in.
func (s *Editor) fate() fyne.CanvasObject {
	inv := s.vm.Invoice()
	box := container.New(stacked{6}, words(s.t.T("invoices."+string(inv.State)), bodySize, true, stateInk(inv.State)))
	if inv.Number != "" {
		box.Add(words(s.t.T("paper.number")+" "+inv.Number, 13, false, plainInk))
	}
	if !inv.IssuedAt.IsZero() {
		box.Add(words(inv.IssuedAt.Local().Format("2006-01-02 15:04"), 13, false, mutedInk))
	}
	if inv.Branch != "" {
		box.Add(words(clip(inv.Branch, 34), 13, false, mutedInk))
	}
	box.Add(prose(s.t.T("editor.fate."+string(inv.State)), false, mutedInk))
	return box
}

func (s *Editor) totals() fyne.CanvasObject {
	sheet := s.vm.Sheet()
	big := words("¥ "+money.Format(sheet.Gross), 27, true, plainInk)
	if fyne.MeasureText(big.Text, 27, big.TextStyle).Width > 236 {
		big.TextSize = 18
	}
	sums := container.New(stacked{5}, words(s.t.T("editor.total"), smallSize, false, mutedInk), big, prose(sheet.Words, false, plainInk), rule())
	rowOf := func(bold bool, name fyne.ThemeColorName, a, b, c string) fyne.CanvasObject {
		x, y, z := words(a, 13, bold, name), words(b, 13, bold, name), words(c, 13, bold, name)
		y.Alignment, z.Alignment = fyne.TextAlignTrailing, fyne.TextAlignTrailing
		return container.New(shares{parts: []float32{60, 95, 85}, space: 4}, x, y, z)
	}
	sums.Add(rowOf(false, mutedInk, s.t.T("field.line.rate"), s.t.T("field.line.net"), s.t.T("field.line.tax")))
	for _, r := range sheet.ByRate {
		sums.Add(rowOf(false, plainInk, r.Rate.Percent(), money.Format(r.Net), money.Format(r.Tax)))
	}
	sums.Add(rowOf(true, plainInk, s.t.T("editor.sum"), money.Format(sheet.Net), money.Format(sheet.Tax)))

	return card(sums)
}

// found says what is wrong with a draft, and what became of another.
func (s *Editor) found() fyne.CanvasObject {
	if !s.vm.Editable() {
		return card(s.fate())
	}
	checks := container.New(stacked{6}, words(s.t.T("editor.checks"), bodySize, true, plainInk))
	issues := s.vm.Issues()
	if len(issues) == 0 {
		checks.Add(words("✓ "+s.t.T("editor.checks.good"), 13, false, goodInk))
	}
	for n, i := range issues {
		if n == 6 {
			checks.Add(words("…", 13, false, mutedInk))
			break
		}
		text := viewmodel.Issue(s.t, i)
		mark, name := "✕ ", badInk
		if i.Severity == invoice.SeverityWarning {
			mark, name = "! ", slowInk
		}
		checks.Add(prose(mark+text, false, name))
	}
	return card(checks)
}
