package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// detail is the card of the line that is current: its fields that have no column.
type detail struct {
	s     *Editor
	title *canvas.Text
	parts []*input
	whole fyne.CanvasObject
	set   int // the row that is being edited here, from 1; 0: none is
}

func newDetail(s *Editor) *detail {
	d := &detail{s: s, title: words("", bodySize, true, plainInk)}
	box := container.New(stacked{8}, d.title)
	back := func() bool {
		s.grid.Focus()
		return true
	}
	for _, f := range s.vm.Details(0) {
		in := newInput(f, func(text string) {
			row, _ := s.grid.Current()
			d.set = row + 1 // the grid is about to follow the empty row
			s.grid.Keep(func() { s.vm.SetDetail(row, f.Key, text) })
			d.set = 0
		})
		if in.entry != nil {
			in.entry.Left, in.entry.Undo, in.entry.Dismiss = s.vm.Pause, s.travel, back
			in.entry.OnSubmitted = func(string) { back() }
		} else {
			in.choice.Dismiss = back
		}
		d.parts = append(d.parts, in)
		box.Add(in.object())
	}
	d.whole = card(box)
	return d
}

// focus gives the card the keyboard.
func (d *detail) focus() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(d.whole); c != nil && !d.s.vm.Fixed() {
		c.Focus(d.parts[0].control())
	}
}

// refresh shows the line that is current; none in an invoice that is read-only,
// whose rows say what the card would.
func (d *detail) refresh() {
	if d.s.vm.Fixed() {
		d.whole.Hide()
		return
	}
	d.whole.Show()
	row, _ := d.s.grid.Current()
	if d.set > 0 {
		row = d.set - 1
	}
	d.title.Text = d.s.t.T("editor.detail", row+1)
	d.title.Refresh()
	for i, f := range d.s.vm.Details(row) {
		d.parts[i].show(f, true)
	}
}
