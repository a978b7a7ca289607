package server

import (
	"context"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/sync/wire"
)

// Seed writes master data in one transaction, and tells the listeners. Documents
// that exist are raised by one revision.
func (s *Server) Seed(ctx context.Context, customers []party.Customer, items []invoice.Item) error {
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
		return none, nil
	})
	if err == nil {
		s.hintHead(ctx)
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
