package screen

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// An input is a field of a table in the editor: its label over an entry, or over a
// choice where it is chosen.
type input struct {
	key     string
	label   *canvas.Text
	entry   *xwidget.Field  // nil: it is chosen
	choice  *xwidget.Select // nil: it is typed
	choices []viewmodel.Choice
	filling bool
}

func newInput(f viewmodel.FormField, set func(text string)) *input {
	in := &input{key: f.Key, label: words(f.Label, smallSize, false, mutedInk)}
	if f.Choices == nil {
		in.entry = xwidget.NewField()
		in.entry.OnChanged = func(text string) {
			if !in.filling {
				set(text)
			}
		}
		return in
	}
	in.choice = xwidget.NewSelect(nil, func(string) {
		if at := in.choice.SelectedIndex(); at >= 0 && !in.filling {
			set(in.choices[at].Text)
		}
	})
	return in
}

// object is the label over what is under it.
func (in *input) object() fyne.CanvasObject {
	if in.choice != nil {
		return container.New(stacked{4}, in.label, edged(in.choice))
	}
	return container.New(stacked{4}, in.label, in.entry)
}

// control is what takes the keyboard.
func (in *input) control() interface {
	fyne.Focusable
	fyne.Disableable
} {
	if in.choice != nil {
		return in.choice
	}
	return in.entry
}

// show draws the field as the model has it.
func (in *input) show(f viewmodel.FormField, editable bool) {
	in.filling = true
	defer func() { in.filling = false }()
	in.mark(f)
	if editable {
		in.control().Enable()
	} else {
		in.control().Disable()
	}
	if in.entry != nil {
		if in.entry.Text != f.Text {
			in.entry.SetText(f.Text)
		}
		return
	}
	in.choices = f.Choices
	labels := make([]string, len(f.Choices))
	chosen := -1
	for i, c := range f.Choices {
		if labels[i] = c.Label; c.Text == f.Text {
			chosen = i
		}
	}
	if !slices.Equal(in.choice.Options, labels) {
		in.choice.SetOptions(labels)
	}
	if in.choice.SelectedIndex() != chosen {
		in.choice.SetSelectedIndex(chosen)
	}
}

// mark colours the label by what is wrong with the field.
func (in *input) mark(f viewmodel.FormField) {
	name := mutedInk
	switch {
	case f.Stops:
		name = badInk
	case f.Issue != "":
		name = slowInk
	}
	in.label.Color = ink(name)
	in.label.Refresh()
}

// packed puts inputs into rows of four shares of the width, each where the first row
// has room for it; what may be long takes two shares.
func packed(fields []viewmodel.FormField, inputs []*input) (rows []*fyne.Container, order []*input) {
	const width = 4
	type line struct {
		parts []float32
		in    []*input
		used  float32
	}
	var lines []*line
	for i, in := range inputs {
		part := float32(1)
		if fields[i].Max >= 100 {
			part = 2
		}
		at := slices.IndexFunc(lines, func(l *line) bool { return l.used+part <= width })
		if at < 0 {
			at = len(lines)
			lines = append(lines, &line{})
		}
		l := lines[at]
		l.parts, l.in, l.used = append(l.parts, part), append(l.in, in), l.used+part
	}
	for _, l := range lines {
		objects := make([]fyne.CanvasObject, 0, width)
		for _, in := range l.in {
			objects = append(objects, in.object())
			order = append(order, in)
		}
		for ; l.used < width; l.used++ {
			l.parts = append(l.parts, 1)
			objects = append(objects, spacer())
		}
		rows = append(rows, container.New(columns{l.parts, gap}, objects...))
	}
	return rows, order
}

// columns lays objects over whole shares of the width, so that those of one row
// stand under those of another.
type columns struct {
	parts []float32
	space float32
}

// MinSize is the height of the highest.
func (l columns) MinSize(o []fyne.CanvasObject) fyne.Size { return shares(l).MinSize(o) }

// Layout places each over its shares and the gaps between them.
func (l columns) Layout(o []fyne.CanvasObject, s fyne.Size) {
	var all, x float32
	for _, p := range l.parts {
		all += p
	}
	one := (s.Width - l.space*(all-1)) / all
	for i, obj := range o {
		w := one*l.parts[i] + l.space*(l.parts[i]-1)
		obj.Move(fyne.NewPos(x, 0))
		obj.Resize(fyne.NewSize(w, s.Height))
		x += w + l.space
	}
}
