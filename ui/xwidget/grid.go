// Package xwidget holds widgets that Fyne has none of.
package xwidget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// GridColumn is one column of a Grid.
type GridColumn struct {
	Title string
	Share float32 // of the width
	Right bool    // figures stand right
	Typed bool    // can be typed into
}

// GridSource is what a Grid shows and edits; its methods run on the window's goroutine.
type GridSource interface {
	Rows() int
	Fixed() bool              // nothing can be typed
	Key(row int) string       // names the row wherever it moves; empty for the new one at the end
	Text(row, col int) string // as shown
	Edit(row, col int) string // as edited
	Set(row, col int, text string)
	Tall(row int) bool    // it has a second line; asked of every row, so it must be quick
	Sub(row int) []string // the second line under a tall row, like its discount: a text for each column
}

// Grid is a spreadsheet of texts with one entry that lies over the current cell
// and keeps the focus, so that typing, an input method and the arrows always
// have one place to go.
type Grid struct {
	widget.BaseWidget
	Columns  []GridColumn
	Source   GridSource
	Hint     string                          // under the last row
	Typing   func(row, col int, text string) // while a cell is edited
	Shortcut func(row, col int, name string) // "duplicate", "up", "down", "delete", "save", "submit", "undo", "redo"
	Paste    func(row, col int, block string)
	Accept   func(row, col int) bool // Enter: reports whether it was used up, by a completion
	Moved    func()                  // another cell is current, or none
	Dismiss  func() bool             // Esc with nothing to take back: reports whether it was used up

	row, col int
	key      string // of the current row
	loaded   string // the cell's text when it became current
	entry    *cellEntry
	rows     *gridRows
	scroll   *container.Scroll
}

const gridRow = 35

// NewGrid makes a grid; the first typed column is current.
func NewGrid(columns []GridColumn, source GridSource) *Grid {
	g := &Grid{Columns: columns, Source: source}
	g.entry = &cellEntry{grid: g}
	g.entry.ExtendBaseWidget(g.entry)
	g.rows = &gridRows{g: g}
	g.rows.ExtendBaseWidget(g.rows)
	g.scroll = container.NewVScroll(g.rows)
	g.scroll.OnScrolled = func(fyne.Position) { g.rows.Refresh() }
	g.entry.OnChanged = func(s string) {
		if g.typed() {
			g.reveal()
		}
		if g.Typing != nil && s != g.Source.Edit(g.row, g.col) {
			g.Typing(g.row, g.col, s)
		}
	}
	g.ExtendBaseWidget(g)
	g.col = g.nextTyped(-1, 1)
	g.load()
	return g
}

// Current is the current cell.
func (g *Grid) Current() (row, col int) { return g.row, g.col }

// Focus gives the entry the keyboard.
func (g *Grid) Focus() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(g); c != nil {
		c.Focus(g.entry)
	}
}

// typed reports whether the cell holds what the source does not know yet.
func (g *Grid) typed() bool { return g.entry.Text != g.loaded }

// Commit writes what is typed into the row it was typed for, wherever that is now.
func (g *Grid) Commit() {
	if !g.typed() {
		return
	}
	g.follow()
	g.loaded = g.entry.Text
	if g.row < g.Source.Rows() && !g.Source.Fixed() {
		g.Source.Set(g.row, g.col, g.entry.Text)
		g.key = g.Source.Key(g.row)
	}
}

// follow finds the current row again after rows came, went or moved.
func (g *Grid) follow() {
	if g.row < g.Source.Rows() && g.Source.Key(g.row) == g.key {
		return
	}
	for r := 0; r < g.Source.Rows(); r++ {
		if g.Source.Key(r) == g.key {
			g.row = r
			return
		}
	}
	g.row = max(0, g.Source.Rows()-1) // it is gone: what was typed becomes a new row
}

func (g *Grid) load() {
	if g.Source.Fixed() {
		g.entry.Disable()
	} else {
		g.entry.Enable()
	}
	g.loaded = g.Source.Edit(g.row, g.col)
	g.key = ""
	if g.row < g.Source.Rows() {
		g.key = g.Source.Key(g.row)
	}
	g.entry.SetText(g.loaded)
	g.entry.CursorColumn = len([]rune(g.entry.Text))
	g.entry.Refresh()
}

// Reload shows the source again; what is being typed stays with its row.
func (g *Grid) Reload() {
	g.follow()
	if !g.typed() && (g.Source.Edit(g.row, g.col) != g.loaded || g.row < g.Source.Rows() && g.Source.Key(g.row) != g.key) {
		g.load()
	}
	g.Refresh()
}

// Take shows the source in the current cell, dropping what was typed there.
func (g *Grid) Take() {
	g.load()
	g.Refresh()
}

