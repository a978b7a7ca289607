package server

import (
	"context"
	"fmt"

	"counterfoil/app/document"
)

// Publish writes documents as the server's own, for everybody, in one transaction,
// and tells the listeners. What is there already as it should be is left alone;
// else the revision is raised by one.
func (s *Server) Publish(ctx context.Context, docs ...document.Document) error {
	return s.publish(ctx, "", docs)
}

// PublishAll is Publish, after which nothing else of the type is left: documents
// that are not among docs are deleted.
func (s *Server) PublishAll(ctx context.Context, t document.Type, docs ...document.Document) error {
	return s.publish(ctx, t, docs)
}

func (s *Server) publish(ctx context.Context, all document.Type, docs []document.Document) error {
	if _, err := s.key(ctx); err != nil {
		return err // not this company's data
	}
	_, err := Do(ctx, s.cfg.Store, func(tx Tx) (none struct{}, _ error) {
		d := &decider{s: s, tx: tx}
		keep := map[string]bool{}
		for _, doc := range docs {
			keep[doc.Meta().ID] = true
			if err := d.publish(doc); err != nil {
				return none, err
			}
		}
		if all == "" {
			return none, nil
		}
		rows, err := tx.List(string(all))
		for _, row := range rows {
			if err == nil && !keep[row.ID] {
				_, err = d.tombstone(row)
			}
		}
		return none, err
	})
	if err == nil {
		s.hintHead(ctx)
	}
	return err
}

func (d *decider) publish(doc document.Document) error {
	if bad := document.Errors(document.KindOf(doc).Check(doc, document.StageDraft)); len(bad) > 0 {
		return fmt.Errorf("%s %s: %w", doc.DocumentType(), doc.Meta().ID, bad[0])
	}
	row, found, err := d.tx.Document(string(doc.DocumentType()), doc.Meta().ID)
	if err != nil {
		return err
	}
	if found && !row.Deleted {
		if have, err := document.Decode(doc.DocumentType(), row.Body); err == nil && equal(have, doc) {
			return nil
		}
	}
	_, err = d.write(document.WithRevision(doc, row.Revision+1), Document{Branch: row.Branch})
	return err
}
