package books

import (
	"context"
	"errors"
	"strings"
	"time"

	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
)

// Desk holds the use cases. All fields are needed.
type Desk struct {
	Store Store
	Now   func() time.Time
	NewID func() string // UUIDv7
	Merge Merger
}

// refuse turns the first stopping issue into an error for people.
func refuse(issues []invoice.Issue) error {
	if bad := invoice.Errors(issues); len(bad) > 0 {
		return &Error{Code: bad[0].Code, Field: bad[0].Field, Text: bad[0].Text, Err: bad[0]}
	}
	return nil
}

func notFound(id string, err error) error {
	if errors.Is(err, ErrNotFound) {
		return &Error{Code: "not_found", Text: "there is no invoice " + id, Hint: "look it up in the list", Err: err}
	}
	return err
}

// complete fills what a draft needs and nobody typed: ids, orders, date. The
// reference comes with the save.
func (d *Desk) complete(inv *invoice.Invoice) {
	now := d.Now().Truncate(document.Precision)
	if inv.ID == "" {
		inv.ID = d.NewID()
	}
	if inv.Date == "" {
		inv.Date = now.Format("2006-01-02")
	}
	if inv.CreatedAt.IsZero() {
		inv.CreatedAt = now
	}
	inv.UpdatedAt = now
	inv.Buyer.TaxNo = party.NormalizeTaxNo(inv.Buyer.TaxNo)
	for i := range inv.Lines {
		if inv.Lines[i].ID == "" {
			inv.Lines[i].ID = d.NewID()
		}
	}
	invoice.Place(inv.Lines)
	inv.Lines = invoice.Sorted(inv.Lines)
}

// Draft stores a new draft, complete or not, and returns it as stored. An
// invoice of that id is *Error "exists"; what cannot be computed or is too
// long is *Error with the field.
func (d *Desk) Draft(ctx context.Context, inv invoice.Invoice) (Stored, invoice.Sheet, error) {
	return d.draft(ctx, inv, nil)
}

func (d *Desk) draft(ctx context.Context, inv invoice.Invoice, typed Typed) (Stored, invoice.Sheet, error) {
	if inv.ID != "" {
		if !validID(inv.ID) {
			return Stored{}, invoice.Sheet{}, &Error{Code: "bad_id", Field: "id", Text: "the id is not a UUID", Hint: "leave it out, or write it like 01890a5d-ac96-774b-bcce-b302099a8057"}
		}
		inv.ID = strings.ToLower(inv.ID)
		if _, err := d.Store.Invoice(ctx, inv.ID); err == nil {
			return Stored{}, invoice.Sheet{}, &Error{Code: "exists", Field: "id", Text: "an invoice of this id is here already", Hint: "edit that one, or leave the id out"}
		} else if !errors.Is(err, ErrNotFound) {
			return Stored{}, invoice.Sheet{}, err
		}
	}
	inv.State = invoice.Draft
	if err := refuse(invoice.Validate(inv, invoice.StageDraft)); err != nil {
		return Stored{}, invoice.Sheet{}, err
	}
	d.complete(&inv)
	return d.save(ctx, inv, 0, Put, HistoryEntry{Event: "drafted"}, typed)
}

// save leaves what was typed beside the invoice alone when typed is nil.
func (d *Desk) save(ctx context.Context, inv invoice.Invoice, version int64, kind OperationKind, h HistoryEntry, typed Typed) (Stored, invoice.Sheet, error) {
	sheet, err := invoice.Compute(inv)
	if err != nil {
		return Stored{}, sheet, err
	}
	inv.UpdatedAt = inv.UpdatedAt.Truncate(document.Precision)
	h.At = d.Now()
	var saved Saved
	if typed == nil {
		saved, err = d.Store.SaveInvoice(ctx, inv, version, kind, h)
	} else {
		saved, err = d.Store.SaveTyped(ctx, inv, version, kind, h, typed)
	}
	if errors.Is(err, ErrStale) {
		return Stored{}, sheet, &Error{Code: "stale", Text: "the invoice changed meanwhile", Hint: "look at it again, then repeat the change", Err: err}
	}
	if err != nil {
		return Stored{}, sheet, err
	}
	inv.Reference = saved.Reference
	return Stored{Invoice: inv, Status: Status{Version: saved.Version, Pending: Unsent, Typed: typed}}, sheet, nil
}

