package xwidget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Field is an entry that leaves the window its own keys: an ordinary entry
// swallows Esc, F5 and Ctrl+N while it has the focus.
type Field struct {
	widget.Entry
	Left func() // it lost the focus; may be nil
}

// FocusLost tells Left.
func (f *Field) FocusLost() {
	f.Entry.FocusLost()
	if f.Left != nil {
		f.Left()
	}
}

// NewField makes an empty field.
func NewField() *Field {
	f := &Field{}
	f.ExtendBaseWidget(f)
	return f
}

// TypedKey hands the window's keys on.
func (f *Field) TypedKey(k *fyne.KeyEvent) {
	if windowKey(f, k) {
		return
	}
	f.Entry.TypedKey(k)
}

// TypedShortcut hands the window's shortcuts on.
func (f *Field) TypedShortcut(s fyne.Shortcut) {
	if windowShortcut(f, s) {
		return
	}
	f.Entry.TypedShortcut(s)
}

// windowKey gives a key that no entry needs to the window.
func windowKey(o fyne.CanvasObject, k *fyne.KeyEvent) bool {
	switch k.Name {
	case fyne.KeyEscape, fyne.KeyF1, fyne.KeyF5:
		if c := fyne.CurrentApp().Driver().CanvasForObject(o); c != nil && c.OnTypedKey() != nil {
			c.OnTypedKey()(k)
			return true
		}
	}
	return false
}

// windowShortcut gives a custom shortcut to the window; those of the clipboard
// and of undo stay with the entry.
func windowShortcut(o fyne.CanvasObject, s fyne.Shortcut) bool {
	if _, ok := s.(*desktop.CustomShortcut); !ok {
		return false
	}
	c, ok := fyne.CurrentApp().Driver().CanvasForObject(o).(fyne.Shortcutable)
	if ok {
		c.TypedShortcut(s)
	}
	return ok
}
