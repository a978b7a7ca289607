package books

import (
	"slices"

	"counterfoil/app/invoice"
)

// keepUnknown brings the fields of a newer program, which no screen knows, from
// the stored invoice into its edited content, where the edit lost them.
func keepUnknown(inv *invoice.Invoice, old invoice.Invoice) {
	if inv.Extra == nil {
		inv.Extra = old.Extra
	}
	if inv.Buyer.Extra == nil {
		inv.Buyer.Extra = old.Buyer.Extra
	}
	if inv.Seller.Extra == nil {
		inv.Seller.Extra = old.Seller.Extra
	}
	was := map[string]invoice.Line{}
	for _, l := range old.Lines {
		was[l.ID] = l
	}
	inv.Lines = slices.Clone(inv.Lines)
	for i := range inv.Lines {
		l := &inv.Lines[i]
		before := was[l.ID]
		if l.Extra == nil {
			l.Extra = before.Extra
		}
		if d := before.Discount; l.Discount != nil && l.Discount.Extra == nil && d != nil && d.Extra != nil {
			with := *l.Discount
			with.Extra = d.Extra
			l.Discount = &with
		}
	}
}
