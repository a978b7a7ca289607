package screen

import (
	"slices"

	"fyne.io/fyne/v2/container"

	"counterfoil/app/customer"
	"counterfoil/app/item"
	"counterfoil/ui/xwidget"
)

// offer shows completions under the head; Enter takes the first, Esc none.
func (s *Editor) offer(texts []string, take func(i int)) {
	s.offers.RemoveAll()
	for i, text := range texts {
		if i == 4 {
			break
		}
		label := container.NewHBox(words(clip(text, 90), 13, false, blueInk))
		if i == 0 {
			label.Add(words("Enter ⏎", smallSize, false, mutedInk))
		}
		s.offers.Add(xwidget.NewTouch(around(label, 3, 8), func() { take(i) }))
	}
	s.offers.Refresh()
}

func (s *Editor) offerCustomers() {
	if s.complete(s.buyer.Text) {
		s.customers.Dismiss()
	}
	all := s.customers.Of(s.buyer.Text)
	var texts []string
	for _, c := range all {
		texts = append(texts, c.Name+"   "+c.TaxNo)
	}
	s.offer(texts, func(i int) { s.takeCustomer(all[i]) })
}

// complete reports whether a text is the whole name of a customer.
func (s *Editor) complete(name string) bool {
	return slices.ContainsFunc(s.customers.Of(name), func(c customer.Customer) bool { return c.Name == name })
}

func (s *Editor) takeCustomer(c customer.Customer) {
	s.customers.Dismiss()
	s.vm.SetCustomer(c)
	s.shown = ""
	s.Refresh()
}

func (s *Editor) offerItems() {
	all := s.items.Of(s.grid.Typed())
	row, _ := s.grid.Current()
	var texts []string
	for _, it := range all {
		texts = append(texts, it.Name+"   "+it.Spec+"   "+it.Rate.Percent())
	}
	s.offer(texts, func(i int) { s.takeItem(row, all[i]) })
}

func (s *Editor) takeItem(row int, it item.Item) {
	s.items.Dismiss()
	s.vm.SetItem(row, it)
	s.grid.Take()
	s.grid.Go(row, 4)
}
