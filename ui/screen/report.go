package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

func init() {
	register(Page{Name: "report", Under: "connection", Open: func(h *Host) func() Content {
		back := func() { h.Show("connection") }
		return func() Content {
			s := newReport(h.Reporting, h.Words)
			s.copy, s.save, s.back = h.Copy, h.SaveReport, back
			s.refresh()
			return Content{Object: s.root, Refresh: h.Reporting.Open, Ready: func() bool { return !h.Reporting.Busy() }, Back: back}
		}
	}})
}

// report is the page on which a report is read before it is saved.
type report struct {
	vm   *viewmodel.Report
	t    viewmodel.Phrases
	root *fyne.Container
	text *widget.Label

	keeper focusKeeper
	copy   func(text string)
	save   func() // asks for a file
	back   func()
}

func newReport(vm *viewmodel.Report, t viewmodel.Phrases) *report {
	s := &report{vm: vm, t: t, root: container.NewStack(), text: widget.NewLabel("")}
	s.text.Selectable, s.text.Wrapping = true, fyne.TextWrapWord
	vm.Changed = s.refresh
	return s
}

func (s *report) refresh() {
	files, shown := s.vm.Files(), ""
	if len(files) > 0 {
		shown = files[s.vm.Shown()].Text
	}
	if s.text.Text != shown {
		s.text.SetText(shown)
	}
	actions := []fyne.CanvasObject{button(s.t.T("connection.back")+"  Esc", false, s.back)}
	if len(files) > 0 && s.copy != nil {
		actions = append(actions, button(s.t.T("connection.copy"), false, func() { s.copy(shown) }))
	}
	save := button(s.t.T("connection.save"), true, s.save)
	if s.vm.Save() == nil {
		save.Disable()
	}
	actions = append(actions, save)
	body := container.New(shares{parts: []float32{290, 820}, space: 16}, s.left(), s.right())
	s.keeper.draw(s.root, func() {
		s.root.Objects = []fyne.CanvasObject{page(s.t.T("connection.report"), "", actions, body)}
		s.root.Refresh()
	})
}

// left is what the zip holds, and what is masked.
func (s *report) left() fyne.CanvasObject {
	box := container.New(stacked{6}, words(s.t.T("report.files"), bodySize, true, plainInk))
	for i, f := range s.vm.Files() {
		b := button(f.Name, i == s.vm.Shown(), func() { s.vm.Show(i) })
		box.Add(b)
	}
	box.Add(around(words(s.t.T("report.mask"), bodySize, true, plainInk), 8, 0))
	for _, k := range s.vm.Kinds() {
		tick := xwidget.NewCheck(k.Label, nil)
		tick.Checked = !k.Kept
		tick.OnChanged = func(on bool) { s.vm.Keep(k.Name, !on) }
		box.Add(tick)
	}
	box.Add(prose(s.t.T("report.secrets"), false, mutedInk))
	return card(box)
}

func (s *report) right() fyne.CanvasObject {
	switch {
	case s.vm.Message() != "":
		return column(false, banner(prose(s.vm.Message(), true, plainInk), badInk))
	case s.vm.Busy() && len(s.vm.Files()) == 0:
		return column(false, banner(prose(s.t.T("report.making"), false, plainInk), blueInk))
	}
	return card(container.NewVScroll(s.text))
}
