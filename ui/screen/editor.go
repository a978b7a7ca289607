package screen

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"counterfoil/app/invoice"
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
	kind, basis        *xwidget.Select
	grid               *xwidget.Grid
	shown              string // id the fields were filled from
	first              func() // takes the first completion; nil when there is none
	filling            bool
	body               fyne.CanvasObject

	Back    func()
	Print   func()
	Offline func() bool
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
	s.kind = xwidget.NewSelect([]string{t.T("editor.choose.ordinary"), t.T("editor.choose.special")}, func(x string) {
		k := invoice.Ordinary
		if x == t.T("editor.choose.special") {
			k = invoice.Special
		}
		if !s.filling {
			vm.SetKind(k)
		}
	})
	s.basis = xwidget.NewSelect([]string{t.T("editor.excl"), t.T("editor.incl")}, func(x string) {
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
		s.offers.Add(xwidget.NewTouch(around(label, 3, 8), picked))
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
		state = s.t.T("editor.saved", s.vm.SavedText())
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
		out = append(out, button(s.t.T("shell.print")+"  "+s.t.T("key.print"), false, s.Print))
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
		out = append(out, button(s.t.T("shell.submit")+"  "+s.t.T("key.enter"), true, func() {
			s.grid.Commit()
			s.vm.Submit()
		}))
	}
	return out
}
