package look

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// over lays a colour over another.
func over(under, wash color.Color) color.NRGBA {
	u, w := color.NRGBAModel.Convert(under).(color.NRGBA), color.NRGBAModel.Convert(wash).(color.NRGBA)
	mix := func(a, b uint8) uint8 { return uint8((int(a)*(255-int(w.A)) + int(b)*int(w.A)) / 255) }
	return color.NRGBA{mix(u.R, w.R), mix(u.G, w.G), mix(u.B, w.B), 255}
}

// contrast is that of WCAG, 1 to 21.
func contrast(a, b color.Color) float64 {
	light := func(c color.Color) float64 {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		f := func(v uint8) float64 {
			x := float64(v) / 255
			if x <= 0.03928 {
				return x / 12.92
			}
			return math.Pow((x+0.055)/1.055, 2.4)
		}
		return 0.2126*f(n.R) + 0.7152*f(n.G) + 0.0722*f(n.B)
	}
	x, y := light(a), light(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// The words of a button can be read in each of its states, and the states of the
// pointer can be told apart.
func TestStatesOfButtons(t *testing.T) {
	for _, choice := range []string{"light", "dark"} {
		c := func(n fyne.ThemeColorName) color.Color { return Theme{choice}.Color(n, theme.VariantLight) }
		for _, b := range [][2]fyne.ThemeColorName{
			{theme.ColorNameForeground, theme.ColorNameButton}, {theme.ColorNameForegroundOnPrimary, theme.ColorNamePrimary},
			{theme.ColorNamePlaceHolder, theme.ColorNameBackground}, {theme.ColorNamePrimary, theme.ColorNameOverlayBackground},
		} {
			for _, state := range []fyne.ThemeColorName{theme.ColorNameHover, theme.ColorNamePressed, theme.ColorNameFocus} {
				ground := over(c(b[1]), c(state))
				if got := contrast(c(b[0]), ground); got < 3 || b[0] != theme.ColorNamePlaceHolder && b[0] != theme.ColorNamePrimary && got < 4.5 {
					t.Errorf("%s: %s on %s under %s has a contrast of %.1f", choice, b[0], b[1], state, got)
				}
				if state != theme.ColorNameFocus && ground == color.NRGBAModel.Convert(c(b[1])).(color.NRGBA) {
					t.Errorf("%s: %s over %s is not seen", choice, state, b[1])
				}
			}
		}
		if got := contrast(c(theme.ColorNameDisabled), c(theme.ColorNameDisabledButton)); got < 3 {
			t.Errorf("%s: a disabled button has a contrast of %.1f", choice, got)
		}
	}
}
