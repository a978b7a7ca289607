package xwidget

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"counterfoil/ui/look"
)

// table is a source of named rows with an empty one at the end.
type table struct {
	keys  []string
	cells map[string][3]string
	made  int
}

func newTable(rows ...string) *table {
	s := &table{cells: map[string][3]string{}}
	for _, r := range rows {
		s.keys = append(s.keys, r)
		s.cells[r] = [3]string{r, "1", "2"}
	}
	return s
}

func (s *table) Fixed() bool { return false }
func (s *table) Rows() int   { return len(s.keys) + 1 }
func (s *table) Key(row int) string {
	if row < len(s.keys) {
		return s.keys[row]
	}
	return ""
}
func (s *table) Edit(row, col int) string { return s.cells[s.Key(row)][col] }
func (s *table) Text(row, col int) string { return s.Edit(row, col) }
func (s *table) Tall(int) bool            { return false }
func (s *table) Sub(int) []string         { return nil }
func (s *table) Set(row, col int, text string) {
	if s.Key(row) == "" {
		s.made++
		s.keys = append(s.keys, fmt.Sprint("new", s.made))
	}
	c := s.cells[s.Key(row)]
	c[col] = text
	s.cells[s.Key(row)] = c
}

func (s *table) row(i int) string { c := s.cells[s.Key(i)]; return strings.Join(c[:], "|") }

// keyboard is a grid in a window, with the focus.
func keyboard(t *testing.T, s *table) (*Grid, fyne.Canvas) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(look.Theme{Choice: "light"})
	g := NewGrid([]GridColumn{{Title: "a", Share: 1, Typed: true}, {Title: "b", Share: 1, Typed: true}, {Title: "c", Share: 1, Typed: true}}, s)
	w := test.NewTempWindow(t, g)
	w.Resize(fyne.NewSize(600, 400))
	g.Focus()
	return g, w.Canvas()
}

func press(g *Grid, keys ...fyne.KeyName) {
	for _, k := range keys {
		g.entry.TypedKey(&fyne.KeyEvent{Name: k})
	}
}

func typeIn(g *Grid, s string) {
	for _, r := range s {
		g.entry.TypedRune(r)
	}
}

func at(t *testing.T, g *Grid, row, col int) {
	t.Helper()
	if r, c := g.Current(); r != row || c != col {
		t.Errorf("the current cell is %d,%d, want %d,%d", r, c, row, col)
	}
}

func TestKeys(t *testing.T) {
	s := newTable("x", "y")
	g, _ := keyboard(t, s)
	press(g, fyne.KeyTab)
	at(t, g, 0, 1)
	press(g, fyne.KeyTab, fyne.KeyTab)
	at(t, g, 1, 0)
	press(g, fyne.KeyUp)
	at(t, g, 0, 0)
	press(g, fyne.KeyReturn)
	at(t, g, 1, 0)
	press(g, fyne.KeyDown)
	at(t, g, 2, 0)
	press(g, fyne.KeyDown)
	at(t, g, 2, 0)
	// Left and right leave the cell only at the text's ends.
	press(g, fyne.KeyUp, fyne.KeyLeft)
	at(t, g, 1, 0)
	press(g, fyne.KeyLeft)
	at(t, g, 0, 2)
	press(g, fyne.KeyRight)
	at(t, g, 1, 0)
}

func TestTyping(t *testing.T) {
	s := newTable("x")
	g, _ := keyboard(t, s)
	press(g, fyne.KeyTab)
	typeIn(g, "23")
	if s.row(0) != "x|1|2" {
		t.Error("typing alone wrote the source")
	}
	press(g, fyne.KeyTab)
	if s.row(0) != "x|123|2" {
		t.Errorf("after Tab: %s", s.row(0))
	}
	typeIn(g, "9")
	press(g, fyne.KeyEscape)
	press(g, fyne.KeyReturn)
	if s.row(0) != "x|123|2" {
		t.Errorf("after Esc: %s", s.row(0))
	}
	// Enter at the end makes a row.
	at(t, g, 1, 2)
	typeIn(g, "7")
	press(g, fyne.KeyReturn)
	if s.row(1) != "||7" || s.Rows() != 3 {
		t.Errorf("the new row is %s of %d", s.row(1), s.Rows())
	}
	at(t, g, 2, 2)
}

