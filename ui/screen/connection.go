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
			s.SelfCheck, s.Export = h.SelfCheck, h.Report
			return Content{Object: s.Object(), Refresh: h.Connection.Refresh, Tick: h.Connection.Refresh}
		}
	}})
}

// Connection is the connection page.
type Connection struct {
	vm      *viewmodel.Connection
	t       viewmodel.Phrases
	root    *fyne.Container
	actions []fyne.CanvasObject // made once: a page drawn anew would take the focus from them
	send    *xwidget.Button

	SelfCheck func() // opens the wizard
	Export    func() // opens the report
}

// NewConnection makes the page and follows the model's changes.
func NewConnection(vm *viewmodel.Connection, t viewmodel.Phrases) *Connection {
	s := &Connection{vm: vm, t: t, root: container.NewStack()}
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
	s.Refresh()
	return s
}

// Object is the page.
func (s *Connection) Object() fyne.CanvasObject { return s.root }

// Refresh draws the page anew.
func (s *Connection) Refresh() {
	s.show(s.build())
}

func (s *Connection) show(o fyne.CanvasObject) {
	s.root.Objects = []fyne.CanvasObject{o}
	s.root.Refresh()
}

func (s *Connection) build() fyne.CanvasObject {
	if s.vm.CanSend() == s.send.Disabled() {
		if s.vm.CanSend() {
			s.send.Enable()
		} else {
			s.send.Disable()
		}
	}
	head := banner(container.New(stacked{6},
		heading(s.vm.Headline()), prose(s.vm.Sentence(), false, plainInk)), lampInk(s.vm.State()))
	tiles := container.New(shares{parts: []float32{1, 1, 1, 1, 1, 1}, space: gap})
	for _, t := range s.vm.Tiles() {
		name := lampInk(t.State)
		if t.State == viewmodel.LampUnknown {
			name = plainInk
		}
		tiles.Add(framed(around(container.New(stacked{4}, words(t.Title, smallSize, false, mutedInk),
			words(t.Figure, figureSize, true, name), words(t.Note, smallSize, false, mutedInk)), 12, 14)))
	}
	below := container.New(shares{parts: []float32{693, 421}, space: gap}, s.day(), s.changes())
	return page(s.t.T("connection.title"), "", s.actions, container.NewVScroll(column(true, head, s.chain(), tiles, below)))
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
		name2, note := words(l.Name, bodySize, true, plainInk), words(l.Note, smallSize, false, mutedInk)
		row.Add(container.New(stacked{4}, container.NewCenter(disc), container.NewCenter(name2), container.NewCenter(note)))
	}
	for i := 1; i < len(lamps); i++ {
		r := canvas.NewRectangle(ink(theme.ColorNameSeparator))
		// A line is lit up to the lamp that it leads away from.
		if before := lamps[i-1].State; before != viewmodel.LampUnknown {
			r.FillColor = ink(lampInk(before))
		}
		row.Add(r)
	}
	return framed(around(row, 16, 0))
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
			x.Move(fyne.NewPos(float32(i)*step, 0))
			x.Resize(fyne.NewSize(step, s.Height))
			continue
		}
		x.Move(fyne.NewPos((float32(i-n)+0.5)*step+66, 20))
		x.Resize(fyne.NewSize(step-132, 2))
	}
}

// day is the chart of the last 24 hours over the timeline.
func (s *Connection) day() fyne.CanvasObject {
	box := container.New(stacked{6}, words(s.t.T("connection.day"), bodySize, true, plainInk))
	heights := &barLayout{}
	bars := container.NewWithoutLayout()
	for _, b := range s.vm.Bars() {
		r := canvas.NewRectangle(ink(lampInk(b.State)))
		if b.State == viewmodel.LampUnknown {
			r.FillColor = ink(theme.ColorNameSeparator)
		}
		r.CornerRadius = 1.5
		bars.Add(r)
		heights.heights = append(heights.heights, float32(b.Height))
	}
	bars.Layout = heights
	box.Add(bars)
	box.Add(container.NewBorder(nil, nil, words(s.t.T("connection.day.start"), smallSize, false, mutedInk), words(s.t.T("connection.day.now"), smallSize, false, mutedInk)))
	for i, l := range s.vm.Timeline() {
		if i == 6 {
			break
		}
		dot := canvas.NewCircle(ink(lampInk(l.State)))
		box.Add(container.NewBorder(nil, nil, container.NewHBox(container.NewGridWrap(fyne.NewSize(96, 20), words(l.When, bodySize, false, mutedInk)),
			container.NewCenter(container.NewGridWrap(fyne.NewSize(9, 9), dot))), nil, cell(l.Text, false, plainInk)))
	}
	return card(box)
}

// barLayout draws bars from the ground up.
type barLayout struct{ heights []float32 }

func (*barLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 60) }

func (l *barLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	step := s.Width / float32(max(len(o), 1))
	for i, x := range o {
		h := s.Height * l.heights[i]
		x.Move(fyne.NewPos(float32(i)*step, s.Height-h))
		x.Resize(fyne.NewSize(max(1, step-3), h))
	}
}

func (s *Connection) changes() fyne.CanvasObject {
	box := container.New(stacked{6}, words(s.t.T("connection.what_changed"), bodySize, true, plainInk))
	list := s.vm.WhatChanged()
	if len(list) == 0 {
		box.Add(words(s.t.T("connection.nothing_changed"), bodySize, false, mutedInk))
	}
	for _, l := range list {
		name := mutedInk
		if l.State == viewmodel.LampBad {
			name = plainInk
		}
		mark := mutedInk
		if l.State == viewmodel.LampBad {
			mark = badInk
		}
		box.Add(container.NewBorder(nil, nil, container.NewGridWrap(fyne.NewSize(84, 20), words(l.When, bodySize, false, mark)), nil, prose(l.Text, false, name)))
	}
	return card(box)
}
