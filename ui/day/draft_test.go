//go:build daytest

package day

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// newDraft presses Ctrl+N and waits until the buyer has the keyboard.
func (d *desk) newDraft() {
	d.t.Helper()
	d.keys("ctrl+n")
	d.until("a new invoice with the cursor in its buyer", func(s *state) bool {
		return s.Page == "editor" && s.Focus.Name == "buyer" && s.Editor.ID == "" && s.Editor.Fields["buyer"] == ""
	})
}

// toGrid goes from the buyer to the first cell: tax number, kind, basis, date, grid.
func (d *desk) toGrid() *state {
	d.t.Helper()
	d.keys("Tab", "Tab", "Tab", "Tab", "Tab")
	return d.until("the first cell", func(s *state) bool { return s.Focus.Kind == "grid" && s.Focus.Row == 0 && s.Focus.Col == 1 })
}

// saved waits until everything is on disk.
func (d *desk) saved() *state {
	d.t.Helper()
	return d.until("the draft on disk", func(s *state) bool { return s.Editor.ID != "" && !s.Editor.Unsaved })
}

// cells waits for the grid's content; the empty row at the end is left out.
func (d *desk) cells(what string, want [][]string) *state {
	d.t.Helper()
	got := func(s *state) [][]string {
		out := s.Editor.Cells
		for len(out) > 0 && strings.Join(out[len(out)-1], "") == "" {
			out = out[:len(out)-1]
		}
		return out
	}
	var last *state
	ok := false
	err := until(d.patience(), func() bool {
		last = d.state()
		ok = slices.EqualFunc(got(last), want, slices.Equal[[]string])
		return ok
	})
	if err != nil {
		d.t.Fatalf("%s:\n got %q\nwant %q\nfocus %+v, message %q", what, got(last), want, last.Focus, last.Editor.Message)
	}
	return last
}

// reopen opens the window again and the newest draft in it.
func (d *desk) reopen() *state {
	d.t.Helper()
	d.open()
	d.until("the list", func(s *state) bool { return s.Page == "invoices" && len(s.List.Rows) > 0 })
	d.keys("Home")
	d.until("the first row", func(s *state) bool { return len(s.List.Rows) > 0 && s.List.Selected == s.List.Rows[0].ID })
	d.keys("Return")
	return d.until("the draft", func(s *state) bool { return s.Page == "editor" && s.Editor.ID == s.List.Rows[0].ID })
}

// Typed as fast as a machine types, without completion: every cell holds what was
// typed for it, the totals are right, and it is the same after closing.
func TestTypedDraft(t *testing.T) {
	d := practise(t)
	d.newDraft()
	d.script("type:Mingyuan Precision", "key:Tab", "type:91320505568712039H", "key:Tab", "key:Tab", "key:Tab", "key:Tab")
	d.until("the first cell", func(s *state) bool { return s.Focus.Kind == "grid" })
	var want [][]string
	var parts []string
	n := 8
	if testing.Short() {
		n = 4
	}
	net := 0
	for i := range n {
		qty, price := 1+d.rng.IntN(900), 1+d.rng.IntN(9000)
		net += qty * price
		name := fmt.Sprintf("zz-%d-%d", i, d.rng.IntN(1000))
		parts = append(parts, "type:"+name, "key:Tab", "type:S"+fmt.Sprint(i), "key:Tab", "type:pc", "key:Tab",
			"type:"+fmt.Sprint(qty), "key:Tab", "type:"+fmt.Sprint(price), "key:Tab", "key:Tab", "type:13", "key:Tab")
		want = append(want, []string{name, "S" + fmt.Sprint(i), "pc", fmt.Sprint(qty), fmt.Sprint(price), "", "13%"})
	}
	d.script(parts...)
	s := d.cells("what was typed", want)
	if s.Focus.Row != n || s.Focus.Col != 1 {
		t.Fatalf("the cursor stands in %+v, not at the new line", s.Focus)
	}
	if want := grouped(net); s.Editor.Net != want {
		t.Fatalf("the sum is %s, not %s", s.Editor.Net, want)
	}
	d.saved()
	d.close()
	d.reopen()
	s = d.cells("what was typed, reopened", want)
	if s.Editor.Buyer != "Mingyuan Precision" || s.Editor.Taxno != "91320505568712039H" {
		t.Fatalf("the head is %q %q", s.Editor.Buyer, s.Editor.Taxno)
	}
}

