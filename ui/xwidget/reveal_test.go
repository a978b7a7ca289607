package xwidget

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/test"
)

// Tab never leads to what is not seen: the page scrolls to it, both ways.
func TestFocusIsSeen(t *testing.T) {
	test.NewTempApp(t)
	box := container.NewVBox()
	var all []*Button
	for i := range 30 {
		b := NewButton(fmt.Sprint(i), func() {})
		all = append(all, b)
		box.Add(container.New(layout.NewCustomPaddedLayout(4, 4, 4, 4), b))
	}
	scroll := container.NewVScroll(box)
	w := test.NewTempWindow(t, container.NewScroll(container.NewBorder(NewButton("above", func() {}), nil, nil, nil, scroll)))
	w.Resize(fyne.NewSize(200, 220))
	seen := func(b *Button) bool {
		d := fyne.CurrentApp().Driver()
		y := d.AbsolutePositionForObject(b).Y - d.AbsolutePositionForObject(scroll).Y
		return y >= 0 && y+b.Size().Height <= scroll.Size().Height+1
	}
	if seen(all[29]) {
		t.Fatal("the last one is seen without scrolling")
	}
	for _, i := range []int{29, 0, 15, 16} {
		w.Canvas().Focus(all[i])
		if !seen(all[i]) {
			t.Errorf("%d has the keyboard and is not seen; scrolled by %v", i, scroll.Offset)
		}
	}
	was := scroll.Offset
	if w.Canvas().Focus(all[15]); scroll.Offset != was {
		t.Error("scrolled although it is seen")
	}
}
