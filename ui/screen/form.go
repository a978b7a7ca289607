package screen

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"counterfoil/app/document"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// labelWidth is of the names beside the fields, sideWidth of the card that says how
// the document stands.
const labelWidth, sideWidth float32 = 132, 280

// form draws a viewmodel.Form: its fields from top to bottom, and beside them how
// the document stands.
type form struct {
	vm       *viewmodel.Form
	t        viewmodel.Phrases
	conflict func(document.Key)
	canvas   func() fyne.Canvas // that shows the form; nil while none does

	root, over, side *fyne.Container // over: what is said above the fields
	body             fyne.CanvasObject
	scroll           *container.Scroll
	fields           []*formField
	filling          bool
	asked            viewmodel.Question // that has the keyboard
	ask              []*xwidget.Button  // its buttons
	begun            bool               // the first field had the keyboard
}

// formField is one field with what is said of it.
type formField struct {
	key     string
	entry   *xwidget.Field  // nil: it is chosen
	choice  *xwidget.Select // nil: it is typed
	choices []viewmodel.Choice
	notes   *fyne.Container
	whole   fyne.CanvasObject
}

func newForm(vm *viewmodel.Form, t viewmodel.Phrases, conflict func(document.Key), canvas func() fyne.Canvas) *form {
	s := &form{vm: vm, t: t, conflict: conflict, canvas: canvas, root: container.NewStack(), over: container.New(stacked{gap}), side: container.NewStack()}
	list := container.New(stacked{10})
	for _, f := range vm.Fields() {
		x := s.field(f)
		s.fields = append(s.fields, x)
		list.Add(x.whole)
	}
	s.scroll = container.NewVScroll(card(list))
	side := container.NewVScroll(s.side)
	side.SetMinSize(fyne.NewSize(sideWidth, 100))
	s.body = container.NewBorder(nil, nil, nil, side, container.New(layout.NewCustomPaddedLayout(0, 0, 0, gap), s.scroll))
	return s
}

func (s *form) field(f viewmodel.FormField) *formField {
	x := &formField{key: f.Key, notes: container.New(stacked{2})}
	var control fyne.CanvasObject
	width := float32(460)
	if f.Choices == nil {
		if f.Max > 0 && f.Max <= 50 {
			width = 300
		}
		x.entry = xwidget.NewField()
		x.entry.OnChanged = func(text string) {
			if !s.filling {
				s.vm.Set(x.key, text)
			}
		}
		x.entry.OnSubmitted = func(string) { s.next() }
		x.entry.Left = func() {
			s.vm.Leave(x.key)
			s.fill(x) // a number as it was understood
		}
		x.entry.Came = func() {
			x.entry.CursorColumn = len([]rune(x.entry.Text)) // where typing goes on; a press sets it elsewhere
			s.show(x)
		}
		control = x.entry
	} else {
		width = 300
		x.choice = xwidget.NewSelect(nil, nil)
		x.choice.PlaceHolder = s.t.T("form.choose")
		x.choice.OnChanged = func(string) {
			if at := x.choice.SelectedIndex(); !s.filling && at >= 0 {
				s.vm.Set(x.key, x.choices[at].Text)
			}
		}
		control = edged(x.choice)
	}
	label := container.NewGridWrap(fyne.NewSize(labelWidth, 36), container.NewBorder(nil, nil, container.NewCenter(words(f.Label, bodySize, false, mutedInk)), nil))
	line := container.NewBorder(nil, nil, label, nil, container.New(widest{width}, control))
	x.whole = container.New(stacked{3}, line, container.New(layout.NewCustomPaddedLayout(0, 0, labelWidth+6, 0), x.notes))
	return x
}

// widest gives its object the width there is, up to a bound.
type widest struct{ width float32 }

// MinSize is that of the object.
func (l widest) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

// Layout sets the object to the left.
func (l widest) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o[0].Resize(fyne.NewSize(min(l.width, s.Width), s.Height))
}

// next moves on from a field, as Tab does.
func (s *form) next() {
	if c := s.canvas(); c != nil {
		c.FocusNext()
	}
}

// show scrolls to a field.
func (s *form) show(x *formField) {
	top, height := x.whole.Position().Y, x.whole.Size().Height
	switch at := s.scroll.Offset.Y; {
	case top < at:
		s.scroll.ScrollToOffset(fyne.NewPos(0, top))
	case top+height+28 > at+s.scroll.Size().Height:
		s.scroll.ScrollToOffset(fyne.NewPos(0, top+height+28-s.scroll.Size().Height))
	}
}

