package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Hit is an area that can be pressed, over content of its own.
type Hit struct {
	widget.BaseWidget
	content fyne.CanvasObject
	tapped  func()
}

// NewHit makes an area.
func NewHit(content fyne.CanvasObject, tapped func()) *Hit {
	h := &Hit{content: content, tapped: tapped}
	h.ExtendBaseWidget(h)
	return h
}

// CreateRenderer draws the content alone.
func (h *Hit) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(h.content) }

// Tapped calls the action.
func (h *Hit) Tapped(*fyne.PointEvent) {
	if h.tapped != nil {
		h.tapped()
	}
}

// Cursor shows that it can be pressed.
func (h *Hit) Cursor() desktop.Cursor { return desktop.PointerCursor }

// spacer is nothing; the gaps around it set things apart.
func spacer() fyne.CanvasObject { return fixed(1, 0, canvas.NewRectangle(ink(plainInk))) }

// fixed gives an object a fixed size.
func fixed(w, h float32, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewGridWrap(fyne.NewSize(w, h), o)
}

// pillBox is a rounded filter chip; on marks the chosen one.
func pillBox(label, count string, on bool) fyne.CanvasObject {
	r := canvas.NewRectangle(ink("overlayBackground"))
	r.CornerRadius, r.StrokeWidth, r.StrokeColor = 14, hairline, ink("separator")
	name := mutedInk
	if on {
		r.FillColor, r.StrokeWidth = tinted(blueInk), 0
		name = blueInk
	}
	c := container.NewHBox(words(label, 13, on, name))
	if count != "" {
		c.Add(words(count, 13, on, name))
	}
	return container.NewStack(r, around(c, 4, 12))
}
