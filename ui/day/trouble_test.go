//go:build daytest

package day

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"counterfoil/sync/fault"
)

// two is a draft of two lines that the server has; it is shown in the editor.
func (d *desk) two() *state {
	d.t.Helper()
	d.newDraft()
	d.script("type:szmy", "key:Return")
	d.until("the buyer", func(s *state) bool { return s.Editor.Taxno != "" })
	d.toGrid()
	d.script("type:bgz", "key:Return", "type:2", "key:Tab", "key:Tab", "key:Tab", "key:Tab", "type:bgy", "key:Return", "type:3", "key:Tab")
	d.until("two lines", func(s *state) bool {
		return len(s.Editor.Cells) > 1 && s.Editor.Cells[0][3] == "2" && s.Editor.Cells[1][3] == "3" && s.Editor.Cells[1][4] == "345"
	})
	return d.sent()
}

// sent waits until the invoice shown is on disk and on the server.
func (d *desk) sent() *state {
	d.t.Helper()
	return d.until("the draft on the server", func(s *state) bool {
		return s.Editor.ID != "" && !s.Editor.Unsaved && s.Waiting == 0 && s.Online
	})
}

// A second branch and this one change the same price: it becomes a conflict, is
// settled with Tab, Space and Ctrl+Enter, and the invoice can be handed in.
func TestConflictByKeyboard(t *testing.T) {
	for _, side := range []string{"mine", "theirs"} {
		t.Run(side, func(t *testing.T) {
			d := practise(t)
			id := d.two().Editor.ID
			d.tell("fault T01 on") // away, so that both change the same
			d.until("the pill without a line", func(s *state) bool { return s.Page == "editor" })
			d.tell("edit %s", id)
			// The cursor stands behind the quantity of the second line.
			d.keys("ctrl+Home")
			d.script("key:Up", "key:Home", "key:Right", "key:Right", "key:Right", "key:Right", "type:700", "key:Tab")
			d.until("the price of here", func(s *state) bool { return s.Editor.Cells[0][4] == "700" && !s.Editor.Unsaved })
			d.tell("fault T01 off")
			d.until("the conflict", func(s *state) bool {
				return len(s.Conflicts.Cards) == 1 && s.Waiting == 0 || len(s.Conflicts.Cards) == 1
			})
			d.keys("Escape")
			d.until("the list", func(s *state) bool { return s.Page == "invoices" })
			d.keys("F6", "Down")
			d.tabTo("the conflicts in the rail", func(c control) bool { return c.Kind == "hit" && strings.HasPrefix(c.Text, "冲突") })
			d.keys("Return")
			d.until("the page of conflicts", func(s *state) bool { return s.Page == "conflicts" && len(s.Conflicts.Rows) > 0 })
			word := map[string]string{"mine": "全部用我的", "theirs": "全部用服务器的"}[side]
			d.tabTo(word, func(c control) bool { return c.Text == word })
			d.keys("space")
			d.until("nothing missing", func(s *state) bool { return s.Conflicts.Missing == 0 && s.Conflicts.Ready })
			d.keys("ctrl+Return")
			d.until("no conflict", func(s *state) bool { return len(s.Conflicts.Cards) == 0 && s.Waiting == 0 })
			d.keys("ctrl+f", "Escape")
			d.until("the list again", func(s *state) bool { return s.Page == "invoices" })
			d.keys("Home")
			d.until("the invoice", func(s *state) bool { return s.List.Selected == id })
			d.keys("Return")
			s := d.until("the invoice open", func(s *state) bool { return s.Page == "editor" && s.Editor.ID == id })
			want := map[string]string{"mine": "700", "theirs": "781"}[side]
			if s.Editor.Cells[0][4] != want {
				t.Fatalf("the price is %s, not %s", s.Editor.Cells[0][4], want)
			}
		})
	}
}

// Every button that the wizard shows for a fault of the practice server is
// pressed, first with the pointer, and the fault with its pages never ends the
// program. When the fault ends, the pill is green within seconds.
func TestWizardOfEveryPracticeFault(t *testing.T) {
	d := practise(t)
	faults := d.state().PracticePage.Faults
	if len(faults) < 20 {
		t.Fatal("the practice server has only", faults)
	}
	if testing.Short() {
		d.rng.Shuffle(len(faults), func(i, j int) { faults[i], faults[j] = faults[j], faults[i] })
		t.Logf("the slice takes 2 of %d faults, chosen by the seed; make day takes all", len(faults))
		faults = faults[:2]
	}
	pressed := 0
	for _, f := range faults {
		d.tell("fault %s on", f.ID)
		pressed += d.pressAll(f.ID)
		d.tell("fault %s off", f.ID)
		d.keys("Escape")
		d.until("another page", func(s *state) bool { return s.Page != "wizard" })
		d.keys("F5") // the clerk looks again
		d.until("a healthy end after "+f.ID, func(s *state) bool { return s.Wizard.Stage == "healthy" || s.Wizard.Stage == "fixed" })
		d.within(8*time.Second, "a green pill after "+f.ID, func(s *state) bool { return s.Pill.State == "good" && s.Online })
		d.keys("Escape")
	}
	t.Logf("%d presses", pressed)
}

