package screen

import (
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/money"
	"counterfoil/ui/look"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

func init() {
	register(Page{Name: "invoices", Place: 10, Open: func(h *Host) func() Content {
		return func() Content {
			s := NewInvoices(h.Invoices, h.Words, h.Now)
			s.Open, s.New, s.Export, s.Print = h.Open, h.New, h.Export, h.PrintChosen
			s.Submit = func() { h.Invoices.SubmitMarked(h.Books, h.Changed) }
			synced := func(changed []document.Key) { h.Invoices.Touch(idsOf(invoice.Type, changed)...) }
			return Content{Object: s.Object(), Refresh: h.Invoices.Load, Synced: synced, Print: h.PrintChosen, Find: s.Find, Key: func(k fyne.KeyName) { s.Key(k) }}
		}
	}})
}

// Invoices is the invoice list.
type Invoices struct {
	vm   *viewmodel.Invoices
	t    viewmodel.Phrases
	now  func() time.Time
	root *fyne.Container

	chips  *fyne.Container
	strip  *fyne.Container
	empty  *fyne.Container
	acts   *fyne.Container // at the foot: the hint, or what to do with the marked
	foot   *fyne.Container // holds strip and acts
	list   *xwidget.List
	search *xwidget.Field

	Open   func(id string)
	New    func()
	Submit func() // the marked ones
	Export func()
	Print  func()         // the marked ones, or the selected one
	heads  []*canvas.Text // of the columns that sort

	drawn  []string // ids of the rows as they were drawn last
	chosen string   // the selected one then
}

// sorts is the order a column's title sorts by.
var sorts = map[string]string{"ref": "number", "date": "date", "buyer": "buyer", "gross": "gross"}

// widths of the columns, as shares of the row.
var invoiceShares = shares{parts: []float32{26, 170, 92, 320, 68, 130, 100, 120}, space: 12}

// NewInvoices makes the page and follows the model's changes.
func NewInvoices(vm *viewmodel.Invoices, t viewmodel.Phrases, now func() time.Time) *Invoices {
	s := &Invoices{vm: vm, t: t, now: now}
	s.search = xwidget.NewField()
	s.search.SetPlaceHolder(t.T("invoices.search"))
	s.search.SetText(vm.Search())
	s.search.OnChanged = vm.SetSearch
	s.search.OnSubmitted = func(string) {
		if c := fyne.CurrentApp().Driver().CanvasForObject(s.search); c != nil {
			c.Unfocus() // the keys go to what was found
		}
		s.Key(fyne.KeyHome)
	}
	s.chips = container.New(layout.NewCustomPaddedHBoxLayout(7))
	s.strip = container.NewHBox()
	s.empty = container.NewCenter()
	s.list = xwidget.NewList(func() int { return len(vm.Rows()) }, s.template, s.fill)
	s.list.HideSeparators = true
	s.list.OnSelected = func(i widget.ListItemID) {
		if i < len(vm.Rows()) {
			vm.Select(vm.Rows()[i].ID)
			s.chosen = vm.Selected()
		}
	}
	titles := []fyne.CanvasObject{xwidget.NewHit(mark(false), vm.MarkAll)}
	for _, c := range invoiceColumns {
		x := words("", smallSize, false, mutedInk)
		if c == "gross" {
			x.Alignment = fyne.TextAlignTrailing
		}
		s.heads = append(s.heads, x)
		if by := sorts[c]; by != "" {
			titles = append(titles, xwidget.NewHit(x, func() { vm.SortBy(by) }))
		} else {
			titles = append(titles, x)
		}
	}
	table := table(container.New(invoiceShares, titles...), container.NewStack(look.Dense(s.list), s.empty))
	surface := canvas.NewRectangle(ink(theme.ColorNameOverlayBackground))
	s.acts = container.New(layout.NewCustomPaddedHBoxLayout(10))
	s.foot = container.NewBorder(nil, nil, container.NewCenter(s.strip), container.NewCenter(s.acts))
	foot := container.New(stacked{0}, rule(), container.NewStack(surface, around(s.foot, 2, 20)))
	actions := []fyne.CanvasObject{fixed(330, 36, s.search), button(t.T("shell.new")+"  "+t.T("key.new"), true, func() { s.New() })}
	body := container.New(restLayout{gap + 4}, s.chips, table)
	s.root = container.NewBorder(nil, foot, nil, nil, page(t.T("invoices.title"), "", actions, body))
	vm.Changed = s.Refresh
	s.Refresh()
	return s
}

// Object is the page.
func (s *Invoices) Object() fyne.CanvasObject { return wideEnough(s.root) }

// Find puts the cursor into the search box.
func (s *Invoices) Find(c fyne.Canvas) { c.Focus(s.search) }

// Refresh draws what changed.
func (s *Invoices) Refresh() {
	s.chips.RemoveAll()
	for _, c := range viewmodel.Chips {
		s.chips.Add(xwidget.NewHit(pillBox(s.t.T("invoices."+c), s.number(s.vm.Count(c)), c == s.vm.Chip()), func() { s.vm.SetChip(c) }))
	}
	s.sums()
	s.empty.RemoveAll()
	if len(s.vm.Rows()) == 0 {
		key := "invoices.nothing"
		switch {
		case s.vm.Searching():
			key = "invoices.searching"
		case s.vm.Search() == "" && s.vm.Chip() == "all":
			key = "invoices.empty"
		}
		text := s.t.T(key)
		if m := s.vm.Message(); m != "" {
			text = m
		}
		s.empty.Add(words(text, bodySize, false, mutedInk))
	}
	for i, c := range invoiceColumns {
		title := s.t.T("invoices.col." + c)
		if by := sorts[c]; by != "" && by == s.vm.Order().By {
			title += map[bool]string{true: " ↓", false: " ↑"}[s.vm.Order().Desc]
		}
		s.heads[i].Text = title
		s.heads[i].Refresh()
	}
	s.acts.RemoveAll()
	if x := s.vm.Notice(); x != "" {
		s.acts.Add(container.NewCenter(words(clip(x, 70), smallSize, false, blueInk)))
	}
	export := func() *xwidget.Button { return button(s.t.T("invoices.export"), false, func() { s.Export() }) }
	if k := s.vm.Marks(); k > 0 {
		s.acts.Add(container.NewCenter(words(s.t.T("invoices.marked", k), smallSize, true, plainInk)))
		s.acts.Add(row(button(s.t.T("invoices.submit"), true, func() { s.Submit() }), button(s.t.T("shell.print")+"  "+s.t.T("key.print"), false, func() { s.Print() }), export()))
	} else {
		s.acts.Add(container.NewCenter(words(s.t.T("invoices.hint"), smallSize, false, mutedInk)))
		s.acts.Add(row(export()))
	}
	s.foot.Refresh() // its sides have other widths now
	s.rows()
}

// number is a count as it is known: it comes after the rows, and of a search that
// finds very many it is a lower bound.
func (s *Invoices) number(n int) string {
	switch {
	case !s.vm.Counted():
		return "…"
	case s.vm.Counts().AtLeast:
		return "≥ " + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// sums draws the strip at the foot.
func (s *Invoices) sums() {
	n := s.vm.Counts()
	s.strip.RemoveAll()
	switch {
	case !s.vm.Counted():
		s.strip.Add(words(s.t.T("invoices.counting"), smallSize, false, mutedInk))
	case n.AtLeast:
		s.strip.Add(words(s.t.T("invoices.count.least", n.All), smallSize, true, plainInk))
	default:
		s.strip.Add(words(s.t.T("invoices.count", n.All), smallSize, true, plainInk))
		s.strip.Add(words("   "+s.t.T("invoices.sum", money.Format(n.Gross)), smallSize, true, plainInk))
	}
	if !n.OldestUnsynced.IsZero() {
		s.strip.Add(words("   "+s.t.T("invoices.oldest", viewmodel.Ago(s.t, s.now(), n.OldestUnsynced)), smallSize, false, mutedInk))
	}
}

// invoiceColumns are the columns after the mark.
var invoiceColumns = []string{"ref", "date", "buyer", "kind", "gross", "state", "note"}

// Key moves in the list and opens; it reports whether the key was used.
func (s *Invoices) Key(k fyne.KeyName) bool {
	move := s.vm.Move
	by := map[fyne.KeyName]int{fyne.KeyDown: 1, fyne.KeyUp: -1, fyne.KeyPageDown: 15, fyne.KeyPageUp: -15, fyne.KeyHome: -1, fyne.KeyEnd: 1}[k]
	switch k {
	case fyne.KeyHome:
		move = func(int) int { return s.vm.Home() }
	case fyne.KeyEnd:
		move = func(int) int { return s.vm.End() }
	}
	switch {
	case by != 0:
		if at := move(by); at >= 0 {
			s.list.ScrollTo(at)
			s.list.Select(at)
		}
	case k == fyne.KeyReturn || k == fyne.KeyEnter:
		if s.vm.Selected() != "" {
			s.Open(s.vm.Selected())
		}
	case k == fyne.KeySpace:
		if s.vm.Selected() != "" {
			s.vm.Mark(s.vm.Selected())
		}
	default:
		return false
	}
	return true
}

// mark is a small box, ticked or not.
func mark(on bool) fyne.CanvasObject {
	r := canvas.NewRectangle(ink(theme.ColorNameOverlayBackground))
	r.CornerRadius, r.StrokeWidth, r.StrokeColor = 4, 1.2, ink(theme.ColorNameInputBorder)
	tick := words("", 11, true, "foregroundOnPrimary")
	setMark(r, tick, on)
	return container.NewCenter(fixed(15, 15, container.NewStack(r, container.NewCenter(tick))))
}

func setMark(r *canvas.Rectangle, tick *canvas.Text, on bool) {
	r.FillColor, r.StrokeColor, tick.Text = ink(theme.ColorNameOverlayBackground), ink(theme.ColorNameInputBorder), ""
	if on {
		r.FillColor, r.StrokeColor, tick.Text = ink(blueInk), ink(blueInk), "✓"
	}
}

// line is one row's parts, made once and filled again while scrolling.
type line struct {
	*fyne.Container
	texts [7]*canvas.Text
	chip  *canvas.Rectangle
	box   *canvas.Rectangle
	tick  *canvas.Text
}

func (s *Invoices) template() fyne.CanvasObject {
	l := &line{chip: canvas.NewRectangle(ink(theme.ColorNameSeparator))}
	l.chip.CornerRadius = 5
	open := &row2{s: s, content: l}
	l.box = canvas.NewRectangle(ink(theme.ColorNameOverlayBackground))
	l.box.CornerRadius, l.box.StrokeWidth = 4, 1.2
	l.tick = words("", 11, true, "foregroundOnPrimary")
	cells := []fyne.CanvasObject{xwidget.NewTouch(container.NewCenter(fixed(15, 15, container.NewStack(l.box, container.NewCenter(l.tick)))), func() { s.vm.Mark(open.id) })}
	for i := range l.texts {
		l.texts[i] = words("", 13.5, false, plainInk)
		if i == 4 {
			l.texts[i].Alignment = fyne.TextAlignTrailing
		}
		if i == 5 {
			l.texts[i].TextSize, l.texts[i].TextStyle.Bold = smallSize, true
			cells = append(cells, container.New(besideLayout{}, container.NewStack(l.chip, around(l.texts[i], 2, 8))))
			continue
		}
		cells = append(cells, l.texts[i])
	}
	l.Container = tableRow(container.New(invoiceShares, cells...))
	open.ExtendBaseWidget(open)
	return open
}

// row2 opens its invoice on a double press.
type row2 struct {
	widget.BaseWidget
	s       *Invoices
	content *line
	id      string
	index   int
}

// CreateRenderer draws the row.
func (r *row2) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(r.content.Container)
}

// Tapped selects; a second press on the selected row opens it.
func (r *row2) Tapped(*fyne.PointEvent) {
	if r.s.vm.Selected() == r.id && r.s.Open != nil {
		r.s.Open(r.id)
		return
	}
	r.s.list.Select(r.index)
}

// clip cuts a text to a number of half-width columns.
func clip(s string, columns int) string {
	n := 0
	for i, r := range s {
		w := 1
		if r > 0x2E80 {
			w = 2
		}
		if n += w; n > columns {
			return s[:i] + "…"
		}
	}
	return s
}

func stateInk(st invoice.State) fyne.ThemeColorName {
	switch st {
	case invoice.Waiting:
		return slowInk
	case invoice.Issued:
		return goodInk
	case invoice.Rejected:
		return badInk
	}
	return mutedInk
}

func (s *Invoices) fill(i widget.ListItemID, o fyne.CanvasObject) {
	rows := s.vm.Rows()
	if i >= len(rows) {
		return
	}
	r := rows[i]
	w := o.(*row2)
	w.id, w.index = r.ID, i
	l := w.content
	number := r.Number
	if number == "" {
		number = r.Reference
	}
	kind := s.t.T("kind." + string(r.Kind))
	if r.Red {
		kind = s.t.T("kind.red")
	}
	state, name := s.t.T("invoices."+string(r.State)), stateInk(r.State)
	if r.Conflict {
		state, name = s.t.T("invoices.conflict"), blueInk
	}
	texts := []string{number, r.Date, clip(r.BuyerName, 46), kind, money.Format(r.Gross), state, s.note(r)}
	if r.Damaged {
		texts, name = []string{r.Reference, "—", "—", "—", "—", s.t.T("invoices.damaged"), "—"}, badInk
	}
	for j, text := range texts {
		l.texts[j].Text = text
		l.texts[j].Color = ink(plainInk)
		if j == 1 || j == 3 || j == 6 {
			l.texts[j].Color = ink(mutedInk)
		}
	}
	l.texts[5].Color = ink(name)
	l.chip.FillColor = tinted(name)
	setMark(l.box, l.tick, s.vm.Marked(r.ID))
	l.Refresh()
	s.vm.Near(i)
}

func (s *Invoices) note(r books.Row) string {
	switch {
	case r.RejectionCode != "":
		key := "issue." + r.RejectionCode
		if t := s.t.T(key); t != key {
			return clip(t, 16)
		}
		return clip(r.RejectionCode, 16)
	case r.Pending == books.Parked:
		return s.t.T("invoices.parked")
	case r.Pending != "":
		return viewmodel.Ago(s.t, s.now(), r.UpdatedAt)
	}
	return "—"
}
