//go:build !race

package window

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/settings"
	"counterfoil/sync/desk"
)

// A customer is drafted by keyboard alone and reaches the server; what is typed and
// not saved outlives another page and another theme, and holds the window once.
func TestCustomerByKeyboard(t *testing.T) {
	r := newRig(t, Options{Folder: desk.Folder{Dir: t.TempDir(), Practice: true}})
	c := r.win.Canvas()
	r.w.shell.Show("customers")
	list := r.w.Catalog(customer.Type, "customers")
	r.until("the customers of the practice", func() bool { return list.Read() && len(list.Rows()) > 0 })
	r.w.shell.Content("customers").New()
	if c.Focused() == nil {
		t.Fatal("nothing has the keyboard")
	}
	test.Type(c.Focused(), "Kunshan")
	c.FocusNext()
	test.Type(c.Focused(), "913205840000000012")
	r.w.shell.submit()
	r.until("the list again", func() bool { return list.Form() == nil })
	find := func() []books.Record {
		all, err := r.w.d.Store.Find(t.Context(), customer.Type, "Kunshan", 9)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	r.until("the server's answer", func() bool { all := find(); return len(all) == 1 && all[0].Pending == "" && all[0].Base != nil })
	if got := find()[0].Document.(customer.Customer); got.TaxNo != "913205840000000012" {
		t.Errorf("%+v", got)
	}

	list.Find("Kunshan")
	r.until("the row", func() bool { return len(list.Rows()) == 1 })
	r.w.shell.key(fyne.KeyDown)
	r.w.shell.key(fyne.KeyReturn)
	form := list.Form()
	test.Type(c.Focused(), " Ltd")
	r.w.shell.Show("invoices")
	r.w.Settings.SetTheme(settings.Dark)
	left := 0
	r.w.settle(func() { left++ }, func() {})
	if left != 0 || r.w.shell.Current() != "customers" || c.Overlays().Top() == nil || list.Form() != form || form.Fields()[0].Text != "Kunshan Ltd" {
		t.Fatalf("left %d, %s, %+v", left, r.w.shell.Current(), list.Form())
	}
	c.Overlays().Remove(c.Overlays().Top())
	r.w.shell.Content("customers").Save()
	r.until("the save", func() bool { return !form.Unsaved() })
	r.w.settle(func() { left++ }, func() {})
	if left != 1 || find()[0].Document.(customer.Customer).Name != "Kunshan Ltd" {
		t.Errorf("left %d, %+v", left, find())
	}
}