// submit is what Ctrl+Enter does: it saves, or leads to the conflict.
func (s *form) submit() {
	switch {
	case s.vm.Standing() == viewmodel.StandsConflict:
		s.conflict(s.vm.Key())
	default:
		s.vm.Submit()
		s.wrong()
	}
}

// save is what Ctrl+S does.
func (s *form) save() {
	s.vm.Save()
	s.wrong()
}

// wrong gives the keyboard to the first field that cannot be saved.
func (s *form) wrong() {
	c := s.canvas()
	at := slices.IndexFunc(s.fields, func(x *formField) bool { return x.key == s.vm.First() })
	if at < 0 || c == nil {
		return
	}
	if x := s.fields[at]; x.entry != nil {
		c.Focus(x.entry)
	} else {
		c.Focus(x.choice)
	}
}

// refresh draws what changed; the fields are filled when others are to be shown.
func (s *form) refresh() {
	all := s.vm.Fields()
	for i, f := range all {
		x := s.fields[i]
		x.choices = f.Choices
		if f.Key != s.vm.Typing() {
			s.fill(x)
		}
		s.note(x, f)
		var d fyne.Disableable = x.choice
		if x.entry != nil {
			d = x.entry
		}
		if s.vm.Editable() {
			d.Enable()
		} else {
			d.Disable()
		}
	}
	s.says()
	s.side.Objects = []fyne.CanvasObject{s.stands()}
	s.side.Refresh()
	s.root.Objects = []fyne.CanvasObject{page(s.vm.Title(), s.vm.Name(), s.actions(), container.New(restLayout{s.space()}, s.over, s.body))}
	s.root.Refresh()
}

func (s *form) space() float32 {
	if len(s.over.Objects) == 0 {
		return 0
	}
	return gap
}

// fill writes what the model has into a field.
func (s *form) fill(x *formField) {
	all := s.vm.Fields()
	f := all[slices.IndexFunc(all, func(f viewmodel.FormField) bool { return f.Key == x.key })]
	s.filling = true
	defer func() { s.filling = false }()
	if x.entry != nil {
		if x.entry.Text != f.Text {
			x.entry.SetText(f.Text)
		}
		return
	}
	labels := make([]string, len(f.Choices))
	at := -1
	for i, c := range f.Choices {
		labels[i] = c.Label
		if c.Text == f.Text && (c.Text != "" || !f.Stops) {
			at = i
		}
	}
	if !slices.Equal(x.choice.Options, labels) {
		x.choice.SetOptions(labels)
	}
	if at < 0 {
		x.choice.ClearSelected()
	} else if x.choice.SelectedIndex() != at {
		x.choice.SetSelectedIndex(at)
	}
}

func (s *form) note(x *formField, f viewmodel.FormField) {
	x.notes.RemoveAll()
	if f.Issue != "" {
		mark, name := "✕ ", badInk
		if !f.Stops {
			mark, name = "! ", slowInk
		}
		x.notes.Add(prose(mark+f.Issue, false, name))
	}
	if f.Other != "" {
		x.notes.Add(prose(f.Other, false, blueInk))
	}
	if len(x.notes.Objects) == 0 {
		x.notes.Hide()
	} else {
		x.notes.Show()
	}
}

// says draws the question, and what went wrong or came in.
func (s *form) says() {
	s.over.RemoveAll()
	s.ask = nil
	name := s.vm.Name()
	add := func(o fyne.CanvasObject, ink fyne.ThemeColorName) { s.over.Add(banner(o, ink)) }
	if q := s.vm.Question(); q != "" {
		if q == viewmodel.AskClose && s.vm.Editable() {
			s.ask = append(s.ask, button(s.t.T("form.close.save"), true, s.submit))
		}
		yes := button(s.t.T("form."+string(q)+".yes"), len(s.ask) == 0, s.vm.Yes)
		s.ask = append(s.ask, yes, button(s.t.T("form."+string(q)+".no"), false, s.vm.No))
		buttons := make([]fyne.CanvasObject, len(s.ask))
		for i, b := range s.ask {
			buttons[i] = b
		}
		text := s.t.T("form." + string(q))
		if q == viewmodel.AskDelete {
			text = s.t.T("form.delete", name)
		}
		add(container.New(stacked{8}, prose(text, true, plainInk), row(buttons...)), slowInk)
		return
	}
	switch {
	case s.vm.Message() != "":
		add(prose(s.vm.Message(), false, badInk), badInk)
	case s.vm.Notice() != "":
		add(prose(s.vm.Notice(), false, plainInk), blueInk)
	}
}

