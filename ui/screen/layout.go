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

// seconds is stacked, but its first object stands under its second: Tab goes from
// one to the other in the order of the objects.
type seconds struct{ space float32 }

// MinSize is that of stacked.
func (l seconds) MinSize(o []fyne.CanvasObject) fyne.Size { return stacked(l).MinSize(o) }

// Layout changes the places of the first two.
func (l seconds) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o = append([]fyne.CanvasObject{o[1], o[0]}, o[2:]...)
	stacked(l).Layout(o, s)
}

// strip is stacked in a fixed width, so that it knows its height, wrapped texts and all.
type strip struct{ width, space float32 }

// MinSize places the objects: their heights follow from the width.
func (l strip) MinSize(o []fyne.CanvasObject) fyne.Size {
	stacked{l.space}.Layout(o, fyne.NewSize(l.width, 0))
	return fyne.NewSize(l.width, stacked{l.space}.MinSize(o).Height)
}

// Layout keeps the width, whatever there is.
func (l strip) Layout(o []fyne.CanvasObject, _ fyne.Size) {
	stacked{l.space}.Layout(o, fyne.NewSize(l.width, 0))
}

// restLayout gives its second object the height that the first leaves.
type restLayout struct{ space float32 }

// MinSize is both, one over the other.
func (l restLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(max(a.Width, b.Width), a.Height+l.space+b.Height)
}

// Layout asks for the height again once the width is known: texts wrap.
func (l restLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o[0].Resize(fyne.NewSize(s.Width, o[0].MinSize().Height))
	h := o[0].MinSize().Height
	o[0].Resize(fyne.NewSize(s.Width, h))
	o[1].Move(fyne.NewPos(0, h+l.space))
	o[1].Resize(fyne.NewSize(s.Width, s.Height-h-l.space))
}

// footLayout keeps its second object at the foot.
type footLayout struct{ space float32 }

// MinSize is both, one over the other.
func (l footLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return restLayout(l).MinSize(o) }

// Layout gives the first what the second leaves.
func (l footLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	h := o[1].MinSize().Height
	o[0].Resize(fyne.NewSize(s.Width, s.Height-h-l.space))
	o[1].Move(fyne.NewPos(0, s.Height-h))
	o[1].Resize(fyne.NewSize(s.Width, h))
}
