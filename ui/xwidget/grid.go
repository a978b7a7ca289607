// Package xwidget holds widgets that Fyne has none of.
package xwidget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
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
	Typing   func(row, col int, text string) // at each change of a cell that was not left yet
	Shortcut func(row, col int, name string) // "duplicate", "up", "down", "delete", "save", "submit", "undo", "redo", "detail"
	Paste    func(row, col int, block string)
	Accept   func(row, col int) bool // Enter: reports whether it was used up, by a completion
	Moved    func()                  // another cell is current, or none
	Dismiss  func() bool             // Esc with nothing to take back: reports whether it was used up

	row, col int
	key      string // of the current row
	loaded   string // the cell's text when it became current
	loading  bool   // the entry is being filled, nobody types
	editing  bool   // the cell is typed into; otherwise it is only chosen, and typing replaces it
	inside   bool   // it was opened to be edited: the arrows stay in it
	opened   bool   // by the press of the pointer that may turn out a double one
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
	g.entry.OnChanged = func(string) {
		if !g.loading {
			g.follow()
			g.reveal()
			g.tellTyping()
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
		text := g.entry.Text
		g.Keep(func() { g.Source.Set(g.row, g.col, text) })
		g.key = g.Source.Key(g.row)
	}
}

// Keep runs what edits the current row, and stays in it where it was the new one at
// the end: it has a key then, and the grid would go on to the next.
func (g *Grid) Keep(edit func()) {
	row := g.row
	edit()
	if g.row != row && row < g.Source.Rows() {
		g.row = row
		g.load()
		g.Refresh()
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
		g.blur()
	} else {
		g.entry.Enable()
	}
	g.loaded = g.Source.Edit(g.row, g.col)
	g.key = ""
	if g.row < g.Source.Rows() {
		g.key = g.Source.Key(g.row)
	}
	g.loading = true
	g.entry.SetText(g.loaded)
	g.loading = false
	g.choose()
}

// choose makes the cell one that is not edited: all of it is marked.
func (g *Grid) choose() {
	g.editing, g.inside, g.opened = false, false, false
	g.entry.CursorColumn = len([]rune(g.entry.Text))
	if g.entry.Text == "" {
		g.entry.Entry.DragEnd() // nothing to mark
	} else {
		g.entry.Entry.TypedShortcut(&fyne.ShortcutSelectAll{})
	}
	g.entry.Refresh()
}

// edit opens the cell, with the cursor at its end.
func (g *Grid) edit() {
	g.editing, g.inside = true, true
	g.entry.Entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
}

// blur gives the keyboard back: an entry that cannot be typed into would keep it
// from the window.
func (g *Grid) blur() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(g); c != nil && c.Focused() == g.entry {
		g.loaded = g.entry.Text // nothing to commit
		c.Unfocus()
	}
}

func (g *Grid) tellTyping() {
	if g.Typing != nil {
		g.Typing(g.row, g.col, g.entry.Text)
	}
}

// Typed is the text in the current cell, left or not.
func (g *Grid) Typed() string { return g.entry.Text }

// Reset makes the first cell the current one, for another source; what was
// typed into the one before is dropped.
func (g *Grid) Reset() {
	g.row, g.col = 0, g.nextTyped(-1, 1)
	g.load()
	g.scroll.ScrollToTop()
	g.Refresh()
}

// Reload shows the source again; what is being typed stays with its row.
func (g *Grid) Reload() {
	g.follow()
	if g.Source.Fixed() != g.entry.Disabled() || !g.typed() && (g.Source.Edit(g.row, g.col) != g.loaded || g.row < g.Source.Rows() && g.Source.Key(g.row) != g.key) {
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
	g.row = min(max(row, 0), max(g.Source.Rows()-1, 0))
	g.col = col
	g.load()
	g.moved()
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