// editable reads an invoice whose content may change now.
func (d *Desk) editable(ctx context.Context, id string) (Stored, error) {
	st, err := d.Store.Invoice(ctx, id)
	if err != nil {
		return st, notFound(id, err)
	}
	switch {
	case st.Conflict:
		return st, &Error{Code: "in_conflict", Text: "the invoice has an open conflict", Hint: "resolve it first, under Conflicts"}
	case !st.Invoice.State.Editable():
		return st, &Error{Code: "not_editable", Text: "an invoice that is " + string(st.Invoice.State) + " cannot be changed",
			Hint: "recall it while it waits; reverse it by a red-letter invoice once it is issued"}
	}
	return st, nil
}

// Edit replaces the content of a draft. version is the one the edit started
// from; if the store has gone on meanwhile, *Error "stale". A rejected invoice
// becomes a draft again.
func (d *Desk) Edit(ctx context.Context, id string, version int64, inv invoice.Invoice) (Stored, invoice.Sheet, error) {
	return d.edit(ctx, id, version, inv, nil)
}

func (d *Desk) edit(ctx context.Context, id string, version int64, inv invoice.Invoice, typed Typed) (Stored, invoice.Sheet, error) {
	st, err := d.editable(ctx, id)
	if err != nil {
		return Stored{}, invoice.Sheet{}, err
	}
	if err := refuse(invoice.Validate(inv, invoice.StageDraft)); err != nil {
		return Stored{}, invoice.Sheet{}, err
	}
	old := st.Invoice
	inv = edited(old, inv)
	inv.State, inv.Rejection = invoice.Draft, nil
	d.complete(&inv)
	return d.save(ctx, inv, version, Put, HistoryEntry{Event: "edited", Before: old}, typed)
}

// Reviewed ticks the review that lines of two clerks need before submit.
func (d *Desk) Reviewed(ctx context.Context, id string) (Stored, error) {
	st, err := d.editable(ctx, id)
	if err != nil {
		return st, err
	}
	st.Invoice.ReviewNeeded = false
	out, _, err := d.Edit(ctx, id, st.Version, st.Invoice)
	return out, err
}

// Submit hands a draft in: from then on it waits for the server to issue it.
// What is missing is *Error with the field.
func (d *Desk) Submit(ctx context.Context, id string) (Stored, error) {
	return again(func() (Stored, error) { return d.submit(ctx, id) })
}

// again does a step anew that met a change in between, as sync makes them: it reads
// the invoice itself, so nothing that a person has not seen is overwritten.
func again(step func() (Stored, error)) (Stored, error) {
	st, err := step()
	for range 5 {
		if !errors.Is(err, ErrStale) {
			break
		}
		st, err = step()
	}
	return st, err
}

func (d *Desk) submit(ctx context.Context, id string) (Stored, error) {
	st, err := d.Store.Invoice(ctx, id)
	if err != nil {
		return st, notFound(id, err)
	}
	if st.Invoice.State == invoice.Waiting {
		return st, nil
	}
	if st, err = d.editable(ctx, id); err != nil {
		return st, err
	}
	if field := st.Typed.First(st.Invoice); field != "" {
		return st, &Error{Code: "typed_unread", Field: field, Text: "what was typed here is not in the invoice yet", Hint: "open the invoice in the window and correct it"}
	}
	if err := refuse(invoice.Validate(st.Invoice, invoice.StageSubmit)); err != nil {
		return st, err
	}
	inv := st.Invoice
	inv.State, inv.Rejection, inv.UpdatedAt = invoice.Waiting, nil, d.Now()
	out, _, err := d.save(ctx, inv, st.Version, Transition, HistoryEntry{Event: "submitted"}, nil)
	return out, err
}

// Recall takes a waiting invoice back; once it is issued the server refuses.
func (d *Desk) Recall(ctx context.Context, id string) (Stored, error) {
	return again(func() (Stored, error) { return d.recall(ctx, id) })
}

