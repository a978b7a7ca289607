package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"counterfoil/ui/xwidget"
)

// head is what the editor's head has beside the fields that stand in it: in whose
// name the invoice is made, and the part that folds.
type head struct {
	s *Editor

	by      *xwidget.Select // of several sellers
	byBox   fyne.CanvasObject
	byText  *canvas.Text // the only one, or that of a read-only invoice
	byNote  *canvas.Text
	byRow   *fyne.Container
	filling bool

	fold  *xwidget.Hit
	name  *canvas.Text
	arrow *widget.Icon
	more  *fyne.Container
	parts []*input // of it, in the order of Tab
}

func newHead(s *Editor) *head {
	h := &head{s: s}
	h.by = xwidget.NewSelect(nil, func(string) {
		if !h.filling {
			s.vm.SetSeller(h.by.SelectedIndex())
		}
	})
	h.by.PlaceHolder = s.t.T("editor.seller.choose")
	h.byBox = container.New(shares{parts: []float32{435, 389}, space: gap}, edged(h.by), spacer())
	h.byText, h.byNote = words("", bodySize, false, plainInk), words("", smallSize, false, mutedInk)
	label := words(s.t.T("field.invoice.seller")+"   ", smallSize, false, mutedInk)
	h.byRow = container.NewBorder(nil, nil, container.NewCenter(label), nil,
		container.NewStack(h.byBox, container.NewHBox(container.NewCenter(h.byText), container.NewCenter(h.byNote))))

	h.name, h.arrow = words("", 13, false, blueInk), widget.NewIcon(nil)
	h.fold = xwidget.NewHit(around(container.NewHBox(h.name, container.NewCenter(fixed(16, 16, h.arrow))), 3, 6), func() {
		s.vm.Fold()
		h.keyboard()
	})

	fields := s.vm.More()
	for _, f := range fields {
		in := newInput(f, func(text string) { s.vm.Set(f.Key, text) })
		if in.entry != nil {
			in.entry.Left, in.entry.Undo = s.vm.Pause, s.travel
			in.entry.OnSubmitted = func(string) { s.next() }
		}
		h.parts = append(h.parts, in)
	}
	rows, order := packed(fields, h.parts)
	h.parts = order
	h.more = container.New(stacked{8})
	for _, r := range rows {
		h.more.Add(r)
	}
	return h
}

// keyboard gives the keys to what was opened; folded, to what opens it.
func (h *head) keyboard() {
	c := fyne.CurrentApp().Driver().CanvasForObject(h.fold)
	switch {
	case c == nil:
	case h.s.vm.MoreOpen() && h.s.vm.Editable():
		c.Focus(h.parts[0].control())
	default:
		c.Focus(h.fold)
	}
}

// next goes on from a field, as Tab does.
func (s *Editor) next() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(s.root); c != nil {
		c.FocusNext()
	}
}

// refresh draws what changed; the texts of the fields only when they are filled anew.
func (h *head) refresh(fill bool) {
	vm := h.s.vm
	for _, f := range vm.More() {
		for _, in := range h.parts {
			switch {
			case in.key != f.Key:
			case fill || in.choice != nil:
				in.show(f, vm.Editable())
			default:
				in.mark(f)
			}
		}
	}
	h.seller()

	text, name := h.s.t.T("editor.more"), blueInk
	if n := vm.MoreSays(); n > 0 {
		text = h.s.t.T("editor.more.says", n)
	}
	icon := theme.IconNameArrowDropDown
	if vm.MoreOpen() {
		text, icon = h.s.t.T("editor.less"), theme.IconNameArrowDropUp
	}
	if vm.MoreWrong() {
		name = badInk
	}
	h.name.Text, h.name.Color = text, ink(name)
	h.arrow.SetResource(theme.NewColoredResource(theme.Icon(icon), name))
	if vm.MoreOpen() {
		h.more.Show()
	} else {
		h.more.Hide()
	}
	h.fold.Refresh()
}

// seller shows in whose name the invoice is made: a choice where there is one.
func (h *head) seller() {
	vm := h.s.vm
	text, at := vm.Seller()
	all := vm.Sellers()
	h.byText.Text, h.byNote.Text = text, ""
	if text == "" && len(all) == 0 {
		h.byNote.Text = h.s.t.T("editor.seller.none")
	}
	choose := vm.Editable() && vm.Invoice().RedRows == nil && len(all) > 0 && !(len(all) == 1 && at == 0)
	if choose {
		h.byText.Text = ""
		h.byBox.Show()
	} else {
		h.byBox.Hide()
	}
	if text == "" && !vm.Editable() {
		h.byRow.Hide() // an older one, made in nobody's name
	} else {
		h.byRow.Show()
	}
	h.filling = true
	h.by.Options = all
	if h.by.Selected = text; at >= 0 {
		h.by.Selected = all[at]
	}
	h.by.Refresh()
	h.filling = false
	h.byText.Refresh()
	h.byNote.Refresh()
}
