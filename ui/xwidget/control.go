package xwidget

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Fyne's controls swallow the keys they have no use for while they have the
// focus; these leave them to the window.

// Button is pressed by Space and Enter as well, and has a ring while it has the
// focus, in whatever colour it is.
type Button struct {
	widget.Button
	ring *canvas.Rectangle
}

// NewButton makes a button.
func NewButton(label string, tapped func()) *Button {
	b := &Button{ring: canvas.NewRectangle(color.Transparent)}
	b.ring.StrokeWidth = 2
	b.ring.Hide()
	b.Text, b.OnTapped = label, tapped
	b.ExtendBaseWidget(b)
	return b
}

// FocusGained shows the ring.
func (b *Button) FocusGained() {
	b.ring.Show()
	b.Button.FocusGained()
	reveal(b)
}

// FocusLost hides it.
func (b *Button) FocusLost() {
	b.ring.Hide()
	b.Button.FocusLost()
}

// CreateRenderer draws the button and its ring.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	return &ringed{b.Button.CreateRenderer(), b}
}

// ringed is a button's renderer with the ring over it.
type ringed struct {
	fyne.WidgetRenderer
	b *Button
}

func (r *ringed) Objects() []fyne.CanvasObject {
	return append(slices.Clone(r.WidgetRenderer.Objects()), r.b.ring)
}

func (r *ringed) Layout(s fyne.Size) {
	r.WidgetRenderer.Layout(s)
	inset := float32(0)
	if r.b.Importance == widget.HighImportance {
		inset = 3 // a line between the ring and the edge: both are of one colour
	}
	r.b.ring.Move(fyne.NewSquareOffsetPos(inset))
	r.b.ring.Resize(s.SubtractWidthHeight(2*inset, 2*inset))
}

func (r *ringed) Refresh() {
	name := theme.ColorNamePrimary
	if r.b.Importance == widget.HighImportance {
		name = theme.ColorNameForegroundOnPrimary
	}
	r.b.ring.StrokeColor, r.b.ring.CornerRadius = theme.Color(name), theme.Size(theme.SizeNameButtonRadius)
	r.WidgetRenderer.Refresh()
	r.b.ring.Refresh()
}

// TypedKey presses, or hands the key on.
func (b *Button) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeySpace: // it comes as a rune as well
	case fyne.KeyReturn, fyne.KeyEnter:
		b.press()
	default:
		pass(b, k)
	}
}

// TypedRune presses on a space, see Hit.
func (b *Button) TypedRune(r rune) {
	if r == ' ' {
		b.press()
	}
}

// press is a press by a key. Fyne takes the keyboard away from a button that is pressed.
func (b *Button) press() {
	pressing = b
	defer func() { pressing = nil }()
	b.Tapped(nil)
}

var pressing *Button

// Pressing is the button that is being pressed by a key now; nil: none is. Only the
// window's goroutine may ask.
func Pressing() *Button { return pressing }

// Check is a tick with a label.
type Check struct{ widget.Check }

// NewCheck makes a check; it is not ticked.
func NewCheck(label string, changed func(bool)) *Check {
	c := &Check{}
	c.Text, c.OnChanged = label, changed
	c.ExtendBaseWidget(c)
	return c
}

// FocusGained brings it into sight.
func (c *Check) FocusGained() {
	c.Check.FocusGained()
	reveal(c)
}

// TypedKey hands every key on: Space is typed as a rune.
func (c *Check) TypedKey(k *fyne.KeyEvent) { pass(c, k) }

// Select is a choice of one of several texts.
type Select struct {
	widget.Select
	Dismiss func() bool // Esc and Enter: reports whether it was used up; may be nil
}

// NewSelect makes a choice; none is chosen.
func NewSelect(options []string, changed func(string)) *Select {
	s := &Select{}
	s.Options, s.OnChanged = options, changed
	s.ExtendBaseWidget(s)
	return s
}

// FocusGained brings it into sight.
func (s *Select) FocusGained() {
	s.Select.FocusGained()
	reveal(s)
}

// TypedKey opens and changes the choice, or hands the key on.
func (s *Select) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyEscape, fyne.KeyReturn, fyne.KeyEnter:
		if s.Dismiss == nil || !s.Dismiss() {
			pass(s, k)
		}
	case fyne.KeySpace, fyne.KeyUp, fyne.KeyDown, fyne.KeyLeft, fyne.KeyRight:
		s.Select.TypedKey(k)
	default:
		pass(s, k)
	}
}

// List is a list whose keys are the window's: the page moves in it.
type List struct{ widget.List }

// NewList makes a list; a row is made by create and filled by update.
func NewList(length func() int, create func() fyne.CanvasObject, update func(int, fyne.CanvasObject)) *List {
	l := &List{}
	l.Length, l.CreateItem, l.UpdateItem = length, create, update
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey hands every key on.
func (l *List) TypedKey(k *fyne.KeyEvent) { pass(l, k) }
