package screen

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
	"counterfoil/app/locale"
	"counterfoil/app/party"
	"counterfoil/app/tax"
	"counterfoil/localdb"
	"counterfoil/sync/merge"
	"counterfoil/ui/look"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// desktop is the editor in a window over a real store; the test is the window's goroutine.
type desktop struct {
	*Editor
	t      *testing.T
	vm     *viewmodel.Editor
	desk   *books.Desk
	db     *localdb.DB
	posted chan func()
	win    fyne.Window
}

func newDesktop(t *testing.T) *desktop {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(look.Theme{Choice: "light"})
	words, err := locale.New("zh")
	if err != nil {
		t.Fatal(err)
	}
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	db, err := localdb.Open(context.Background(), filepath.Join(t.TempDir(), "x.db"), localdb.Options{Now: time.Now, NewID: newID})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = db.Update(context.Background(), func(tx books.SyncTx) error {
		for i, name := range []string{"*金属制品*法兰", "*纸制品*复印纸"} {
			price := decimal.New(int64(100*(i+1)), 0)
			if err := tx.SetClean(item.Item{ID: name, Name: name, Unit: "个", Price: &price, Rate: tax.Rate{Value: decimal.New(13, -2)}}, nil, books.HistoryEntry{}); err != nil {
				return err
			}
		}
		return tx.SetClean(customer.Customer{ID: "c", Party: party.Party{Name: "苏州明远精密机械有限公司", TaxNo: "91310112087994932F"}}, nil, books.HistoryEntry{})
	})
	if err != nil {
		t.Fatal(err)
	}
	d := &desktop{t: t, db: db, desk: &books.Desk{Store: db, Now: time.Now, NewID: newID, Merge: merge.Three}, posted: make(chan func(), 1000)}
	setup := viewmodel.Setup{Post: func(f func()) { d.posted <- f }, Now: time.Now, Words: words}
	d.vm = viewmodel.NewEditor(setup, d.desk, db, func(time.Duration, func()) func() { return func() {} })
	d.vm.Merge = merge.Three
	d.Editor = NewEditor(d.vm, words)
	d.win = test.NewTempWindow(t, d.Object())
	d.win.Resize(fyne.NewSize(1366, 768))
	return d
}

// until runs what is posted until the condition holds.
func (d *desktop) until(what string, ok func() bool) {
	d.t.Helper()
	limit := time.After(20 * time.Second)
	for !ok() {
		select {
		case f := <-d.posted:
			f()
		case <-limit:
			d.t.Fatalf("%s never came", what)
		}
	}
}

func (d *desktop) flush() {
	d.t.Helper()
	if err := d.vm.Flush(context.Background()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desktop) typeIn(s string) {
	for _, r := range s {
		d.win.Canvas().Focused().TypedRune(r)
	}
}

func (d *desktop) press(keys ...fyne.KeyName) {
	for _, k := range keys {
		d.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: k})
	}
}

// Pinyin typed at full speed, and Enter before any answer came: each line gets
// the item of its own text, and only of that.
func TestFastCompletion(t *testing.T) {
	d := newDesktop(t)
	d.Focus(d.win.Canvas())
	d.typeIn("szmy")
	d.press(fyne.KeyReturn)
	if b := d.vm.Invoice().Buyer; b.Name != "苏州明远精密机械有限公司" || d.buyer.Text != b.Name || b.TaxNo == "" {
		t.Errorf("the buyer is %+v", b)
	}
	d.grid.Focus()
	want := []string{"*金属制品*法兰", "*纸制品*复印纸", "unlike any", "*金属制品*法兰"}
	for row, text := range []string{"fl", "fyz", "unlike any", "fl"} {
		d.grid.Go(row, 1)
		d.typeIn(text)
		d.press(fyne.KeyReturn)
		d.typeIn("3")
	}
	d.Commit()
	for len(d.posted) > 0 {
		(<-d.posted)() // the late answers
	}
	for row, name := range want {
		if got := d.vm.Cell(row, viewmodel.ColName); got != name {
			t.Errorf("line %d is %q, want %q", row+1, got, name)
		}
	}
	if len(d.offers.Objects) > 0 {
		t.Error("completions of a cell that was left are shown")
	}
	// Esc refuses them: Enter then goes on.
	d.grid.Go(4, 1)
	d.typeIn("fl")
	d.until("the completions", func() bool { return len(d.offers.Objects) > 0 })
	d.press(fyne.KeyEscape, fyne.KeyReturn)
	if got := d.vm.Cell(4, viewmodel.ColName); got != "fl" {
		t.Errorf("refused, and taken all the same: %q", got)
	}
}

