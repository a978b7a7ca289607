package screen

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"counterfoil/ui/xwidget"
)

// A focusKeeper gives the keyboard back to what had it when a page is drawn anew: by its
// words, for it is another object then. What cannot be used for a moment gets it back
// when it can.
type focusKeeper struct {
	want string // the words of what had it
}

// draw calls build, which draws the page below root anew. prefer are the words of what
// takes the keyboard where what had it is gone.
func (k *focusKeeper) draw(root *fyne.Container, build func(), prefer ...string) {
	c := fyne.CurrentApp().Driver().CanvasForObject(root)
	if c == nil {
		build()
		return
	}
	now := c.Focused()
	if b := xwidget.Pressing(); now == nil && b != nil {
		now = b // the press took the keyboard from it
	}
	if i := slices.Index(focusables(root), now); i >= 0 {
		k.want = label(now)
	} else if now != nil {
		k.want = "" // the clerk is elsewhere
	}
	build()
	if k.want == "" {
		return
	}
	all := focusables(root)
	for _, want := range append([]string{k.want}, prefer...) {
		i := slices.IndexFunc(all, func(f fyne.Focusable) bool {
			d, can := f.(fyne.Disableable)
			return label(f) == want && !(can && d.Disabled())
		})
		if i >= 0 {
			c.Focus(all[i])
			return
		}
	}
	if now != nil {
		c.Unfocus() // it is not on the page any more
	}
}

// focusables are the controls below o, in the order in which Tab reaches them.
func focusables(o fyne.CanvasObject) (out []fyne.Focusable) {
	if o == nil || !o.Visible() {
		return nil
	}
	switch o := o.(type) {
	case *fyne.Container:
		for _, c := range o.Objects {
			out = append(out, focusables(c)...)
		}
	case *container.Scroll:
		return focusables(o.Content)
	case *container.ThemeOverride:
		return focusables(o.Content)
	case fyne.Focusable:
		return []fyne.Focusable{o}
	}
	return out
}

// label is what a control says.
func label(f fyne.Focusable) string {
	switch f := f.(type) {
	case *xwidget.Button:
		return f.Text
	case *xwidget.Check:
		return f.Text
	case *widget.Entry:
		return "entry " + f.PlaceHolder
	}
	return ""
}
