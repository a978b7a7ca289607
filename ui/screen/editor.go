package screen

import (
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
	"counterfoil/app/seller"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

func init() {
	register(Page{Name: "editor", Under: "invoices", Open: func(h *Host) func() Content {
		list := func() { h.Show("invoices") }
		return func() Content {
			s := NewEditor(h.Editor, h.Words)
			s.Print, s.Back, s.Offline = h.PrintOpen, list, h.Offline
			h.Form = s
			submit := func() {
				s.Commit()
				h.Editor.Submit()
			}
			back := func() {
				h.Save()
				list()
			}
			return Content{Object: s.Object(), Refresh: s.Refresh, Synced: s.synced, Submit: submit, Print: h.PrintOpen, Back: back}
		}
	}})
}

// Editor is the invoice page.
type Editor struct {
	vm   *viewmodel.Editor
	t    viewmodel.Phrases
	root *fyne.Container

	sums, checks      *fyne.Container
	warn, offers      *fyne.Container
	head              *head
	detail            *detail
	buyer, taxno      *xwidget.Field
	remark, date      *xwidget.Field
	taxnote, datenote *canvas.Text
	kind, basis       *xwidget.Select
	grid              *xwidget.Grid
	shown             string // id the fields were filled from
	turn              int    // of the model, whose document is shown
	waiting           bool   // for a document after waitFor, to give it the keyboard
	waitFor           int
	customers         *viewmodel.Offers[customer.Customer]
	items             *viewmodel.Offers[item.Item]
	filling           bool
	body              fyne.CanvasObject

	Back    func()
	Print   func()
	Offline func() bool
}

// NewEditor makes the page and follows the model's changes.
func NewEditor(vm *viewmodel.Editor, t viewmodel.Phrases) *Editor {
	s := &Editor{vm: vm, t: t, sums: container.NewStack(), checks: container.NewStack(), offers: container.New(stacked{0}), warn: container.New(stacked{gap}), root: container.NewStack()}
	entry := func(set func(string)) *xwidget.Field {
		e := xwidget.NewField()
		e.OnChanged = func(x string) {
			if !s.filling {
				set(x)
			}
		}
		e.Left = vm.Pause
		e.Undo = s.travel
		return e
	}
	s.customers, s.items = vm.Customers(), vm.Items()
	s.customers.Changed, s.items.Changed = s.offerCustomers, s.offerItems
	s.buyer = entry(func(x string) {
		vm.Set("buyer.name", x)
		s.customers.Ask(x)
	})
	s.buyer.Left = func() {
		vm.Pause()
		s.customers.Dismiss()
	}
	s.buyer.Dismiss = func() bool { return s.customers.Dismiss() }
	s.buyer.OnSubmitted = func(x string) {
		if c, ok := s.customers.First(x); ok && !s.complete(x) {
			s.takeCustomer(c)
		}
	}
	s.taxno, s.remark, s.date = entry(func(x string) { vm.Set("buyer.tax_no", x) }), entry(func(x string) { vm.Set("remark", x) }), entry(func(x string) { vm.Set("date", x) })
	s.datenote = words(t.T("editor.date"), smallSize, false, mutedInk)
	s.taxnote = words("", smallSize, false, slowInk)
	s.kind = xwidget.NewSelect([]string{t.T("editor.choose.ordinary"), t.T("editor.choose.special")}, func(x string) {
		k := invoice.Ordinary
		if x == t.T("editor.choose.special") {
			k = invoice.Special
		}
		if !s.filling {
			vm.Set("kind", string(k))
		}
	})
	s.basis = xwidget.NewSelect([]string{t.T("editor.excl"), t.T("editor.incl")}, func(x string) {
		b := invoice.Exclusive
		if x == t.T("editor.incl") {
			b = invoice.Inclusive
		}
		if !s.filling {
			vm.Set("basis", string(b))
		}
	})
	s.grid = xwidget.NewGrid([]xwidget.GridColumn{
		{Title: "#", Share: 44}, {Title: t.T("field.line.name"), Share: 212, Typed: true}, {Title: t.T("field.line.spec"), Share: 82, Typed: true},
		{Title: t.T("field.line.unit"), Share: 46, Typed: true}, {Title: t.T("field.line.qty"), Share: 68, Right: true, Typed: true},
		{Title: t.T("field.line.price"), Share: 84, Right: true, Typed: true}, {Title: t.T("field.line.discount"), Share: 66, Right: true, Typed: true},
		{Title: t.T("field.line.rate"), Share: 56, Right: true, Typed: true}, {Title: t.T("field.line.net"), Share: 106, Right: true}, {Title: t.T("field.line.tax"), Share: 98, Right: true},
	}, lines{vm, t})
	s.grid.Typing = func(row, col int, x string) {
		vm.Typing(row, gridColumn[col], x)
		if col == 1 {
			s.items.Ask(x)
		}
	}
	s.grid.Accept = func(row, col int) bool {
		if col != 1 {
			return false
		}
		it, ok := s.items.First(s.grid.Typed())
		if ok {
			s.takeItem(row, it)
		}
		return ok
	}
	s.grid.Dismiss = func() bool { return s.items.Dismiss() }
	s.grid.Moved = func() {
		s.items.Dismiss()
		s.detail.refresh()
	}
	s.grid.Paste = func(row, col int, block string) { vm.Paste(row, gridColumn[col], block) }
	s.grid.Shortcut = s.shortcut
	s.head, s.detail = newHead(s), newDetail(s)

	label := func(key string, o fyne.CanvasObject) fyne.CanvasObject {
		return container.New(stacked{4}, words(t.T(key), smallSize, false, mutedInk), o)
	}
	fields := container.New(shares{parts: []float32{245, 190, 165, 112, 112}, space: gap},
		label("editor.buyer", s.buyer), label("editor.taxno", s.taxno), label("editor.kind", edged(s.kind)), label("editor.basis", edged(s.basis)), container.New(stacked{4}, s.datenote, s.date))
	// The fold stands at the end of the line in which the tax number is remarked on.
	// Tab comes to it before the buyer, so that it is not in the way to the lines.
	notes := container.NewStack(
		container.New(shares{parts: []float32{245, 190, 165, 112, 112}, space: gap}, spacer(), s.taxnote, spacer(), spacer(), spacer()),
		container.NewHBox(layout.NewSpacer(), s.head.fold))
	s.grid.Hint = t.T("editor.hint")
	gridCard := framed(s.grid)
	top := container.New(stacked{gap}, s.warn, card(container.New(stacked{8}, s.head.byRow, container.New(seconds{4}, notes, fields, s.offers, s.head.more))), spacer())
	bottom := container.New(stacked{gap}, spacer(), framed(around(container.NewBorder(nil, nil,
		container.NewCenter(words(t.T("editor.remark")+"  ", smallSize, false, mutedInk)), nil, s.remark), 6, inset)))
	// In this order Tab goes from the head to the lines to the remark.
	left := container.New(layout.NewBorderLayout(top, bottom, nil, nil), top, gridCard, bottom)
	right := container.NewVScroll(container.New(strip{272, gap}, s.sums, s.detail.whole, s.checks))
	right.SetMinSize(fyne.NewSize(280, 100))
	body := container.NewBorder(nil, nil, nil, around(right, 0, 0), container.New(layout.NewCustomPaddedLayout(0, 0, 0, gap), left))
	s.root = container.NewStack()
	s.body = body
	vm.Changed = s.Refresh
	s.Refresh()
	vm.LoadSellers() // sync may have brought them before there was a page to tell
	return s
}

// synced reads what the server handed out.
func (s *Editor) synced(changed []document.Key) {
	if slices.ContainsFunc(changed, func(k document.Key) bool { return k.Type == seller.Type }) {
		s.vm.LoadSellers()
	}
}

// Object is the page.
func (s *Editor) Object() fyne.CanvasObject { return s.root }

// Focus puts the cursor where a clerk begins.
func (s *Editor) Focus(c fyne.Canvas) { c.Focus(s.buyer) }

// FocusNext gives the keyboard to the next document that is shown, where it can
// be typed into.
func (s *Editor) FocusNext() { s.waiting, s.waitFor = true, s.vm.Turn() }

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
	case "detail":
		s.detail.focus()
	case "undo":
		s.travel(false)
	case "redo":
		s.travel(true)
	}
	s.grid.Reload()
}

