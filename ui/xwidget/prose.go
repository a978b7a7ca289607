package xwidget

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Prose is text that wraps at its width: between words, and between Chinese characters
// except where a line must not begin or end. Its height is known once it has a width.
type Prose struct {
	widget.BaseWidget
	text  string
	ink   fyne.ThemeColorName
	size  fyne.ThemeSizeName
	style fyne.TextStyle
	Align fyne.TextAlign

	width float32
	lines *fyne.Container
}

// Natural is the width that the text has in one line.
func (p *Prose) Natural() float32 {
	var w float32
	for _, l := range strings.Split(p.text, "\n") {
		w = max(w, p.measure(l).Width)
	}
	return w
}

// NewProse makes a text in a colour and a size of the theme.
func NewProse(text string, bold bool, ink fyne.ThemeColorName, size fyne.ThemeSizeName) *Prose {
	p := &Prose{text: text, ink: ink, size: size, style: fyne.TextStyle{Bold: bold}, lines: container.NewWithoutLayout()}
	p.ExtendBaseWidget(p)
	p.set()
	return p
}

// String is the text.
func (p *Prose) String() string { return p.text }

// CreateRenderer draws the lines.
func (p *Prose) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(p.lines) }

// MinSize is the lines at the width that the text has now; at the side it gives way.
func (p *Prose) MinSize() fyne.Size {
	n := float32(max(1, len(p.lines.Objects)))
	return fyne.NewSize(theme.Size(p.size), n*p.row()+(n-1)*leading)
}

// Resize wraps the text anew where the width is another.
func (p *Prose) Resize(s fyne.Size) {
	if s.Width != p.width {
		p.width = s.Width
		p.set()
	}
	p.BaseWidget.Resize(s)
}

// Refresh takes another theme's colours and sizes.
func (p *Prose) Refresh() {
	p.set()
	p.BaseWidget.Refresh()
}

// leading is between two lines, in device-independent pixels.
const leading = 3

func (p *Prose) measure(s string) fyne.Size { return fyne.MeasureText(s, theme.Size(p.size), p.style) }
func (p *Prose) row() float32               { return p.measure("存g").Height }

func (p *Prose) set() {
	p.lines.Objects = nil
	row := p.row()
	for i, l := range wrap(p.text, p.width, func(s string) float32 { return p.measure(s).Width }) {
		t := canvas.NewText(l, theme.Color(p.ink))
		t.TextSize, t.TextStyle, t.Alignment = theme.Size(p.size), p.style, p.Align
		t.Move(fyne.NewPos(0, float32(i)*(row+leading)))
		t.Resize(fyne.NewSize(p.width, row))
		p.lines.Add(t)
	}
}

// wrap breaks a text into lines of a width; with none it breaks at line ends alone.
func wrap(text string, width float32, measure func(string) float32) (out []string) {
	for _, line := range strings.Split(text, "\n") {
		if width <= 0 || measure(line) <= width {
			out = append(out, line)
			continue
		}
		out = append(out, wrapLine(line, width, measure)...)
	}
	return out
}

func wrapLine(line string, width float32, measure func(string) float32) (out []string) {
	known := map[string]float32{}
	wide := func(s string) float32 {
		if _, ok := known[s]; !ok {
			known[s] = measure(s)
		}
		return known[s]
	}
	now, used := "", float32(0)
	for _, a := range atoms(line) {
		for used+wide(strings.TrimRight(a, " ")) > width {
			if now != "" {
				out = append(out, strings.TrimRight(now, " "))
				now, used = "", 0
				continue
			}
			head := fitting(a, width, measure) // a word wider than the line
			if head == a {
				break
			}
			out, a = append(out, head), a[len(head):]
		}
		now, used = now+a, used+wide(a)
	}
	return append(out, strings.TrimRight(now, " "))
}

// fitting is the beginning of a word that fits; at least one character.
func fitting(word string, width float32, measure func(string) float32) string {
	runes := []rune(word)
	n := 1
	for n < len(runes) && measure(string(runes[:n+1])) <= width {
		n++
	}
	return string(runes[:n])
}

// What no line begins with, and what none ends with.
const (
	closing = "，。、；：？！）」』》】〉”’…—·,.;:?!)]}%"
	opening = "（「『《【〈“‘([{¥"
)

// atoms are the pieces between which a line may break: a word with the blanks after it,
// or a Chinese character with the signs that belong to it.
func atoms(line string) (out []string) {
	runes := []rune(line)
	for i := 0; i < len(runes); {
		from := i
		for i < len(runes) && strings.ContainsRune(opening, runes[i]) {
			i++
		}
		if i < len(runes) && wideRune(runes[i]) {
			i++
		} else {
			for i < len(runes) && !unicode.IsSpace(runes[i]) && !wideRune(runes[i]) && (i == from || !cjkOpening(runes[i])) {
				i++
			}
		}
		for i < len(runes) && strings.ContainsRune(closing, runes[i]) {
			i++
		}
		for i < len(runes) && unicode.IsSpace(runes[i]) {
			i++
		}
		if i == from {
			i++
		}
		out = append(out, string(runes[from:i]))
	}
	return out
}

// wideRune reports whether a line may break before and after a character.
func wideRune(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) && !strings.ContainsRune(closing+opening, r)
}

// cjkOpening reports whether a word ends before an opening sign of Chinese.
func cjkOpening(r rune) bool { return r > 0x2fff && strings.ContainsRune(opening, r) }
