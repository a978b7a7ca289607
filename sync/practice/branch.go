package practice

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/tax"
	"counterfoil/sync/wire"
)

// Branch is a second office that works on the same server.
type Branch struct {
	Name string
	now  func() time.Time

	mu     sync.Mutex // guards all below: one edit at a time
	office *office
	read   map[string]wire.Change // the invoices as it last read them
}

// EditDraft changes a draft on the server: the remark, the price of the first
// line that has one, and a new line. Empty id takes the draft changed last. A draft
// that the server does not have returns *books.Error "not_on_server", an invoice
// that is none "not_a_draft".
func (b *Branch) EditDraft(ctx context.Context, id string) (invoice.Invoice, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		inv, base, err := b.draft(ctx, id)
		if err != nil {
			return inv, err
		}
		b.edit(&inv)
		body, err := document.Encode(inv)
		if err != nil {
			return inv, err
		}
		answers, err := b.office.push(ctx, wire.Operation{DocumentType: string(invoice.Type), DocumentID: inv.ID, BaseRevision: base, Kind: string(books.Put), Body: body})
		if err != nil {
			return inv, err
		}
		switch a := answers[0]; a.Result {
		case wire.Applied:
			inv.Revision, inv.Branch = a.Revision, b.Name
			return inv, nil
		case wire.Rejected:
			return inv, &books.Error{Code: "not_a_draft", Text: "this invoice cannot be edited: " + a.Code, Hint: "choose a draft"}
		}
		// Somebody was faster: read it again.
	}
}

// draft reads what changed and returns the draft, the one changed last for "".
func (b *Branch) draft(ctx context.Context, id string) (inv invoice.Invoice, base int64, err error) {
	take := func(c wire.Change) {
		if c.DocumentType == string(invoice.Type) {
			b.read[c.DocumentID] = c
		}
	}
	err = b.office.pull(ctx, take)
	if no := (*refused)(nil); errors.As(err, &no) && no.Code == "epoch_changed" {
		b.office.cursor = ""
		clear(b.read)
		err = b.office.pull(ctx, take)
	}
	if err != nil {
		return inv, 0, err
	}
	var newest wire.Change
	for _, c := range b.read {
		if id == "" && (c.Seq < newest.Seq || c.Deleted) || id != "" && c.DocumentID != id {
			continue
		}
		was, err := invoice.Decode(c.Body)
		if id != "" || err == nil && was.State == invoice.Draft {
			newest, inv = c, was
		}
	}
	switch {
	case newest.DocumentID == "" && id == "":
		return inv, 0, &books.Error{Code: "not_on_server", Text: "the server has no draft yet", Hint: "draft an invoice and sync, then let the second branch edit it"}
	case newest.DocumentID == "" || newest.Deleted:
		return inv, 0, &books.Error{Code: "not_on_server", Text: "the server does not have this draft yet", Hint: "sync first, then let the second branch edit it"}
	case inv.State != invoice.Draft:
		return inv, 0, &books.Error{Code: "not_a_draft", Text: "this invoice is " + string(inv.State) + " and cannot be edited", Hint: "choose a draft"}
	}
	return inv, newest.Revision, nil
}

// edit is what the second branch does to every draft.
func (b *Branch) edit(inv *invoice.Invoice) {
	inv.Remark, inv.UpdatedAt = "城东分店已核对 "+b.now().Format("15:04:05"), b.now()
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
}
