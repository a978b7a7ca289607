package look

import "fyne.io/fyne/v2"

// Warm loads the fonts, which takes longer than anything else at the start, and
// closes the channel it gives. The theme must be set, and nothing may measure
// text before the channel is closed.
func Warm() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, bold := range []bool{false, true} {
			fyne.MeasureText("存", 14, fyne.TextStyle{Bold: bold})
		}
	}()
	return done
}