// travel takes an edit back, or makes it again.
func (s *Editor) travel(redo bool) {
	if redo {
		s.vm.Redo()
	} else {
		s.vm.Undo()
	}
	s.shown = ""
	s.Refresh()
}

// Refresh draws what changed; the fields are filled anew only for another invoice.
func (s *Editor) Refresh() {
	inv := s.vm.Invoice()
	key := inv.ID + string(inv.State) + fmt.Sprint(inv.Revision)
	another, fill := s.turn != s.vm.Turn(), false
	if key != s.shown && !s.vm.Unsaved() || s.shown == "" || another {
		s.shown, s.turn, fill = key, s.vm.Turn(), true
		s.fill(inv)
	}
	s.head.refresh(fill)
	if another {
		s.customers.Dismiss()
		s.items.Dismiss()
		s.grid.Reset()
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
			s.taxnote.Text, s.taxnote.Color = viewmodel.Issue(s.t, invoice.Issue{Code: i.Code, Text: i.Text}), ink(slowInk)
			if i.Severity == invoice.SeverityError {
				s.taxnote.Color = ink(badInk)
			}
		}
	}
	s.taxnote.Refresh()
	s.datenote.Color = ink(mutedInk)
	if slices.ContainsFunc(s.vm.Issues(), func(i invoice.Issue) bool { return i.Field == "date" }) {
		s.datenote.Color = ink(badInk)
	}
	s.datenote.Refresh()
	s.warnings(inv)
	s.sums.Objects = []fyne.CanvasObject{s.totals()}
	s.sums.Refresh()
	s.checks.Objects = []fyne.CanvasObject{s.found()}
	s.checks.Refresh()
	s.grid.Reload()
	s.detail.refresh()
	s.root.Objects = []fyne.CanvasObject{page(s.title(), "", s.actions(), s.body)}
	s.root.Refresh()
	s.keyboard()
}

