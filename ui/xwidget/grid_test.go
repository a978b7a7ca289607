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
	fixed bool
}

func newTable(rows ...string) *table {
	s := &table{cells: map[string][3]string{}}
	for _, r := range rows {
		s.keys = append(s.keys, r)
		s.cells[r] = [3]string{r, "1", "2"}
	}
	return s
}

func (s *table) Fixed() bool { return s.fixed }
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
	// Left and right go from cell to cell; in one that was opened the arrows stay.
	press(g, fyne.KeyUp, fyne.KeyLeft)
	at(t, g, 0, 2)
	press(g, fyne.KeyRight)
	at(t, g, 1, 0)
	press(g, fyne.KeyF2, fyne.KeyLeft, fyne.KeyLeft, fyne.KeyUp, fyne.KeyRight, fyne.KeyRight, fyne.KeyDown)
	at(t, g, 1, 0)
	press(g, fyne.KeyEscape, fyne.KeyUp)
	at(t, g, 0, 0)
	press(g, fyne.KeyRight, fyne.KeyRight)
	at(t, g, 0, 2)
	// One that is being typed is left by them at the text's ends.
	typeIn(g, "7")
	press(g, fyne.KeyLeft)
	at(t, g, 0, 2)
	press(g, fyne.KeyLeft)
	at(t, g, 0, 1)
	press(g, fyne.KeyHome)
	at(t, g, 0, 0)
	press(g, fyne.KeyEnd)
	at(t, g, 0, 2)
	press(g, fyne.KeyPageDown)
	at(t, g, 2, 2)
}

