package look

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// dense is the running theme without space between the rows of a list.
type dense struct{ fyne.Theme }

func (d dense) Size(n fyne.ThemeSizeName) float32 {
	if n == theme.SizeNamePadding || n == theme.SizeNameSeparatorThickness {
		return 0
	}
	return d.Theme.Size(n)
}

// Dense shows a list whose rows draw their own separators.
func Dense(list fyne.CanvasObject) fyne.CanvasObject {
	return container.NewThemeOverride(list, dense{fyne.CurrentApp().Settings().Theme()})
}
