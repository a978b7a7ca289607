package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"counterfoil/app/document"
	"counterfoil/app/seller"
	"counterfoil/ui/viewmodel"
)

func init() { register(handedOutPage("sellers", seller.Type, 45)) }

// handedOutPage shows documents that the server hands out: few, whole and to read.
func handedOutPage(name string, t document.Type, place int) Page {
	return Page{Name: name, Place: place, Open: func(h *Host) func() Content {
		vm := h.Catalog(t, name)
		return func() Content {
			s := &handedOut{vm: vm, t: h.Words, name: name, root: container.NewStack()}
			vm.Changed = s.refresh
			s.refresh()
			return Content{Object: wideEnough(s.root), Refresh: vm.Refresh, Synced: touching(vm, t), Ready: vm.Read}
		}
	}}
}

// handedOut is a page with a card a document.
type handedOut struct {
	vm   *viewmodel.Catalog
	t    viewmodel.Phrases
	name string
	root *fyne.Container
}

func (s *handedOut) refresh() {
	list := container.New(stacked{gap})
	for _, r := range s.vm.Rows() {
		box := container.New(stacked{6}, words(s.vm.Kind().Name(r.Document), bodySize, true, plainInk))
		for _, f := range s.vm.Kind().Fields {
			text := s.vm.Cell(r, f.Key)
			switch text {
			case s.vm.Kind().Name(r.Document):
				continue // it is the title
			case "":
				text = "—"
			}
			label := container.NewGridWrap(fyne.NewSize(labelWidth, 20), words(s.vm.Label(f.Key), bodySize, false, mutedInk))
			box.Add(container.NewBorder(nil, nil, label, nil, prose(text, false, plainInk)))
		}
		list.Add(card(box))
	}
	switch {
	case s.vm.Message() != "":
		list.Add(card(prose(s.vm.Message(), false, badInk)))
	case s.vm.Read() && len(s.vm.Rows()) == 0:
		list.Add(card(prose(s.t.T("catalog.none"), false, mutedInk)))
	}
	s.root.Objects = []fyne.CanvasObject{page(s.t.T("shell."+s.name), s.t.T("catalog.handed_out"), nil, container.NewVScroll(list))}
	s.root.Refresh()
}
