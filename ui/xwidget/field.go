package xwidget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Field is an entry that leaves the window its own keys: an ordinary entry
// swallows Esc, F5 and Ctrl+N while it has the focus.
type Field struct {
	widget.Entry
	Came    func()          // it has the focus; may be nil
	Left    func()          // it lost the focus; may be nil
	Dismiss func() bool     // Esc: reports whether it was used up, by completions; may be nil
	Undo    func(redo bool) // takes an edit back, or makes it again; nil leaves that to the entry
}

// FocusGained tells Came.
func (f *Field) FocusGained() {
	f.Entry.FocusGained()
	reveal(f)
	if f.Came != nil {
		f.Came()
	}
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
	if k.Name == fyne.KeyEscape && f.Dismiss != nil && f.Dismiss() || windowKey(f, k) {
		return
	}
	f.Entry.TypedKey(k)
}

// TypedShortcut hands the window's shortcuts on.
func (f *Field) TypedShortcut(s fyne.Shortcut) {
	if windowShortcut(f, s) {
		return
	}
	if f.Undo != nil {
		switch s.(type) {
		case *fyne.ShortcutUndo:
			f.Undo(false)
			return
		case *fyne.ShortcutRedo:
			f.Undo(true)
			return
		}
	}
	f.Entry.TypedShortcut(s)
}
