package screen

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"counterfoil/app/invoice"
	"counterfoil/app/money"
	"counterfoil/app/party"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// Editor is the invoice page.
type Editor struct {
	vm   *viewmodel.Editor
	t    viewmodel.Phrases
	root *fyne.Container

	head, side, offers *fyne.Container
	warn               *fyne.Container
	buyer, taxno       *xwidget.Field
	remark, date       *xwidget.Field
	taxnote, datenote  *canvas.Text
	kind, basis        *widget.Select
	grid               *xwidget.Grid
	shown              string // id the fields were filled from
	first              func() // takes the first completion; nil when there is none
	filling            bool
	body               fyne.CanvasObject

	Back    func()
	Print   func()
	Offline func() bool
}

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

func (l lines) Sub(row int) []string {
	if l.vm.Invoice().RedRows != nil {
		return nil
	}
	for _, r := range l.rows(row + 1) {
		if r.Type == invoice.DiscountRow {
			return []string{1: "    " + l.t.T("editor.discount", l.Edit(row, 6)), 7: r.Rate.Percent(), 8: money.Format(r.Net), 9: money.Format(r.Tax)}
		}
	}
	return nil
}

// NewEditor makes the page and follows the model's changes.
func NewEditor(vm *viewmodel.Editor, t viewmodel.Phrases) *Editor {
	s := &Editor{vm: vm, t: t, head: container.NewStack(), side: container.NewStack(), offers: container.New(stacked{0}), warn: container.NewStack(), root: container.NewStack()}
	entry := func(set func(string)) *xwidget.Field {
		e := xwidget.NewField()
		e.OnChanged = func(x string) {
			if !s.filling {
				set(x)
			}
		}
		return e
	}
	s.buyer = entry(func(x string) {
		vm.SetBuyer(x)
		vm.FindCustomers(x, func(all []party.Customer) {
			if s.buyer.Text == x {
				s.offerCustomers(all)
			}
		})
	})
	s.buyer.Left = func() { s.dismiss() }
	s.buyer.OnSubmitted = func(string) { s.take() }
	s.taxno, s.remark = entry(vm.SetTaxNo), entry(vm.SetRemark)
	s.date = entry(func(x string) {
		s.datenote.Color = ink(badInk)
		if dateOf(x) == nil {
			s.datenote.Color = ink(mutedInk)
			vm.SetDate(x)
		}
		s.datenote.Refresh()
	})
	s.datenote = words(t.T("editor.date"), smallSize, false, mutedInk)
	s.taxnote = words("", smallSize, false, slowInk)
	s.kind = widget.NewSelect([]string{t.T("editor.choose.ordinary"), t.T("editor.choose.special")}, func(x string) {
		k := invoice.Ordinary
		if x == t.T("editor.choose.special") {
			k = invoice.Special
		}
		if !s.filling {
			vm.SetKind(k)
		}
	})
	s.basis = widget.NewSelect([]string{t.T("editor.excl"), t.T("editor.incl")}, func(x string) {
		b := invoice.Exclusive
		if x == t.T("editor.incl") {
			b = invoice.Inclusive
		}
		if !s.filling {
			vm.SetBasis(b)
		}
	})
	s.grid = xwidget.NewGrid([]xwidget.GridColumn{
		{Title: "#", Share: 44}, {Title: t.T("editor.col.name"), Share: 212, Typed: true}, {Title: t.T("editor.col.spec"), Share: 82, Typed: true},
		{Title: t.T("editor.col.unit"), Share: 46, Typed: true}, {Title: t.T("editor.col.qty"), Share: 68, Right: true, Typed: true},
		{Title: t.T("editor.col.price"), Share: 84, Right: true, Typed: true}, {Title: t.T("editor.col.discount"), Share: 66, Right: true, Typed: true},
		{Title: t.T("editor.col.rate"), Share: 56, Right: true, Typed: true}, {Title: t.T("editor.col.net"), Share: 106, Right: true}, {Title: t.T("editor.col.tax"), Share: 98, Right: true},
	}, lines{vm, t})
	s.grid.Typing = func(row, col int, x string) {
		if col == 1 && x != "" {
			vm.FindItems(x, func(items []invoice.Item) {
				if r, c := s.grid.Current(); r == row && c == col {
					s.offerItems(row, items)
				}
			})
		}
	}
	s.grid.Accept = func(_, col int) bool { return col == 1 && s.take() }
	s.grid.Dismiss = s.dismiss
	s.grid.Moved = func() { s.dismiss() }
	s.grid.Paste = func(row, col int, block string) { vm.Paste(row, gridColumn[col], block) }
	s.grid.Shortcut = s.shortcut

	label := func(key string, o fyne.CanvasObject) fyne.CanvasObject {
		return container.New(stacked{4}, words(t.T(key), smallSize, false, mutedInk), o)
	}
	fields := container.New(shares{parts: []float32{245, 190, 165, 112, 112}, space: gap},
		label("editor.buyer", s.buyer), container.New(stacked{4}, label("editor.taxno", s.taxno), s.taxnote), label("editor.kind", edged(s.kind)), label("editor.basis", edged(s.basis)), container.New(stacked{4}, s.datenote, s.date))
	s.grid.Hint = t.T("editor.hint")
	gridCard := framed(s.grid)
	top := container.New(stacked{gap}, s.warn, card(container.New(stacked{4}, fields, s.offers)), spacer())
	bottom := container.New(stacked{gap}, spacer(), framed(around(container.NewBorder(nil, nil,
		container.NewCenter(words(t.T("editor.remark")+"  ", smallSize, false, mutedInk)), nil, s.remark), 6, inset)))
	// In this order Tab goes from the head to the lines to the remark.
	left := container.New(layout.NewBorderLayout(top, bottom, nil, nil), top, gridCard, bottom)
	right := container.NewVScroll(fixed(272, 560, s.side))
	right.SetMinSize(fyne.NewSize(280, 100))
	body := container.NewBorder(nil, nil, nil, around(right, 0, 0), container.New(layout.NewCustomPaddedLayout(0, 0, 0, gap), left))
	s.root = container.NewStack()
	s.body = body
	vm.Changed = s.Refresh
	s.Refresh()
	return s
}