// After a submit nothing holds the keyboard, so the window's keys are alive.
func TestSubmitGivesTheKeyboardBack(t *testing.T) {
	for _, inGrid := range []bool{true, false} {
		d := newDesktop(t)
		d.Focus(d.win.Canvas())
		d.typeIn("甲公司")
		d.vm.Paste(0, viewmodel.ColName, "法兰\t\t个\t1\t2\t\t13")
		if inGrid {
			d.grid.Go(0, 4)
			d.typeIn("2")
			d.Commit()
		}
		d.vm.Submit()
		d.until("the submit", func() bool { return d.vm.Invoice().State == invoice.Waiting })
		if f := d.win.Canvas().Focused(); f != nil {
			t.Errorf("%T keeps the keyboard", f)
		}
	}
}

// A new draft begins in its first cell, an opened one has the keyboard.
func TestWhereTheCursorIs(t *testing.T) {
	d := newDesktop(t)
	d.Focus(d.win.Canvas())
	d.typeIn("甲公司")
	d.grid.Focus()
	d.grid.Go(0, 5)
	d.typeIn("7")
	first := d.vm
	d.Commit()
	d.flush()
	id := first.Invoice().ID
	d.vm.New()
	d.Refresh()
	if row, col := d.grid.Current(); row != 0 || col != 1 {
		t.Errorf("a new draft begins at %d, %d", row, col)
	}
	if d.buyer.Text != "" || d.grid.Typed() != "" {
		t.Errorf("it shows %q and %q", d.buyer.Text, d.grid.Typed())
	}
	d.win.Canvas().Unfocus()
	d.FocusNext()
	d.vm.Open(id)
	d.Refresh()
	d.until("the draft", func() bool { return d.vm.Invoice().ID == id })
	if d.win.Canvas().Focused() != d.buyer || d.buyer.Text != "甲公司" {
		t.Errorf("%T has the keyboard", d.win.Canvas().Focused())
	}
}

// Undo in a field of the head takes the edit back where it is seen.
func TestUndoInTheHead(t *testing.T) {
	d := newDesktop(t)
	d.Focus(d.win.Canvas())
	d.typeIn("甲公司")
	d.win.Canvas().Focus(d.remark)
	d.typeIn("备注")
	d.remark.TypedShortcut(&fyne.ShortcutUndo{})
	if d.remark.Text != "" || d.buyer.Text != "甲公司" {
		t.Errorf("%q %q", d.remark.Text, d.buyer.Text)
	}
	d.remark.TypedShortcut(&fyne.ShortcutUndo{})
	if d.buyer.Text != "" {
		t.Errorf("the buyer is %q", d.buyer.Text)
	}
	d.remark.TypedShortcut(&fyne.ShortcutRedo{})
	d.remark.TypedShortcut(&fyne.ShortcutRedo{})
	if d.remark.Text != "备注" || d.vm.Invoice().Buyer.Name != "甲公司" {
		t.Errorf("%q %+v", d.remark.Text, d.vm.Invoice())
	}
}

// A half date is kept and told, and comes back as it was typed.
func TestHalfADate(t *testing.T) {
	d := newDesktop(t)
	d.win.Canvas().Focus(d.date)
	d.date.SetText("2026-1")
	d.buyer.SetText("甲公司")
	d.flush()
	id := d.vm.Invoice().ID
	d.vm.New()
	d.vm.Open(id)
	d.until("the draft", func() bool { return d.vm.Invoice().ID == id })
	if d.date.Text != "2026-1" || d.datenote.Color != ink(badInk) {
		t.Errorf("the date is %q", d.date.Text)
	}
}

// What two wrote is looked at before it is handed in: the tick is there as long
// as the stored invoice wants it.
func TestReviewTick(t *testing.T) {
	d := newDesktop(t)
	d.buyer.SetText("甲公司")
	d.vm.Paste(0, viewmodel.ColName, "法兰\t\t个\t1\t2\t\t13")
	d.flush()
	id := d.vm.Invoice().ID
	err := d.db.Update(context.Background(), func(tx books.SyncTx) error {
		st, err := tx.Document(document.Key{Type: invoice.Type, ID: id})
		if err != nil {
			return err
		}
		inv := st.Document.(invoice.Invoice)
		inv.Revision = 1
		base := inv
		inv.ReviewNeeded = true
		return tx.SetBase(inv, base, books.Put, books.HistoryEntry{Event: "merged"})
	})
	if err != nil {
		t.Fatal(err)
	}
	tick := func() *xwidget.Check {
		var found *xwidget.Check
		var look func(o fyne.CanvasObject)
		look = func(o fyne.CanvasObject) {
			switch o := o.(type) {
			case *xwidget.Check:
				found = o
			case *fyne.Container:
				for _, c := range o.Objects {
					look(c)
				}
			}
		}
		look(d.warn)
		return found
	}
	// The window does not know yet; the refusal tells it.
	d.vm.Submit()
	d.until("the tick", func() bool { return tick() != nil })
	if !d.vm.Editable() {
		t.Fatal("handed in without a look")
	}
	tick().SetChecked(true)
	if tick() != nil {
		t.Error("ticked, and still asked for")
	}
	d.vm.Submit()
	d.until("the submit", func() bool { return d.vm.Invoice().State == invoice.Waiting })
}
