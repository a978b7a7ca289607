//go:build daytest

package xwidget

import "fyne.io/fyne/v2"

// What a test build tells of its controls.

// Content is what the area shows.
func (t *Touch) Content() fyne.CanvasObject { return t.content }

// State is the current cell, the text in its entry and what of it is selected.
func (g *Grid) State() (row, col int, text, selected string) {
	return g.row, g.col, g.entry.Text, g.entry.SelectedText()
}

// Holds reports whether the grid's entry is the object that has the focus.
func (g *Grid) Holds(o fyne.Focusable) bool { return o == fyne.Focusable(g.entry) }