// dateOf refuses what is not a whole date; a date half typed is not taken over.
func dateOf(s string) error {
	_, err := time.Parse(time.DateOnly, s)
	return err
}

// Object is the page.
func (s *Editor) Object() fyne.CanvasObject { return s.root }

// Focus puts the cursor where a clerk begins.
func (s *Editor) Focus(c fyne.Canvas) { c.Focus(s.buyer) }

// Commit takes what is being typed in a cell.
func (s *Editor) Commit() { s.grid.Commit() }

func (s *Editor) shortcut(row, _ int, name string) {
	switch name {
	case "duplicate":
		s.vm.DuplicateLine(row)
	case "up":
		s.vm.MoveLine(row, -1)
	case "down":
		s.vm.MoveLine(row, 1)
	case "delete":
		s.vm.DeleteLine(row)
	case "save":
		s.vm.Save()
	case "submit":
		s.vm.Submit()
	case "undo":
		s.vm.Undo()
	case "redo":
		s.vm.Redo()
	}
	s.grid.Reload()
}

// offer shows completions under the head; Enter takes the first, Esc none.
func (s *Editor) offer(texts []string, take func(i int)) {
	s.offers.RemoveAll()
	s.first = nil
	for i, text := range texts {
		if i == 4 {
			break
		}
		picked := func() {
			s.dismiss()
			take(i)
		}
		label := container.NewHBox(words(clip(text, 90), 13, false, blueInk))
		if i == 0 {
			s.first = picked
			label.Add(words("Enter ⏎", smallSize, false, mutedInk))
		}
		s.offers.Add(NewHit(around(label, 3, 8), picked))
	}
	s.offers.Refresh()
}

