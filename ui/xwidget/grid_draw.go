package xwidget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

const (
	gridInset         = 8
	gridText  float32 = 13.5
	gridSmall float32 = 12.5
)

// put makes a text in a column; one too long for it is cut, with an ellipsis.
func (g *Grid) put(text string, c int, x, w, y, size float32, name fyne.ThemeColorName) *canvas.Text {
	o := canvas.NewText(text, theme.Color(name))
	o.TextSize = size
	if g.Columns[c].Right {
		o.Alignment = fyne.TextAlignTrailing
	}
	for runes := []rune(text); fyne.MeasureText(o.Text, size, o.TextStyle).Width > w-2*gridInset && len(runes) > 1; {
		runes = runes[:len(runes)-1]
		o.Text = string(runes) + "…"
	}
	o.Move(fyne.NewPos(x+gridInset, y))
	o.Resize(fyne.NewSize(w-2*gridInset, gridRow-1))
	return o
}

func box(y, width, height float32, name fyne.ThemeColorName) *canvas.Rectangle {
	o := canvas.NewRectangle(theme.Color(name))
	o.Move(fyne.NewPos(0, y))
	o.Resize(fyne.NewSize(width, height))
	return o
}

// CreateRenderer draws the titles over the rows, which scroll.
func (g *Grid) CreateRenderer() fyne.WidgetRenderer { return &gridRenderer{g: g} }

type gridRenderer struct {
	g       *Grid
	objects []fyne.CanvasObject
}

func (r *gridRenderer) Destroy() {}

func (r *gridRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *gridRenderer) MinSize() fyne.Size { return fyne.NewSize(500, 4*gridRow) }

func (r *gridRenderer) Refresh() {
	r.Layout(r.g.Size())
	r.g.rows.Refresh()
	r.g.scroll.Refresh()
	canvas.Refresh(r.g)
}

func (r *gridRenderer) Layout(s fyne.Size) {
	g := r.g
	r.objects = r.objects[:0]
	x, w := g.columnsAt(s.Width)
	for c, col := range g.Columns {
		r.objects = append(r.objects, g.put(col.Title, c, x[c], w[c], 0, gridSmall, theme.ColorNamePlaceHolder))
	}
	g.scroll.Move(fyne.NewPos(0, gridRow))
	g.scroll.Resize(fyne.NewSize(s.Width, s.Height-gridRow))
	r.objects = append(r.objects, box(gridRow-1, s.Width, 1, theme.ColorNameSeparator), g.scroll)
}

// gridRows is what scrolls in a Grid. Only rows in sight are drawn, so that a
// long invoice is typed into as fast as a short one.
type gridRows struct {
	widget.BaseWidget
	g *Grid
}

// Tapped makes the cell under the pointer current.
func (b *gridRows) Tapped(e *fyne.PointEvent) {
	g, at := b.g, float32(0)
	for r := range g.Source.Rows() {
		h := g.height(r)
		if e.Position.Y >= at && e.Position.Y < at+h {
			x, w := g.columnsAt(b.Size().Width)
			for c := range g.Columns {
				if e.Position.X >= x[c] && e.Position.X < x[c]+w[c] && g.Columns[c].Typed {
					g.Go(r, c)
					return
				}
			}
		}
		at += h
	}
	g.Focus()
}

// Cursor is the text cursor.
func (b *gridRows) Cursor() desktop.Cursor { return desktop.TextCursor }

// CreateRenderer draws the cells and the entry.
func (b *gridRows) CreateRenderer() fyne.WidgetRenderer { return &rowsRenderer{g: b.g} }

type rowsRenderer struct {
	g       *Grid
	objects []fyne.CanvasObject
}

func (r *rowsRenderer) Destroy() {}

func (r *rowsRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *rowsRenderer) MinSize() fyne.Size {
	var h float32
	for i := range r.g.Source.Rows() {
		h += r.g.height(i)
	}
	if r.g.Hint != "" {
		h += gridRow + gridInset
	}
	return fyne.NewSize(500, h)
}

func (r *rowsRenderer) Refresh() {
	r.Layout(r.g.rows.Size())
	canvas.Refresh(r.g.rows)
}

func (r *rowsRenderer) Layout(s fyne.Size) {
	g := r.g
	r.objects = r.objects[:0]
	x, w := g.columnsAt(s.Width)
	from, to := g.scroll.Offset.Y, g.scroll.Offset.Y+g.scroll.Size().Height
	var y float32
	for row := range g.Source.Rows() {
		h := g.height(row)
		current := row == g.row && !g.Source.Fixed()
		if y+h > from && y < to {
			if current {
				r.objects = append(r.objects, box(y, s.Width, h, "counterfoil.selected"))
			}
			for c := range g.Columns {
				if !current || c != g.col {
					r.text(g.Source.Text(row, c), c, x[c], w[c], y, gridText, theme.ColorNameForeground)
				}
			}
			if g.Source.Tall(row) {
				sub := g.Source.Sub(row)
				for c, t := range sub {
					width := w[c]
					for n := c + 1; n < len(w) && !g.Columns[c].Right && (n >= len(sub) || sub[n] == ""); n++ {
						width += w[n] // over what is empty
					}
					r.text(t, c, x[c], width, y+gridRow, gridSmall, theme.ColorNamePlaceHolder)
				}
			}
			r.objects = append(r.objects, box(y+h-1, s.Width, 1, "counterfoil.grid"))
		}
		if current && g.col >= 0 {
			// Also out of sight: it keeps the keyboard.
			g.entry.Move(fyne.NewPos(x[g.col], y))
			g.entry.Resize(fyne.NewSize(w[g.col], gridRow))
			r.objects = append(r.objects, g.entry)
		}
		y += h
	}
	if g.Hint != "" && y < to {
		o := canvas.NewText(g.Hint, theme.Color(theme.ColorNamePlaceHolder))
		o.TextSize = gridSmall
		o.Move(fyne.NewPos(12, y+gridInset))
		o.Resize(fyne.NewSize(s.Width-24, gridRow))
		r.objects = append(r.objects, o)
	}
}

func (r *rowsRenderer) text(t string, c int, x, w, y, size float32, name fyne.ThemeColorName) {
	if t != "" {
		r.objects = append(r.objects, r.g.put(t, c, x, w, y, size, name))
	}
}
