package screen

import (
	"context"
	"strconv"

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
	root fyne.CanvasObject

	search *xwidget.Field
	head   *fyne.Container // what it is for, and the last news
	on     *fyne.Container // what is switched on
	groups *fyne.Container

	Leave func() // back to the real folder
}

// NewPractice makes the page and follows the model's changes.
func NewPractice(vm *viewmodel.Practice, t viewmodel.Phrases) *Practice {
	s := &Practice{vm: vm, t: t, search: xwidget.NewField()}
	s.search.SetPlaceHolder(t.T("practice.search"))
	s.search.SetText(vm.Search())
	s.search.OnChanged = vm.Find
	edit := button(t.T("practice.edit"), false, func() { vm.SecondBranchEdits(context.Background()) })
	leave := button(t.T("practice.leave"), false, func() {
		if s.Leave != nil {
			s.Leave()
		}
	})
	s.head, s.on, s.groups = container.New(stacked{6}), container.NewHBox(), container.New(stacked{14})
	find := container.NewBorder(nil, nil, fixed(320, 36, s.search), container.NewCenter(s.on))
	// The groups are given room at the right, so that the bar covers nothing.
	list := container.NewVScroll(around(s.groups, 2, 2))
	s.root = page(t.T("practice.title"), "", []fyne.CanvasObject{leave, edit},
		column(true, card(s.head), card(container.New(restLayout{12}, find, list))))
	vm.Changed = s.Refresh
	s.Refresh()
	return s
}

// Object is the page.
func (s *Practice) Object() fyne.CanvasObject { return s.root }

// Refresh shows the faults as they are.
func (s *Practice) Refresh() {
	s.head.Objects = []fyne.CanvasObject{prose(s.t.T("practice.explain"), false, plainInk)}
	if m := s.vm.Message(); m != "" {
		s.head.Add(prose(m, true, blueInk))
	}
	s.on.Objects = nil
	if on := s.vm.On(); len(on) > 0 {
		s.on.Add(words(s.t.T("practice.on", len(on))+"  ", bodySize, false, plainInk))
		s.on.Add(row(button(s.t.T("practice.off"), false, func() { s.vm.AllOff(context.Background()) })))
	}
	s.groups.Objects = nil
	for _, g := range s.vm.Groups() {
		s.groups.Add(s.group(g))
	}
	if len(s.groups.Objects) == 0 {
		s.groups.Add(prose(s.t.T("practice.none", s.vm.Search()), false, mutedInk))
	}
	for _, o := range []fyne.CanvasObject{s.head, s.on, s.groups, s.root} {
		o.Refresh()
	}
}

// group is the switches of one layer under its name.
func (s *Practice) group(g viewmodel.PracticeGroup) fyne.CanvasObject {
	name := container.NewHBox(words(s.t.T("practice.layer."+g.Layer), bodySize, true, plainInk), words("  "+strconv.Itoa(len(g.Faults)), smallSize, false, mutedInk))
	box := container.NewGridWithColumns(2)
	for _, f := range g.Faults {
		c := xwidget.NewCheck(f.ID+"  "+f.Title.In(s.t), nil)
		c.Checked = f.On
		c.OnChanged = func(on bool) { s.vm.Set(context.Background(), f.ID, on) }
		if s.vm.Busy(f.ID) {
			c.Disable()
		}
		box.Add(c)
	}
	return container.New(stacked{4}, name, box)
}
