// Command empty is the floor of a start: a Fyne window with nothing in it, at the
// size of the program's, that says on stdout when its first frame is drawn; it has no pages to come after.
package main

import (
	"fmt"
	"image"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/canvas"
)

func main() {
	w := app.NewWithID("cn.counterfoil.empty").NewWindow("empty")
	var once sync.Once
	w.SetContent(canvas.NewRaster(func(int, int) image.Image {
		once.Do(func() { go fyne.Do(func() { fmt.Println("frame\npages") }) })
		return image.NewAlpha(image.Rect(0, 0, 1, 1))
	}))
	w.Resize(fyne.NewSize(1280, 720))
	w.ShowAndRun()
}