// grouped is a whole amount as the window writes it.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s + ".00"
}

// goods of the practice server by the initials that find each alone.
var goods = [][3]string{
	{"bxgfl", "*金属制品*不锈钢法兰", "85.5"}, {"sgqzc", "*轴承*深沟球轴承", "12.8"}, {"tzrxx", "*电线电缆*铜芯软线", "168"}, {"fyz", "*纸制品*复印纸", "132.74"},
	{"wlzx", "*纸制品*瓦楞纸箱", "6.5"}, {"zxb", "*文具*中性笔", "15.93"}, {"bgz", "*家具及配件*办公桌", "780"}, {"bgy", "*家具及配件*办公椅", "345"},
	{"jgdyj", "*计算机外部设备*激光打印机", "1592.04"}, {"lbst", "*皮革毛皮制品*劳保手套", "9.8"}, {"tczc", "*非金属矿物制品*陶瓷轴承", "46"},
}

// Initials and Enter as fast as a machine: each line gets the item that was typed,
// never that of an earlier text.
func TestCompletedDraft(t *testing.T) {
	d := practise(t)
	d.newDraft()
	d.script("type:szmy", "key:Return")
	d.until("the buyer", func(s *state) bool {
		return s.Editor.Buyer == "苏州明远精密机械有限公司" && s.Editor.Taxno != ""
	})
	d.toGrid()
	n := 24
	if testing.Short() {
		n = 8
	}
	var parts []string
	var want []string
	for range n {
		g := goods[d.rng.IntN(len(goods))]
		if g[0] == "tzrxx" {
			g = goods[0]
		}
		parts = append(parts, "type:"+g[0], "key:Return", "type:3", "key:Tab", "key:Tab", "key:Tab", "key:Tab")
		want = append(want, g[1]+" "+g[2]+" 3")
	}
	d.script(parts...)
	var got []string
	err := until(d.patience(), func() bool {
		got = nil
		for _, c := range d.state().Editor.Cells {
			if c[0] != "" || c[3] != "" {
				got = append(got, c[0]+" "+c[4]+" "+c[3])
			}
		}
		return slices.Equal(got, want)
	})
	if err != nil {
		for i := range max(len(got), len(want)) {
			g, w := "", ""
			if i < len(got) {
				g = got[i]
			}
			if i < len(want) {
				w = want[i]
			}
			if g != w {
				t.Errorf("line %d: got %q, want %q", i+1, g, w)
			}
		}
	}
}

// Whatever is wrong stays as it was typed, is said, is no reason not to save, and
// is there again after the window was closed in the middle of a cell.
func TestWrongCells(t *testing.T) {
	d := practise(t)
	d.newDraft()
	d.script("type:Wrong Ltd", "key:Tab", "type:NOT-A-TAX-NO", "key:Tab", "key:Tab", "key:Tab", "key:Tab")
	d.until("the grid", func(s *state) bool { return s.Focus.Kind == "grid" })
	d.script("type:zz wrong", "key:Tab", "key:Tab", "key:Tab", "type:three", "key:Tab", "type:$28.32x", "key:Tab", "type:5 percent", "key:Tab", "type:99", "key:Tab")
	want := [][]string{{"zz wrong", "", "", "three", "$28.32x", "5 percent", "99"}}
	s := d.until("the wrong texts", func(s *state) bool {
		return len(s.Editor.Cells) > 0 && slices.Equal(s.Editor.Cells[0][:6], want[0][:6]) && strings.HasPrefix(s.Editor.Cells[0][6], "99")
	})
	if len(s.Editor.Issues) < 3 {
		t.Fatalf("said is only %q", s.Editor.Issues)
	}
	want[0][6] = s.Editor.Cells[0][6]
	d.text("zz half")
	d.until("the cell being typed", func(s *state) bool { return s.Editor.Text == "zz half" })
	d.close()
	d.reopen()
	want = append(want, []string{"zz half", "", "", "", "", "", ""})
	s = d.until("all rows again", func(s *state) bool { return len(s.Editor.Cells) > 1 })
	for i := range want {
		if got := s.Editor.Cells[i][:6]; !slices.Equal(got, want[i][:6]) {
			t.Fatalf("row %d is %q, was typed %q", i+1, got, want[i])
		}
	}
	if s.Editor.Buyer != "Wrong Ltd" || s.Editor.Fields["taxno"] == "" {
		t.Fatalf("the head is %+v", s.Editor.Fields)
	}
}

