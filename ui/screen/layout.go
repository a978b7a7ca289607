package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"counterfoil/ui/xwidget"
)

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

// titleLayout sets chips after a title: beside it where there is room, else below it.
type titleLayout struct{ width float32 }

const chipGap = 10

// MinSize follows from the width of the last layout.
func (l *titleLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	title, below := o[0].MinSize(), float32(0)
	for _, x := range o[1:] {
		if m := x.MinSize(); !l.beside(o) {
			below = max(below, m.Height+4)
		}
	}
	return fyne.NewSize(title.Width, title.Height+below)
}

// beside reports whether all fits in a line.
func (l *titleLayout) beside(o []fyne.CanvasObject) bool {
	w := o[0].(*xwidget.Prose).Natural()
	for _, x := range o[1:] {
		w += chipGap + x.MinSize().Width
	}
	return w <= l.width
}

// Layout places the title first.
func (l *titleLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	l.width = s.Width
	title, x, y := o[0].(*xwidget.Prose), float32(0), float32(0)
	title.Resize(fyne.NewSize(s.Width, title.MinSize().Height))
	title.Resize(fyne.NewSize(s.Width, title.MinSize().Height))
	if l.beside(o) {
		x = title.Natural() + chipGap
	} else {
		y = title.MinSize().Height + 4
	}
	for _, c := range o[1:] {
		m := c.MinSize()
		at := y
		if y == 0 {
			at = (title.MinSize().Height - m.Height) / 2
		}
		c.Resize(m)
		c.Move(fyne.NewPos(x, at))
		x += m.Width + chipGap
	}
}

// titled is a title that wraps, with chips.
func titled(title string, chips ...fyne.CanvasObject) fyne.CanvasObject {
	t := xwidget.NewProse(title, true, plainInk, theme.SizeNameSubHeadingText)
	return container.New(&titleLayout{}, append([]fyne.CanvasObject{t}, chips...)...)
}

// rightLayout keeps its second object at the right and gives the first what it leaves.
type rightLayout struct{ space float32 }

// MinSize is both, side by side.
func (l rightLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	a, b := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(a.Width+l.space+b.Width, max(a.Height, b.Height))
}

// Layout gives the first its width before its height is asked for: texts wrap.
func (l rightLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	b := o[1].MinSize()
	o[0].Resize(fyne.NewSize(s.Width-b.Width-l.space, s.Height))
	o[1].Resize(b)
	o[1].Move(fyne.NewPos(s.Width-b.Width, 0))
}

// leftLayout keeps its first object at the left and gives the second what it leaves.
type leftLayout struct{ space float32 }

// MinSize is both, side by side.
func (l leftLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return rightLayout(l).MinSize(o) }

// Layout gives the second its width before its height is asked for.
func (l leftLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	a := o[0].MinSize()
	o[0].Resize(fyne.NewSize(a.Width, s.Height))
	o[1].Move(fyne.NewPos(a.Width+l.space, 0))
	o[1].Resize(fyne.NewSize(s.Width-a.Width-l.space, s.Height))
}

// breakLayout fills its object and tells when its width falls below a mark, or rises
// above it again.
type breakLayout struct {
	at      float32
	narrow  bool
	crossed func()
}

// MinSize is the object's.
func (l *breakLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

// Layout tells before it lays out.
func (l *breakLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	if now := s.Width < l.at; now != l.narrow {
		l.narrow = now
		l.crossed()
	}
	o[0].Resize(s)
}

// tileLayout sets tiles of about one width side by side, in as many rows as that takes.
type tileLayout struct {
	parts        []float32 // the shares of the width where all stand in one row
	least, space float32

	rows int
}

func (l *tileLayout) height(o []fyne.CanvasObject) (h float32) {
	for _, x := range o {
		h = max(h, x.MinSize().Height)
	}
	return h
}

// MinSize follows from the width of the last layout.
func (l *tileLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	n := float32(max(1, l.rows))
	return fyne.NewSize(l.least, n*l.height(o)+(n-1)*l.space)
}

// Layout fills the rows.
func (l *tileLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	across := int((s.Width + l.space) / (l.least + l.space))
	if across >= len(o) {
		l.rows = 1
		shares{parts: l.parts, space: l.space}.Layout(o, fyne.NewSize(s.Width, l.height(o)))
		return
	}
	across = max(1, across)
	l.rows = (len(o) + across - 1) / across
	across = (len(o) + l.rows - 1) / l.rows // about as many in each
	w, h := (s.Width-float32(across-1)*l.space)/float32(across), l.height(o)
	for i, x := range o {
		x.Resize(fyne.NewSize(w, h))
		x.Move(fyne.NewPos(float32(i%across)*(w+l.space), float32(i/across)*(h+l.space)))
	}
}

// pairLayout sets two objects side by side in shares of the width, or one under the
// other where that is less than least.
type pairLayout struct {
	parts        []float32
	least, space float32

	under bool
}

// MinSize follows from the width of the last layout.
func (l *pairLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	if l.under {
		return stacked{l.space}.MinSize(o)
	}
	return fyne.NewSize(0, shares{parts: l.parts, space: l.space}.MinSize(o).Height)
}

// Layout decides.
func (l *pairLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	if l.under = s.Width < l.least; l.under {
		stacked{l.space}.Layout(o, s)
		return
	}
	shares{parts: l.parts, space: l.space}.Layout(o, s)
}

// leastLayout keeps an object as wide as its columns need.
type leastLayout struct{ width float32 }

// tableWidth is what a list with its columns needs, in device-independent pixels.
const tableWidth float32 = 860

// MinSize is the object's, or wider.
func (l leastLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return o[0].MinSize().Max(fyne.NewSize(l.width, 0))
}

// Layout fills.
func (l leastLayout) Layout(o []fyne.CanvasObject, s fyne.Size) { o[0].Resize(s) }

// wideEnough is a page with a table: where the window is too narrow it scrolls sideways
// rather than let columns run into each other.
func wideEnough(o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(leastLayout{tableWidth}, o)
}
