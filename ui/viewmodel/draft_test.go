package viewmodel

import (
	"reflect"
	"testing"

	"counterfoil/app/invoice"
)

func TestBlockCells(t *testing.T) {
	for block, want := range map[string][][]string{
		"a\tb\r\nc\td\r\n":           {{"a", "b"}, {"c", "d"}},
		"\"两行\n名称\"\t5":              {{"两行\n名称", "5"}},
		"\"say \"\"hi\"\"\"\tx":      {{`say "hi"`, "x"}},
		"4\" pipe\t2":                {{`4" pipe`, "2"}},
		"\"open quote\tx":            {{`"open quote`, "x"}},
		"a\t\tc":                     {{"a", "", "c"}},
		"":                           {{""}},
		"\"tab\tinside\"\ty\nsecond": {{"tab\tinside", "y"}, {"second"}},
	} {
		if got := blockCells(block); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, want %q", block, got, want)
		}
	}
}

// Undo brings back a text that was no number, and the number that stood for it.
func TestUndoTexts(t *testing.T) {
	b := newBench(t)
	b.SetCell(0, ColName, "法兰")
	b.SetCell(0, ColQty, "5")
	b.SetCell(0, ColQty, "五")
	if b.Cell(0, ColQty) != "五" || len(invoice.Errors(b.Issues())) == 0 {
		t.Fatalf("%q %v", b.Cell(0, ColQty), b.Issues())
	}
	b.SetCell(0, ColQty, "6")
	b.Undo()
	if b.Cell(0, ColQty) != "五" {
		t.Errorf("after undo: %q", b.Cell(0, ColQty))
	}
	b.Undo()
	if b.Cell(0, ColQty) != "5" {
		t.Errorf("after two: %q", b.Cell(0, ColQty))
	}
	b.Redo()
	if b.Cell(0, ColQty) != "五" {
		t.Errorf("after redo: %q", b.Cell(0, ColQty))
	}
}

// What was typed into an invoice that is left at once goes to disk all the same,
// and only there.
func TestLeftWhileUnsaved(t *testing.T) {
	b := newBench(t)
	b.Set("buyer.name", "甲公司")
	first := b.draft
	b.New()
	b.Set("buyer.name", "乙公司")
	b.w.until("the first save", func() bool { return !first.Unsaved() })
	b.settle()
	if id := b.Invoice().ID; id == "" || id == first.inv.ID {
		t.Fatalf("both are %q", id)
	}
	if got := b.stored().Invoice.Buyer.Name; got != "乙公司" {
		t.Errorf("the second holds %q", got)
	}
	b.Open(first.inv.ID)
	b.w.until("the first again", func() bool { return b.Invoice().ID == first.inv.ID })
	if got := b.Invoice().Buyer.Name; got != "甲公司" {
		t.Errorf("the first holds %q", got)
	}
}

// Going back takes back what was typed here, never what another branch wrote.
func TestUndoKeepsTheirs(t *testing.T) {
	b := newBench(t)
	b.Set("buyer.name", "甲公司")
	b.settle()
	b.Set("remark", "我的备注")
	b.settle()
	b.pulled(func(i *invoice.Invoice) { i.Buyer.Phone = "010-1" })
	b.Reload(b.Invoice().ID)
	b.w.until("their phone", func() bool { return b.Invoice().Buyer.Phone == "010-1" })
	b.Undo()
	if inv := b.Invoice(); inv.Remark != "" || inv.Buyer.Phone != "010-1" {
		t.Errorf("after undo: %+v", inv)
	}
}
