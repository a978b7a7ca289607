package screen

import (
	"fmt"
	"runtime"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

func init() {
	register(Page{Name: "wizard", Under: "connection", Open: func(h *Host) func() Content {
		back := func() {
			h.Wizard.Stop()
			h.Show("connection")
		}
		return func() Content {
			s := NewWizard(h.Wizard, h.Words)
			s.Copy, s.Close, s.Export = h.Copy, back, h.Report
			s.Refresh()
			return Content{Object: s.Object(), Back: back}
		}
	}})
}

// Wizard is the self-check page. The failed check runs again every second; only
// what it shows anew is drawn anew, so that a button stays the same under the
// pointer and the keyboard.
type Wizard struct {
	vm   *viewmodel.Wizard
	t    viewmodel.Phrases
	root *fyne.Container

	whole *fyne.Container // root, watched for its width
	at    *breakLayout

	list  *checks
	live  *canvas.Text    // says that the failed check runs again
	drawn string          // what the rest shows
	first *xwidget.Button // that Enter presses; nil: there is none

	Close  func()            // back to where it was opened from
	Copy   func(text string) // to the clipboard
	Export func()            // opens the report
}

// NewWizard makes the page and follows the model's changes.
func NewWizard(vm *viewmodel.Wizard, t viewmodel.Phrases) *Wizard {
	s := &Wizard{vm: vm, t: t, root: container.NewStack(), at: &breakLayout{at: 700}, list: newChecks(vm, t), live: words("", bodySize, false, blueInk)}
	s.at.crossed = s.Refresh
	s.whole = container.New(s.at, s.root)
	vm.Changed = s.Refresh
	s.Refresh()
	return s
}

// Object is the page.
func (s *Wizard) Object() fyne.CanvasObject { return s.whole }

// Refresh draws what changed.
func (s *Wizard) Refresh() {
	s.list.draw()
	s.live.Text = ""
	if s.vm.Rechecking() {
		s.live.Text = " ● " + s.t.T("wizard.rechecking")
	}
	s.live.Refresh()
	now := fmt.Sprint(s.vm.Stage(), s.vm.Finding(), s.vm.Step(), s.vm.Folded(), s.vm.Acting(), s.vm.Message(), s.vm.Ending(), s.Copy != nil, s.Export != nil, s.at.narrow)
	if now == s.drawn {
		return
	}
	s.drawn = now
	was := s.first
	s.first = nil
	again := button(s.t.T("wizard.again"), false, s.vm.Start)
	if s.vm.Stage() == viewmodel.StageRunning {
		again = button(s.t.T("wizard.stop"), false, s.vm.Stop)
	}
	actions := []fyne.CanvasObject{again, button(s.t.T("wizard.close")+"  Esc", false, func() {
		s.vm.Stop()
		if s.Close != nil {
			s.Close()
		}
	})}
	body := s.beside()
	if s.at.narrow {
		body = s.below()
	}
	s.root.Objects = []fyne.CanvasObject{page(s.t.T("wizard.title"), "", actions, body)}
	s.root.Refresh()
	s.focus(was)
}

// focus gives the keyboard to what is to be done next, where nothing else has it or the
// button before, was, is gone.
func (s *Wizard) focus(was *xwidget.Button) {
	c := fyne.CurrentApp().Driver().CanvasForObject(s.root)
	if c == nil || s.first == nil || s.first.Disabled() {
		return
	}
	if now := c.Focused(); now != nil && now != fyne.Focusable(was) || !slices.Contains(focusables(c.Content()), fyne.Focusable(s.first)) {
		return // it is elsewhere, or another page is shown
	}
	c.Focus(s.first)
}

// lead is the button that is pressed next; there is one.
func (s *Wizard) lead(label string, press func()) *xwidget.Button {
	b := button(label, s.first == nil, press)
	if s.first == nil {
		s.first = b
	}
	return b
}

// beside sets the checks at the left of what was found.
func (s *Wizard) beside() fyne.CanvasObject {
	right := s.middle()
	if foot := s.foot(); foot != nil {
		right = container.New(footLayout{gap}, right, foot)
	}
	return container.New(shares{parts: []float32{290, 820}, space: 16}, card(scrolled(s.list.box)), right)
}

// below sets them under it, where there is not the room.
func (s *Wizard) below() fyne.CanvasObject {
	parts := []fyne.CanvasObject{s.middle()}
	if foot := s.foot(); foot != nil {
		parts = append(parts, foot)
	}
	return scrolled(column(false, append(parts, card(s.list.box))...))
}

// room is a card that scrolls; where all of the page does, it does not.
func (s *Wizard) room(o fyne.CanvasObject) fyne.CanvasObject {
	if s.at.narrow {
		return card(o)
	}
	return card(scrolled(o))
}

func (s *Wizard) middle() fyne.CanvasObject {
	switch s.vm.Stage() {
	case viewmodel.StageRunning:
		return column(false, banner(container.New(stacked{6}, words(s.t.T("wizard.running"), titleSize, true, plainInk),
			prose(s.t.T("wizard.running.more"), false, mutedInk)), blueInk))
	case viewmodel.StageHealthy, viewmodel.StageFixed:
		parts := []fyne.CanvasObject{banner(prose(s.vm.Ending(), true, plainInk), goodInk)}
		if around := s.vm.Around(); len(around) > 0 {
			box := container.New(stacked{6}, prose(s.t.T("wizard.around"), false, mutedInk))
			for _, t := range around {
				box.Add(prose("· "+t, false, plainInk))
			}
			parts = append(parts, card(box))
		}
		return column(false, parts...)
	case viewmodel.StageIdle:
		return column(false, card(container.New(stacked{gap}, words(s.t.T("wizard.idle"), bodySize, false, mutedInk),
			container.NewHBox(button(s.t.T("wizard.start"), true, s.vm.Start)))))
	case viewmodel.StageHanded:
		return column(!s.at.narrow, s.finding(), banner(prose(s.vm.Ending(), true, plainInk), blueInk), s.room(s.others()))
	}
	parts := []fyne.CanvasObject{s.steps()}
	if s.vm.Sends() {
		parts = append(parts, rule(), s.others())
	}
	return column(!s.at.narrow, s.finding(), s.room(container.New(stacked{14}, parts...)))
}

func (s *Wizard) finding() fyne.CanvasObject {
	f := s.vm.Finding()
	var chips []fyne.CanvasObject
	if who := s.vm.WhoText(); who != "" {
		chips = append(chips, chip(who, blueInk))
	}
	number := container.NewVBox(words(f.Fault, smallSize, false, mutedInk))
	box := container.New(stacked{6}, container.New(rightLayout{chipGap}, titled(f.Title.In(s.t), chips...), number),
		prose(f.Sentence.In(s.t), false, plainInk))
	for _, a := range f.Also {
		box.Add(prose(s.vm.AlsoText(a), false, slowInk))
	}
	if len(f.Evidence) > 0 {
		sign := "▸ "
		if !s.vm.Folded() {
			sign = "▾ "
		}
		why := button(sign+s.t.T("wizard.evidence", len(f.Evidence)), false, s.vm.Fold)
		why.Importance = widget.LowImportance
		box.Add(container.New(layout.NewCustomPaddedLayout(0, 0, -theme.InnerPadding(), 0), container.NewHBox(why)))
		if !s.vm.Folded() {
			lines := container.New(stacked{3})
			for _, e := range f.Evidence {
				lines.Add(prose("· "+e.In(s.t), false, mutedInk))
			}
			for _, e := range f.Explained {
				lines.Add(prose("· "+s.t.T("wizard.explains", e.In(s.t)), false, mutedInk))
			}
			scroll := container.NewVScroll(lines)
			scroll.SetMinSize(fyne.NewSize(0, 150))
			box.Add(scroll)
		}
	}
	if f.Mild {
		return banner(box, slowInk)
	}
	return banner(box, badInk)
}

// others is the ready text for who must act, and that the program keeps looking.
func (s *Wizard) others() fyne.CanvasObject {
	live := container.NewHBox(words(s.vm.Watching(), bodySize, false, mutedInk), s.live)
	if !s.vm.Sends() {
		return container.New(stacked{8}, live)
	}
	head := s.t.T("wizard.report.it")
	if s.vm.Finding().Who != viewmodel.WhoIT {
		head = s.t.T("wizard.report.server")
	}
	text := s.vm.ForOthers()
	box := container.New(stacked{8}, words(head, bodySize, true, plainInk), prose(text, false, plainInk))
	if s.Copy != nil {
		box.Add(row(s.lead(s.t.T("wizard.report.copy"), func() { s.Copy(text) })))
	}
	if try := s.vm.Meanwhile(); try != "" {
		box.Add(prose(try, false, plainInk))
	}
	if s.vm.Stage() == viewmodel.StageHanded {
		box.Add(live)
	}
	return box
}

func (s *Wizard) steps() fyne.CanvasObject {
	box := container.New(stacked{16})
	steps := s.vm.Steps()
	for i, st := range steps {
		box.Add(s.step(i, st, len(steps)))
	}
	live := container.NewHBox(words(s.vm.Watching(), bodySize, false, mutedInk), s.live)
	box.Add(container.NewBorder(nil, nil, number(len(steps)+1, false), nil, live))
	if m := s.vm.Message(); m != "" && s.vm.Tried() {
		box.Add(prose(m, true, badInk))
	}
	if s.vm.Tried() {
		box.Add(banner(prose(s.vm.Ending(), true, plainInk), slowInk))
	}
	return box
}

// step is one thing to do: that which is due with its picture and buttons, the others
// with their text alone.
func (s *Wizard) step(i int, st viewmodel.WizardStep, of int) fyne.CanvasObject {
	now := i == s.vm.Step()
	name := mutedInk
	if now {
		name = plainInk
	}
	line := container.New(stacked{6}, prose(st.Text.In(s.t), now, name))
	if now {
		if d := st.Detail.In(s.t); d != "" {
			line.Add(prose(d, false, mutedInk))
		}
		if p, ok := viewmodel.PictureOf(st.Picture, runtime.GOOS); ok {
			line.Add(picture(p, s.t))
		}
		line.Add(row(s.stepButtons(i, st, of)...))
		if m := s.vm.Message(); m != "" {
			line.Add(prose(m, true, badInk))
		}
	}
	mark := number(i+1, now)
	if i < s.vm.Step() {
		mark = container.New(layout.NewCustomPaddedLayout(0, 0, 4, 12), container.NewVBox(fixed(26, 26, container.NewCenter(icon(theme.ConfirmIcon(), goodInk)))))
	}
	return container.NewBorder(nil, nil, mark, nil, line)
}

func (s *Wizard) stepButtons(i int, st viewmodel.WizardStep, of int) []fyne.CanvasObject {
	var out []fyne.CanvasObject
	if st.Action != "" {
		b := s.lead(st.Button.In(s.t), func() { s.vm.Do(i) })
		if s.vm.Acting() {
			b.Disable()
		}
		out = append(out, b)
	}
	done := "wizard.step.done"
	if i == of-1 {
		done = "wizard.step.last"
	}
	press := func() { s.vm.Done(i) }
	if st.Action == "" {
		out = append(out, s.lead(s.t.T(done), press))
	} else {
		out = append(out, button(s.t.T(done), false, press))
	}
	if i > 0 {
		out = append(out, button(s.t.T("wizard.step.back"), false, s.vm.Back))
	}
	return out
}

// number is a step's disc.
func number(n int, now bool) fyne.CanvasObject {
	disc, name := canvas.NewCircle(ink(theme.ColorNameBackground)), plainInk
	if now {
		disc.FillColor, name = ink(blueInk), theme.ColorNameForegroundOnPrimary
	}
	d := container.NewGridWrap(fyne.NewSize(26, 26), container.NewStack(disc, container.NewCenter(words(fmt.Sprint(n), smallSize, true, name))))
	return container.New(layout.NewCustomPaddedLayout(0, 0, 4, 12), container.NewVBox(d))
}

func (s *Wizard) foot() fyne.CanvasObject {
	var left []fyne.CanvasObject
	if st := s.vm.Stage(); st == viewmodel.StageFinding || st == viewmodel.StageHanded {
		left = append(left, container.NewCenter(words(s.t.T("wizard.stuck")+" ", bodySize, false, plainInk)))
		if s.Copy != nil {
			left = append(left, button(s.t.T("wizard.copy"), false, func() { s.Copy(s.vm.ForIT()) }))
		}
		if s.Export != nil {
			left = append(left, button(s.t.T("connection.export"), false, s.Export))
		}
	}
	end := ""
	if s.vm.Stage() == viewmodel.StageFinding && !s.vm.Tried() {
		end = s.vm.Ending()
	}
	if len(left) == 0 && end == "" {
		return nil
	}
	return card(container.NewBorder(nil, nil, row(left...), container.NewCenter(words(end, smallSize, false, mutedInk))))
}
