package xwidget

import (
	"fyne.io/fyne/v2"
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
