package look

import (
	"bytes"
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"

	"counterfoil/assets"
)

// App is the program's mark, small: an image is decoded whenever it is drawn anew.
func App() fyne.Resource {
	raw, err := assets.Icons.ReadFile("icon/mark.png")
	if err != nil {
		return nil
	}
	return fyne.NewStaticResource("mark.png", raw)
}

// Icon gives a line icon of assets/icon in a colour; nil when there is none.
// Fyne's own theming paints the inside of lines, so the colour is written into
// the strokes here.
func Icon(name string, c color.Color) fyne.Resource {
	raw, err := assets.Icons.ReadFile("icon/" + name + ".svg")
	if err != nil {
		return nil
	}
	r, g, b, _ := c.RGBA()
	hex := fmt.Sprintf("%02x%02x%02x", r>>8, g>>8, b>>8)
	// Drawings are cached by name.
	return fyne.NewStaticResource(name+"-"+hex+".svg", bytes.ReplaceAll(raw, []byte("#000000"), []byte("#"+hex)))
}