// What is typed goes to the row it was typed for, although rows came, went and
// moved meanwhile.
func TestRowsMove(t *testing.T) {
	s := newTable("x", "y")
	g, _ := keyboard(t, s)
	press(g, fyne.KeyDown, fyne.KeyTab)
	typeIn(g, "5")
	s.keys = []string{"z", "y", "x"} // another branch's line came first, mine moved
	s.cells["z"] = [3]string{"z", "1", "2"}
	g.Reload()
	s.keys = slices.Insert(s.keys, 0, "w")
	s.cells["w"] = [3]string{"w", "1", "2"}
	press(g, fyne.KeyReturn)
	for row, want := range []string{"w|1|2", "z|1|2", "y|15|2", "x|1|2"} {
		if s.row(row) != want {
			t.Errorf("row %d is %s, want %s", row, s.row(row), want)
		}
	}
	// A cell nobody typed into shows what is there now and writes nothing.
	at(t, g, 3, 1)
	s.cells["x"] = [3]string{"x", "8", "2"}
	g.Reload()
	if g.entry.Text != "8" {
		t.Errorf("the cell shows %q", g.entry.Text)
	}
	s.keys = []string{"w", "x"}
	press(g, fyne.KeyUp)
	if s.row(1) != "x|8|2" || s.row(0) != "w|1|2" {
		t.Errorf("an untouched cell was written: %s, %s", s.row(0), s.row(1))
	}
	// The row is deleted under the typing: it becomes a new row.
	g.Go(1, 0)
	typeIn(g, "!")
	s.keys = []string{"w"}
	g.Reload()
	g.Commit()
	if s.row(1) != "x!||" {
		t.Errorf("typing into a deleted row: %s", s.row(1))
	}
}

// The focus may go anywhere: what is typed is kept.
func TestFocusLost(t *testing.T) {
	s := newTable("x")
	g, c := keyboard(t, s)
	typeIn(g, "你好")
	c.Unfocus()
	if s.row(0) != "x你好|1|2" {
		t.Errorf("%s", s.row(0))
	}
}

// An input method composes outside the entry and delivers whole text: a key that
// arrives before it moves nothing away from under it.
func TestComposition(t *testing.T) {
	s := newTable("x")
	g, _ := keyboard(t, s)
	typeIn(g, "苏州")
	g.Reload() // a sync round while the candidate window is open
	g.Refresh()
	if g.entry.Text != "x苏州" || s.row(0) != "x|1|2" {
		t.Errorf("a redraw lost or wrote what is typed: %q, %s", g.entry.Text, s.row(0))
	}
	typeIn(g, "园区")
	press(g, fyne.KeyTab)
	if s.row(0) != "x苏州园区|1|2" {
		t.Errorf("%s", s.row(0))
	}
}

func TestShortcuts(t *testing.T) {
	s := newTable("x")
	g, _ := keyboard(t, s)
	var got []string
	g.Shortcut = func(row, col int, name string) { got = append(got, fmt.Sprint(name, row, col, s.row(0))) }
	typeIn(g, "1")
	g.entry.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyD, Modifier: fyne.KeyModifierControl})
	if len(got) != 1 || got[0] != "duplicate 0 0 x1|1|2" && got[0] != "duplicate0 0x1|1|2" {
		t.Errorf("%q", got)
	}
	g.Paste = func(row, col int, block string) { got = append(got, block) }
	c := test.NewClipboard()
	c.SetContent("a\tb\nc\td")
	g.entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: c})
	if got[len(got)-1] != "a\tb\nc\td" {
		t.Errorf("a block: %q", got)
	}
	c.SetContent("one")
	g.entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: c})
	if g.entry.Text != "x1one" {
		t.Errorf("a word: %q", g.entry.Text)
	}
}

