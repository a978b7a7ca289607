package screen

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/locale"
	"counterfoil/ui/look"
	"counterfoil/ui/viewmodel"
)

// drawer holds rows in their order.
type drawer struct{ rows []books.Row }

func (d *drawer) List(context.Context, books.Filter, books.Order, string, int) (books.Page, error) {
	return books.Page{Rows: slices.Clone(d.rows)}, nil
}

func (d *drawer) ListBack(context.Context, books.Filter, books.Order, string, int) (books.Page, error) {
	return books.Page{Rows: slices.Clone(d.rows)}, nil
}

func (d *drawer) Rows(_ context.Context, _ books.Filter, _ books.Order, ids []string) ([]books.Row, error) {
	var out []books.Row
	for _, r := range d.rows {
		if slices.Contains(ids, r.ID) {
			out = append(out, r)
		}
	}
	return out, nil
}

func (d *drawer) Counts(context.Context, books.Filter) (books.Counts, error) {
	return books.Counts{All: len(d.rows)}, nil
}

// TestListKeepsItsPlace draws rows that come and go above what is in sight: the
// same rows stay in sight, and the selected one is not scrolled back to.
func TestListKeepsItsPlace(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(look.Theme{Choice: "light"})
	words, err := locale.New("en")
	if err != nil {
		t.Fatal(err)
	}
	posted := make(chan func(), 99)
	store := &drawer{}
	row := func(i int) books.Row {
		return books.Row{ID: fmt.Sprint(i), Reference: fmt.Sprint(i), State: invoice.Draft, Place: books.Place{Number: int64(i)}}
	}
	for i := range 200 {
		store.rows = append(store.rows, row(1000-i)) // newest first
	}
	vm := viewmodel.NewInvoices(viewmodel.Setup{Post: func(f func()) { posted <- f }, Now: time.Now, Words: words}, store)
	s := NewInvoices(vm, words, time.Now)
	w := test.NewTempWindow(t, s.Object())
	w.Resize(fyne.NewSize(1200, 700))
	settle := func(done func() bool) {
		t.Helper()
		end := time.After(10 * time.Second)
		for !done() {
			select {
			case f := <-posted:
				f()
			case <-end:
				t.Fatal("it does not end")
			}
		}
	}
	settled := func() bool {
		return !vm.Searching() && vm.Counted() && len(posted) == 0 && vm.Counts().All == len(store.rows)
	}
	vm.Load()
	settle(settled)
	height := s.template().MinSize().Height + s.list.Theme().Size("padding")
	inSight := func() string { return vm.Rows()[int(s.list.GetScrollOffset()/height)].ID }
	s.Key(fyne.KeyHome)
	s.list.ScrollToOffset(50*height + 3)
	was := inSight()
	if was != "950" {
		t.Fatalf("%s is in sight", was)
	}
	store.rows = append([]books.Row{row(1001), row(1002)}, store.rows...)
	vm.Touch("1001", "1002")
	settle(settled)
	if now := inSight(); now != was || vm.Selected() != "1000" {
		t.Errorf("%s is in sight and %s selected after two rows came above", now, vm.Selected())
	}
	store.rows = slices.DeleteFunc(store.rows, func(r books.Row) bool { return r.ID == "990" || r.ID == was })
	vm.Touch("990", was)
	settle(settled)
	if now := inSight(); now != "951" { // the one below it stands where it stood
		t.Errorf("%s is in sight after that row went", now)
	}
	s.Key(fyne.KeyEnd)
	if last := vm.Rows()[len(vm.Rows())-1].ID; vm.Selected() != last || s.list.GetScrollOffset() < 150*height {
		t.Errorf("End selects %s", vm.Selected())
	}
}
