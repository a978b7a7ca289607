package screen

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"counterfoil/ui/look"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// Sizes of the pages, in device-independent pixels.
const (
	bodySize, smallSize, titleSize, figureSize float32 = 14, 12.5, 17, 20
	gap, inset                                 float32 = 12, 16
	cardRadius, hairline                       float32 = 10, 1
)

// ink gives a colour of the running theme.
func ink(name fyne.ThemeColorName) color.Color { return theme.Color(name) }

// tinted mixes a little of a colour into the surface.
func tinted(name fyne.ThemeColorName) color.Color { return look.Tint(name) }

const (
	plainInk = theme.ColorNameForeground
	mutedInk = theme.ColorNamePlaceHolder
	goodInk  = theme.ColorNameSuccess
	slowInk  = theme.ColorNameWarning
	badInk   = theme.ColorNameError
	blueInk  = theme.ColorNamePrimary
)

func lampInk(s viewmodel.LampState) fyne.ThemeColorName {
	switch s {
	case viewmodel.LampGood:
		return goodInk
	case viewmodel.LampSlow:
		return slowInk
	case viewmodel.LampBad:
		return badInk
	}
	return mutedInk
}

// words is one line of text that is never wrapped.
func words(s string, size float32, bold bool, name fyne.ThemeColorName) *canvas.Text {
	t := canvas.NewText(s, ink(name))
	t.TextSize, t.TextStyle.Bold = size, bold
	return t
}

// prose is text that wraps.
func prose(s string, bold bool, name fyne.ThemeColorName) fyne.CanvasObject {
	return wrapped(s, bold, name, theme.SizeNameText)
}

func wrapped(s string, bold bool, name fyne.ThemeColorName, size fyne.ThemeSizeName) fyne.CanvasObject {
	return around(xwidget.NewProse(s, bold, name, size), 2, 0)
}

// around pads an object.
func around(o fyne.CanvasObject, y, x float32) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(y, y, x, x), o)
}

// card is a surface with a hairline around it.
func card(o fyne.CanvasObject) fyne.CanvasObject { return framed(around(o, 14, inset)) }

func framed(o fyne.CanvasObject) fyne.CanvasObject {
	r := canvas.NewRectangle(ink(theme.ColorNameOverlayBackground))
	r.CornerRadius, r.StrokeWidth, r.StrokeColor = cardRadius, hairline, ink(theme.ColorNameSeparator)
	return container.NewStack(r, o)
}

// banner is a card with a coloured edge.
func banner(o fyne.CanvasObject, name fyne.ThemeColorName) fyne.CanvasObject {
	edge := canvas.NewRectangle(ink(name))
	edge.SetMinSize(fyne.NewSize(4, 1))
	edge.CornerRadius = 2
	return framed(container.NewBorder(nil, nil, edge, nil, around(o, 14, 22)))
}

// chip is a word on a tint.
func chip(s string, name fyne.ThemeColorName) fyne.CanvasObject {
	r := canvas.NewRectangle(tinted(name))
	r.CornerRadius = 5
	return container.NewStack(r, around(words(s, smallSize, true, name), 3, 8))
}

// button is a push button; primary ones carry the accent colour.
func button(label string, primary bool, tapped func()) *xwidget.Button {
	b := xwidget.NewButton(label, tapped)
	if primary {
		b.Importance = widget.HighImportance
	}
	return b
}

// column stacks objects with the page's gap; the last one takes the rest when fill is set.
func column(fill bool, objects ...fyne.CanvasObject) fyne.CanvasObject {
	if !fill || len(objects) == 0 {
		return container.New(stacked{gap}, objects...)
	}
	n := len(objects) - 1
	if n == 0 {
		return objects[0]
	}
	top := container.New(stacked{gap}, objects[:n]...)
	return container.New(restLayout{gap}, top, objects[n])
}

// shares lays objects side by side in the given shares of the width.
type shares struct {
	parts []float32
	space float32
}

func (l shares) MinSize(o []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for _, x := range o {
		s.Height = max(s.Height, x.MinSize().Height)
	}
	return s
}

func (l shares) Layout(o []fyne.CanvasObject, s fyne.Size) {
	var sum, x float32
	for _, p := range l.parts {
		sum += p
	}
	width := s.Width - l.space*float32(len(o)-1)
	for i, obj := range o {
		w := width * l.parts[i] / sum
		obj.Move(fyne.NewPos(x, 0))
		obj.Resize(fyne.NewSize(w, s.Height))
		x += w + l.space
	}
}

// cell is text cut with an ellipsis when its place is too narrow.
func cell(s string, bold bool, name fyne.ThemeColorName) fyne.CanvasObject {
	l := widget.NewRichText(&widget.TextSegment{Text: s, Style: widget.RichTextStyle{
		ColorName: name, SizeName: theme.SizeNameText, TextStyle: fyne.TextStyle{Bold: bold},
	}})
	l.Truncation = fyne.TextTruncateEllipsis
	return container.New(layout.NewCustomPaddedLayout(-4, -4, 0, 0), l)
}

// page is the head with title and actions over the body.
func page(title, subtitle string, actions []fyne.CanvasObject, body fyne.CanvasObject) fyne.CanvasObject {
	left := container.NewHBox(words(title, titleSize, true, plainInk))
	if subtitle != "" {
		left.Add(words("  "+subtitle, bodySize, false, mutedInk))
	}
	surface := canvas.NewRectangle(ink(theme.ColorNameOverlayBackground))
	surface.SetMinSize(fyne.NewSize(1, 55))
	right := row(actions...)
	head := container.NewStack(surface, around(container.NewBorder(nil, nil,
		container.NewCenter(left), container.NewCenter(right)), 0, 20))
	// In this order Tab goes from the head to the body.
	return container.New(restLayout{0}, container.New(stacked{0}, head, rule()), container.New(layout.NewCustomPaddedLayout(18, 14, 20, 20), body))
}

// row sets controls side by side; buttons without the accent get a hairline.
func row(objects ...fyne.CanvasObject) *fyne.Container {
	r := container.New(layout.NewCustomPaddedHBoxLayout(10))
	for _, o := range objects {
		if b, ok := o.(*xwidget.Button); ok && b.Importance == widget.MediumImportance {
			o = edged(b)
		}
		r.Add(o)
	}
	return r
}

// edged draws the hairline of a control around one that has none.
func edged(o fyne.CanvasObject) fyne.CanvasObject {
	edge := canvas.NewRectangle(color.Transparent)
	edge.CornerRadius, edge.StrokeWidth, edge.StrokeColor = 7, hairline, ink(theme.ColorNameInputBorder)
	return container.NewStack(o, edge)
}