func TestCompletion(t *testing.T) {
	s := newTable("x")
	g, _ := keyboard(t, s)
	offered := true
	g.Accept = func(row, col int) bool {
		if offered && col == 0 {
			s.cells["x"] = [3]string{"taken", "1", "2"}
			g.Take()
			return true
		}
		return false
	}
	g.Dismiss = func() bool { had := offered; offered = false; return had }
	typeIn(g, "t")
	press(g, fyne.KeyReturn)
	at(t, g, 0, 0)
	if s.row(0) != "taken|1|2" || g.entry.Text != "taken" {
		t.Errorf("%s, %q", s.row(0), g.entry.Text)
	}
	typeIn(g, "!")
	press(g, fyne.KeyEscape) // first the offers go, the typing stays
	if g.entry.Text != "taken!" || offered {
		t.Errorf("%q", g.entry.Text)
	}
	press(g, fyne.KeyReturn)
	at(t, g, 1, 0)
	if s.row(0) != "taken!|1|2" {
		t.Errorf("%s", s.row(0))
	}
}

// Esc with nothing to take back belongs to the window.
func TestWindowKeys(t *testing.T) {
	g, c := keyboard(t, newTable("x"))
	var got []fyne.KeyName
	c.SetOnTypedKey(func(k *fyne.KeyEvent) { got = append(got, k.Name) })
	typeIn(g, "1")
	press(g, fyne.KeyEscape, fyne.KeyEscape, fyne.KeyF5)
	if fmt.Sprint(got) != "[Escape F5]" {
		t.Errorf("the window got %v", got)
	}
}

// longGrid has rows k0, k1, …, more than are in sight.
func longGrid(t *testing.T, n int) (*table, *Grid) {
	t.Helper()
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprint("k", i)
	}
	s := newTable(keys...)
	g, _ := keyboard(t, s)
	g.Resize(fyne.NewSize(400, 400))
	return s, g
}

// The current row is always in sight, and what is out of sight costs nothing.
func TestLongGridFollowsTheCursor(t *testing.T) {
	_, g := longGrid(t, 500)
	seen := func(row int) bool {
		top := float32(row) * gridRow
		return top >= g.scroll.Offset.Y && top+gridRow <= g.scroll.Offset.Y+g.scroll.Size().Height
	}
	for _, row := range []int{0, 499, 250, 3} {
		g.Go(row, 1)
		if r, _ := g.Current(); r != row || !seen(row) {
			t.Errorf("row %d is out of sight: offset %v of %v", row, g.scroll.Offset.Y, g.scroll.Size())
		}
		if n := len(test.WidgetRenderer(g.rows).Objects()); n > 100 {
			t.Errorf("%d objects are drawn", n)
		}
	}
	g.scroll.ScrollToOffset(fyne.NewPos(0, 9000))
	if seen(3) {
		t.Fatal("the wheel does not scroll")
	}
	g.entry.TypedRune('z')
	if !seen(3) {
		t.Error("what is typed is out of sight")
	}
}

// A short invoice opened after a long one is in sight.
func TestGridThatBecomesShort(t *testing.T) {
	s, g := longGrid(t, 200)
	g.Go(199, 1)
	s.keys = s.keys[:2]
	g.Reload()
	shown := false
	for _, o := range test.WidgetRenderer(g.rows).Objects() {
		text, ok := o.(*canvas.Text)
		shown = shown || ok && text.Text == "k0"
	}
	if g.scroll.Offset.Y != 0 || !shown {
		t.Errorf("offset %v, the first row is drawn: %v", g.scroll.Offset.Y, shown)
	}
}
