package screen

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"counterfoil/ui/xwidget"
)

// A page that is drawn anew leaves the keyboard where it was: at the control of the same
// words, also where that could not be used for a moment; what replaces it is the careful
// choice, and a control elsewhere keeps what it has.
func TestFocusIsKept(t *testing.T) {
	test.NewTempApp(t)
	root, elsewhere := container.NewVBox(), xwidget.NewButton("elsewhere", nil)
	w := test.NewTempWindow(t, container.NewVBox(elsewhere, root))
	w.Resize(fyne.NewSize(300, 300))
	c := w.Canvas()
	var k focusKeeper
	draw := func(off string, names ...string) {
		k.draw(root, func() {
			root.Objects = nil
			for _, n := range names {
				b := xwidget.NewButton(n, nil)
				if n == off {
					b.Disable()
				}
				root.Add(b)
			}
		}, "cancel")
	}
	has := func(want string) {
		t.Helper()
		got := ""
		if f := c.Focused(); f != nil {
			got = label(f)
		}
		if got != want {
			t.Errorf("%q has the keyboard, not %q", got, want)
		}
	}
	draw("", "back up", "restore")
	has("")
	c.Focus(root.Objects[0].(fyne.Focusable))
	draw("back up", "back up", "restore")
	has("")
	draw("", "back up", "restore")
	has("back up")
	c.Focus(root.Objects[1].(fyne.Focusable))
	draw("", "back up")
	has("")
	draw("", "back up", "confirm", "cancel")
	has("cancel")
	c.Focus(elsewhere)
	draw("", "back up", "confirm", "cancel")
	has("elsewhere")
}