// ended is a wizard that has found out.
func ended(s *state) bool {
	switch s.Wizard.Stage {
	case "finding", "handed", "healthy", "fixed":
		return s.Page == "wizard" && !s.Wizard.Acting
	}
	return false
}

// check presses F5 and goes to a step.
func (d *desk) check(step int) *state {
	d.t.Helper()
	if s := d.state(); len(s.Dialog) > 0 {
		d.keys("Escape")
		d.until("the page under the dialog", func(s *state) bool { return len(s.Dialog) == 0 })
	}
	if d.state().Page == "wizard" {
		d.keys("Escape") // the verdict of before is not mistaken for the next
		d.until("another page", func(s *state) bool { return s.Page != "wizard" })
	}
	d.keys("F5")
	s := d.until("the verdict", ended)
	for range step {
		done := s.control("做好了")
		if done == nil {
			return s
		}
		was := s.Wizard.Step
		d.click(*done)
		s = d.until("the next step", func(s *state) bool { return s.Wizard.Step > was || !ended(s) || s.Page != "wizard" })
	}
	return s
}

// own are the buttons of the page, without those of the rail and the band.
func own(s *state) (out []control) {
	for _, c := range s.Controls {
		if c.Kind == "button" && !c.Disabled {
			out = append(out, c)
		}
	}
	return out
}

// pressAll presses every button of the wizard as it stands, each on a fresh page.
func (d *desk) pressAll(id string) (pressed int) {
	d.t.Helper()
	first := d.check(0)
	all := own(first)
	if len(all) < 2 {
		d.t.Fatalf("%s: the wizard shows only %v", id, all)
	}
	for i := range all {
		s := d.check(0)
		now := own(s)
		if i >= len(now) {
			break // a lighter verdict has fewer
		}
		d.click(now[i])
		pressed++
		d.until("a page after "+now[i].Text, func(s *state) bool { return s.Page != "" && !s.Wizard.Acting })
	}
	for step := 1; step < first.Wizard.Steps; step++ {
		s := d.check(step)
		for _, c := range own(s) {
			if c.High { // what the program can do itself
				d.click(c)
				pressed++
				d.until("a page after "+c.Text, func(s *state) bool { return s.Page != "" && !s.Wizard.Acting })
				break
			}
		}
	}
	if s := d.state(); len(s.Dialog) > 0 {
		d.keys("Escape")
	}
	return pressed
}

// The same for every fault of the catalogue, most of which no practice server can
// make: what the self-check finds is said to it. Only what the program itself does
// is pressed.
func TestWizardOfTheCatalogue(t *testing.T) {
	d := practise(t)
	pressed := 0
	for i, f := range fault.All() {
		id := string(f.ID)
		if testing.Short() && i%12 != int(seed%12) {
			continue
		}
		d.tell("finding %s", id)
		s := d.check(0)
		if s.Wizard.Fault != id {
			t.Fatalf("%s: the wizard shows %s", id, s.Wizard.Fault)
		}
		for step := range max(1, s.Wizard.Steps) {
			for _, c := range own(d.check(step)) {
				if c.High {
					d.click(c)
					pressed++
					d.until("a page after "+c.Text, func(s *state) bool { return s.Page != "" && !s.Wizard.Acting })
					break
				}
			}
		}
	}
	if pressed == 0 && !testing.Short() {
		t.Fatal("nothing was pressed")
	}
	t.Logf("%d presses", pressed)
}

// settled is when what was typed must be on disk: a second, and a little for the
// way of the keys into the window.
const settled = 1200 * time.Millisecond

