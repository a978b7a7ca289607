//go:build !race

package window

import (
	"image"
	"image/draw"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"counterfoil/app/locale"
	"counterfoil/ui/look"
	"counterfoil/ui/xwidget"
)

// Controls in each of their states: as they are, under the pointer, with the
// keyboard, not to be used. Fyne shows a press as a short animation only; what it
// is over is held by a test of the colours.
func TestGoldenStates(t *testing.T) {
	app := test.NewTempApp(t)
	words, err := locale.New("zh")
	if err != nil {
		t.Fatal(err)
	}
	for _, choice := range []string{"light", "dark"} {
		app.Settings().SetTheme(look.Theme{Choice: choice})
		w := test.NewTempWindow(t, controls())
		w.Resize(fyne.NewSize(760, 430))
		compare(t, "states-controls-"+choice, whole(w.Canvas().Capture()))

		shell, load := golden(t, words, "zh", choice, false)
		shell.Show("editor")
		load("editor")
		c := shell.Window.Canvas()
		// The pointer is on the first button that stands out, the keyboard in the grid,
		// and one entry of the rail has had the pointer.
		for _, h := range shell.hits[2:3] {
			h.MouseIn(nil)
		}
		if g := grid(c.Content()); g == nil {
			t.Fatal("no grid")
		} else {
			g.Focus()
		}
		if b := high(c.Content()); b == nil {
			t.Fatal("no button that stands out")
		} else {
			b.MouseIn(&desktop.MouseEvent{})
		}
		compare(t, "states-editor-"+choice, halved(c.Capture()))

		shell.Show("invoices")
		load("invoices")
		all := hits(c.Content())
		for i, h := range all[len(shell.hits):] {
			switch i {
			case 1:
				h.MouseIn(nil) // a chip under the pointer
			case 2:
				h.FocusGained() // and one with the keyboard
			}
		}
		c.Focus(shell.hits[3])
		compare(t, "states-invoices-"+choice, halved(c.Capture()))
	}
}

// controls is a sheet of them.
func controls() fyne.CanvasObject {
	grid := container.New(layout.NewGridLayoutWithColumns(5))
	text := func(s string) fyne.CanvasObject {
		return container.NewCenter(canvas.NewText(s, theme.Color(theme.ColorNamePlaceHolder)))
	}
	for _, s := range []string{"", "–", "pointer", "keyboard", "disabled"} {
		grid.Add(text(s))
	}
	type control interface {
		fyne.CanvasObject
		fyne.Focusable
		fyne.Disableable
	}
	row := func(name string, make func() control) {
		grid.Add(text(name))
		for i := range 4 {
			c := make()
			switch h, hovers := c.(desktop.Hoverable); {
			case i == 1 && hovers:
				h.MouseIn(&desktop.MouseEvent{})
			case i == 2:
				c.FocusGained()
			case i == 3:
				c.Disable()
			}
			grid.Add(container.NewPadded(c))
		}
	}
	row("plain", func() control { return xwidget.NewButton("预览 Preview", func() {}) })
	row("high", func() control {
		b := xwidget.NewButton("提交 Submit", func() {})
		b.Importance = widget.HighImportance
		return b
	})
	row("low", func() control {
		b := xwidget.NewButton("依据 Evidence", func() {})
		b.Importance = widget.LowImportance
		return b
	})
	row("entry", func() control {
		f := xwidget.NewField()
		f.Text = "苏州明远 120"
		return f
	})
	row("check", func() control {
		c := xwidget.NewCheck("S01 证书过期", nil)
		c.Checked = true
		return c
	})
	row("select", func() control {
		s := xwidget.NewSelect([]string{"增值税专用发票"}, nil)
		s.Selected = "增值税专用发票"
		return s
	})
	surface := canvas.NewRectangle(theme.Color(theme.ColorNameOverlayBackground))
	return container.NewStack(surface, container.NewPadded(grid))
}

func find[T fyne.CanvasObject](o fyne.CanvasObject, ok func(T) bool) (out []T) {
	if x, is := o.(T); is && ok(x) {
		out = append(out, x)
	}
	switch o := o.(type) {
	case *fyne.Container:
		for _, c := range o.Objects {
			out = append(out, find(c, ok)...)
		}
	case *container.Scroll:
		out = append(out, find(o.Content, ok)...)
	}
	return out
}

func grid(o fyne.CanvasObject) *xwidget.Grid {
	for _, g := range find(o, func(*xwidget.Grid) bool { return true }) {
		return g
	}
	return nil
}

func high(o fyne.CanvasObject) *xwidget.Button {
	for _, b := range find(o, func(b *xwidget.Button) bool { return b.Importance == widget.HighImportance }) {
		return b
	}
	return nil
}

func hits(o fyne.CanvasObject) []*xwidget.Hit {
	return find(o, func(*xwidget.Hit) bool { return true })
}

// whole is a picture at its own size.
func whole(p image.Image) *image.RGBA {
	out := image.NewRGBA(p.Bounds().Sub(p.Bounds().Min))
	draw.Draw(out, out.Bounds(), p, p.Bounds().Min, draw.Src)
	return out
}
