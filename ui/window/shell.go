package window

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"counterfoil/app/document"
	"counterfoil/ui/look"
	"counterfoil/ui/screen"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// A page is one entry of the shell.
type page struct {
	screen.Page
	rail bool                  // it is in the rail
	draw func() screen.Content // called when it is first shown
}

// Shell is the window's content.
type Shell struct {
	Window fyne.Window
	Words  viewmodel.Phrases
	Pages  []page

	Badge func(screen.Page) int
	Pill  func() viewmodel.Pill
	Send  func() // what the pill's button does
	Gone  func() // a dialog was left with Esc; nil: nobody waits for it
	Band  *Band  // above every page; nil: none

	current   string
	collapsed bool    // the rail shows icons only, as the clerk wants it
	wide      float32 // of the window; 0: not known yet
	drawn     string  // what the rail shows
	frame     *fyne.Container
	rail      *fyne.Container
	body      *fyne.Container
	made      map[string]screen.Content
	hits      []*xwidget.Hit // of the rail, from top to bottom
}

// railWidth and narrowRail are the rail's widths in device-independent pixels; a window
// that is less wide than roomy shows icons only, so that the page has the room.
const railWidth, narrowRail, roomy float32 = 200, 56, 900

// folded reports whether the rail shows icons only.
func (s *Shell) folded() bool { return s.collapsed || s.wide > 0 && s.wide < roomy }

// frameLayout sets the rail beside the page, without a gap, and the band above both.
type frameLayout struct{ s *Shell }

func (l frameLayout) width() float32 {
	switch {
	case l.s.bare():
		return 0
	case l.s.folded():
		return narrowRail
	}
	return railWidth
}

func (l frameLayout) top() float32 {
	if l.s.Band == nil {
		return 0
	}
	return bandHeight
}

// MinSize lets the rail scroll out rather than the page.
func (l frameLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	page := o[1].MinSize()
	return fyne.NewSize(page.Width+l.width(), page.Height+l.top())
}

// Layout gives the page what the rail and the band leave.
func (l frameLayout) Layout(o []fyne.CanvasObject, size fyne.Size) {
	l.s.wide = size.Width
	w, top := l.width(), l.top()
	if len(o) > 2 {
		o[2].Resize(fyne.NewSize(size.Width, top))
	}
	o[0].Move(fyne.NewPos(0, top))
	o[0].Resize(fyne.NewSize(w, size.Height-top))
	o[1].Move(fyne.NewPos(w, top))
	o[1].Resize(fyne.NewSize(size.Width-w, size.Height-top))
	if w == 0 {
		o[0].Hide()
		return
	}
	o[0].Show()
}

// bare pages stand alone: before the set-up there is nothing to go to.
func (s *Shell) bare() bool {
	for _, p := range s.Pages {
		if p.Name == s.current {
			return p.Bare
		}
	}
	return false
}

// Bare is the window before it has pages: its colours alone.
func Bare() fyne.CanvasObject {
	s := &Shell{}
	return container.New(frameLayout{s}, canvas.NewRectangle(theme.Color(look.ColorRail)), canvas.NewRectangle(theme.Color(theme.ColorNameBackground)))
}

// New makes the content; Build shows it.
func New(w fyne.Window, words viewmodel.Phrases) *Shell {
	return &Shell{Window: w, Words: words, rail: container.NewStack(), body: container.NewStack(), made: map[string]screen.Content{}}
}

// Build lays the window out and shows a page.
func (s *Shell) Build(first string, a actions) {
	background := canvas.NewRectangle(theme.Color(look.ColorRail))
	edge := canvas.NewRectangle(theme.Color(theme.ColorNameSeparator))
	edge.SetMinSize(fyne.NewSize(1, 1))
	s.frame = container.New(frameLayout{s}, container.NewStack(background, s.rail, container.New(edgeLayout{}, edge)), s.body)
	if s.Band != nil {
		s.frame.Add(s.Band.draw())
	}
	s.Window.SetPadded(false)
	s.Window.SetContent(s.frame)
	s.shortcuts(a)
	s.Show(first)
}

// Current is the name of the page shown.
func (s *Shell) Current() string { return s.current }

// Content is a page of this name, made when it was not yet.
func (s *Shell) Content(name string) screen.Content {
	c, made := s.made[name]
	if !made {
		for _, p := range s.Pages {
			if p.Name == name {
				c = p.draw()
				s.made[name] = c
			}
		}
	}
	return c
}

