package screen

import "fyne.io/fyne/v2"

// stacked lays objects one under the other. It gives each its width before it
// asks for its height, because wrapped text knows its height only then.
type stacked struct{ space float32 }

// MinSize is the sum of the heights and the widest width.
func (l stacked) MinSize(o []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	shown := 0
	for _, x := range o {
		if !x.Visible() {
			continue
		}
		if shown++; shown > 1 {
			s.Height += l.space
		}
		m := x.MinSize()
		s.Height += m.Height
		s.Width = max(s.Width, m.Width)
	}
	return s
}

// Layout places the objects over the full width.
func (l stacked) Layout(o []fyne.CanvasObject, s fyne.Size) {
	var y float32
	for _, x := range o {
		if !x.Visible() {
			continue
		}
		x.Resize(fyne.NewSize(s.Width, x.MinSize().Height))
		h := x.MinSize().Height
		x.Resize(fyne.NewSize(s.Width, h))
		x.Move(fyne.NewPos(0, y))
		y += h + l.space
	}
}
