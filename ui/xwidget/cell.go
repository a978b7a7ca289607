package xwidget

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// cellEntry is the entry over the current cell. A cell that is only chosen is
// replaced by what is typed or pasted, and the arrows go from cell to cell; F2 or
// the pointer opens it, and then the arrows move the cursor.
type cellEntry struct {
	widget.Entry
	grid *Grid
}

// AcceptsTab keeps Tab in the grid.
func (e *cellEntry) AcceptsTab() bool { return true }

// FocusLost commits: nothing typed is lost by pressing elsewhere.
func (e *cellEntry) FocusLost() {
	e.grid.Commit()
	e.grid.moved()
	e.Entry.FocusLost()
}

// TypedRune types into the cell, over what is in it unless it is edited.
func (e *cellEntry) TypedRune(r rune) {
	if g := e.grid; !g.editing {
		g.choose()
		g.editing = true
	}
	e.grid.opened = false
	e.Entry.TypedRune(r)
}

// MouseDown opens the cell; pressed again it sets the cursor.
func (e *cellEntry) MouseDown(m *desktop.MouseEvent) {
	g := e.grid
	again := g.editing
	if !again && m.Button == desktop.MouseButtonSecondary {
		return // its menu speaks of the whole cell
	}
	e.Entry.MouseDown(m)
	if !again {
		g.edit()
		g.opened = true
	}
}

// DoubleTapped opens the cell with the cursor at its end; in an open one it
// marks a word.
func (e *cellEntry) DoubleTapped(p *fyne.PointEvent) {
	if g := e.grid; !g.editing || g.opened {
		g.edit()
		g.opened = false
		return
	}
	e.Entry.DoubleTapped(p)
}

// TypedKey moves between cells, and in an open one the cursor.
func (e *cellEntry) TypedKey(k *fyne.KeyEvent) {
	g := e.grid
	g.follow()
	g.opened = false
	if e.move(k.Name) {
		return
	}
	switch k.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if g.Accept != nil && g.Accept(g.row, g.col) {
			return
		}
		g.Go(g.row+1, g.col)
	case fyne.KeyEscape:
		switch {
		case g.Dismiss != nil && g.Dismiss():
		case g.typed():
			g.load()
			g.tellTyping()
		case g.editing:
			g.choose()
		default:
			windowKey(e, k)
		}
	case fyne.KeyF2:
		g.edit()
	case fyne.KeyBackspace, fyne.KeyDelete:
		if g.editing {
			e.Entry.TypedKey(k)
			return
		}
		e.SetText("")
		g.Commit()
		g.load()
		g.Refresh()
	default:
		if !windowKey(e, k) {
			e.Entry.TypedKey(k)
		}
	}
}

// move goes to another cell; false for a key that does not. In a cell that was
// opened the arrows move the cursor; in one that is being typed left and right do
// and leave it at the text's ends, where they would do nothing.
func (e *cellEntry) move(k fyne.KeyName) bool {
	g := e.grid
	if g.inside {
		switch k {
		case fyne.KeyUp, fyne.KeyDown, fyne.KeyLeft, fyne.KeyRight:
			return false
		}
	}
	switch k {
	case fyne.KeyTab:
		if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok && d.CurrentKeyModifiers()&fyne.KeyModifierShift != 0 {
			g.step(-1)
			return true
		}
		g.step(1)
	case fyne.KeyUp:
		g.Go(g.row-1, g.col)
	case fyne.KeyDown:
		g.Go(g.row+1, g.col)
	case fyne.KeyLeft:
		if g.editing && (e.CursorColumn > 0 || e.SelectedText() != "") {
			return false
		}
		g.step(-1)
	case fyne.KeyRight:
		if g.editing && (e.CursorColumn < len([]rune(e.Text)) || e.SelectedText() != "") {
			return false
		}
		g.step(1)
	case fyne.KeyHome, fyne.KeyEnd:
		if g.editing {
			return false
		}
		if k == fyne.KeyHome {
			g.Go(g.row, g.nextTyped(-1, 1))
		} else {
			g.Go(g.row, g.nextTyped(len(g.Columns), -1))
		}
	case fyne.KeyPageUp:
		g.Go(g.row-g.page(), g.col)
	case fyne.KeyPageDown:
		g.Go(g.row+g.page(), g.col)
	default:
		return false
	}
	return true
}

// page is how many rows are in sight.
func (g *Grid) page() int { return max(1, int(g.scroll.Size().Height)/gridRow-1) }

// shortcuts of the grid by the key that goes with Ctrl, or Alt for the arrows.
var shortcuts = map[fyne.KeyName]string{
	fyne.KeyD: "duplicate", fyne.KeyL: "detail", fyne.KeyS: "save", fyne.KeyReturn: "submit", fyne.KeyZ: "undo", fyne.KeyY: "redo",
	fyne.KeyUp: "up", fyne.KeyDown: "down", fyne.KeyDelete: "delete",
}

// TypedShortcut takes the grid's own shortcuts before the entry's.
func (e *cellEntry) TypedShortcut(s fyne.Shortcut) {
	g := e.grid
	g.follow()
	name := ""
	switch s := s.(type) {
	case *fyne.ShortcutPaste:
		e.paste(s)
		return
	case *fyne.ShortcutCut:
		e.Entry.TypedShortcut(s)
		if !g.editing {
			g.Commit()
		}
		return
	case *fyne.ShortcutUndo:
		name = "undo"
	case *fyne.ShortcutRedo:
		name = "redo"
	case *desktop.CustomShortcut:
		name = shortcuts[s.KeyName]
	}
	if name != "" && g.Shortcut != nil {
		g.Commit()
		g.Shortcut(g.row, g.col, name)
		return
	}
	if windowShortcut(e, s) {
		return
	}
	e.Entry.TypedShortcut(s)
}

// paste puts a block of a spreadsheet at the cell, or a text into it: over what
// is there unless it is edited.
func (e *cellEntry) paste(p *fyne.ShortcutPaste) {
	g := e.grid
	if t := p.Clipboard.Content(); g.Paste != nil && strings.ContainsAny(t, "\t\n") {
		row := g.row
		g.Paste(row, g.col, t)
		g.row = row // also where it was the empty one at the end
		g.load()
		g.Refresh()
		return
	}
	if g.editing {
		e.Entry.TypedShortcut(p)
		return
	}
	g.choose()
	e.Entry.TypedShortcut(p)
	g.Commit()
	g.moved() // a text that was pasted needs no completion
	g.load()
	g.Refresh()
}
