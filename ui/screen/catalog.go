package screen

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"counterfoil/app/document"
	"counterfoil/ui/look"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// Catalog is a read-only list of customers or items.
type Catalog struct {
	vm   *viewmodel.Catalog
	root *fyne.Container
	list *xwidget.List
}

// catalogPage is a page with a list of documents that read finds; columns end the keys of their
// texts.
func catalogPage(name string, place int, typ document.Type, columns [3]string, read func(ctx context.Context, h *Host, search string) ([][3]string, error)) Page {
	return Page{Name: name, Place: place, Open: func(h *Host) func() Content {
		vm := viewmodel.NewCatalog(h.Setup, func(ctx context.Context, search string) ([][3]string, error) { return read(ctx, h, search) })
		return func() Content {
			t, heads := h.Words, [3]string{}
			for i, c := range columns {
				heads[i] = t.T("catalog." + c)
			}
			s := NewCatalog(vm, t.T("shell."+name), t.T("catalog."+name+".note"), t.T("catalog.search"), heads)
			synced := func(changed []document.Key) {
				if len(idsOf(typ, changed)) > 0 {
					vm.Load()
				}
			}
			return Content{Object: s.Object(), Refresh: s.Refresh, Synced: synced, Ready: func() bool { return len(vm.Rows()) > 0 }}
		}
	}}
}

// NewCatalog makes the page; title, note and columns are already translated.
func NewCatalog(vm *viewmodel.Catalog, title, note, search string, columns [3]string) *Catalog {
	s := &Catalog{vm: vm}
	box := xwidget.NewField()
	box.SetPlaceHolder(search)
	box.OnChanged = vm.Find
	sh := shares{parts: []float32{360, 220, 260}, space: gap}
	s.list = xwidget.NewList(func() int { return len(vm.Rows()) }, func() fyne.CanvasObject {
		return tableRow(container.New(sh, words("", 13.5, false, plainInk), words("", 13.5, false, mutedInk), words("", 13.5, false, mutedInk)))
	}, func(i widget.ListItemID, o fyne.CanvasObject) {
		if i < len(vm.Rows()) {
			s.fill(o, vm.Rows()[i])
		}
	})
	s.list.HideSeparators = true
	head := container.New(sh, words(columns[0], smallSize, false, mutedInk), words(columns[1], smallSize, false, mutedInk), words(columns[2], smallSize, false, mutedInk))
	s.root = container.NewStack(page(title, note, []fyne.CanvasObject{fixed(280, 36, box)}, table(head, look.Dense(s.list))))
	vm.Changed = s.list.Refresh
	return s
}

func (s *Catalog) fill(o fyne.CanvasObject, row [3]string) {
	cells := rowContent(o).Objects
	for i, c := range cells {
		t := c.(*canvas.Text)
		t.Text = clip(row[i], 44)
		t.Refresh()
	}
}

// Object is the page.
func (s *Catalog) Object() fyne.CanvasObject { return s.root }

// Refresh reads the list again.
func (s *Catalog) Refresh() { s.vm.Load() }