// keyboard gives the keys to the question that came up, else to the first field of a
// form that was just opened.
func (s *form) keyboard() {
	c := s.canvas()
	if c == nil {
		return // it is not on the screen yet
	}
	if q := s.vm.Question(); q != s.asked {
		s.asked = q
		if q != "" {
			c.Focus(s.ask[0])
			return
		}
		s.begun = false
	}
	if f, ok := c.Focused().(fyne.Disableable); ok && f.Disabled() {
		c.Unfocus()
	}
	if !s.begun && s.vm.Editable() {
		s.begun = true
		for _, x := range s.fields {
			if x.entry != nil {
				c.Focus(x.entry)
				break
			}
		}
	}
}

func (s *form) actions() []fyne.CanvasObject {
	state, name := s.t.T("form.clean"), goodInk
	switch stands := s.vm.Standing(); {
	case s.vm.Unsaved():
		state, name = s.t.T("form.unsaved"), slowInk
	case s.vm.New():
		state, name = s.t.T("form.begin"), mutedInk
	case s.vm.Gone():
		state, name = s.t.T("invoices.deleted"), badInk
	case stands != "":
		state, name = s.t.T("stands."+string(stands)), standingInk(stands)
	}
	out := []fyne.CanvasObject{container.NewCenter(chip(state, name)), button(s.t.T("shell.back")+"  Esc", false, s.vm.Close)}
	if s.vm.Editable() {
		if !s.vm.New() && !s.vm.Gone() {
			out = append(out, button(s.t.T("form.delete.yes"), false, s.vm.Delete))
		}
		save := button(s.t.T("shell.save")+"  "+s.t.T("key.enter"), true, s.submit)
		if s.vm.Busy() {
			save.Disable()
		}
		out = append(out, save)
	}
	return out
}

// stands says how the document stands, and what can be done about it.
func (s *form) stands() fyne.CanvasObject {
	stands := s.vm.Standing()
	title, more, name := s.t.T("form.clean"), s.t.T("form.clean.more"), goodInk
	var acts []fyne.CanvasObject
	switch {
	case s.vm.Gone():
		title, more, name = s.t.T("invoices.deleted"), s.t.T("form.gone.more"), badInk
	case s.vm.New():
		title, more, name = s.t.T("form.begin"), s.t.T("form.begin.more"), mutedInk
	case stands == "" && s.vm.Unsaved():
		title, more, name = s.t.T("form.unsaved"), s.t.T("form.begin.more"), slowInk
	case stands != "":
		title, more, name = s.t.T("stands."+string(stands)), s.t.T("form.more."+string(stands)), standingInk(stands)
	}
	box := container.New(stacked{8}, words(title, bodySize, true, name), prose(more, false, plainInk))
	switch stands {
	case viewmodel.StandsRefused:
		box.Add(prose(s.vm.Refusal(), true, badInk))
		acts = append(acts, button(s.t.T("form.retry"), false, s.vm.Retry), button(s.t.T("form.revert.yes"), false, s.vm.Revert))
	case viewmodel.StandsConflict:
		acts = append(acts, button(s.t.T("form.settle")+"  "+s.t.T("key.enter"), true, s.submit))
	case viewmodel.StandsDeleting:
		acts = append(acts, button(s.t.T("form.undelete"), false, s.vm.Undelete))
	}
	for _, a := range acts {
		box.Add(row(a))
	}
	if m := s.vm.Meta(); !s.vm.New() {
		if m.Branch != "" || !m.Updated.IsZero() {
			box.Add(rule())
		}
		if m.Branch != "" {
			box.Add(prose(s.t.T("form.branch", m.Branch), false, mutedInk))
		}
		if !m.Updated.IsZero() {
			box.Add(words(s.t.T("form.updated.at", m.Updated.Local().Format("2006-01-02 15:04")), smallSize, false, mutedInk))
		}
	}
	return container.New(stacked{gap}, card(box), card(prose(s.t.T("form.keys"), false, mutedInk)))
}
