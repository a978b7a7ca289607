package screen

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// checks is the five lamps with their checks, which tick off; the first-run guide shows
// them as well. What is pressed is made once: the list is drawn anew each second.
type checks struct {
	vm    *viewmodel.Wizard
	t     viewmodel.Phrases
	box   *fyne.Container
	brief bool                    // while they run only the lamps are shown
	hit   map[string]*xwidget.Hit // by lamp
}

func newChecks(vm *viewmodel.Wizard, t viewmodel.Phrases) *checks {
	c := &checks{vm: vm, t: t, box: container.New(stacked{0}), hit: map[string]*xwidget.Hit{}}
	c.draw()
	return c
}

// draw shows the checks as they stand.
func (c *checks) draw() {
	out := []fyne.CanvasObject{words(c.t.T("wizard.checks"), bodySize, true, plainInk)}
	for _, l := range c.vm.Lamps() {
		out = append(out, around(c.lamp(l), 3, 0))
		if !l.Open || c.brief && c.vm.Stage() == viewmodel.StageRunning {
			continue
		}
		for _, x := range l.Checks {
			out = append(out, container.New(layout.NewCustomPaddedLayout(0, 0, 18, 0), checkLine(x.State, prose(x.Title.In(c.t), x.State == viewmodel.CheckBad, checkInk(x.State)), c.vm.CheckNote(x))))
		}
	}
	if took := c.vm.Took(); took != "" {
		out = append(out, around(words(took, smallSize, false, mutedInk), 6, 0))
	}
	c.box.Objects = out
	c.box.Refresh()
}

// lamp is the line of a lamp; pressed, it opens or folds.
func (c *checks) lamp(l viewmodel.CheckLamp) fyne.CanvasObject {
	h := c.hit[l.ID]
	if h == nil {
		h = xwidget.NewHit(canvas.NewRectangle(color.Transparent), func() { c.vm.Open(l.ID) })
		c.hit[l.ID] = h
	}
	sign := "▸"
	if l.Open {
		sign = "▾"
	}
	name := prose(l.Name+" "+sign, true, checkInk(l.State))
	return container.NewStack(h, checkLine(l.State, name, l.Note))
}

func checkInk(s viewmodel.CheckState) fyne.ThemeColorName {
	switch s {
	case viewmodel.CheckGood, viewmodel.CheckBad, viewmodel.CheckRunning:
		return plainInk
	}
	return mutedInk // not known
}

// checkLine is a sign, a name and at the right what is said of it.
func checkLine(state viewmodel.CheckState, name fyne.CanvasObject, note string) fyne.CanvasObject {
	var sign fyne.CanvasObject = words("○", bodySize, false, mutedInk)
	switch state {
	case viewmodel.CheckGood:
		sign = icon(theme.ConfirmIcon(), goodInk)
	case viewmodel.CheckBad:
		sign = icon(theme.CancelIcon(), badInk)
	case viewmodel.CheckRunning:
		sign = words("●", bodySize, false, blueInk)
	}
	left := fixed(24, 24, container.NewHBox(container.NewCenter(sign)))
	right := fixed(words(note, smallSize, false, mutedInk).MinSize().Width, 24, container.NewCenter(words(note, smallSize, false, mutedInk)))
	return container.New(leftLayout{8}, left, container.New(rightLayout{6}, name, right))
}
