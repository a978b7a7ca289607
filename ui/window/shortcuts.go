package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"counterfoil/ui/screen"
)

// actions are what the shortcuts do on any page; the others are the page's own.
type actions struct {
	New, Find, Save, SelfCheck, Help func()
}

// shortcuts go through the main menu, because an entry with the focus swallows
// the canvas's own.
func (s *Shell) shortcuts(a actions) {
	item := func(key string, k fyne.KeyName, mod fyne.KeyModifier, f func()) *fyne.MenuItem {
		m := fyne.NewMenuItem(s.Words.T(key), f)
		m.Shortcut = &desktop.CustomShortcut{KeyName: k, Modifier: mod}
		return m
	}
	// A page may have a use of its own for what the shortcut does anywhere.
	own := func(of func(screen.Content) func(), any func()) func() {
		return func() {
			if f := of(s.Content(s.current)); f != nil {
				f()
				return
			}
			any()
		}
	}
	create := own(func(c screen.Content) func() { return c.New }, a.New)
	save := own(func(c screen.Content) func() { return c.Save }, a.Save)
	ctrl := fyne.KeyModifierShortcutDefault
	menu := []*fyne.MenuItem{
		item("shell.new", fyne.KeyN, ctrl, create), item("shell.find", fyne.KeyF, ctrl, a.Find), item("shell.save", fyne.KeyS, ctrl, save),
		item("shell.submit", fyne.KeyReturn, ctrl, s.submit), item("shell.selfcheck", fyne.KeyF5, 0, a.SelfCheck),
		item("shell.shortcuts", fyne.KeySlash, ctrl, a.Help), item("shell.rail", fyne.KeyB, ctrl, s.Collapse), item("shell.print", fyne.KeyP, ctrl, s.print),
	}
	for _, m := range menu {
		k := m.Shortcut
		s.Window.Canvas().AddShortcut(k, func(fyne.Shortcut) { m.Action() })
	}
	for _, k := range []fyne.KeyName{fyne.KeyHome, fyne.KeyEnd} { // the ends of a list
		s.Window.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: k, Modifier: ctrl}, func(fyne.Shortcut) {
			if s.Window.Canvas().Overlays().Top() == nil {
				s.key(k)
			}
		})
	}
	s.Window.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) {
		over := s.Window.Canvas().Overlays()
		if top := over.Top(); top != nil {
			if k.Name == fyne.KeyEscape {
				over.Remove(top)
				if s.Gone != nil {
					s.Gone()
				}
			}
			return // a dialog is over the page: its keys are not the page's
		}
		switch k.Name {
		case fyne.KeyF5:
			a.SelfCheck()
		case fyne.KeyEscape:
			if back := s.Content(s.current).Back; back != nil {
				back()
			} else {
				s.Window.Canvas().Unfocus() // the keys are the page's again
			}
		case fyne.KeyF1:
			a.Help()
		case fyne.KeyF6:
			s.nextPane()
		default:
			s.key(k.Name)
		}
	})
}

func (s *Shell) submit() {
	if f := s.Content(s.current).Submit; f != nil {
		f()
	}
}

func (s *Shell) print() {
	if f := s.Content(s.current).Print; f != nil {
		f()
	}
}

func (s *Shell) key(k fyne.KeyName) {
	if f := s.Content(s.current).Key; f != nil {
		f(k)
	}
}
