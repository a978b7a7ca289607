package xwidget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// reveal scrolls what has got the keyboard into sight: who goes by Tab alone would
// otherwise press what cannot be seen.
func reveal(o fyne.CanvasObject) {
	c := canvasOf(o)
	if c == nil {
		return
	}
	top := c.Content()
	if over := c.Overlays().Top(); over != nil {
		top = over
	}
	for _, s := range scrollsOver(top, o) {
		show(s, o)
	}
}

// scrollsOver are the scrolled areas that hold o, the innermost first.
func scrollsOver(from, o fyne.CanvasObject) []*container.Scroll {
	out, _ := over(from, o)
	return out
}

func over(from, o fyne.CanvasObject) (out []*container.Scroll, found bool) {
	if from == o {
		return nil, true
	}
	switch x := from.(type) {
	case *fyne.Container:
		for _, child := range x.Objects {
			if child.Visible() {
				if out, found = over(child, o); found {
					return out, true
				}
			}
		}
	case *container.Scroll:
		if out, found = over(x.Content, o); found {
			return append(out, x), true
		}
	case *container.ThemeOverride:
		return over(x.Content, o)
	}
	return nil, false
}

// margin is left free around what is shown.
const margin = 12

// show moves a scrolled area as little as it takes.
func show(s *container.Scroll, o fyne.CanvasObject) {
	d := fyne.CurrentApp().Driver()
	at := d.AbsolutePositionForObject(o).Subtract(d.AbsolutePositionForObject(s))
	by := func(at, size, room float32) float32 {
		switch {
		case at < margin:
			return at - margin
		case at+size > room-margin:
			return min(at-margin, at+size-room+margin)
		}
		return 0
	}
	dx, dy := by(at.X, o.Size().Width, s.Size().Width), by(at.Y, o.Size().Height, s.Size().Height)
	if s.Direction == container.ScrollVerticalOnly {
		dx = 0
	}
	if dx == 0 && dy == 0 {
		return
	}
	room := s.Content.Size().Subtract(s.Size())
	to := s.Offset.AddXY(dx, dy)
	s.ScrollToOffset(fyne.NewPos(max(0, min(to.X, room.Width)), max(0, min(to.Y, room.Height))))
}
