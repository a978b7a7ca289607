package window

import (
	"os"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"

	"counterfoil/sync/trust"
	"counterfoil/ui/viewmodel"
)

// plainFiles lets a file dialog show plain files only: opening a pipe would wait
// for who writes into it, on the window's goroutine.
type plainFiles struct{}

// Matches reports whether a file may be chosen.
func (plainFiles) Matches(u fyne.URI) bool {
	info, err := os.Stat(u.Path())
	return err == nil && info.Mode().IsRegular()
}

// choose asks for a certificate file.
func (w *window) choose(got func(pem []byte)) {
	d := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil || r == nil {
			return
		}
		defer r.Close()
		raw, err := trust.ReadAll(r)
		if err != nil {
			dialog.ShowInformation(w.words.T("settings.ca"), viewmodel.Sentence(w.words, err), w.win)
			return
		}
		got(raw)
	}, w.win)
	d.SetFilter(plainFiles{})
	d.Show()
}