// Typing into a filled cell replaces it; F2 and the pointer open it.
func TestTypingReplaces(t *testing.T) {
	ctrl := func(n fyne.KeyName) fyne.Shortcut {
		return &desktop.CustomShortcut{KeyName: n, Modifier: fyne.KeyModifierControl}
	}
	clip := test.NewClipboard()
	clip.SetContent("750")
	down := func(g *Grid) {
		g.entry.MouseDown(&desktop.MouseEvent{Button: desktop.MouseButtonPrimary})
		g.entry.MouseUp(&desktop.MouseEvent{Button: desktop.MouseButtonPrimary})
	}
	for what, c := range map[string]struct {
		do   func(g *Grid)
		want string
	}{
		"typing":                      {func(g *Grid) { typeIn(g, "750") }, "750"},
		"typing in Chinese":           {func(g *Grid) { typeIn(g, "七百") }, "七百"},
		"F2":                          {func(g *Grid) { press(g, fyne.KeyF2); typeIn(g, "5") }, "7805"},
		"F2, then left":               {func(g *Grid) { press(g, fyne.KeyF2, fyne.KeyLeft); typeIn(g, "5") }, "7850"},
		"F2, then back":               {func(g *Grid) { press(g, fyne.KeyF2, fyne.KeyBackspace) }, "78"},
		"a press of the pointer":      {func(g *Grid) { down(g); typeIn(g, "5") }, "7805"},
		"two presses":                 {func(g *Grid) { down(g); down(g); g.entry.DoubleTapped(nil); typeIn(g, "5") }, "7805"},
		"typing, then left and on":    {func(g *Grid) { typeIn(g, "70"); press(g, fyne.KeyLeft); typeIn(g, "5") }, "750"},
		"Backspace":                   {func(g *Grid) { press(g, fyne.KeyBackspace) }, ""},
		"Delete":                      {func(g *Grid) { press(g, fyne.KeyDelete) }, ""},
		"Backspace, then typing":      {func(g *Grid) { press(g, fyne.KeyBackspace); typeIn(g, "12") }, "12"},
		"pasting":                     {func(g *Grid) { g.entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: clip}) }, "750"},
		"pasting, then typing":        {func(g *Grid) { g.entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: clip}); typeIn(g, "12") }, "12"},
		"pasting into an open cell":   {func(g *Grid) { press(g, fyne.KeyF2); g.entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: clip}) }, "780750"},
		"cutting":                     {func(g *Grid) { g.entry.TypedShortcut(&fyne.ShortcutCut{Clipboard: test.NewClipboard()}) }, ""},
		"F2, then Esc, then typing":   {func(g *Grid) { press(g, fyne.KeyF2, fyne.KeyEscape); typeIn(g, "9") }, "9"},
		"typing, then Esc":            {func(g *Grid) { typeIn(g, "750"); press(g, fyne.KeyEscape) }, "780"},
		"away, back and typing":       {func(g *Grid) { press(g, fyne.KeyLeft, fyne.KeyRight); typeIn(g, "750") }, "750"},
		"a save, then typing on":      {func(g *Grid) { typeIn(g, "7"); g.Reload(); typeIn(g, "5") }, "75"},
		"a redraw, then typing":       {func(g *Grid) { g.Reload(); g.Refresh(); typeIn(g, "75") }, "75"},
		"an empty cell typed in over": {func(g *Grid) { press(g, fyne.KeyDelete, fyne.KeyLeft, fyne.KeyRight); typeIn(g, "75") }, "75"},
		"Shift held while typing": {func(g *Grid) {
			g.entry.KeyDown(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
			typeIn(g, "AB")
			g.entry.KeyUp(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
		}, "AB"},
		"a shortcut, then typing": {func(g *Grid) { g.entry.TypedShortcut(ctrl(fyne.KeyS)); typeIn(g, "75") }, "75"},
	} {
		s := newTable("x")
		s.cells["x"] = [3]string{"x", "780", "2"}
		g, _ := keyboard(t, s)
		press(g, fyne.KeyRight)
		c.do(g)
		press(g, fyne.KeyReturn)
		if got := s.cells["x"][1]; got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

// What is typed is told at each stroke, and that it was taken back.
func TestTypingIsTold(t *testing.T) {
	s := newTable("x")
	g, _ := keyboard(t, s)
	var told []string
	g.Typing = func(row, col int, text string) { told = append(told, fmt.Sprint(row, col, text)) }
	press(g, fyne.KeyRight)
	typeIn(g, "75")
	press(g, fyne.KeyEscape, fyne.KeyDown)
	typeIn(g, "9")
	if got := strings.Join(told, ","); got != "0 17,0 175,0 11,1 19" && got != "0 1 7,0 1 75,0 1 1,1 1 9" {
		t.Errorf("%s", got)
	}
}

// Undo comes as a shortcut of its own.
func TestUndoShortcuts(t *testing.T) {
	g, _ := keyboard(t, newTable("x"))
	var got []string
	g.Shortcut = func(_, _ int, name string) { got = append(got, name) }
	typeIn(g, "1")
	g.entry.TypedShortcut(&fyne.ShortcutUndo{})
	g.entry.TypedShortcut(&fyne.ShortcutRedo{})
	if fmt.Sprint(got) != "[undo redo]" {
		t.Errorf("%v", got)
	}
	f := NewField()
	f.Undo = func(redo bool) { got = append(got, fmt.Sprint(redo)) }
	f.TypedShortcut(&fyne.ShortcutUndo{})
	f.TypedShortcut(&fyne.ShortcutRedo{})
	if fmt.Sprint(got) != "[undo redo false true]" {
		t.Errorf("%v", got)
	}
}

// A grid that becomes read-only gives the keyboard back to the window.
func TestFixedGridHasNoFocus(t *testing.T) {
	s := newTable("x")
	g, c := keyboard(t, s)
	typeIn(g, "1")
	g.Commit()
	s.fixed = true
	g.Reload()
	if c.Focused() != nil {
		t.Errorf("%T keeps the keyboard", c.Focused())
	}
	if s.row(0) != "1|1|2" {
		t.Errorf("%s", s.row(0))
	}
	s.fixed = false
	g.Reset()
	g.Focus()
	at(t, g, 0, 0)
	if c.Focused() == nil {
		t.Error("it cannot be focused again")
	}
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
	if s.row(0) != "x|23|2" {
		t.Errorf("after Tab: %s", s.row(0))
	}
	typeIn(g, "9")
	press(g, fyne.KeyEscape)
	press(g, fyne.KeyReturn)
	if s.row(0) != "x|23|2" {
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
	for row, want := range []string{"w|1|2", "z|1|2", "y|5|2", "x|1|2"} {
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
	if s.row(1) != "!||" {
		t.Errorf("typing into a deleted row: %s", s.row(1))
	}
}

// The focus may go anywhere: what is typed is kept.
func TestFocusLost(t *testing.T) {
	s := newTable("x")
	g, c := keyboard(t, s)
	typeIn(g, "你好")
	c.Unfocus()
	if s.row(0) != "你好|1|2" {
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
	if g.entry.Text != "苏州" || s.row(0) != "x|1|2" {
		t.Errorf("a redraw lost or wrote what is typed: %q, %s", g.entry.Text, s.row(0))
	}
	typeIn(g, "园区")
	press(g, fyne.KeyTab)
	if s.row(0) != "苏州园区|1|2" {
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
	if len(got) != 1 || got[0] != "duplicate0 01|1|2" {
		t.Errorf("%q", got)
	}
	g.Paste = func(row, col int, block string) { got = append(got, block) }
	c := test.NewClipboard()
	c.SetContent("a\tb\nc\td")
	g.entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: c})
	if got[len(got)-1] != "a\tb\nc\td" {
		t.Errorf("a block: %q", got)
	}
	// A block pasted into the empty last row leaves the cursor where it was.
	g.Go(1, 1)
	g.Paste = func(row, col int, block string) {
		s.Set(row, col, "a")
		s.Set(row+1, col, "c")
		g.Reload()
	}
	g.entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: c})
	at(t, g, 1, 1)
	if g.entry.Text != "a" {
		t.Errorf("the cell shows %q", g.entry.Text)
	}
	g.Go(0, 0)
	c.SetContent("one")
	g.entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: c})
	if g.entry.Text != "one" {
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
	press(g, fyne.KeyF2)
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
