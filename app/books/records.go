package books

import (
	"context"
	"errors"
	"fmt"

	"counterfoil/app/document"
)

// A Finder is the part of Store that finds documents of a type.
type Finder interface {
	Find(ctx context.Context, t document.Type, search string, limit int) ([]Record, error)
}

// Find lists documents of one type that hold every word of a search, by name,
// without those that are being deleted.
func Find[D document.Document](ctx context.Context, s Finder, search string, limit int) ([]D, error) {
	var zero D
	records, err := s.Find(ctx, zero.DocumentType(), search, limit)
	out := make([]D, 0, len(records))
	for _, r := range records {
		if d, ok := r.Document.(D); ok && !r.Deleting {
			out = append(out, d)
		}
	}
	return out, err
}

// record reads a document that people may change now.
func (d *Desk) record(ctx context.Context, k document.Key) (Record, error) {
	kind, ok := document.Lookup(k.Type)
	if !ok || kind.HandedOut || kind.Issued {
		return Record{}, &Error{Code: "type_read_only", Text: fmt.Sprintf("a %s is not changed here", k.Type), Hint: "the server team changes it"}
	}
	r, err := d.Store.Document(ctx, k)
	switch {
	case errors.Is(err, ErrNotFound):
		return r, &Error{Code: "document_not_found", Text: fmt.Sprintf("there is no %s %s", k.Type, k.ID), Hint: "look it up in the list", Err: err}
	case err != nil:
		return r, err
	case r.Conflict:
		return r, &Error{Code: "in_conflict", Text: fmt.Sprintf("the %s has an open conflict", k.Type), Hint: "resolve it first, under Conflicts"}
	}
	return r, nil
}

// SaveDocument stores a document of a type that is neither issued nor handed out: a
// new one when it has no id, else an edit of the version that it was begun from.
// *Error with the field for what cannot be stored, "stale" when it changed
// meanwhile, "in_conflict", "document_not_found" or "type_read_only".
func (d *Desk) SaveDocument(ctx context.Context, doc document.Document, version int64) (Record, error) {
	kind := document.KindOf(doc)
	m := doc.Meta()
	h := HistoryEntry{At: d.Now(), Event: "edited"}
	now := h.At.Truncate(document.Precision)
	var out Record
	if m.ID == "" {
		if kind.HandedOut || kind.Issued {
			return out, &Error{Code: "type_read_only", Text: fmt.Sprintf("a %s is not made here", kind.Type), Hint: "the server team makes it"}
		}
		m.ID, m.Created, m.Revision, h.Event = d.NewID(), now, 0, "drafted"
		doc = doc.WithMeta(m)
	} else {
		old, err := d.record(ctx, document.KeyOf(doc))
		if err != nil {
			return out, err
		}
		out = old
		h.Before = old.Document
		doc = kind.Edited(old.Document, doc)
		m = doc.Meta()
	}
	m.Updated = now
	doc = doc.WithMeta(m)
	if err := refuse(kind.Check(doc, document.StageDraft)); err != nil {
		return out, err
	}
	saved, err := d.Store.Save(ctx, doc, version, Put, h)
	if errors.Is(err, ErrStale) {
		return out, &Error{Code: "stale", Text: "it changed meanwhile", Hint: "look at it again, then repeat the change", Err: err}
	}
	if err != nil {
		return out, err
	}
	return Record{Document: doc, Base: out.Base, Status: Status{Version: saved, Pending: Unsent}}, nil
}

// RemoveDocument asks to delete a document; it is shown until the next sync has
// taken it from the server too. Errors as SaveDocument.
func (d *Desk) RemoveDocument(ctx context.Context, k document.Key) error {
	r, err := d.record(ctx, k)
	if err != nil {
		return err
	}
	_, err = d.Store.Save(ctx, r.Document, r.Version, Delete, HistoryEntry{At: d.Now(), Event: "deleted"})
	return err
}

// Revert takes back what this desk changed in a document and the server has not
// accepted. *Error "document_not_found" when it is gone.
func (d *Desk) Revert(ctx context.Context, k document.Key) error {
	r, err := d.record(ctx, k)
	if err != nil {
		return err
	}
	return d.Store.Revert(ctx, k, HistoryEntry{At: d.Now(), Event: "reverted", Before: r.Document})
}

// RetryDocument sends again what the server refused of a document; *Error
// "not_parked" when nothing is held back.
func (d *Desk) RetryDocument(ctx context.Context, k document.Key) error {
	err := d.Store.Retry(ctx, k)
	if errors.Is(err, ErrNotFound) {
		return &Error{Code: "not_parked", Text: "it is not held back", Hint: "what waits is sent by itself", Err: err}
	}
	return err
}