// Show changes the page; a name that is none is passed over.
func (s *Shell) Show(name string) {
	if c := s.Content(name); c.Object != nil {
		if name != s.current {
			s.release()
		}
		s.current = name
		s.body.Objects = []fyne.CanvasObject{container.NewScroll(c.Object)} // a window may be smaller than the page
		s.frame.Refresh()
		if c.Refresh != nil {
			c.Refresh()
		}
	}
	s.Tick()
}

// release takes the keyboard from what is on the page that is left.
func (s *Shell) release() {
	c := s.Window.Canvas()
	if _, rail := c.Focused().(*xwidget.Hit); !rail {
		c.Unfocus()
	}
}

// synced tells the pages that are made what sync changed.
func (s *Shell) synced(changed []document.Key) {
	for _, p := range s.Pages {
		if f := s.made[p.Name].Synced; f != nil {
			f(changed)
		}
	}
}

// edgeLayout draws a hairline at the right edge.
type edgeLayout struct{}

func (edgeLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }

func (edgeLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o[0].Move(fyne.NewPos(s.Width-1, 0))
	o[0].Resize(fyne.NewSize(1, s.Height))
}

// Collapse shows the rail as icons only, or whole again.
func (s *Shell) Collapse() {
	s.collapsed = !s.collapsed
	s.Tick()
	s.frame.Refresh()
}

// Tick draws rail and pill anew when they show something else.
func (s *Shell) Tick() {
	mark := s.current
	for _, p := range s.Pages {
		if p.Name == s.current && p.Under != "" {
			mark = p.Under
		}
	}
	if now := s.state(mark); now == s.drawn {
		return
	} else {
		s.drawn = now
	}
	list := container.New(layout.NewCustomPaddedVBoxLayout(0))
	name := canvas.NewText(s.Words.T("shell.name"), theme.Color(theme.ColorNameForeground))
	name.TextStyle.Bold, name.TextSize = true, 15
	logo := canvas.NewImageFromResource(look.App())
	logo.FillMode = canvas.ImageFillContain
	logo.SetMinSize(fyne.NewSize(24, 24))
	head := container.NewHBox(container.NewCenter(logo))
	if !s.folded() {
		head.Add(container.NewCenter(name))
	}
	focused, _ := s.Window.Canvas().Focused().(*xwidget.Hit)
	at := slices.Index(s.hits, focused)
	s.hits = nil
	list.Add(s.hit(container.New(layout.NewCustomPaddedLayout(16, 14, 16, 8), head), s.Collapse))
	for _, p := range s.Pages {
		if p.rail {
			list.Add(container.New(layout.NewCustomPaddedLayout(0, 0, 10, 10), s.entry(p, p.Name == mark)))
		}
	}
	s.rail.Objects = []fyne.CanvasObject{container.NewBorder(nil, container.New(layout.NewCustomPaddedLayout(4, 14, 10, 10), s.pill()), nil, nil, container.NewVScroll(list))}
	s.rail.Refresh()
	if at >= 0 && at < len(s.hits) {
		s.Window.Canvas().Focus(s.hits[at]) // drawn anew under the focus
	}
}

// state is all that the rail shows, as text.
func (s *Shell) state(mark string) string {
	badges := make([]int, len(s.Pages))
	for i, p := range s.Pages {
		badges[i] = s.badge(p.Page)
	}
	var pill viewmodel.Pill
	if s.Pill != nil {
		pill = s.Pill()
	}
	return fmt.Sprint(mark, s.folded(), badges, pill, theme.Color(look.ColorRail))
}

func (s *Shell) entry(p page, on bool) fyne.CanvasObject {
	r := canvas.NewRectangle(theme.Color(look.ColorRail))
	r.CornerRadius = 7
	text := canvas.NewText(s.Words.T("shell."+p.Name), theme.Color(theme.ColorNamePlaceHolder))
	if on {
		r.FillColor, r.StrokeColor, r.StrokeWidth = theme.Color(theme.ColorNameOverlayBackground), theme.Color(theme.ColorNameSeparator), 1
		text.Color, text.TextStyle.Bold = theme.Color(theme.ColorNameForeground), true
	}
	row := container.New(layout.NewCustomPaddedHBoxLayout(10))
	if icon := look.Icon(p.Name, text.Color); icon != nil {
		picture := canvas.NewImageFromResource(icon)
		picture.FillMode = canvas.ImageFillContain
		picture.SetMinSize(fyne.NewSize(17, 17))
		row.Add(container.NewCenter(picture))
	}
	if !s.folded() {
		row.Add(container.NewCenter(text))
	}
	var badge fyne.CanvasObject = container.NewWithoutLayout()
	if n := s.badge(p.Page); n > 0 {
		dot := canvas.NewRectangle(theme.Color(theme.ColorNameError))
		dot.CornerRadius = 9
		label := canvas.NewText(itoa(n), theme.Color(theme.ColorNameForegroundOnPrimary))
		label.TextSize, label.TextStyle.Bold = 11, true
		badge = container.NewCenter(container.NewStack(dot, container.New(layout.NewCustomPaddedLayout(1, 1, 6, 6), label)))
	}
	return s.hit(container.NewStack(r, container.New(layout.NewCustomPaddedLayout(9, 9, 11, 11), container.NewBorder(nil, nil, row, badge))), func() { s.Show(p.Name) })
}

