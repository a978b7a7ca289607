package localdb

import (
	"context"
	"database/sql"
	"fmt"

	"counterfoil/app/invoice"
	"counterfoil/app/party"
)

type (
	customerBody struct {
		ID       string    `json:"id"`
		Party    partyBody `json:"party"`
		Email    string    `json:"email,omitempty"`
		Revision int64     `json:"revision,omitzero"`
	}
	itemBody struct {
		ID       string  `json:"id"`
		Name     string  `json:"name"`
		TaxCode  string  `json:"tax_code,omitempty"`
		Spec     string  `json:"spec,omitempty"`
		Unit     string  `json:"unit,omitempty"`
		Price    *string `json:"price,omitempty"`
		Rate     string  `json:"rate"`
		Revision int64   `json:"revision,omitzero"`
	}
)

func (t *tx) SetCustomer(c party.Customer, deleted bool) error {
	if deleted {
		return t.exec(`DELETE FROM customer WHERE id = ?`, c.ID)
	}
	body, err := marshal(customerBody{c.ID, partyBody(c.Party), c.Email, c.Revision})
	if err != nil {
		return err
	}
	return t.exec(`INSERT OR REPLACE INTO customer (id, key, search, body) VALUES (?, ?, ?, ?)`, c.ID, sortKey(c.Name), customerText(c), body)
}

func (t *tx) SetItem(i invoice.Item, deleted bool) error {
	if deleted {
		return t.exec(`DELETE FROM item WHERE id = ?`, i.ID)
	}
	body, err := marshal(itemBody{i.ID, i.Name, i.TaxCode, i.Spec, i.Unit, text(i.Price), i.Rate.String(), i.Revision})
	if err != nil {
		return err
	}
	return t.exec(`INSERT OR REPLACE INTO item (id, key, search, body) VALUES (?, ?, ?, ?)`, i.ID, sortKey(i.Name), itemText(i), body)
}

// Customers lists those that hold every word of search, by name in pinyin order.
func (d *DB) Customers(ctx context.Context, search string, limit int) ([]party.Customer, error) {
	var all []party.Customer
	err := d.master(ctx, "customer", search, limit, func(data []byte) error {
		var b customerBody
		if err := unmarshal(data, &b); err != nil {
			return err
		}
		all = append(all, party.Customer{ID: b.ID, Party: party.Party(b.Party), Email: b.Email, Revision: b.Revision})
		return nil
	})
	return all, wrap("customers", err)
}

// Items lists those that hold every word of search, by name in pinyin order.
func (d *DB) Items(ctx context.Context, search string, limit int) ([]invoice.Item, error) {
	var all []invoice.Item
	err := d.master(ctx, "item", search, limit, func(data []byte) error {
		var b itemBody
		if err := unmarshal(data, &b); err != nil {
			return err
		}
		var p parser
		all = append(all, invoice.Item{ID: b.ID, Name: b.Name, TaxCode: b.TaxCode, Spec: b.Spec, Unit: b.Unit,
			Price: p.maybe(b.Price), Rate: p.rate(b.Rate), Revision: b.Revision})
		return p.err
	})
	return all, wrap("items", err)
}

// master leaves out what is damaged: it holds up no other, the next pull from the
// start brings it again, and Check names it.
func (d *DB) master(ctx context.Context, table, search string, limit int, add func([]byte) error) error {
	query, args := `SELECT body FROM `+table+` WHERE sum IS row_sum(`+masterSummed+`)`, []any{}
	for _, w := range searchWords(search) {
		query += ` AND instr(search, ?) > 0`
		args = append(args, w)
	}
	return d.each(ctx, query+` ORDER BY key LIMIT ?`, append(args, limit), func(r *sql.Rows) error {
		var data []byte
		if err := r.Scan(&data); err != nil {
			return err
		}
		if err := add(data); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrCorrupt, table, err)
		}
		return nil
	})
}
