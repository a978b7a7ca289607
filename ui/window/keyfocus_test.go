package window

import (
	"testing"

	"fyne.io/fyne/v2"

	"counterfoil/sync/desk"
	"counterfoil/ui/xwidget"
)

// By keyboard alone: what a press brings takes the keyboard, the careful choice first.
func TestRestoreByKeyboard(t *testing.T) {
	r := newRig(t, Options{Folder: desk.Folder{Dir: t.TempDir(), Practice: true}})
	r.w.shell.Show("settings")
	press := func(word string) {
		t.Helper()
		for _, b := range buttons(r.win.Canvas().Content()) {
			if b.Text == r.w.words.T(word) {
				r.win.Canvas().Focus(b)
				b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
				return
			}
		}
		t.Fatal("there is no ", word)
	}
	has := func(word string) func() bool {
		return func() bool {
			b, ok := r.win.Canvas().Focused().(*xwidget.Button)
			return ok && b.Text == r.w.words.T(word)
		}
	}
	press("backups.now")
	r.until("the backup", r.w.Backups.Made)
	r.until("the keyboard back at the button", has("backups.now"))
	press("backups.restore")
	r.until("the preview", func() bool { return r.w.Backups.Preview() != nil })
	r.until("the keyboard at the careful choice", has("backups.cancel"))
	r.win.Canvas().Focused().TypedRune(' ')
	r.until("the list", func() bool { return r.w.Backups.Chosen() == nil })
}
