package books

import (
	"context"
	"errors"

	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

func (d *Desk) conflict(ctx context.Context, k document.Key) (Conflict, error) {
	c, err := d.Store.Conflict(ctx, k)
	if errors.Is(err, ErrNotFound) {
		return c, &Error{Code: "no_conflict", Text: string(k.Type) + " " + k.ID + " has no open conflict", Hint: "it may be settled already", Err: err}
	}
	return c, err
}

// draft reports whether nobody handed the document in.
func draft(d document.Document) bool { s := d.Meta().State; return s == document.Draft || s == "" }

// theirsFinal refuses to change what the server does not let change any more.
func theirsFinal(c Conflict, hint string) error {
	if s := c.Theirs.Meta().State; !s.Editable() {
		return &Error{Code: "theirs_is_final", Text: "the server's version is " + string(s) + " and cannot be changed any more", Hint: hint}
	}
	return nil
}

// Resolve settles a conflict with a side for each path of Conflict.Diffs; a path
// without a choice returns *Error "choice_missing". The side not chosen stays in
// the history.
func (d *Desk) Resolve(ctx context.Context, k document.Key, choices map[string]Side) (Record, error) {
	c, err := d.conflict(ctx, k)
	if err != nil {
		return Record{}, err
	}
	all := Mine
	for i, f := range c.Diffs {
		s := choices[f.Path]
		if s != Mine && s != Theirs {
			return Record{}, &Error{Code: "choice_missing", Field: f.Path, Text: "no side is chosen", Hint: "choose mine or theirs for every row"}
		}
		if i == 0 {
			all = s
		} else if s != all {
			all = ""
		}
	}
	if c.Deleted || c.Deleting() || !draft(c.Theirs) || !draft(c.Mine) {
		// Two lives cannot be mixed: one side as a whole.
		if all == "" {
			return Record{}, &Error{Code: "one_side_only", Text: "the two sides are in different states and cannot be mixed", Hint: "choose one side for all rows"}
		}
		return d.ResolveSide(ctx, k, all)
	}
	return d.finish(ctx, c, d.Merge(c.Base, c.Mine, c.Theirs, choices).Result)
}

// ResolveSide takes one side for everything that differs. Mine keeps what the
// rules merged as well; theirs is exactly the server's version. Mine against a
// deletion becomes a new draft, which is returned. Mine that is a deletion asks
// again for it, now of the server's version.
func (d *Desk) ResolveSide(ctx context.Context, k document.Key, side Side) (Record, error) {
	c, err := d.conflict(ctx, k)
	if err != nil {
		return Record{}, err
	}
	switch {
	case side == Theirs:
		return d.take(ctx, c)
	case side != Mine:
		return Record{}, &Error{Code: "choice_missing", Text: "choose mine or theirs"}
	case c.Deleted:
		return d.anew(ctx, c, c.Mine)
	}
	if err := theirsFinal(c, "take theirs, or keep both: mine then becomes a new draft"); err != nil {
		return Record{}, err
	}
	if c.Deleting() {
		return d.close(ctx, c, c.Theirs, Delete)
	}
	mine := c.Mine
	if draft(c.Mine) && draft(c.Theirs) {
		choices := map[string]Side{}
		for _, f := range c.Diffs {
			choices[f.Path] = Mine
		}
		mine = d.Merge(c.Base, c.Mine, c.Theirs, choices).Result
	}
	return d.finish(ctx, c, mine)
}

// ResolveWith takes a third version that a person wrote.
func (d *Desk) ResolveWith(ctx context.Context, k document.Key, result document.Document) (Record, error) {
	c, err := d.conflict(ctx, k)
	if err != nil {
		return Record{}, err
	}
	if c.Deleted {
		return d.anew(ctx, c, result)
	}
	if err := theirsFinal(c, "take theirs, or keep both"); err != nil {
		return Record{}, err
	}
	if inv, ok := result.(invoice.Invoice); ok {
		// Who wrote it has looked at its lines.
		inv.State, inv.ReviewNeeded = invoice.Draft, false
		keepUnknown(&inv, c.Theirs.(invoice.Invoice))
		keepUnknown(&inv, c.Mine.(invoice.Invoice))
		result = inv
	} else {
		result = document.KindOf(result).Edited(c.Theirs, result)
	}
	return d.finish(ctx, c, result)
}

// KeepBoth takes theirs and drafts a copy of mine; it returns the copy.
func (d *Desk) KeepBoth(ctx context.Context, k document.Key) (Record, error) {
	c, err := d.conflict(ctx, k)
	if err != nil {
		return Record{}, err
	}
	return d.anew(ctx, c, c.Mine)
}

// anew drafts a copy of one version and takes theirs; it returns the copy. What the
// server deleted never comes back under its old id.
func (d *Desk) anew(ctx context.Context, c Conflict, version document.Document) (Record, error) {
	// The copy first: if the program dies in between, mine exists twice, not never.
	out, err := d.copied(ctx, c.Key(), version)
	if err != nil {
		return out, err
	}
	_, err = d.take(ctx, c)
	return out, err
}

// copied stores a copy of a version of the document k as a new one.
func (d *Desk) copied(ctx context.Context, k document.Key, version document.Document) (Record, error) {
	inv, ok := version.(invoice.Invoice)
	if !ok {
		return d.SaveDocument(ctx, document.KindOf(version).Copied(version), 0)
	}
	st, err := d.Store.Document(ctx, k)
	if err != nil {
		return st, err
	}
	made := copyOf(inv)
	for i := range made.Lines {
		made.Lines[i].ID = d.NewID()
	}
	out, _, err := d.draft(ctx, made, st.Typed.moved(inv.Lines, made.Lines))
	return Record{Document: out.Invoice, Status: out.Status}, err
}

// take makes the server's version the document; nothing is sent.
func (d *Desk) take(ctx context.Context, c Conflict) (Record, error) {
	return d.close(ctx, c, c.Theirs, "")
}

// finish makes result the document on top of the server's version and sends it.
func (d *Desk) finish(ctx context.Context, c Conflict, result document.Document) (Record, error) {
	kind := Put
	m := result.Meta()
	if m.State == document.Waiting {
		kind = Transition
	}
	m.ID, m.Number, m.Revision, m.Rejection = c.DocumentID, "", c.Theirs.Meta().Revision, nil
	result = result.WithMeta(m)
	if err := refuse(document.KindOf(result).Check(result, document.StageDraft)); err != nil {
		return Record{}, err
	}
	if inv, ok := result.(invoice.Invoice); ok {
		inv.Reference = c.Mine.(invoice.Invoice).Reference
		d.complete(&inv)
		result = inv
	}
	return d.close(ctx, c, result, kind)
}

func (d *Desk) close(ctx context.Context, c Conflict, result document.Document, kind OperationKind) (Record, error) {
	h := HistoryEntry{At: d.Now(), Event: "resolved", Before: c.Mine}
	st, err := d.Store.Document(ctx, c.Key())
	if err != nil {
		return st, err
	}
	if kind == "" {
		h.Detail = st.Typed.String() // it was typed into mine
	}
	if err := d.Store.Resolve(ctx, c, result, kind, h); err != nil {
		return Record{}, err
	}
	if h.Detail != "" {
		if err := d.Store.PutTyped(ctx, c.DocumentID, nil); err != nil && !errors.Is(err, ErrNotFound) {
			return Record{}, err
		}
	}
	st, err = d.Store.Document(ctx, c.Key())
	if errors.Is(err, ErrNotFound) && c.Deleted {
		return Record{}, nil
	}
	return st, err
}
