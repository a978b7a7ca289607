package practice

import (
	"context"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/tax"
)

// Branch is a second office that works on the same server.
type Branch struct {
	p    *Practice
	Name string
}

// EditDraft changes a draft on the server: the remark, the price of the first
// line that has one, and a new line. Empty id takes the draft changed last. A draft that the
// server does not have gives *books.Error "not_on_server".
func (b *Branch) EditDraft(ctx context.Context, id string) (invoice.Invoice, error) {
	if id == "" {
		docs, err := b.p.store.Invoices(ctx, string(invoice.Draft), 1)
		if err != nil {
			return invoice.Invoice{}, err
		}
		if len(docs) == 0 {
			return invoice.Invoice{}, &books.Error{Code: "not_on_server", Text: "the server has no draft yet", Hint: "draft an invoice and sync, then let the second branch edit it"}
		}
		id = docs[0].ID
	}
	return b.p.srv.EditDraft(ctx, id, b.Name, func(inv *invoice.Invoice) {
		inv.Remark = "城东分店已核对 " + b.p.cfg.Now().Format("15:04:05")
		one, price := decimal.NewFromInt(1), decimal.NewFromInt(88)
		lines := invoice.Sorted(inv.Lines)
		last := ""
		for i, l := range lines {
			last = l.Order
			if l.Price != nil {
				up := l.Price.Add(one)
				lines[i].Price = &up
				if l.Amount != nil && l.Qty != nil {
					lines[i].Amount = nil
				}
				one = decimal.Zero // only the first
			}
		}
		qty := decimal.NewFromInt(1)
		inv.Lines = append(lines, invoice.Line{
			ID: newID(), Order: invoice.OrderBetween(last, ""), Name: "*物流辅助服务*配送费", TaxCode: "3040407040000000000",
			Unit: "次", Qty: &qty, Price: &price, Rate: tax.Rate{Value: decimal.RequireFromString("0.06")},
		})
	})
}
