package screen

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/ui/look"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// A listColumn of a list shows one field of its type.
type listColumn struct {
	Key   string // of the field
	Share float32
	Right bool // figures
}

// How a row stands comes after the columns.
const chipShare, noteShare, columnGap float32 = 92, 170, 18

// catalogPage is the page of a type: the list of its documents, and the form of the
// one that is open.
func catalogPage(name string, t document.Type, place int, columns ...listColumn) Page {
	return Page{Name: name, Place: place, Open: func(h *Host) func() Content {
		vm := h.Catalog(t, name)
		return func() Content {
			s := newCatalog(vm, h.Words, name, columns, func(k document.Key) {
				h.Conflicts.Open(k)
				h.Show("conflicts")
			})
			return Content{
				Object: wideEnough(s.root), Refresh: vm.Refresh, Synced: touching(vm, t), Ready: vm.Read, New: vm.New, Save: s.save, Submit: s.submit, Back: s.back,
				Find: s.find, Key: s.key,
			}
		}
	}}
}

// touching tells a list what sync changed of its type.
func touching(vm *viewmodel.Catalog, t document.Type) func([]document.Key) {
	return func(changed []document.Key) {
		if ids := idsOf(t, changed); len(ids) > 0 {
			vm.Touch(ids...)
		}
	}
}

// catalog shows a list or, over it, a form.
type catalog struct {
	vm       *viewmodel.Catalog
	t        viewmodel.Phrases
	name     string
	columns  []listColumn
	shares   shares
	conflict func(document.Key)

	root, page  *fyne.Container // root shows page or the form
	empty, foot *fyne.Container
	list        *xwidget.List
	search      *xwidget.Field
	form        *form
}

func newCatalog(vm *viewmodel.Catalog, t viewmodel.Phrases, name string, columns []listColumn, conflict func(document.Key)) *catalog {
	s := &catalog{vm: vm, t: t, name: name, columns: columns, conflict: conflict, root: container.NewStack(), empty: container.NewCenter(), foot: container.NewStack()}
	s.search = xwidget.NewField()
	s.search.SetPlaceHolder(t.T("catalog.search"))
	s.search.SetText(vm.Search())
	s.search.OnChanged = vm.Find
	s.search.OnSubmitted = func(string) {
		s.unfocus() // the keys go to what was found
		s.key(fyne.KeyHome)
	}
	s.shares = shares{space: columnGap}
	head := container.New(&s.shares)
	for _, c := range columns {
		s.shares.parts = append(s.shares.parts, c.Share)
		x := words(vm.Label(c.Key), smallSize, false, mutedInk)
		x.Alignment = aligned(c)
		head.Add(x)
	}
	s.shares.parts = append(s.shares.parts, chipShare, noteShare)
	head.Add(words(t.T("catalog.stands"), smallSize, false, mutedInk))
	head.Add(words("", smallSize, false, mutedInk))
	s.list = xwidget.NewList(func() int { return len(vm.Rows()) }, s.template, s.fill)
	s.list.HideSeparators = true
	s.list.OnSelected = func(i widget.ListItemID) {
		if i < len(vm.Rows()) {
			vm.Select(vm.Rows()[i].Document.Meta().ID)
		}
	}
	actions := []fyne.CanvasObject{fixed(300, 36, s.search), button(vm.NewTitle()+"  "+t.T("key.new"), true, vm.New)}
	surface := canvas.NewRectangle(ink(theme.ColorNameOverlayBackground))
	foot := container.New(stacked{0}, rule(), container.NewStack(surface, around(s.foot, 9, 20)))
	s.page = container.NewBorder(nil, foot, nil, nil, page(t.T("shell."+name), t.T("catalog.note"), actions, table(head, container.NewStack(look.Dense(s.list), s.empty))))
	vm.Changed = s.refresh
	s.refresh()
	return s
}

func aligned(c listColumn) fyne.TextAlign {
	if c.Right {
		return fyne.TextAlignTrailing
	}
	return fyne.TextAlignLeading
}

// refresh draws what changed.
func (s *catalog) refresh() {
	show := fyne.CanvasObject(s.page)
	switch f := s.vm.Form(); {
	case f == nil && s.form != nil:
		s.form = nil
		s.unfocus() // the keys are the list's again
	case f != nil && (s.form == nil || s.form.vm != f):
		s.form = newForm(f, s.t, s.conflict, s.canvas)
	}
	if s.form != nil {
		show = s.form.root
		s.form.refresh()
	}
	if len(s.root.Objects) != 1 || s.root.Objects[0] != show {
		s.root.Objects = []fyne.CanvasObject{show}
		s.root.Refresh()
	}
	if s.form != nil {
		s.form.keyboard()
		return
	}
	s.rows()
}

func (s *catalog) rows() {
	s.empty.RemoveAll()
	rows := s.vm.Rows()
	if len(rows) == 0 {
		text := s.t.T("catalog.empty")
		switch {
		case s.vm.Message() != "":
			text = s.vm.Message()
		case !s.vm.Read():
			text = s.t.T("invoices.searching")
		case s.vm.Search() != "":
			text = s.t.T("catalog.nothing")
		}
		s.empty.Add(words(text, bodySize, false, mutedInk))
	}
	count, name := s.t.T("catalog.count", len(rows)), plainInk
	switch {
	case s.vm.Message() != "":
		count, name = s.vm.Message(), badInk
	case s.vm.More():
		count, name = s.t.T("catalog.more", len(rows)), slowInk
	}
	s.foot.Objects = []fyne.CanvasObject{container.NewBorder(nil, nil, words(count, smallSize, true, name), words(s.t.T("catalog.hint"), smallSize, false, mutedInk))}
	s.foot.Refresh()
	s.list.Refresh()
	at := slices.IndexFunc(rows, func(r books.Record) bool { return r.Document.Meta().ID == s.vm.Selected() })
	if at >= 0 {
		s.list.Select(at)
	} else {
		s.list.UnselectAll()
	}
}