// take picks the first completion; false when there is none.
func (s *Editor) take() bool {
	if s.first == nil {
		return false
	}
	s.first()
	return true
}

// dismiss takes the completions away; false when there were none.
func (s *Editor) dismiss() bool {
	had := s.first != nil
	s.first = nil
	s.offers.RemoveAll()
	s.offers.Refresh()
	return had
}

func (s *Editor) offerCustomers(all []party.Customer) {
	var texts []string
	for _, c := range all {
		if c.Name != s.vm.Invoice().Buyer.Name {
			texts = append(texts, c.Name+"   "+c.TaxNo)
		}
	}
	if len(texts) < len(all) || s.vm.Invoice().Buyer.Name == "" {
		texts = nil // the name is complete
	}
	s.offer(texts, func(i int) {
		s.vm.SetCustomer(all[i])
		s.shown = ""
		s.Refresh()
	})
}

func (s *Editor) offerItems(row int, all []invoice.Item) {
	var texts []string
	for _, it := range all {
		texts = append(texts, it.Name+"   "+it.Spec+"   "+it.Rate.Percent())
	}
	s.offer(texts, func(i int) {
		s.vm.SetItem(row, all[i])
		s.grid.Take()
		s.grid.Go(row, 4)
	})
}

// Refresh draws what changed; the fields are filled anew only for another invoice.
func (s *Editor) Refresh() {
	inv := s.vm.Invoice()
	key := inv.ID + string(inv.State) + fmt.Sprint(inv.Revision)
	if key != s.shown && !s.vm.Unsaved() || s.shown == "" {
		s.shown = key
		s.filling = true
		set := func(e *xwidget.Field, x string) {
			if e.Text != x {
				e.SetText(x)
			}
		}
		set(s.buyer, inv.Buyer.Name)
		set(s.taxno, inv.Buyer.TaxNo)
		set(s.remark, inv.Remark)
		set(s.date, inv.Date)
		s.kind.SetSelectedIndex(map[invoice.Kind]int{invoice.Ordinary: 0, invoice.Special: 1}[inv.Kind])
		s.basis.SetSelectedIndex(map[invoice.Basis]int{invoice.Exclusive: 0, invoice.Inclusive: 1}[inv.Basis])
		s.filling = false
		for _, w := range []fyne.Disableable{s.buyer, s.taxno, s.remark, s.date, s.kind, s.basis} {
			if s.vm.Editable() {
				w.Enable()
			} else {
				w.Disable()
			}
		}
	}
	if inv.RedRows != nil {
		// What is taken back is taken back as it was.
		s.kind.Disable()
		s.basis.Disable()
	}
	if s.vm.Fixed() {
		s.grid.Hint = ""
	} else {
		s.grid.Hint = s.t.T("editor.hint")
	}
	s.taxnote.Text = ""
	for _, i := range s.vm.Issues() {
		if i.Field == "buyer.tax_no" {
			s.taxnote.Text, s.taxnote.Color = s.issue(i), ink(slowInk)
			if i.Severity == invoice.SeverityError {
				s.taxnote.Color = ink(badInk)
			}
		}
	}
	s.taxnote.Refresh()
	s.warn.RemoveAll()
	s.warn.Show()
	switch {
	case s.vm.Message() != "":
		s.warn.Add(banner(prose(s.vm.Message(), false, badInk), badInk))
	case s.Offline != nil && s.Offline() && s.vm.Editable():
		s.warn.Add(banner(words(s.t.T("editor.offline"), 13, false, slowInk), slowInk))
	default:
		s.warn.Hide()
	}
	s.side.Objects = []fyne.CanvasObject{s.totals()}
	s.side.Refresh()
	s.grid.Reload()
	s.root.Objects = []fyne.CanvasObject{page(s.title(), "", s.actions(), s.body)}
	s.root.Refresh()
}

