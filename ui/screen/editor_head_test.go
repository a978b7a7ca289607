package screen

import (
	"context"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	keys "fyne.io/fyne/v2/driver/desktop"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/seller"
)

func (d *desktop) input(key string) *input {
	d.t.Helper()
	for _, in := range append(slices.Clone(d.head.parts), d.Editor.detail.parts...) {
		if in.key == key {
			return in
		}
	}
	d.t.Fatalf("no place for %s", key)
	return nil
}

// Every field of the table has a place on the page.
func TestEveryFieldHasAPlace(t *testing.T) {
	d := newDesktop(t)
	for _, f := range invoice.Fields {
		switch f.Key {
		case "date", "kind", "basis", "buyer.name", "buyer.tax_no", "remark":
			continue
		}
		if f.Group != "seller" && d.input(f.Key).label.Text == f.Key {
			t.Errorf("%s has no name", f.Key)
		}
	}
}

// The folded part is opened, filled and undone by keyboard alone; folded, it is not
// in the way from the head to the lines.
func TestMoreByKeyboard(t *testing.T) {
	d := newDesktop(t)
	c := d.win.Canvas()
	c.Focus(d.date)
	c.FocusNext()
	if f := c.Focused(); f == nil || f == fyne.Focusable(d.head.fold) || d.head.more.Visible() {
		t.Errorf("after the date comes %T", f)
	}
	d.Focus(c)
	c.FocusPrevious()
	if c.Focused() != d.head.fold {
		t.Fatalf("before the buyer comes %T", c.Focused())
	}
	d.press(fyne.KeySpace)
	d.typeIn(" ") // as the driver does
	address := d.input("buyer.address").entry
	if c.Focused() != address || !d.head.more.Visible() {
		t.Fatalf("opened, and %T has the keyboard", c.Focused())
	}
	d.typeIn("苏州")
	d.press(fyne.KeyReturn)
	d.typeIn("0512")
	if b := d.vm.Invoice().Buyer; b.Address != "苏州" || b.Phone != "0512" {
		t.Errorf("%+v", b)
	}
	d.input("buyer.phone").entry.TypedShortcut(&fyne.ShortcutUndo{})
	if d.input("buyer.phone").entry.Text != "" || address.Text != "苏州" {
		t.Errorf("undone: %q %q", d.input("buyer.phone").entry.Text, address.Text)
	}
	due := d.input("due")
	due.entry.SetText("月底")
	if due.label.Color != ink(badInk) {
		t.Error("no date, and nothing is said beside it")
	}
	d.flush()
	id := d.vm.Invoice().ID
	d.vm.New()
	d.vm.Open(id)
	d.until("the draft", func() bool { return d.vm.Invoice().ID == id })
	if due.entry.Text != "月底" || address.Text != "苏州" {
		t.Errorf("opened again: %q %q", due.entry.Text, address.Text)
	}
}

// From a cell Ctrl+L leads to what stands beside the line, and Esc back.
func TestDetailByKeyboard(t *testing.T) {
	d := newDesktop(t)
	d.grid.Focus()
	d.grid.Go(0, 1)
	d.typeIn("法兰")
	cell := d.win.Canvas().Focused()
	cell.(fyne.Shortcutable).TypedShortcut(&keys.CustomShortcut{KeyName: fyne.KeyL, Modifier: fyne.KeyModifierControl})
	if d.win.Canvas().Focused() != d.input("tax_code").entry {
		t.Fatalf("%T has the keyboard", d.win.Canvas().Focused())
	}
	d.typeIn("1080101010000000000")
	d.win.Canvas().FocusNext()
	policy := d.input("policy").choice
	if d.win.Canvas().Focused() != policy {
		t.Fatalf("%T has the keyboard", d.win.Canvas().Focused())
	}
	d.press(fyne.KeyRight)
	if l := d.vm.Invoice().Lines[0]; l.Policy != "01" || l.TaxCode != "1080101010000000000" || policy.Selected != "简易征收" {
		t.Errorf("%+v, shown as %q", l, policy.Selected)
	}
	d.press(fyne.KeyEscape)
	if d.win.Canvas().Focused() != cell {
		t.Errorf("%T has the keyboard", d.win.Canvas().Focused())
	}
	d.grid.Go(1, 1)
	if d.input("tax_code").entry.Text != "" || policy.Selected != "（无）" {
		t.Errorf("the next line has %q %q", d.input("tax_code").entry.Text, policy.Selected)
	}
	// Typed for the empty last row it makes that line, and stays with it.
	d.Editor.detail.focus()
	d.typeIn("304")
	if l := d.vm.Invoice().Lines; len(l) != 2 || l[1].TaxCode != "304" || d.input("tax_code").entry.Text != "304" {
		t.Errorf("%+v, shown as %q", l, d.input("tax_code").entry.Text)
	}
	if row, _ := d.grid.Current(); row != 1 {
		t.Errorf("the grid went on to row %d", row+1)
	}
}

// Without a seller a quiet line says so; of several one is chosen.
func TestSellerInTheHead(t *testing.T) {
	d := newDesktop(t)
	d.until("the sellers", func() bool { return len(d.posted) == 0 })
	if !d.head.byRow.Visible() || d.head.byNote.Text == "" || d.head.byBox.Visible() {
		t.Errorf("none: %q", d.head.byNote.Text)
	}
	err := d.db.Update(context.Background(), func(tx books.SyncTx) error {
		for _, name := range []string{"甲", "乙"} {
			if err := tx.SetClean(seller.Seller{ID: name, Revision: 1, Party: party.Party{Name: name, TaxNo: "NO" + name}}, nil, books.HistoryEntry{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	d.vm.LoadSellers()
	d.until("the choice", func() bool { return d.head.byBox.Visible() })
	d.head.by.SetSelectedIndex(1)
	if got := d.vm.Invoice().Seller.Name; got == "" || d.head.by.Selected != got+"  NO"+got {
		t.Errorf("%q, shown as %q", got, d.head.by.Selected)
	}
	d.travel(false)
	if d.vm.Invoice().Seller.Name != "" || d.head.by.Selected != "" {
		t.Errorf("undone: %q", d.head.by.Selected)
	}
}
