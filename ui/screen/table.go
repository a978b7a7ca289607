package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"counterfoil/ui/look"
)

// tableRowHeight is of a row with its line.
const tableRowHeight float32 = 36

// table is a head over rows that scroll.
func table(head, rows fyne.CanvasObject) fyne.CanvasObject {
	return framed(container.New(restLayout{0}, ruled(head, theme.ColorNameSeparator), rows))
}

// tableRow is one row of a table: what is in it stands in the middle, a line is under it.
func tableRow(content *fyne.Container) *fyne.Container { return ruled(content, look.ColorGrid) }

func ruled(content fyne.CanvasObject, name fyne.ThemeColorName) *fyne.Container {
	return container.New(ruledLayout{}, content, canvas.NewRectangle(ink(name)))
}

// ruledLayout gives the first object the row, inset, and draws the second as the line under it.
type ruledLayout struct{}

func (ruledLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(o[0].MinSize().Width+2*inset, max(tableRowHeight, o[0].MinSize().Height+hairline))
}

func (ruledLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o[0].Move(fyne.NewPos(inset, 0))
	o[0].Resize(fyne.NewSize(s.Width-2*inset, s.Height-hairline))
	o[1].Move(fyne.NewPos(0, s.Height-hairline))
	o[1].Resize(fyne.NewSize(s.Width, hairline))
}

// besideLayout puts one object left, in the middle of the height, as small as it can be.
type besideLayout struct{}

func (besideLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

func (besideLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	m := o[0].MinSize()
	o[0].Move(fyne.NewPos(0, (s.Height-m.Height)/2))
	o[0].Resize(m)
}

func rule() fyne.CanvasObject {
	r := canvas.NewRectangle(ink(theme.ColorNameSeparator))
	r.SetMinSize(fyne.NewSize(1, hairline))
	return r
}