func (s *Editor) title() string {
	inv := s.vm.Invoice()
	switch {
	case inv.Number != "":
		return s.t.T("editor.open", inv.Number)
	case inv.Reference != "":
		return s.t.T("editor.open", inv.Reference)
	}
	return s.t.T("editor.new")
}

func (s *Editor) actions() []fyne.CanvasObject {
	inv := s.vm.Invoice()
	state := s.t.T("editor.unsaved")
	switch {
	case !s.vm.Editable():
		state = s.t.T("invoices." + string(inv.State))
	case !s.vm.Unsaved() && !s.vm.SavedAt().IsZero():
		state = s.t.T("editor.saved", s.vm.SavedAt().Format("15:04:05"))
	}
	name := mutedInk
	if !s.vm.Editable() {
		name = stateInk(inv.State)
	}
	out := []fyne.CanvasObject{container.NewCenter(chip(state, name)), button(s.t.T("shell.back")+"  Esc", false, func() {
		s.grid.Commit()
		s.vm.Save()
		s.Back()
	})}
	if s.vm.Invoice().ID != "" && s.Print != nil {
		out = append(out, button(s.t.T("shell.print")+"  Ctrl P", false, s.Print))
	}
	if inv.ReviewNeeded {
		out = append(out, button(s.t.T("editor.reviewed"), false, s.vm.Reviewed))
	}
	if !s.vm.Editable() && inv.RedRows == nil {
		out = append(out, button(s.t.T("editor.duplicate"), false, s.vm.Duplicate))
	}
	if inv.State == invoice.Issued && inv.Reverses == "" {
		out = append(out, button(s.t.T("editor.reverse"), false, s.vm.Reverse))
	}
	if inv.State == invoice.Waiting {
		out = append(out, button(s.t.T("editor.recall"), false, s.vm.Recall))
	}
	if s.vm.Editable() {
		out = append(out, button(s.t.T("shell.submit")+"  Ctrl ⏎", true, func() {
			s.grid.Commit()
			s.vm.Submit()
		}))
	}
	return out
}

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

var lineField = regexp.MustCompile(`^lines\[(\d+)\](?:\.(\w+))?`)

// place names a field: with its line and column where it is in one.
func (s *Editor) place(field string) string {
	m := lineField.FindStringSubmatch(field)
	if m == nil {
		if t := s.t.T("editor.field." + field); t != "editor.field."+field {
			return t
		}
		return field
	}
	n, _ := strconv.Atoi(m[1])
	out := s.t.T("editor.line", n)
	if t := s.t.T("editor.col." + m[2]); t != "editor.col."+m[2] {
		out += " " + t
	}
	return out
}

func (s *Editor) issue(i invoice.Issue) string {
	if t := s.t.T("issue." + i.Code); t != "issue."+i.Code {
		return t
	}
	return i.Text
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
	sums.Add(rowOf(false, mutedInk, s.t.T("editor.col.rate"), s.t.T("editor.col.net"), s.t.T("editor.col.tax")))
	for _, r := range sheet.ByRate {
		sums.Add(rowOf(false, plainInk, r.Rate.Percent(), money.Format(r.Net), money.Format(r.Tax)))
	}
	sums.Add(rowOf(true, plainInk, s.t.T("editor.sum"), money.Format(sheet.Net), money.Format(sheet.Tax)))

	if !s.vm.Editable() {
		return container.New(stacked{gap}, card(sums), card(s.fate()))
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
		text := s.place(i.Field) + " " + s.issue(i)
		if whole := "issue." + i.Field + "." + i.Code; s.t.T(whole) != whole {
			text = s.t.T(whole)
		}
		mark, name := "✕ ", badInk
		if i.Severity == invoice.SeverityWarning {
			mark, name = "! ", slowInk
		}
		checks.Add(prose(mark+text, false, name))
	}
	return container.New(stacked{gap}, card(sums), card(checks))
}
