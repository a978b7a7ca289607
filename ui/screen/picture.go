package screen

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"counterfoil/ui/viewmodel"
)

// picture draws the place where a setting is found. It is nothing to press, and its
// controls are drawn as they should stand.
func picture(p viewmodel.Picture, t viewmodel.Phrases) fyne.CanvasObject {
	rows := container.New(stacked{8}, words(p.Title.In(t), smallSize, false, mutedInk))
	for _, r := range p.Lines {
		var right fyne.CanvasObject = words(r.Value.In(t), smallSize, false, mutedInk)
		switch {
		case r.Switch != "":
			right = drawnSwitch(r.Switch == "on")
		case r.Button.In(t) != "":
			right = drawnButton(r.Button.In(t))
		}
		rows.Add(container.NewBorder(nil, nil, nil, container.NewCenter(right), words(r.Text.In(t), bodySize, false, plainInk)))
	}
	back := canvas.NewRectangle(ink(theme.ColorNameBackground))
	back.CornerRadius, back.StrokeWidth, back.StrokeColor = 7, hairline, ink("separator")
	return container.New(atMost{420}, container.NewStack(back, around(rows, 12, 16)))
}

func drawnSwitch(on bool) fyne.CanvasObject {
	track, knob := canvas.NewRectangle(ink("separator")), canvas.NewCircle(color.White)
	x := float32(3)
	if on {
		track.FillColor, x = ink(blueInk), 21
	}
	track.CornerRadius = 10
	track.Resize(fyne.NewSize(38, 20))
	knob.Resize(fyne.NewSize(14, 14))
	knob.Move(fyne.NewPos(x, 3))
	return fixed(38, 20, container.NewWithoutLayout(track, knob))
}

func drawnButton(label string) fyne.CanvasObject {
	back := canvas.NewRectangle(ink("overlayBackground"))
	back.CornerRadius, back.StrokeWidth, back.StrokeColor = 5, hairline, ink("separator")
	return container.NewStack(back, around(words(label, smallSize, false, plainInk), 4, 12))
}

// atMost gives its one object no more than a width.
type atMost struct{ width float32 }

// MinSize is that of the object at the width.
func (l atMost) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

// Layout places the object at the left.
func (l atMost) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o[0].Resize(fyne.NewSize(min(max(l.width, o[0].MinSize().Width), s.Width), s.Height))
	o[0].Move(fyne.NewPos(0, 0))
}
