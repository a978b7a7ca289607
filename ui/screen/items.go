package screen

import "counterfoil/app/item"

func init() {
	register(catalogPage("items", item.Type, 40,
		listColumn{Key: "name", Share: 290}, listColumn{Key: "tax_code", Share: 172}, listColumn{Key: "spec", Share: 116}, listColumn{Key: "unit", Share: 58}, listColumn{Key: "price", Share: 96, Right: true},
		listColumn{Key: "rate", Share: 66, Right: true}))
}
