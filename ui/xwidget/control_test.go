package xwidget

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"counterfoil/ui/look"
)

// A control that has the focus leaves the window its keys and is pressed by its own.
func TestControlsHandKeysOn(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(look.Theme{Choice: "light"})
	pressed := 0
	press := func() { pressed++ }
	for name, c := range map[string]struct {
		o       fyne.CanvasObject
		presses []fyne.KeyName
		passes  []fyne.KeyName
	}{
		"button": {NewButton("b", press), []fyne.KeyName{fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter}, []fyne.KeyName{fyne.KeyEscape, fyne.KeyF5, fyne.KeyDown}},
		"hit":    {NewHit(widget.NewLabel("h"), press), []fyne.KeyName{fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter}, []fyne.KeyName{fyne.KeyEscape, fyne.KeyF5, fyne.KeyDown}},
		"select": {NewSelect([]string{"x", "y"}, func(string) { pressed++ }), []fyne.KeyName{fyne.KeyRight}, []fyne.KeyName{fyne.KeyEscape, fyne.KeyF5, fyne.KeyReturn}},
		"check":  {NewCheck("c", func(bool) {}), nil, []fyne.KeyName{fyne.KeyEscape, fyne.KeyF5}},
		"list":   {NewList(func() int { return 3 }, func() fyne.CanvasObject { return widget.NewLabel("") }, func(int, fyne.CanvasObject) {}), nil, []fyne.KeyName{fyne.KeyEscape, fyne.KeyDown, fyne.KeyReturn}},
	} {
		w := test.NewTempWindow(t, container.NewVBox(c.o))
		var got []fyne.KeyName
		w.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) { got = append(got, k.Name) })
		typed := func(k fyne.KeyName) {
			w.Canvas().Focus(c.o.(fyne.Focusable))
			w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: k})
			if f := w.Canvas().Focused(); k == fyne.KeySpace && f != nil {
				f.TypedRune(' ') // so does the driver
			}
		}
		for _, k := range c.presses {
			before := pressed
			if typed(k); pressed != before+1 || len(got) != 0 {
				t.Errorf("%s: %s pressed it %d times, passed %v", name, k, pressed-before, got)
			}
		}
		for _, k := range c.passes {
			got = nil
			if typed(k); len(got) != 1 || got[0] != k {
				t.Errorf("%s: %s passed %v", name, k, got)
			}
		}
	}
}

// The space that presses is not typed where the press leads to.
func TestSpacePressesOnly(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(look.Theme{Choice: "light"})
	var w fyne.Window
	f := NewField()
	lead := func() { w.Canvas().Focus(f) }
	h, b := NewHit(widget.NewLabel("h"), lead), NewButton("b", lead)
	w = test.NewTempWindow(t, container.NewVBox(f, h, b))
	for _, o := range []fyne.Focusable{h, b} {
		w.Canvas().Focus(o)
		w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
		w.Canvas().Focused().TypedRune(' ')
		if w.Canvas().Focused() != f || f.Text != "" {
			t.Errorf("%T: %T has the keyboard, %q was typed", o, w.Canvas().Focused(), f.Text)
		}
	}
}

// Pressing an area ends typing elsewhere, so that it is taken over.
func TestHitTakesTheFocus(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(look.Theme{Choice: "light"})
	left := false
	f := NewField()
	f.Left = func() { left = true }
	h := NewHit(widget.NewLabel("h"), func() {})
	w := test.NewTempWindow(t, container.NewVBox(f, h))
	w.Canvas().Focus(f)
	w.Canvas().FocusNext()
	if w.Canvas().Focused() != h || !h.ring.Visible() || !left {
		t.Errorf("Tab goes to %T, ring %v", w.Canvas().Focused(), h.ring.Visible())
	}
	w.Canvas().Focus(f)
	left = false
	if test.Tap(h); !left || h.ring.Visible() {
		t.Errorf("pressed: left %v, ring %v", left, h.ring.Visible())
	}
}