// The seller is chosen, a customer fills the folded part, more is typed there and a
// line gets its policy, all by keyboard; the same is there after closing.
func TestHeadByKeyboard(t *testing.T) {
	d := practise(t)
	d.newDraft()
	d.keys("shift+Tab", "shift+Tab", "Right")
	d.until("a seller", func(s *state) bool { return s.Editor.Fields["seller"] != "" })
	d.keys("Tab", "Tab")
	d.script("type:szmy", "key:Return")
	s := d.until("the customer", func(s *state) bool { return s.Editor.Taxno != "" })
	address := s.Editor.Fields["buyer.address"]
	if address == "" || s.Editor.Fields["buyer.account"] == "" || s.Editor.Fields["email"] == "" {
		t.Fatalf("of the customer came %+v", s.Editor.Fields)
	}
	d.keys("shift+Tab", "space")
	d.until("the part that folds", func(s *state) bool { return s.Focus.Name == "buyer.address" })
	d.script("key:Tab", "key:Tab", "type:2026-13")
	d.until("a half date", func(s *state) bool { return s.Editor.Fields["due"] == "2026-13" })
	d.keys("shift+Tab", "shift+Tab", "shift+Tab")
	d.until("the date", func(s *state) bool { return s.Focus.Name == "date" })
	d.keys(slices.Repeat([]string{"Tab"}, 10)...) // through the nine fields of the part that folds
	d.until("the first cell", func(s *state) bool { return s.Focus.Kind == "grid" && s.Focus.Row == 0 && s.Focus.Col == 1 })
	d.script("type:bgz", "key:Return", "type:2", "key:ctrl+l", "key:Tab", "key:Right", "key:Escape")
	d.until("the grid again", func(s *state) bool { return s.Focus.Kind == "grid" && s.Focus.Row == 0 })
	s = d.saved()
	want := s.Editor.Fields
	d.close()
	d.reopen()
	s = d.until("the head again", func(s *state) bool { return s.Editor.Fields["due"] == "2026-13" })
	for key, text := range want {
		if s.Editor.Fields[key] != text {
			t.Errorf("%s is %q, was %q", key, s.Editor.Fields[key], text)
		}
	}
	if want["buyer.address"] != address {
		t.Errorf("the address was %q, is %q", address, want["buyer.address"])
	}
	if !slices.ContainsFunc(s.Editor.Issues, func(i string) bool { return strings.Contains(i, " due ") }) {
		t.Errorf("said is only %q", s.Editor.Issues)
	}
}

