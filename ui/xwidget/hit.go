package xwidget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Touch is an area that can be pressed with the pointer, over content of its own.
type Touch struct {
	widget.BaseWidget
	content fyne.CanvasObject
	tapped  func()
}

// NewTouch makes an area for what has keys of its own, like the rows of a list.
func NewTouch(content fyne.CanvasObject, tapped func()) *Touch {
	t := &Touch{content: content, tapped: tapped}
	t.ExtendBaseWidget(t)
	return t
}

// CreateRenderer draws the content alone.
func (t *Touch) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.content) }

// Tapped calls the action.
func (t *Touch) Tapped(*fyne.PointEvent) {
	if t.tapped != nil {
		t.tapped()
	}
}

// Cursor shows that it can be pressed.
func (t *Touch) Cursor() desktop.Cursor { return desktop.PointerCursor }

// Hit is such an area that Tab reaches; Space and Enter press it.
type Hit struct {
	Touch
	ring *canvas.Rectangle // around it while it has the focus
	wash *canvas.Rectangle // over it while the pointer is
}

// NewHit makes an area.
func NewHit(content fyne.CanvasObject, tapped func()) *Hit {
	h := &Hit{ring: canvas.NewRectangle(color.Transparent), wash: canvas.NewRectangle(color.Transparent)}
	h.ring.StrokeWidth, h.ring.CornerRadius = 2, theme.Size(theme.SizeNameInputRadius)
	h.wash.CornerRadius = h.ring.CornerRadius
	h.ring.Hide()
	h.wash.Hide()
	h.content, h.tapped = container.NewStack(content, h.wash, h.ring), tapped
	h.ExtendBaseWidget(h)
	return h
}

// Tapped takes the focus from where it was, so that what is typed there is taken
// over, and calls the action.
func (h *Hit) Tapped(e *fyne.PointEvent) {
	if c := canvasOf(h); c != nil {
		c.Unfocus()
	}
	h.Touch.Tapped(e)
}

// MouseIn shows that it can be pressed.
func (h *Hit) MouseIn(*desktop.MouseEvent) {
	h.wash.FillColor = theme.Color(theme.ColorNameHover)
	h.wash.Show()
	h.Refresh()
}

// MouseMoved does nothing: it is all one.
func (h *Hit) MouseMoved(*desktop.MouseEvent) {}

// MouseOut ends it.
func (h *Hit) MouseOut() {
	h.wash.Hide()
	h.Refresh()
}

// FocusGained shows the ring.
func (h *Hit) FocusGained() {
	h.ring.StrokeColor = theme.Color(theme.ColorNamePrimary)
	h.ring.Show()
	h.Refresh() // no canvas knows the ring before it was drawn once
	reveal(h)
}

// FocusLost hides it.
func (h *Hit) FocusLost() {
	h.ring.Hide()
	h.Refresh()
}

// TypedRune presses on a space. On the key the space would come after, and be typed
// where the press led to.
func (h *Hit) TypedRune(r rune) {
	if r == ' ' {
		h.Tapped(nil)
	}
}

// TypedKey presses, or hands the key on.
func (h *Hit) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeySpace: // it comes as a rune as well
	case fyne.KeyReturn, fyne.KeyEnter:
		h.Tapped(nil)
	default:
		pass(h, k)
	}
}
