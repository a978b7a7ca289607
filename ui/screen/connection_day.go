package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// day is the chart of the last 24 hours, how that was against the goals, and what
// happened in it.
func (s *Connection) day() fyne.CanvasObject {
	box := container.New(stacked{8}, words(s.t.T("connection.day"), bodySize, true, plainInk), s.chart(), s.quality())
	for i, l := range s.vm.Timeline() {
		if i == 5 {
			break
		}
		dot := canvas.NewCircle(ink(lampInk(l.State)))
		box.Add(container.NewBorder(nil, nil, container.NewHBox(fixed(92, 20, words(l.When, bodySize, false, mutedInk)),
			container.NewCenter(fixed(9, 9, dot))), nil, cell(l.Text, false, plainInk)))
	}
	return card(box)
}

// chart is a bar for each quarter of an hour over an axis of times.
func (s *Connection) chart() fyne.CanvasObject {
	heights := &barLayout{}
	bars := container.NewWithoutLayout()
	for _, b := range s.vm.Bars() {
		r := canvas.NewRectangle(ink(lampInk(b.State)))
		if b.State == "" {
			r.FillColor = ink(theme.ColorNameSeparator)
		}
		r.CornerRadius = 1.5
		bars.Add(r)
		heights.heights = append(heights.heights, float32(b.Height))
	}
	bars.Layout = heights
	ground := canvas.NewRectangle(ink(theme.ColorNameSeparator))
	ground.SetMinSize(fyne.NewSize(1, hairline))
	axis := container.New(axisLayout{})
	for _, t := range s.vm.Axis() {
		axis.Add(words(t, smallSize, false, mutedInk))
	}
	return container.New(stacked{3}, bars, ground, axis)
}

// barLayout draws bars from the ground up.
type barLayout struct{ heights []float32 }

func (*barLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 52) }

func (l *barLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	step := s.Width / float32(max(len(o), 1))
	for i, x := range o {
		h := s.Height * l.heights[i]
		x.Move(fyne.NewPos(float32(i)*step, s.Height-h))
		x.Resize(fyne.NewSize(max(1, step-2), h))
	}
}

// axisLayout spreads texts: the first begins at the left edge, the last ends at the
// right one, the others stand over their place.
type axisLayout struct{}

func (axisLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for _, x := range o {
		s.Height = max(s.Height, x.MinSize().Height)
	}
	return s
}

func (axisLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	for i, x := range o {
		m := x.MinSize()
		share := float32(i) / float32(max(len(o)-1, 1))
		x.Resize(m)
		x.Move(fyne.NewPos(min(max(0, s.Width*share-m.Width/2), s.Width-m.Width), 0))
	}
}

// quality is a table: windows of time, and the goals under them.
func (s *Connection) quality() fyne.CanvasObject {
	columns := shares{parts: []float32{1.5, 1, 1, 0.9, 0.9, 0.9}, space: 8}
	line := func(name fyne.CanvasObject) *fyne.Container { return container.New(columns, name) }
	right := func(text string, bold bool, name fyne.ThemeColorName) fyne.CanvasObject {
		t := words(text, smallSize, bold, name)
		t.Alignment = fyne.TextAlignTrailing
		return t
	}
	head := line(words(s.t.T("connection.quality"), smallSize, true, plainInk))
	for _, h := range s.vm.QualityHead() {
		head.Add(right(h, false, mutedInk))
	}
	box := container.New(stacked{3}, head)
	rows := s.vm.QualityRows()
	for i, r := range rows {
		name := plainInk
		if i == len(rows)-1 {
			name = mutedInk // the goals
		}
		row := line(words(r.Name, smallSize, false, mutedInk))
		for _, c := range r.Cells {
			if c.Missed {
				row.Add(right(c.Text, true, badInk))
			} else {
				row.Add(right(c.Text, false, name))
			}
		}
		box.Add(row)
	}
	return around(box, 4, 0)
}
