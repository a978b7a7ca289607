package screen

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

func init() {
	register(Page{Name: "practice", Place: 80, Practice: true, Open: func(h *Host) func() Content {
		return func() Content {
			s := NewPractice(h.Practice, h.Words)
			s.Leave = h.Leave
			return Content{Object: s.Object(), Refresh: s.Refresh}
		}
	}})
}

// Practice is the page that plays faults on the practice server.
type Practice struct {
	vm   *viewmodel.Practice
	t    viewmodel.Phrases
	root *fyne.Container

	Leave func() // back to the real folder
}

// NewPractice makes the page and follows the model's changes.
func NewPractice(vm *viewmodel.Practice, t viewmodel.Phrases) *Practice {
	s := &Practice{vm: vm, t: t, root: container.NewStack()}
	vm.Changed = s.Refresh
	s.Refresh()
	return s
}

// Object is the page.
func (s *Practice) Object() fyne.CanvasObject { return s.root }

// Refresh draws the page anew.
func (s *Practice) Refresh() {
	edit := button(s.t.T("practice.edit"), false, func() { s.vm.SecondBranchEdits(context.Background()) })
	box := container.NewGridWithColumns(2)
	for _, f := range s.vm.Faults() {
		c := xwidget.NewCheck(f.ID+"  "+f.Title.In(s.t), nil)
		c.Checked = f.On
		c.OnChanged = func(on bool) { s.vm.Set(context.Background(), f.ID, on) }
		if s.vm.Busy(f.ID) {
			c.Disable()
		}
		box.Add(c)
	}
	head := container.New(stacked{6}, prose(s.t.T("practice.explain"), false, plainInk))
	if m := s.vm.Message(); m != "" {
		head.Add(prose(m, true, blueInk))
	}
	leave := button(s.t.T("practice.leave"), false, func() {
		if s.Leave != nil {
			s.Leave()
		}
	})
	s.root.Objects = []fyne.CanvasObject{page(s.t.T("practice.title"), "", []fyne.CanvasObject{leave, edit},
		column(true, card(head), card(container.NewVScroll(container.New(stacked{8}, words(s.t.T("practice.faults"), bodySize, true, plainInk), box)))))}
	s.root.Refresh()
}
