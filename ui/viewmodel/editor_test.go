package viewmodel

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/localdb"
	"counterfoil/sync/merge"
)

// A bench is an editor over a real store; time passes when the test says so.
type bench struct {
	*Editor
	t    testing.TB
	w    *window
	db   *localdb.DB
	desk *books.Desk
	due  func() // what waits for time to pass
}

func newBench(t testing.TB) *bench {
	t.Helper()
	w, setup := newWindow(t)
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	db, err := localdb.Open(context.Background(), filepath.Join(t.TempDir(), "x.db"), localdb.Options{Now: setup.Now, NewID: newID})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	b := &bench{t: t, w: w, db: db, desk: &books.Desk{Store: db, Now: setup.Now, NewID: newID, Merge: merge.Three}}
	b.Editor = NewEditor(setup, b.desk, db, func(_ time.Duration, f func()) func() {
		b.due = f
		return func() { b.due = nil }
	})
	b.Merge = merge.Three
	return b
}

// settle lets time pass until everything typed is on disk.
func (b *bench) settle() {
	b.t.Helper()
	if f := b.due; f != nil {
		b.due = nil
		f()
	}
	b.w.until("a save", func() bool { return !b.Unsaved() })
}

func (b *bench) stored() books.Stored {
	b.t.Helper()
	st, err := b.db.Invoice(context.Background(), b.Invoice().ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return st
}

// pulled is what sync does when the server's version comes: clean, a new base.
func (b *bench) pulled(f func(*invoice.Invoice)) {
	b.t.Helper()
	inv := b.stored().Invoice
	inv.Lines = append([]invoice.Line{}, inv.Lines...)
	inv.Revision++
	f(&inv)
	err := b.db.Update(context.Background(), func(tx books.SyncTx) error {
		return tx.SetClean(inv, nil, books.HistoryEntry{At: noon, Event: "received"})
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) fill() {
	b.t.Helper()
	b.Set("buyer.name", "苏州明远")
	b.SetCell(0, ColName, "法兰")
	b.SetCell(0, ColQty, "120")
	b.SetCell(0, ColPrice, "85.5")
	b.SetCell(0, ColDiscount, "10%")
	b.SetCell(1, ColName, "垫片")
	b.SetCell(1, ColQty, "300")
	b.SetCell(1, ColPrice, "6.20")
}

func TestEditorTotals(t *testing.T) {
	b := newBench(t)
	b.fill()
	if s := b.Sheet(); s.Gross.String() != "12536.22" || s.Words != "壹万贰仟伍佰叁拾陆圆贰角贰分" {
		t.Errorf("%s %s", s.Gross, s.Words)
	}
	b.SetCell(1, ColRate, "6")
	if s := b.Sheet(); s.Gross.String() != "12406.02" {
		t.Errorf("at 6 %%: %s", s.Gross)
	}
	b.Set("basis", string(invoice.Inclusive))
	if s := b.Sheet(); s.Gross.String() != "11094" {
		t.Errorf("with tax: %s", s.Gross)
	}
	for range 2 {
		b.Undo()
	}
	if s := b.Sheet(); s.Gross.String() != "12536.22" {
		t.Errorf("after undo: %s", s.Gross)
	}
	b.Redo()
	if s := b.Sheet(); s.Gross.String() != "12406.02" {
		t.Errorf("after redo: %s", s.Gross)
	}
}

func TestEditorSavesByItself(t *testing.T) {
	b := newBench(t)
	if b.Save(); b.Unsaved() || b.Invoice().ID != "" {
		t.Error("an empty draft is saved")
	}
	b.fill()
	if !b.Unsaved() || b.due == nil {
		t.Fatal("nothing is going to be saved")
	}
	b.settle()
	ids := func(inv invoice.Invoice) (out []string) {
		for _, l := range inv.Lines {
			out = append(out, l.ID)
		}
		return out
	}
	first := ids(b.stored().Invoice)
	if b.stored().Invoice.Buyer.Name != "苏州明远" || len(first) != 2 {
		t.Fatalf("%+v", b.stored().Invoice)
	}
	// Lines keep their ids over saves, also those typed while one was under way.
	b.SetCell(2, ColName, "新")
	b.Save()
	b.SetCell(2, ColQty, "1")
	b.SetCell(2, ColPrice, "2")
	third := ids(b.Invoice())[2]
	b.settle()
	if got := ids(b.stored().Invoice); strings.Join(got, " ") != strings.Join(append(first, third), " ") {
		t.Errorf("the lines were %v, are %v", append(first, third), got)
	}
	if q := b.stored().Invoice.Lines[2].Qty; q == nil || q.String() != "1" {
		t.Errorf("typed during a save: %v", q)
	}
}

func TestEditorKeepsBadText(t *testing.T) {
	b := newBench(t)
	b.fill()
	b.SetCell(0, ColQty, "12O")
	b.SetCell(1, ColRate, "much")
	if b.Cell(0, ColQty) != "12O" || b.Sheet().Gross.String() != "12536.22" {
		t.Errorf("%q, %s", b.Cell(0, ColQty), b.Sheet().Gross)
	}
	codes := map[string]bool{}
	for _, i := range b.Issues() {
		codes[i.Code] = true
	}
	if !codes["number_malformed"] || !codes["rate_malformed"] {
		t.Errorf("issues %v", b.Issues())
	}
	b.settle()
	// A sync round does not take it away, nor hands it in.
	b.pulled(func(*invoice.Invoice) {})
	b.Reload(b.Invoice().ID)
	b.w.until("the reload", func() bool { return b.Invoice().Revision == 1 })
	if b.Cell(0, ColQty) != "12O" || b.Cell(1, ColRate) != "much" {
		t.Errorf("after sync: %q %q", b.Cell(0, ColQty), b.Cell(1, ColRate))
	}
	b.Submit()
	if b.stored().Invoice.State != invoice.Draft {
		t.Error("it was handed in with a text that is no number")
	}
	b.SetCell(0, ColQty, "1")
	b.SetCell(1, ColRate, "13%")
	b.Submit()
	b.w.until("the submit", func() bool { return b.Invoice().State == invoice.Waiting })
	if b.Editable() || b.stored().Invoice.State != invoice.Waiting {
		t.Errorf("%v", b.stored().Invoice.State)
	}
}

// Sync brings another version while the clerk types: nothing typed is lost, and
// what the other branch wrote elsewhere stays.
func TestEditorMeetsSync(t *testing.T) {
	b := newBench(t)
	b.fill()
	b.settle()
	b.Set("remark", "typed here")
	b.SetCell(0, ColQty, "7")
	b.pulled(func(i *invoice.Invoice) { i.Lines[1].Spec = "from the other branch" })
	b.Reload(b.Invoice().ID)
	b.settle()
	inv := b.stored().Invoice
	if inv.Remark != "typed here" || inv.Lines[0].Qty.String() != "7" || inv.Lines[1].Spec != "from the other branch" {
		t.Errorf("remark %q, qty %v, spec %q", inv.Remark, inv.Lines[0].Qty, inv.Lines[1].Spec)
	}
	if b.Invoice().Remark != "typed here" || b.Invoice().Lines[1].Spec != "from the other branch" || b.Message() != "" {
		t.Errorf("shown: %+v, %q", b.Invoice(), b.Message())
	}
	// Undo still reaches what was before.
	b.Undo()
	if b.Cell(0, ColQty) != "120" {
		t.Errorf("after undo: %q", b.Cell(0, ColQty))
	}
}

func TestEditorIssuedMeanwhile(t *testing.T) {
	b := newBench(t)
	b.fill()
	b.settle()
	b.Set("remark", "too late")
	b.pulled(func(i *invoice.Invoice) { i.State, i.Number = invoice.Issued, "00000001" })
	b.Save()
	b.w.until("a message", func() bool { return b.Message() != "" })
	if inv := b.stored().Invoice; inv.State != invoice.Issued || inv.Remark != "" {
		t.Errorf("an issued invoice changed: %+v", inv)
	}
	if b.Invoice().Remark != "too late" {
		t.Error("what was typed is gone")
	}
}

func TestEditorLines(t *testing.T) {
	b := newBench(t)
	b.fill()
	names := func() string {
		var out []string
		for _, l := range invoice.Sorted(b.Invoice().Lines) {
			out = append(out, l.Name)
		}
		return strings.Join(out, " ")
	}
	b.DuplicateLine(0)
	b.MoveLine(2, -1)
	if names() != "法兰 垫片 法兰" {
		t.Errorf("%s", names())
	}
	b.settle()
	if names() != "法兰 垫片 法兰" {
		t.Errorf("after a save: %s", names())
	}
	b.DeleteLine(0)
	b.DeleteLine(9)
	b.MoveLine(0, -1)
	if names() != "垫片 法兰" {
		t.Errorf("%s", names())
	}
	b.Undo()
	if names() != "法兰 垫片 法兰" {
		t.Errorf("after undo: %s", names())
	}
	b.Paste(3, ColName, "螺栓\tM12\t只\t5\t2.5\t\t13%\r\n螺母\tM12\t只\t六\t1\t\t13%\r\n")
	if b.Rows() != 6 || b.Cell(3, ColQty) != "5" || b.Cell(4, ColQty) != "六" || b.Cell(4, ColPrice) != "1" {
		t.Errorf("%d rows, %q %q %q", b.Rows(), b.Cell(3, ColQty), b.Cell(4, ColQty), b.Cell(4, ColPrice))
	}
	b.Undo()
	if b.Rows() != 4 {
		t.Errorf("a block is one step of undo, %d rows are left", b.Rows())
	}
}

func TestTypedRate(t *testing.T) {
	for text, want := range map[string]string{"13": "13%", "13%": "13%", "0.13": "13%", "９％": "9%", "0": "0%", "1": "1%", "1.5": "1.5%", "免税": "免税", "不征税": "不征税", "x": "", "-1": "", "100": "", "0.015": "1.5%"} {
		r, ok := typedRate(text)
		if ok != (want != "") || ok && r.Percent() != want {
			t.Errorf("%q reads %q %v, want %q", text, r.Percent(), ok, want)
		}
	}
}