func (s *Shell) hit(o fyne.CanvasObject, tapped func()) fyne.CanvasObject {
	h := xwidget.NewHit(o, tapped)
	s.hits = append(s.hits, h)
	return h
}

// nextPane moves the focus from the page into the rail, or from there into the page.
func (s *Shell) nextPane() {
	if s.bare() {
		return
	}
	c := s.Window.Canvas()
	at, _ := c.Focused().(*xwidget.Hit)
	if at == nil || !slices.Contains(s.hits, at) {
		c.Focus(s.hits[1]) // the first page; before it is the program's name
		return
	}
	c.Focus(s.hits[len(s.hits)-1])
	c.FocusNext() // what follows the rail
}

func (s *Shell) badge(p screen.Page) int {
	if s.Badge == nil {
		return 0
	}
	return s.Badge(p)
}

func itoa(n int) string {
	if n > 99 {
		return "99+"
	}
	if n > 9 {
		return string(rune('0'+n/10)) + string(rune('0'+n%10))
	}
	return string(rune('0' + n))
}

func (s *Shell) pill() fyne.CanvasObject {
	if s.Pill == nil {
		return container.NewWithoutLayout()
	}
	p := s.Pill()
	box := canvas.NewRectangle(theme.Color(theme.ColorNameOverlayBackground))
	box.CornerRadius, box.StrokeWidth, box.StrokeColor = 10, 1, theme.Color(theme.ColorNameSeparator)
	name := map[viewmodel.LampState]fyne.ThemeColorName{viewmodel.LampGood: theme.ColorNameSuccess, viewmodel.LampSlow: theme.ColorNameWarning, viewmodel.LampBad: theme.ColorNameError}[p.State]
	if name == "" {
		name = theme.ColorNamePlaceHolder
	}
	dot := canvas.NewCircle(theme.Color(name))
	text := canvas.NewText(p.Text, theme.Color(theme.ColorNameForeground))
	text.TextSize, text.TextStyle.Bold = 12.5, true
	sub := canvas.NewText(p.Sub, theme.Color(theme.ColorNamePlaceHolder))
	sub.TextSize = 11.5
	for r := []rune(p.Sub); len(r) > 1 && sub.MinSize().Width > railWidth-38; {
		r = r[:len(r)-1]
		sub.Text = string(r) + "…"
	}
	light := container.NewCenter(container.NewGridWrap(fyne.NewSize(9, 9), dot))
	if s.folded() {
		return s.hit(container.NewStack(box, container.New(layout.NewCustomPaddedLayout(12, 12, 4, 4), light)), func() { s.Show("connection") })
	}
	top := container.NewHBox(light, text)
	words := container.New(layout.NewCustomPaddedLayout(8, 8, 10, 8), container.New(layout.NewCustomPaddedVBoxLayout(1), top, sub))
	whole := s.hit(words, func() { s.Show("connection") })
	if p.Send == "" || s.Send == nil {
		return container.NewStack(box, whole)
	}
	send := canvas.NewText(p.Send, theme.Color(theme.ColorNamePrimary))
	send.TextSize, send.TextStyle.Bold = 12.5, true
	line := canvas.NewRectangle(theme.Color(theme.ColorNameSeparator))
	line.SetMinSize(fyne.NewSize(1, 1))
	press := s.hit(container.New(layout.NewCustomPaddedLayout(6, 7, 10, 10), container.NewCenter(send)), s.Send)
	return container.NewStack(box, container.New(layout.NewCustomPaddedVBoxLayout(0), whole, container.New(layout.NewCustomPaddedLayout(0, 0, 1, 1), line), press))
}