// fill writes the invoice into the fields.
func (s *Editor) fill(inv invoice.Invoice) {
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

// keyboard gives the focus to a document that was waited for, and takes it from
// a field that became read-only: it would keep the keys from the window.
func (s *Editor) keyboard() {
	c := fyne.CurrentApp().Driver().CanvasForObject(s.root)
	if c == nil {
		return // it is not on the screen yet
	}
	if f, ok := c.Focused().(fyne.Disableable); ok && f.Disabled() {
		c.Unfocus()
	}
	if s.waiting && s.vm.Turn() != s.waitFor {
		s.waiting = false
		if s.vm.Editable() {
			s.Focus(c)
		} else {
			c.Unfocus()
		}
	}
}

// warnings says over the invoice what went wrong and what is to be looked at.
func (s *Editor) warnings(inv invoice.Invoice) {
	s.warn.RemoveAll()
	if m := s.vm.Message(); m != "" {
		s.warn.Add(banner(prose(m, false, badInk), badInk))
	} else if s.Offline != nil && s.Offline() && s.vm.Editable() {
		s.warn.Add(banner(words(s.t.T("editor.offline"), 13, false, slowInk), slowInk))
	}
	if inv.ReviewNeeded && s.vm.Editable() {
		tick := xwidget.NewCheck(s.t.T("editor.reviewed"), func(on bool) {
			if on {
				s.vm.Reviewed()
			}
		})
		s.warn.Add(banner(container.New(stacked{4}, prose(s.t.T("editor.review"), false, plainInk), tick), slowInk))
	}
	if typed := s.vm.Beside(); len(typed) > 0 {
		s.warn.Add(banner(prose(s.t.T("editor.beside", strings.Join(typed, "\n")), false, plainInk), slowInk))
	}
	if len(s.warn.Objects) == 0 {
		s.warn.Hide()
	} else {
		s.warn.Show()
	}
}
