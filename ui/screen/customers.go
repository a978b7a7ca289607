package screen

import (
	"context"

	"counterfoil/app/books"
	"counterfoil/app/customer"
)

func init() {
	register(catalogPage("customers", 30, customer.Type, [3]string{"name", "taxno", "bank"}, func(ctx context.Context, h *Host, search string) ([][3]string, error) {
		all, err := books.Find[customer.Customer](ctx, h.Store, search, 200)
		var out [][3]string
		for _, c := range all {
			out = append(out, [3]string{c.Name, c.TaxNo, c.Bank + " " + c.Account})
		}
		return out, err
	}))
}