// Go commits and makes another cell the current one.
func (g *Grid) Go(row, col int) {
	g.Commit()
	g.moved()
	g.row = min(max(row, 0), max(g.Source.Rows()-1, 0))
	g.col = col
	g.load()
	g.Refresh()
	g.reveal()
	g.Focus()
}

// reveal scrolls until the current row is seen.
func (g *Grid) reveal() {
	var top float32
	for r := range g.row {
		top += g.height(r)
	}
	at, view := g.scroll.Offset.Y, g.scroll.Size().Height
	if foot := top + g.height(g.row); foot > at+view {
		at = foot - view
	}
	if at = min(at, top); at != g.scroll.Offset.Y {
		g.scroll.ScrollToOffset(fyne.NewPos(0, at))
	}
}

func (g *Grid) moved() {
	if g.Moved != nil {
		g.Moved()
	}
}

func (g *Grid) nextTyped(col, by int) int {
	for c := col + by; c >= 0 && c < len(g.Columns); c += by {
		if g.Columns[c].Typed {
			return c
		}
	}
	return -1
}

func (g *Grid) step(by int) {
	if c := g.nextTyped(g.col, by); c >= 0 {
		g.Go(g.row, c)
		return
	}
	if by > 0 {
		g.Go(g.row+1, g.nextTyped(-1, 1))
	} else if g.row > 0 {
		g.Go(g.row-1, g.nextTyped(len(g.Columns), -1))
	}
}

func (g *Grid) columnsAt(width float32) (x, w []float32) {
	var sum, at float32
	for _, c := range g.Columns {
		sum += c.Share
	}
	for _, c := range g.Columns {
		cw := width * c.Share / sum
		x, w = append(x, at), append(w, cw)
		at += cw
	}
	return x, w
}

func (g *Grid) height(row int) float32 {
	if g.Source.Tall(row) {
		return 2 * gridRow
	}
	return gridRow
}

// cellEntry is the entry over the current cell.
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

// TypedKey moves between cells. Left and right move the cursor inside the text
// and leave the cell only at its ends.
func (e *cellEntry) TypedKey(k *fyne.KeyEvent) {
	g := e.grid
	g.follow()
	switch k.Name {
	case fyne.KeyTab:
		if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok && d.CurrentKeyModifiers()&fyne.KeyModifierShift != 0 {
			g.step(-1)
			return
		}
		g.step(1)
	case fyne.KeyReturn, fyne.KeyEnter:
		if g.Accept != nil && g.Accept(g.row, g.col) {
			return
		}
		g.Go(g.row+1, g.col)
	case fyne.KeyUp:
		g.Go(g.row-1, g.col)
	case fyne.KeyDown:
		g.Go(g.row+1, g.col)
	case fyne.KeyLeft:
		if e.CursorColumn == 0 {
			g.step(-1)
			return
		}
		e.Entry.TypedKey(k)
	case fyne.KeyRight:
		if e.CursorColumn >= len([]rune(e.Text)) {
			g.step(1)
			return
		}
		e.Entry.TypedKey(k)
	case fyne.KeyEscape:
		switch {
		case g.Dismiss != nil && g.Dismiss():
		case g.typed():
			g.load()
		default:
			windowKey(e, k)
		}
	case fyne.KeyF2:
		e.CursorColumn = len([]rune(e.Text))
		e.Refresh()
	default:
		if !windowKey(e, k) {
			e.Entry.TypedKey(k)
		}
	}
}

// TypedShortcut takes the grid's own shortcuts before the entry's.
func (e *cellEntry) TypedShortcut(s fyne.Shortcut) {
	g := e.grid
	g.follow()
	if p, ok := s.(*fyne.ShortcutPaste); ok && g.Paste != nil {
		if t := p.Clipboard.Content(); containsAny(t, "\t\n") {
			g.Paste(g.row, g.col, t)
			g.load()
			return
		}
	}
	if c, ok := s.(*desktop.CustomShortcut); ok && g.Shortcut != nil {
		name := map[string]string{
			"D": "duplicate", "S": "save", string(fyne.KeyReturn): "submit", "Z": "undo", "Y": "redo",
			string(fyne.KeyUp): "up", string(fyne.KeyDown): "down", string(fyne.KeyDelete): "delete",
		}[string(c.KeyName)]
		if name != "" {
			g.Commit()
			g.Shortcut(g.row, g.col, name)
			return
		}
	}
	if windowShortcut(e, s) {
		return
	}
	e.Entry.TypedShortcut(s)
}

func containsAny(s, chars string) bool {
	for _, r := range s {
		for _, c := range chars {
			if r == c {
				return true
			}
		}
	}
	return false
}
