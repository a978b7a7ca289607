package server

import (
	"context"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

// Seed writes master data and issues invoices as branch does, in one
// transaction. Documents that exist are raised by one revision.
func (s *Server) Seed(ctx context.Context, customers []party.Customer, items []invoice.Item, invoices []invoice.Invoice, branch string) error {
	_, err := Do(ctx, s.cfg.Store, func(tx Tx) (none struct{}, _ error) {
		for _, c := range customers {
			if err := put(tx, books.CustomerDocument, c.ID, func(rev int64) ([]byte, error) {
				c.Revision = rev
				return wire.EncodeCustomer(c)
			}); err != nil {
				return none, err
			}
		}
		for _, i := range items {
			if err := put(tx, books.ItemDocument, i.ID, func(rev int64) ([]byte, error) {
				i.Revision = rev
				return wire.EncodeItem(i)
			}); err != nil {
				return none, err
			}
		}
		key, err := s.key(ctx)
		if err != nil {
			return none, err
		}
		d := &decider{s: s, tx: tx, key: key, who: access.Principal{Branch: branch}, now: s.now(), taxUp: true}
		for _, inv := range invoices {
			if _, err := d.accept(wire.Operation{BaseRevision: inv.Revision}, inv, invoice.Waiting, branch); err != nil {
				return none, err
			}
		}
		return none, nil
	})
	if err == nil {
		s.hint(ctx)
	}
	return err
}

func put(tx Tx, t books.DocumentType, id string, encode func(rev int64) ([]byte, error)) error {
	cur, _, err := tx.Document(string(t), id)
	if err != nil {
		return err
	}
	body, err := encode(cur.Revision + 1)
	if err != nil {
		return err
	}
	seq, err := tx.NextSeq()
	if err != nil {
		return err
	}
	return tx.Write(Document{Type: string(t), ID: id, Revision: cur.Revision + 1, Seq: seq, Body: body})
}

// EditDraft changes a draft on the server as branch does.
func (s *Server) EditDraft(ctx context.Context, id, branch string, change func(*invoice.Invoice)) (invoice.Invoice, error) {
	out, err := Do(ctx, s.cfg.Store, func(tx Tx) (none invoice.Invoice, _ error) {
		doc, found, err := tx.Document(string(books.InvoiceDocument), id)
		switch {
		case err != nil:
			return none, err
		case !found || doc.Deleted:
			return none, &books.Error{Code: "not_on_server", Text: "the server does not have this draft yet", Hint: "sync first, then let the second branch edit it"}
		case doc.State != string(invoice.Draft):
			return none, &books.Error{Code: "not_a_draft", Text: "this invoice is " + doc.State + " and cannot be edited", Hint: "choose a draft"}
		}
		inv, err := wire.DecodeInvoice(doc.Body)
		if err != nil {
			return none, err
		}
		change(&inv)
		inv.Branch, inv.Revision, inv.UpdatedAt = branch, doc.Revision+1, s.now()
		_, err = (&decider{s: s, tx: tx}).write(inv, "", doc.Branch, nil)
		return inv, err
	})
	if err == nil {
		s.hint(ctx)
	}
	return out, err
}