// A block as Excel puts it on the clipboard, with quotes, a line break in a cell,
// figures with a currency sign and a rate in percent.
func TestPasteFromExcel(t *testing.T) {
	d := practise(t)
	d.newDraft()
	d.toGrid()
	d.clipboard("*金属制品*法兰\tDN50\t个\t120\t¥28.32\t5%\t13%\r\n\"含 \"\"引号\"\" 的名称\"\tA4\t箱\t\"1,200\"\t6.5\t\t13%\r\n*文具*中性笔\t\t盒\t2\t15.93\t\t6%\r\n")
	d.keys("ctrl+v")
	d.cells("the block", [][]string{
		{"*金属制品*法兰", "DN50", "个", "120", "28.32", "5%", "13%"},
		{"含 \"引号\" 的名称", "A4", "箱", "1200", "6.5", "", "13%"},
		{"*文具*中性笔", "", "盒", "2", "15.93", "", "6%"},
	})
	d.saved()
	d.kill()
	d.reopen()
	if s := d.state(); len(s.Editor.Cells) < 3 || s.Editor.Cells[0][4] != "28.32" {
		t.Fatalf("after kill -9: %q", s.Editor.Cells)
	}
}

// Undo and redo by their keys, in the grid and across its cells.
func TestUndoRedo(t *testing.T) {
	d := practise(t)
	d.newDraft()
	d.toGrid()
	d.script("type:zz one", "key:Tab", "type:s1", "key:Tab", "type:pc", "key:Tab", "type:2", "key:Tab", "type:10", "key:Tab")
	full := []string{"zz one", "s1", "pc", "2", "10"}
	row := func(s *state) []string {
		if len(s.Editor.Cells) == 0 {
			return make([]string, 5)
		}
		return s.Editor.Cells[0][:5]
	}
	d.until("five cells", func(s *state) bool { return slices.Equal(row(s), full) })
	for i := 4; i >= 1; i-- {
		d.keys("ctrl+z")
		want := append(slices.Clone(full[:i]), make([]string, 5-i)...)
		d.until(fmt.Sprintf("%q after undo", want), func(s *state) bool { return slices.Equal(row(s), want) })
	}
	for i := 2; i <= 5; i++ {
		d.keys("ctrl+y")
		want := append(slices.Clone(full[:i]), make([]string, 5-i)...)
		d.until(fmt.Sprintf("%q after redo", want), func(s *state) bool { return slices.Equal(row(s), want) })
	}
}

// Typing replaces a filled cell; F2 goes on in it.
func TestFilledCell(t *testing.T) {
	d := practise(t)
	d.newDraft()
	d.toGrid()
	d.script("type:zz desk", "key:Tab", "key:Tab", "key:Tab", "type:1", "key:Tab", "type:780", "key:Tab")
	d.until("780", func(s *state) bool { return len(s.Editor.Cells) > 0 && s.Editor.Cells[0][4] == "780" })
	d.script("key:Left", "type:750", "key:Tab")
	d.until("750 in place of 780", func(s *state) bool { return s.Editor.Cells[0][4] == "750" })
	d.script("key:Left", "key:F2", "type:5", "key:Tab")
	d.until("7505 after F2", func(s *state) bool { return s.Editor.Cells[0][4] == "7505" })
}

// Handed in with Ctrl+Enter; Esc, Ctrl+N and the next invoice begins at its buyer,
// its first cell is the first column.
func TestSubmitAndNext(t *testing.T) {
	d := practise(t)
	for i := range 2 {
		d.newDraft()
		d.script("type:szmy", "key:Return")
		d.until("the buyer", func(s *state) bool { return s.Editor.Taxno != "" })
		d.toGrid()
		d.script("type:bgz", "key:Return", "type:2", "key:Tab")
		d.until("the line", func(s *state) bool {
			return len(s.Editor.Cells) > 0 && s.Editor.Cells[0][3] == "2" && s.Editor.Cells[0][4] == "780"
		})
		d.keys("ctrl+Return")
		s := d.until("the number", func(s *state) bool { return s.Editor.State == "issued" && s.Editor.Number != "" })
		if !strings.HasPrefix(s.Editor.Number, "练习") {
			t.Errorf("invoice %d: %q could be taken for a real number", i, s.Editor.Number)
		}
		if s.Focus.Disabled {
			t.Fatalf("a field that takes nothing has the keyboard: %+v", s.Focus)
		}
		d.keys("Escape")
		d.until("the list", func(s *state) bool { return s.Page == "invoices" })
	}
}
