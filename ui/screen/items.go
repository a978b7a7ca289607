package screen

import (
	"context"

	"counterfoil/app/books"
	"counterfoil/app/item"
	"counterfoil/app/money"
)

func init() {
	register(catalogPage("items", 40, item.Type, [3]string{"name", "code", "price"}, func(ctx context.Context, h *Host, search string) ([][3]string, error) {
		all, err := books.Find[item.Item](ctx, h.Store, search, 200)
		var out [][3]string
		for _, i := range all {
			price := "—"
			if i.Price != nil {
				price = money.Format(*i.Price)
			}
			out = append(out, [3]string{i.Name, i.TaxCode, price + "  " + i.Rate.Percent() + "  " + i.Unit})
		}
		return out, err
	}))
}
