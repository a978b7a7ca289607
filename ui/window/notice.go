package window

import (
	"fyne.io/fyne/v2"

	"counterfoil/sync/desk"
)

// notice lets the desktop tell of a fault, where the clerk wants that. Windows runs
// what it is told through a shell: only texts of the catalogue, never a name, an
// address or what a server says.
func (w *window) notice(n desk.Notice) {
	if w.ended || !w.Settings.Values().Notices {
		return
	}
	text := both(n.Row.Title).In(w.words)
	if n.Over {
		text = w.words.T("notice.over")
	}
	w.app.SendNotification(fyne.NewNotification(w.words.T("shell.name"), text))
}
