package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

func init() {
	register(Page{Name: "connection", Place: 60, Open: func(h *Host) func() Content {
		return func() Content {
			s := NewConnection(h.Connection, h.Words)
			s.SelfCheck, s.Export, s.Show = h.SelfCheck, h.Report, h.Show
			return Content{Object: s.Object(), Refresh: h.Connection.Refresh, Tick: h.Connection.Refresh}
		}
	}})
}

// Connection is the connection page.
type Connection struct {
	vm      *viewmodel.Connection
	t       viewmodel.Phrases
	root    *fyne.Container
	body    *fyne.Container // what scrolls
	scroll  *container.Scroll
	actions []fyne.CanvasObject // made once: a page drawn anew would take the focus from them
	send    *xwidget.Button
	later   map[string]*xwidget.Hit // by entry of the list and word, for the same reason

	SelfCheck func() // opens the wizard
	Export    func() // opens the report
	Show      func(page string)
}

// NewConnection makes the page and follows the model's changes.
func NewConnection(vm *viewmodel.Connection, t viewmodel.Phrases) *Connection {
	s := &Connection{vm: vm, t: t, root: container.NewStack(), body: container.NewStack(), later: map[string]*xwidget.Hit{}}
	s.send = button(t.T("connection.send"), false, vm.Send)
	press := func(what *func()) func() {
		return func() {
			if *what != nil {
				(*what)()
			}
		}
	}
	s.actions = []fyne.CanvasObject{s.send, button(t.T("connection.export"), false, press(&s.Export)),
		button(t.T("connection.selfcheck")+"  F5", true, press(&s.SelfCheck))}
	vm.Changed = s.Refresh
	s.scroll = scrolled(s.body)
	s.root.Objects = []fyne.CanvasObject{page(t.T("connection.title"), "", s.actions, s.scroll)}
	s.Refresh()
	return s
}

// Object is the page.
func (s *Connection) Object() fyne.CanvasObject { return s.root }

// Refresh draws the page anew, where it was scrolled to.
func (s *Connection) Refresh() {
	s.body.Objects = []fyne.CanvasObject{s.build()}
	s.body.Refresh()
	s.scroll.Refresh()
}

func (s *Connection) build() fyne.CanvasObject {
	if s.vm.CanSend() == s.send.Disabled() {
		if s.vm.CanSend() {
			s.send.Enable()
		} else {
			s.send.Disable()
		}
	}
	var chips []fyne.CanvasObject
	if who := s.vm.Whose(); who != "" {
		chips = append(chips, chip(who, blueInk))
	}
	head := banner(container.New(stacked{6},
		titled(s.vm.Headline(), chips...), prose(s.vm.Sentence(), false, plainInk)), lampInk(s.vm.State()))
	tiles := container.New(&tileLayout{parts: []float32{1, 1, 1.1, 1, 0.9, 1, 1}, least: 128, space: gap})
	for _, t := range s.vm.Tiles() {
		name := lampInk(t.State)
		if t.State == viewmodel.LampUnknown {
			name = plainInk
		}
		tiles.Add(framed(around(container.New(stacked{4}, words(t.Title, smallSize, false, mutedInk),
			words(t.Figure, figureSize, true, name), words(t.Note, smallSize, false, mutedInk)), 10, 12)))
	}
	below := container.New(&pairLayout{parts: []float32{693, 421}, least: 800, space: gap}, s.day(), s.side())
	return column(false, head, s.chain(), tiles, below)
}

// chain is the five lamps with the lines between them.
func (s *Connection) chain() fyne.CanvasObject {
	lamps := s.vm.Lamps()
	row := container.New(&chainLayout{})
	for _, l := range lamps {
		name := lampInk(l.State)
		ring := canvas.NewCircle(tinted(name))
		ring.StrokeColor, ring.StrokeWidth = ink(name), 1.5
		var sign fyne.CanvasObject = words("–", bodySize, true, name)
		switch l.State {
		case viewmodel.LampGood:
			sign = icon(theme.ConfirmIcon(), theme.ColorNameSuccess)
		case viewmodel.LampBad:
			sign = icon(theme.CancelIcon(), theme.ColorNameError)
		case viewmodel.LampSlow:
			sign = words("!", titleSize, true, name)
		}
		disc := container.NewGridWrap(fyne.NewSize(40, 40), container.NewStack(ring, container.NewCenter(sign)))
		name2, note := xwidget.NewProse(l.Name, true, plainInk, theme.SizeNameText), xwidget.NewProse(l.Note, false, mutedInk, theme.SizeNameCaptionText)
		name2.Align, note.Align = fyne.TextAlignCenter, fyne.TextAlignCenter
		row.Add(container.New(stacked{4}, container.NewCenter(disc), name2, note))
	}
	for i := 1; i < len(lamps); i++ {
		r := canvas.NewRectangle(ink(theme.ColorNameSeparator))
		// A line is lit up to the lamp that it leads away from.
		if before := lamps[i-1].State; before != viewmodel.LampUnknown {
			r.FillColor = ink(lampInk(before))
		}
		row.Add(r)
	}
	return framed(around(row, 12, 0))
}

func icon(r fyne.Resource, name fyne.ThemeColorName) fyne.CanvasObject {
	i := canvas.NewImageFromResource(theme.NewColoredResource(r, name))
	i.FillMode = canvas.ImageFillContain
	i.SetMinSize(fyne.NewSize(18, 18))
	return i
}

// chainLayout holds five columns and then the four lines between their discs.
type chainLayout struct{}

func (chainLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for _, x := range o {
		s.Height = max(s.Height, x.MinSize().Height)
	}
	return s
}

func (chainLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	n := (len(o) + 1) / 2
	step := s.Width / float32(max(n, 1))
	for i, x := range o {
		if i < n {
			x.Move(fyne.NewPos(float32(i)*step+6, 0))
			x.Resize(fyne.NewSize(step-12, s.Height))
			continue
		}
		free := min(66, step*0.3) // around a lamp
		x.Move(fyne.NewPos((float32(i-n)+0.5)*step+free, 20))
		x.Resize(fyne.NewSize(step-2*free, 2))
	}
}