// catalogRow is one row; a press selects it, a second one opens it, and a press on
// its conflict leads there.
type catalogRow struct {
	widget.BaseWidget
	s       *catalog
	content *fyne.Container
	texts   []*canvas.Text // of the columns, then the word of the chip, then the note
	chip    *canvas.Rectangle
	index   int
}

func (s *catalog) template() fyne.CanvasObject {
	r := &catalogRow{s: s, chip: canvas.NewRectangle(ink(theme.ColorNameSeparator))}
	r.chip.CornerRadius = 5
	cells := container.New(&s.shares)
	for i, c := range s.columns {
		x := words("", 13.5, false, mutedInk)
		if i == 0 {
			x.Color = ink(plainInk)
		}
		x.Alignment = aligned(c)
		r.texts = append(r.texts, x)
		cells.Add(x)
	}
	word, note := words("", smallSize, true, mutedInk), words("", smallSize, false, mutedInk)
	r.texts = append(r.texts, word, note)
	cells.Add(xwidget.NewTouch(container.New(besideLayout{}, container.NewStack(r.chip, around(word, 2, 8))), r.standing))
	cells.Add(xwidget.NewTouch(note, r.standing))
	r.content = tableRow(cells)
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer draws the row.
func (r *catalogRow) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(r.content)
}

// Tapped selects; a second press on the selected row opens it.
func (r *catalogRow) Tapped(*fyne.PointEvent) {
	if k, ok := r.key(); ok && r.s.vm.Selected() == k.ID {
		r.s.vm.Open(k.ID)
		return
	}
	r.s.list.Select(r.index)
}

func (r *catalogRow) key() (document.Key, bool) {
	rows := r.s.vm.Rows()
	if r.index >= len(rows) {
		return document.Key{}, false
	}
	return document.KeyOf(rows[r.index].Document), true
}

func (r *catalogRow) standing() {
	k, ok := r.key()
	if ok && r.s.vm.Rows()[r.index].Conflict {
		r.s.conflict(k)
		return
	}
	r.Tapped(nil)
}

func (s *catalog) fill(i widget.ListItemID, o fyne.CanvasObject) {
	rows := s.vm.Rows()
	if i >= len(rows) {
		return
	}
	r, row := o.(*catalogRow), rows[i]
	r.index = i
	var sum float32
	for _, p := range s.shares.parts {
		sum += p
	}
	for j, c := range s.columns {
		r.texts[j].Text = clip(s.vm.Cell(row, c.Key), s.fits(c.Share, sum))
	}
	word, note := r.texts[len(s.columns)], r.texts[len(s.columns)+1]
	stands := viewmodel.StandingOf(row.Status)
	r.chip.Hide()
	word.Text, note.Text = "", clip(s.vm.Note(row), s.fits(noteShare, sum))
	if stands != "" {
		name := standingInk(stands)
		word.Text, word.Color, r.chip.FillColor = s.t.T("stands."+string(stands)), ink(name), tinted(name)
		r.chip.Show()
	}
	r.content.Refresh()
}

// fits is how many half-width characters a column holds.
func (s *catalog) fits(share, sum float32) int {
	width := s.list.Size().Width - 2*inset - columnGap*float32(len(s.shares.parts)-1)
	return max(int(width*share/sum/7.1), 6)
}

func standingInk(s viewmodel.Standing) fyne.ThemeColorName {
	switch s {
	case viewmodel.StandsRefused:
		return badInk
	case viewmodel.StandsConflict:
		return blueInk
	case viewmodel.StandsWaiting:
		return slowInk
	}
	return mutedInk
}

// canvas is where the page is shown. A form that was just made was not drawn yet, so
// it cannot be asked.
func (s *catalog) canvas() fyne.Canvas { return fyne.CurrentApp().Driver().CanvasForObject(s.root) }

func (s *catalog) unfocus() {
	if c := s.canvas(); c != nil {
		c.Unfocus()
	}
}

// What the shortcuts do.
func (s *catalog) save() {
	if s.form != nil {
		s.form.save()
	}
}

func (s *catalog) submit() {
	if s.form != nil {
		s.form.submit()
	}
}

func (s *catalog) back() {
	switch {
	case s.form == nil:
		s.unfocus()
	case s.form.vm.Question() != "":
		s.form.vm.No()
	default:
		s.form.vm.Close()
	}
}

func (s *catalog) find(c fyne.Canvas) {
	if s.form == nil {
		c.Focus(s.search)
	}
}

func (s *catalog) key(k fyne.KeyName) {
	by := map[fyne.KeyName]int{fyne.KeyDown: 1, fyne.KeyUp: -1, fyne.KeyPageDown: 15, fyne.KeyPageUp: -15, fyne.KeyHome: -1 << 30, fyne.KeyEnd: 1 << 30}[k]
	switch {
	case s.form != nil:
	case by != 0:
		if at := s.vm.Move(by); at >= 0 {
			s.list.ScrollTo(at)
			s.list.Select(at)
		}
	case k == fyne.KeyReturn || k == fyne.KeyEnter:
		if s.vm.Selected() != "" {
			s.vm.Open(s.vm.Selected())
		}
	}
}
