package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
)

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

// scrolled leaves the bar room beside what it scrolls.
func scrolled(o fyne.CanvasObject) *container.Scroll {
	return container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, 10), o))
}
