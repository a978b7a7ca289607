package books

import (
	"context"
	"errors"

	"counterfoil/app/invoice"
)

func (d *Desk) conflict(ctx context.Context, invoiceID string) (Conflict, error) {
	c, err := d.Store.Conflict(ctx, invoiceID)
	if errors.Is(err, ErrNotFound) {
		return c, &Error{Code: "no_conflict", Text: "invoice " + invoiceID + " has no open conflict", Hint: "it may be settled already", Err: err}
	}
	return c, err
}

// Resolve settles a conflict with a side for each path of Conflict.Diffs; a path
// without a choice gives *Error "choice_missing". The side not chosen stays in
// the history.
func (d *Desk) Resolve(ctx context.Context, invoiceID string, choices map[string]Side) (Stored, error) {
	c, err := d.conflict(ctx, invoiceID)
	if err != nil {
		return Stored{}, err
	}
	all := Mine
	for i, f := range c.Diffs {
		s := choices[f.Path]
		if s != Mine && s != Theirs {
			return Stored{}, &Error{Code: "choice_missing", Field: f.Path, Text: "no side is chosen", Hint: "choose mine or theirs for every row"}
		}
		if i == 0 {
			all = s
		} else if s != all {
			all = ""
		}
	}
	if c.Deleted || c.Deleting() || c.Theirs.State != invoice.Draft || c.Mine.State != invoice.Draft {
		// Two lives cannot be mixed: one side as a whole.
		if all == "" {
			return Stored{}, &Error{Code: "one_side_only", Text: "the two sides are in different states and cannot be mixed", Hint: "choose one side for all rows"}
		}
		return d.ResolveSide(ctx, invoiceID, all)
	}
	return d.finish(ctx, c, d.Merge(c.Base, c.Mine, c.Theirs, choices).Result)
}

// ResolveSide takes one side for everything that differs. Mine keeps what the
// rules merged as well; theirs is exactly the server's version. Mine against a
// deletion becomes a new draft, which is given back. Mine that is a deletion asks
// again for it, now of the server's version.
func (d *Desk) ResolveSide(ctx context.Context, invoiceID string, side Side) (Stored, error) {
	c, err := d.conflict(ctx, invoiceID)
	if err != nil {
		return Stored{}, err
	}
	switch {
	case side == Theirs:
		return d.take(ctx, c)
	case side != Mine:
		return Stored{}, &Error{Code: "choice_missing", Text: "choose mine or theirs"}
	case c.Deleted:
		return d.anew(ctx, c, c.Mine)
	case !c.Theirs.State.Editable():
		return Stored{}, &Error{Code: "theirs_is_final", Text: "the server's version is " + string(c.Theirs.State) + " and cannot be changed any more",
			Hint: "take theirs, or keep both: mine then becomes a new draft"}
	}
	if c.Deleting() {
		return d.close(ctx, c, c.Theirs, Delete)
	}
	mine := c.Mine
	if c.Mine.State == invoice.Draft && c.Theirs.State == invoice.Draft {
		choices := map[string]Side{}
		for _, f := range c.Diffs {
			choices[f.Path] = Mine
		}
		mine = d.Merge(c.Base, c.Mine, c.Theirs, choices).Result
	}
	return d.finish(ctx, c, mine)
}

// ResolveWith takes a third version that a person wrote.
func (d *Desk) ResolveWith(ctx context.Context, invoiceID string, result invoice.Invoice) (Stored, error) {
	c, err := d.conflict(ctx, invoiceID)
	if err != nil {
		return Stored{}, err
	}
	if c.Deleted {
		return d.anew(ctx, c, result)
	}
	if !c.Theirs.State.Editable() {
		return Stored{}, &Error{Code: "theirs_is_final", Text: "the server's version is " + string(c.Theirs.State) + " and cannot be changed any more", Hint: "take theirs, or keep both"}
	}
	// Who wrote it has looked at its lines.
	result.State, result.ReviewNeeded = invoice.Draft, false
	keepUnknown(&result, c.Theirs)
	keepUnknown(&result, c.Mine)
	return d.finish(ctx, c, result)
}

// KeepBoth takes theirs and drafts a copy of mine; it gives the copy.
func (d *Desk) KeepBoth(ctx context.Context, invoiceID string) (Stored, error) {
	c, err := d.conflict(ctx, invoiceID)
	if err != nil {
		return Stored{}, err
	}
	return d.anew(ctx, c, c.Mine)
}

// anew drafts a copy of inv and takes theirs; it gives the copy. What the server
// deleted never comes back under its old id.
func (d *Desk) anew(ctx context.Context, c Conflict, inv invoice.Invoice) (Stored, error) {
	// The copy first: if the program dies in between, mine exists twice, not never.
	st, err := d.Store.Invoice(ctx, c.InvoiceID)
	if err != nil {
		return st, err
	}
	draft := copyOf(inv)
	for i := range draft.Lines {
		draft.Lines[i].ID = d.NewID()
	}
	out, _, err := d.draft(ctx, draft, st.Typed.moved(inv.Lines, draft.Lines))
	if err != nil {
		return out, err
	}
	_, err = d.take(ctx, c)
	return out, err
}

// take makes the server's version the document; nothing is sent.
func (d *Desk) take(ctx context.Context, c Conflict) (Stored, error) {
	return d.close(ctx, c, c.Theirs, "")
}

// finish makes result the document on top of the server's version and sends it.
func (d *Desk) finish(ctx context.Context, c Conflict, result invoice.Invoice) (Stored, error) {
	kind := Put
	if result.State == invoice.Waiting {
		kind = Transition
	}
	result.ID, result.Reference, result.Number = c.Mine.ID, c.Mine.Reference, ""
	result.Revision, result.Rejection = c.Theirs.Revision, nil
	if err := refuse(invoice.Validate(result, invoice.StageDraft)); err != nil {
		return Stored{}, err
	}
	d.complete(&result)
	return d.close(ctx, c, result, kind)
}

func (d *Desk) close(ctx context.Context, c Conflict, result invoice.Invoice, kind OperationKind) (Stored, error) {
	sheet, err := invoice.Compute(result)
	if err != nil {
		return Stored{}, err
	}
	mine := c.Mine
	h := HistoryEntry{InvoiceID: c.InvoiceID, At: d.Now(), Event: "resolved", Before: &mine}
	st, err := d.Store.Invoice(ctx, c.InvoiceID)
	if err != nil {
		return st, err
	}
	if kind == "" {
		h.Detail = st.Typed.String() // it was typed into mine
	}
	if err := d.Store.Resolve(ctx, c, result, sheet, kind, h); err != nil {
		return Stored{}, err
	}
	if h.Detail != "" {
		if err := d.Store.PutTyped(ctx, c.InvoiceID, nil); err != nil && !errors.Is(err, ErrNotFound) {
			return Stored{}, err
		}
	}
	st, err = d.Store.Invoice(ctx, c.InvoiceID)
	if errors.Is(err, ErrNotFound) && c.Deleted {
		return Stored{}, nil
	}
	return st, err
}
