package server

import (
	"context"

	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/item"
)

// Seed writes master data in one transaction, and tells the listeners. Documents
// that exist are raised by one revision.
func (s *Server) Seed(ctx context.Context, customers []customer.Customer, items []item.Item) error {
	_, err := Do(ctx, s.cfg.Store, func(tx Tx) (none struct{}, _ error) {
		for _, c := range customers {
			if err := put(tx, customer.Type, c.ID, func(rev int64) ([]byte, error) {
				c.Revision = rev
				return document.Encode(c)
			}); err != nil {
				return none, err
			}
		}
		for _, i := range items {
			if err := put(tx, item.Type, i.ID, func(rev int64) ([]byte, error) {
				i.Revision = rev
				return document.Encode(i)
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

func put(tx Tx, t document.Type, id string, encode func(rev int64) ([]byte, error)) error {
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
