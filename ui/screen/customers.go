package screen

import "counterfoil/app/customer"

func init() {
	register(catalogPage("customers", customer.Type, 30,
		listColumn{Key: "party.name", Share: 300}, listColumn{Key: "party.tax_no", Share: 176}, listColumn{Key: "party.phone", Share: 126}, listColumn{Key: "party.bank", Share: 190}))
}