func (d *Desk) recall(ctx context.Context, id string) (Stored, error) {
	st, err := d.Store.Invoice(ctx, id)
	if err != nil {
		return st, notFound(id, err)
	}
	if st.Invoice.State != invoice.Waiting {
		return st, &Error{Code: "not_waiting", Text: "only a waiting invoice can be recalled, this one is " + string(st.Invoice.State),
			Hint: "reverse it by a red-letter invoice once it is issued"}
	}
	if st.Conflict {
		return st, &Error{Code: "in_conflict", Text: "the invoice has an open conflict", Hint: "resolve it first, under Conflicts"}
	}
	inv := st.Invoice
	inv.State, inv.UpdatedAt = invoice.Draft, d.Now()
	out, _, err := d.save(ctx, inv, st.Version, Transition, HistoryEntry{Event: "recalled"}, nil)
	return out, err
}

// Delete takes a draft away; it is shown until the next sync has taken it from the
// server too. What cannot be edited cannot be deleted: *Error "not_editable" or
// "in_conflict".
func (d *Desk) Delete(ctx context.Context, id string) (Stored, error) {
	return again(func() (Stored, error) {
		st, err := d.editable(ctx, id)
		if err != nil {
			return st, err
		}
		out, _, err := d.save(ctx, st.Invoice, st.Version, Delete, HistoryEntry{Event: "deleted"}, nil)
		return out, err
	})
}

// Retry sends an invoice again that was set aside because the server refused it;
// one that is not parked is *Error "not_parked".
func (d *Desk) Retry(ctx context.Context, id string) (Stored, error) {
	st, err := d.Store.Invoice(ctx, id)
	if err != nil {
		return st, notFound(id, err)
	}
	if err := d.Store.Retry(ctx, document.Key{Type: invoice.Type, ID: id}); errors.Is(err, ErrNotFound) {
		return st, &Error{Code: "not_parked", Text: "the invoice is not held back", Hint: "what waits is sent by itself", Err: err}
	} else if err != nil {
		return st, err
	}
	return d.Store.Invoice(ctx, id)
}

// Duplicate drafts a copy with new ids and today's date.
func (d *Desk) Duplicate(ctx context.Context, id string) (Stored, error) {
	st, err := d.Store.Invoice(ctx, id)
	if err != nil {
		return st, notFound(id, err)
	}
	out, _, err := d.Draft(ctx, copyOf(st.Invoice))
	return out, err
}

// Reverse drafts the red-letter invoice that takes an issued one back whole (R9);
// handed in, it makes the blue one reversed. One that is not issued, or is
// red-letter itself, is *Error "not_reversible".
func (d *Desk) Reverse(ctx context.Context, id string) (Stored, error) {
	st, err := d.Store.Invoice(ctx, id)
	if err != nil {
		return st, notFound(id, err)
	}
	blue := st.Invoice
	if blue.State != invoice.Issued || blue.Reverses != "" {
		return st, &Error{Code: "not_reversible", Text: "only an issued invoice can be reversed, and only once", Hint: "change a draft; recall what waits"}
	}
	sheet, err := invoice.Compute(blue)
	if err != nil {
		return st, err
	}
	red := copyOf(blue)
	red.Lines, red.Reverses, red.RedRows = nil, blue.ID, invoice.FullRed(sheet.Rows)
	red.Remark = "被红冲蓝字数电票号码：" + blue.Number
	out, _, err := d.Draft(ctx, red)
	return out, err
}

// copyOf keeps content only: no ids, numbers, states.
func copyOf(inv invoice.Invoice) invoice.Invoice {
	out := invoice.DocumentKind.Copied(inv).(invoice.Invoice)
	out.Lines = append([]invoice.Line(nil), inv.Lines...)
	for i := range out.Lines {
		out.Lines[i].ID, out.Lines[i].Order = "", ""
	}
	return out
}

// edited is old with the fields and lines of inv: what an edit cannot touch comes
// from the store.
func edited(old, inv invoice.Invoice) invoice.Invoice {
	out := invoice.DocumentKind.Edited(old, inv).(invoice.Invoice)
	out.Lines, out.ReviewNeeded, out.Extra, out.Buyer.Extra, out.Seller.Extra = inv.Lines, inv.ReviewNeeded, inv.Extra, inv.Buyer.Extra, inv.Seller.Extra
	keepUnknown(&out, old)
	return out
}

func validID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F'
		if dash != (r == '-') || !dash && !hex {
			return false
		}
	}
	return true
}
