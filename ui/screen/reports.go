package screen

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"counterfoil/app/money"
	"counterfoil/ui/viewmodel"
)

func init() {
	register(Page{Name: "reports", Place: 50, Open: func(h *Host) func() Content {
		vm := viewmodel.NewReports(h.Setup, h.Store)
		return func() Content {
			s := NewReports(vm, h.Words)
			return Content{Object: s.Object(), Refresh: s.Refresh, Ready: func() bool { return len(vm.Months()) > 0 }}
		}
	}})
}

// Reports is the monthly summary.
type Reports struct {
	vm   *viewmodel.Reports
	t    viewmodel.Phrases
	root *fyne.Container
}

// NewReports makes the page and follows the model's changes.
func NewReports(vm *viewmodel.Reports, t viewmodel.Phrases) *Reports {
	s := &Reports{vm: vm, t: t, root: container.NewStack()}
	vm.Changed = s.draw
	s.draw()
	return s
}

// Object is the page.
func (s *Reports) Object() fyne.CanvasObject { return wideEnough(s.root) }

// Refresh counts again.
func (s *Reports) Refresh() { s.vm.Load() }

var reportShares = shares{parts: []float32{150, 100, 100, 100, 100, 200}, space: gap}

func (s *Reports) draw() {
	line := func(bold bool, name fyne.ThemeColorName, cells ...string) fyne.CanvasObject {
		var objects []fyne.CanvasObject
		for i, c := range cells {
			x := words(c, 13.5, bold, name)
			if i > 0 {
				x.Alignment = fyne.TextAlignTrailing
			}
			objects = append(objects, x)
		}
		return container.New(stacked{0}, around(container.New(reportShares, objects...), 8, inset), rule())
	}
	month := func(bold bool, title string, m viewmodel.Month) fyne.CanvasObject {
		name := plainInk
		if m.Issued+m.Waiting+m.Drafts == 0 {
			name = mutedInk
		}
		return line(bold, name, title, strconv.Itoa(m.Issued), strconv.Itoa(m.Red), strconv.Itoa(m.Waiting), strconv.Itoa(m.Drafts), money.Format(m.Gross))
	}
	table := container.New(stacked{0}, line(false, mutedInk, s.t.T("reports.month"), s.t.T("reports.issued"), s.t.T("reports.red"),
		s.t.T("reports.waiting"), s.t.T("reports.drafts"), s.t.T("reports.gross")))
	for _, m := range s.vm.Months() {
		table.Add(month(false, m.First.Format("2006-01"), m))
	}
	table.Add(month(true, s.t.T("reports.sum"), s.vm.Sum()))
	parts := []fyne.CanvasObject{framed(table), prose(s.t.T("reports.note"), false, mutedInk)}
	if x := s.vm.Message(); x != "" {
		parts = append([]fyne.CanvasObject{banner(prose(x, false, badInk), badInk)}, parts...)
	}
	s.root.Objects = []fyne.CanvasObject{page(s.t.T("shell.reports"), s.t.T("reports.subtitle"), nil, container.NewVScroll(column(false, parts...)))}
	s.root.Refresh()
}
