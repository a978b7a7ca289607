package screen

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"counterfoil/ui/xwidget"
)

// A title keeps its chip beside it while there is room, then below; nothing is cut.
func TestTitleLayout(t *testing.T) {
	test.NewTempApp(t)
	c := titled("服务器的安全证书已过期", chip("由服务器团队处理", blueInk)).(*fyne.Container)
	for _, w := range []float32{900, 200, 120} {
		c.Resize(fyne.NewSize(w, c.MinSize().Height))
		title, chip := c.Objects[0].(*xwidget.Prose), c.Objects[1]
		beside := chip.Position().Y < title.MinSize().Height/2
		if beside != (w == 900) {
			t.Errorf("at %v the chip is at %v", w, chip.Position())
		}
		if end := chip.Position().Y + chip.Size().Height; end > c.MinSize().Height+1 {
			t.Errorf("at %v the chip ends at %v of %v", w, end, c.MinSize().Height)
		}
	}
}

// Tiles stand in one row where there is room, else in as many rows as it takes, inside
// the width.
func TestTileLayout(t *testing.T) {
	test.NewTempApp(t)
	tiles := container.New(&tileLayout{parts: []float32{1, 1, 1.1, 1, 0.9, 1, 1}, least: 128, space: 12})
	for range 7 {
		tiles.Add(canvas.NewRectangle(nil))
	}
	for w, rows := range map[float32]int{1100: 1, 590: 2, 420: 3, 100: 7} {
		tiles.Resize(fyne.NewSize(w, 100))
		at := map[float32]bool{}
		for _, o := range tiles.Objects {
			at[o.Position().Y] = true
			if o.Position().X+o.Size().Width > w+1 {
				t.Errorf("at %v a tile ends at %v", w, o.Position().X+o.Size().Width)
			}
		}
		if tiles.Layout.(*tileLayout).rows != rows {
			t.Errorf("at %v there are %d rows", w, tiles.Layout.(*tileLayout).rows)
		}
	}
}

// The wizard's page tells once when it becomes narrow, and once when it is wide again.
func TestBreakLayout(t *testing.T) {
	test.NewTempApp(t)
	told := 0
	l := &breakLayout{at: 700, crossed: func() { told++ }}
	c := container.New(l, canvas.NewRectangle(nil))
	for _, w := range []float32{900, 600, 500, 800} {
		c.Resize(fyne.NewSize(w, 100))
	}
	if told != 2 || l.narrow {
		t.Errorf("told %d times, narrow %t", told, l.narrow)
	}
}
