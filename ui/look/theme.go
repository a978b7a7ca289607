// Package look holds the theme: colours, sizes and the bundled font.
package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"counterfoil/assets"
)

var (
	regular = fyne.NewStaticResource("NotoSansSC-Regular.otf", assets.Regular)
	bold    = fyne.NewStaticResource("NotoSansSC-Bold.otf", assets.Bold)
)

// Names of colours that Fyne has none for.
const (
	ColorRail     fyne.ThemeColorName = "counterfoil.rail"
	ColorSelected fyne.ThemeColorName = "counterfoil.selected"
	ColorGrid     fyne.ThemeColorName = "counterfoil.grid"
)

// Theme is light, dark or as the system says.
type Theme struct{ Choice string } // "light", "dark", "system"

func rgb(hex uint32) color.Color {
	return color.NRGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 255}
}

type pair struct{ light, dark uint32 }

var colours = map[fyne.ThemeColorName]pair{
	theme.ColorNameBackground:          {0xF5F6F8, 0x14171C},
	theme.ColorNameOverlayBackground:   {0xFFFFFF, 0x1B1F26},
	theme.ColorNameMenuBackground:      {0xFFFFFF, 0x1B1F26},
	theme.ColorNameHeaderBackground:    {0xFFFFFF, 0x1B1F26},
	theme.ColorNameInputBackground:     {0xFFFFFF, 0x1B1F26},
	theme.ColorNameInputBorder:         {0xC6CDD6, 0x4A5460},
	theme.ColorNameSeparator:           {0xDFE3E8, 0x2D343E},
	ColorGrid:                          {0xEBEEF2, 0x252B34},
	ColorRail:                          {0xEEF0F3, 0x171B21},
	ColorSelected:                      {0xF0F4FE, 0x202A3F},
	theme.ColorNameForeground:          {0x1B2430, 0xE7ECF2},
	theme.ColorNamePlaceHolder:         {0x5D6875, 0x9AA5B2},
	theme.ColorNameDisabled:            {0x5D6875, 0x9AA5B2},
	theme.ColorNamePrimary:             {0x2457D6, 0x7AA2FF},
	theme.ColorNameHyperlink:           {0x2457D6, 0x7AA2FF},
	theme.ColorNameForegroundOnPrimary: {0xFFFFFF, 0x14171C},
	theme.ColorNameButton:              {0xFFFFFF, 0x1B1F26},
	theme.ColorNameDisabledButton:      {0xEEF0F3, 0x252B34},
	theme.ColorNameSelection:           {0xE8EEFC, 0x1F2C4D},
	theme.ColorNameSuccess:             {0x17774A, 0x5CCB93},
	theme.ColorNameWarning:             {0x9A5200, 0xF0B45A},
	theme.ColorNameError:               {0xB8322A, 0xFF8A80},
	theme.ColorNameScrollBar:           {0xB9C1CB, 0x3A434F},
}

// washes lie over what is under them, so that a control keeps its own colour and
// its text stays readable: a dark one on light, a light one on dark.
var washes = map[fyne.ThemeColorName][2]color.NRGBA{
	theme.ColorNameHover:   {{R: 0x08, G: 0x1C, B: 0x5C, A: 0x18}, {R: 0xFF, G: 0xFF, B: 0xFF, A: 0x16}},
	theme.ColorNamePressed: {{R: 0x08, G: 0x1C, B: 0x5C, A: 0x34}, {R: 0xFF, G: 0xFF, B: 0xFF, A: 0x2C}},
	theme.ColorNameFocus:   {{R: 0x24, G: 0x57, B: 0xD6, A: 0x38}, {R: 0x7A, G: 0xA2, B: 0xFF, A: 0x38}},
}

// Color gives the product's colour, or Fyne's where it has none of its own.
func (t Theme) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	switch t.Choice {
	case "light":
		v = theme.VariantLight
	case "dark":
		v = theme.VariantDark
	}
	p, ok := colours[n]
	if w, wash := washes[n]; wash {
		if v == theme.VariantDark {
			return w[1]
		}
		return w[0]
	}
	switch {
	case n == theme.ColorNameShadow: // also over the page under a dialog
		return color.NRGBA{A: 0x38}
	case !ok:
		return theme.DefaultTheme().Color(n, v)
	case v == theme.VariantDark:
		return rgb(p.dark)
	}
	return rgb(p.light)
}

// Font gives the bundled font, so that Chinese shows everywhere.
func (t Theme) Font(s fyne.TextStyle) fyne.Resource {
	switch {
	case s.Symbol:
		return theme.DefaultTheme().Font(s)
	case s.Bold:
		return bold
	}
	return regular
}

// Icon gives Fyne's icons.
func (t Theme) Icon(n fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(n) }

// Size gives the product's sizes.
func (t Theme) Size(n fyne.ThemeSizeName) float32 {
	switch n {
	case theme.SizeNameText:
		return 14
	case theme.SizeNameCaptionText:
		return 12.5
	case theme.SizeNameSubHeadingText:
		return 17
	case theme.SizeNameHeadingText:
		return 27
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		return 7
	case theme.SizeNameInnerPadding:
		return 7
	case theme.SizeNamePadding:
		return 4
	case theme.SizeNameModalBlurRadius:
		return 0 // a computer without a graphics card would blur for a second with each frame
	}
	return theme.DefaultTheme().Size(n)
}

// Tint is a little of a colour of the theme in use, mixed into the surface.
func Tint(name fyne.ThemeColorName) color.Color {
	r, g, b, _ := theme.Color(name).RGBA()
	R, G, B, _ := theme.Color(theme.ColorNameOverlayBackground).RGBA()
	mix := func(a, s uint32) uint8 { return uint8((a*13 + s*87) / 100 >> 8) }
	return color.NRGBA{mix(r, R), mix(g, G), mix(b, B), 255}
}
