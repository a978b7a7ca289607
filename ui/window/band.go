package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

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
	text := widget.NewLabel(b.More)
	text.Truncation = fyne.TextTruncateEllipsis // in a narrow window
	more := container.New(layout.NewCustomPaddedLayout(-4, -4, 4, 0), text)
	if b.Press == nil {
		row := container.NewBorder(nil, nil, container.NewCenter(title), nil, more)
		return container.NewStack(ground, container.NewBorder(nil, line, nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 16, 6), row)))
	}
	press := canvas.NewText(b.Button, warn)
	press.TextStyle.Bold, press.TextSize = true, 13
	hit := xwidget.NewHit(container.New(layout.NewCustomPaddedLayout(3, 3, 10, 10), press), b.Press)
	row := container.NewBorder(nil, nil, container.NewCenter(title), container.NewCenter(hit), more)
	return container.NewStack(ground, container.NewBorder(nil, line, nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 16, 6), row)))
}
