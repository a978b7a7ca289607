package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"counterfoil/ui/look"
	"counterfoil/ui/xwidget"
)

// Band says above every page what must not be overlooked.
type Band struct {
	Title, More, Button string
	Press               func() // what the button does; nil: there is none
}

// bandHeight is the height of the band.
const bandHeight float32 = 32

// draw is the band: a calm strip in the colours of a warning.
func (b *Band) draw() fyne.CanvasObject {
	warn := theme.Color(theme.ColorNameWarning)
	ground, line := canvas.NewRectangle(look.Tint(theme.ColorNameWarning)), canvas.NewRectangle(warn)
	line.SetMinSize(fyne.NewSize(1, 1))
	title := canvas.NewText(b.Title, warn)
	title.TextStyle.Bold, title.TextSize = true, 14
	more := canvas.NewText(b.More, theme.Color(theme.ColorNameForeground))
	more.TextSize = 13
	left := container.New(layout.NewCustomPaddedHBoxLayout(12), container.NewCenter(title), container.NewCenter(more))
	if b.Press == nil {
		return container.NewStack(ground, container.NewBorder(nil, line, nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 16, 6), left)))
	}
	press := canvas.NewText(b.Button, warn)
	press.TextStyle.Bold, press.TextSize = true, 13
	hit := xwidget.NewHit(container.New(layout.NewCustomPaddedLayout(3, 3, 10, 10), press), b.Press)
	row := container.NewBorder(nil, nil, left, container.NewCenter(hit))
	return container.NewStack(ground, container.NewBorder(nil, line, nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 16, 6), row)))
}