// kill -9 at any moment up to a second and a half after a keystroke: what was
// typed a second before is there, in its place, and nothing else. A window that is
// closed instead has kept everything, whenever that was.
func TestKilledAtAnyMoment(t *testing.T) {
	d := practise(t)
	n := 12
	if testing.Short() {
		n = 3
	}
	for i := range n {
		d.newDraft()
		name := fmt.Sprintf("Kill %d %d", i, d.rng.IntN(100000))
		d.script("type:"+name, "key:Tab", "key:Tab", "key:Tab", "key:Tab", "key:Tab")
		d.until("the grid", func(s *state) bool { return s.Focus.Kind == "grid" && s.Editor.Buyer == name })
		head := time.Now()
		var typed []string
		var parts []string
		for r := range d.rng.IntN(5) {
			name, qty := fmt.Sprintf("zz-%d-%d", i, r), fmt.Sprint(1+d.rng.IntN(99))
			typed = append(typed, name+" "+qty)
			parts = append(parts, "type:"+name, "key:Tab", "key:Tab", "key:Tab", "type:"+qty, "key:Tab", "key:Tab", "key:Tab", "key:Tab")
		}
		d.script(append(parts, "type:last")...)
		d.until("the last cell", func(s *state) bool { return s.Focus.Row == len(typed) && s.Focus.Text == "last" })
		at := time.Now()
		// The moment is what is tried here: there is no condition to wait for.
		<-time.After(time.Duration(d.rng.IntN(1500)) * time.Millisecond)
		sinceHead, since := time.Since(head), time.Since(at)
		if d.rng.IntN(3) == 0 {
			d.close()
			d.step("closed %s after the keystroke", since)
			sinceHead, since = time.Hour, time.Hour
		} else {
			d.kill()
			d.step("killed %s after the keystroke", since)
		}
		s := d.reopen()
		if s.Editor.Buyer != name {
			if sinceHead > settled {
				t.Fatalf("round %d: %s after its buyer was typed the draft is not there; the newest is %q", i, sinceHead, s.Editor.Buyer)
			}
			d.keys("Escape")
			d.until("the list", func(s *state) bool { return s.Page == "invoices" })
			continue
		}
		want := append(slices.Clone(typed), "last ")
		var got []string
		for _, c := range s.Editor.Cells {
			if c[0]+c[3] != "" {
				got = append(got, c[0]+" "+c[3])
			}
		}
		if since > settled && !slices.Equal(got, want) {
			t.Fatalf("round %d: killed %s after the keystroke; kept is %q, typed was %q", i, since, got, want)
		}
		for r, g := range got {
			if r >= len(want) || !strings.HasPrefix(want[r], strings.TrimSpace(g)) {
				t.Fatalf("round %d: row %d holds %q, typed was %q", i, r+1, g, want)
			}
		}
		d.keys("Escape")
		d.until("the list", func(s *state) bool { return s.Page == "invoices" })
	}
}

// A server that asked to be left alone for half an hour comes back: "send now" at
// the pill, counted in invoices, sends what waits at once.
func TestSendNow(t *testing.T) {
	d := practise(t)
	d.two()
	d.tell("fault H21 on")
	d.until("the cell", func(s *state) bool { return s.Focus.Kind == "grid" })
	for _, price := range []string{"701", "702", "703"} { // three edits of one invoice
		d.keys("Home", "Right", "Right", "Right", "Right")
		d.script("type:"+price, "key:Tab")
		d.until("the edit on disk", func(s *state) bool { return s.Editor.Cells[1][4] == price && !s.Editor.Unsaved && s.Waiting > 0 })
	}
	d.keys("F5")
	d.until("the verdict", ended)
	s := d.until("the pill", func(s *state) bool { return s.Pill.Send != "" && !s.Online && s.Next > 600 })
	if s.Waiting != 1 || !strings.Contains(s.Pill.Text, "1 张") {
		t.Fatalf("one invoice waits, the pill says %q, %d", s.Pill.Text, s.Waiting)
	}
	d.keys("Escape")
	d.until("another page", func(s *state) bool { return s.Page != "wizard" })
	d.tell("fault H21 off")
	d.press(s.Pill.Send)
	d.within(8*time.Second, "a green pill", func(s *state) bool { return s.Online && s.Waiting == 0 && s.Pill.State == "good" && s.Pill.Send == "" })
}

// Told to end, as by a system that shuts down, in the middle of a cell: it is kept.
func TestTerminated(t *testing.T) {
	d := practise(t)
	d.newDraft()
	d.script("type:Shut Down Ltd", "key:Tab", "key:Tab", "key:Tab", "key:Tab", "key:Tab", "type:zz half")
	d.until("the cell", func(s *state) bool { return s.Focus.Kind == "grid" && s.Focus.Text == "zz half" })
	d.step("SIGTERM")
	d.killed = true // how it ends is its own
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	d.ended()
	s := d.reopen()
	if s.Editor.Buyer != "Shut Down Ltd" || len(s.Editor.Cells) == 0 || s.Editor.Cells[0][0] != "zz half" {
		t.Fatalf("kept is %q %q", s.Editor.Buyer, s.Editor.Cells)
	}
}

// The first-run guide by hand: practice has a folder of its own, says so, and
// leaving leads back; nothing of it is in the real folder.
func TestPracticeByHand(t *testing.T) {
	d := start(t)
	d.until("the guide", func(s *state) bool { return s.Page == "firstrun" && !s.Practice })
	real := d.state().Folder
	d.press("中文")
	d.press("在本机练习")
	s := d.until("practice", func(s *state) bool { return s.Practice && s.Page == "invoices" && s.Online })
	if s.Folder == real || !s.Band {
		t.Fatalf("folder %s, band %t", s.Folder, s.Band)
	}
	d.two()
	d.press("离开练习")
	s = d.until("the real folder", func(s *state) bool { return !s.Practice && !s.Turning && s.Page == "firstrun" })
	if s.Folder != real || s.Band {
		t.Fatalf("folder %s, band %t", s.Folder, s.Band)
	}
	d.close()
	d.open()
	if s := d.state(); s.Practice || s.Page != "firstrun" || len(s.List.Rows) > 0 {
		t.Fatalf("reopened it shows %s with %d invoices, practice %t", s.Page, len(s.List.Rows), s.Practice)
	}
}
