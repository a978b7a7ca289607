package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/draftjson"
	"counterfoil/app/invoice"
	"counterfoil/sync/desk"
)

// file opens a named file or, for "-", standard input.
func (c *call) file(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(c.in), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, &books.Error{Code: "file", Text: "the file cannot be read: " + err.Error(), Hint: "check the path", Err: err}
	}
	return f, nil
}

func (c *call) decode(name string) (draftjson.Draft, error) {
	f, err := c.file(name)
	if err != nil {
		return draftjson.Draft{}, err
	}
	defer f.Close()
	return draftjson.Decode(f)
}

// stored prints the invoice as the store has it now.
func (c *call) stored(ctx context.Context, d *desk.Desk, id string) error {
	st, err := d.Store.Invoice(ctx, id)
	if errors.Is(err, books.ErrNotFound) {
		return &books.Error{Code: "not_found", Text: "there is no invoice " + id, Hint: "cfoil list shows the ids", Err: err}
	}
	if err != nil {
		return err
	}
	if st.Pending == "" {
		if err := d.Store.CheckOutbox(ctx); err != nil {
			return err
		}
	}
	sheet, err := invoice.Compute(st.Invoice)
	if err != nil {
		return err
	}
	return c.print(draftjson.Document(st, sheet))
}

func draft(ctx context.Context, c *call) error {
	if err := c.take("FILE or -"); err != nil {
		return err
	}
	t, err := c.typeOf()
	if err != nil {
		return err
	}
	if t != invoice.Type {
		return c.put(ctx, t, "", c.args[0])
	}
	in, err := c.decode(c.args[0])
	if err != nil {
		return err
	}
	inv, err := in.Invoice()
	if err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	st, _, err := d.Books.Draft(ctx, inv)
	if err != nil {
		return err
	}
	return c.stored(ctx, d, st.Invoice.ID)
}

func edit(ctx context.Context, c *call) error {
	if err := c.take("ID", "FILE or -"); err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	k, err := keyOf(ctx, d, c.args[0])
	if err != nil {
		return err
	}
	if k.Type != invoice.Type {
		return c.put(ctx, k.Type, k.ID, c.args[1])
	}
	in, err := c.decode(c.args[1])
	if err != nil {
		return err
	}
	st, err := d.Store.Invoice(ctx, c.args[0])
	if errors.Is(err, books.ErrNotFound) {
		return c.stored(ctx, d, c.args[0])
	}
	if err != nil {
		return err
	}
	inv, err := in.Onto(st.Invoice)
	if err != nil {
		return err
	}
	if _, _, err := d.Books.Edit(ctx, c.args[0], st.Version, inv); err != nil {
		return err
	}
	return c.stored(ctx, d, c.args[0])
}

func submit(ctx context.Context, c *call) error {
	return c.step(ctx, func(d *desk.Desk) error {
		_, err := d.Books.Submit(ctx, c.args[0])
		return err
	})
}

func recall(ctx context.Context, c *call) error {
	return c.step(ctx, func(d *desk.Desk) error {
		_, err := d.Books.Recall(ctx, c.args[0])
		return err
	})
}

// review ticks that a person has looked at lines merged from two clerks.
func review(ctx context.Context, c *call) error {
	return c.step(ctx, func(d *desk.Desk) error {
		_, err := d.Books.Reviewed(ctx, c.args[0])
		return err
	})
}

func deleteCommand(ctx context.Context, c *call) error {
	return c.stepOf(ctx, func(d *desk.Desk, k document.Key) error {
		if k.Type != invoice.Type {
			return d.Books.RemoveDocument(ctx, k)
		}
		_, err := d.Books.Delete(ctx, k.ID)
		return err
	})
}

// retry sends what the server refused once more, as it was.
func retry(ctx context.Context, c *call) error {
	return c.stepOf(ctx, func(d *desk.Desk, k document.Key) error {
		if k.Type != invoice.Type {
			return d.Books.RetryDocument(ctx, k)
		}
		_, err := d.Books.Retry(ctx, k.ID)
		return err
	})
}

// revert takes back what the server did not accept of a document.
func revert(ctx context.Context, c *call) error {
	return c.stepOf(ctx, func(d *desk.Desk, k document.Key) error { return d.Books.Revert(ctx, k) })
}

// stepOf is step for a document of any type.
func (c *call) stepOf(ctx context.Context, do func(*desk.Desk, document.Key) error) error {
	if err := c.take("ID"); err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	k, err := keyOf(ctx, d, c.args[0])
	if err != nil {
		return err
	}
	if err := do(d, k); err != nil {
		return err
	}
	if _, err := d.Store.Document(ctx, k); errors.Is(err, books.ErrNotFound) && k.Type != invoice.Type {
		return c.print(map[string]any{"id": k.ID, "deleted": true})
	}
	return c.record(ctx, d, k)
}

func (c *call) step(ctx context.Context, do func(*desk.Desk) error) error {
	if err := c.take("ID"); err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	if err := do(d); err != nil {
		return err
	}
	return c.stored(ctx, d, c.args[0])
}

// reverse prints the red-letter draft that takes an issued invoice back.
func reverse(ctx context.Context, c *call) error {
	if err := c.take("ID"); err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	red, err := d.Books.Reverse(ctx, c.args[0])
	if err != nil {
		return err
	}
	return c.stored(ctx, d, red.Invoice.ID)
}

func show(ctx context.Context, c *call) error {
	return c.stepOf(ctx, func(*desk.Desk, document.Key) error { return nil })
}

type listed struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	Number    string `json:"number,omitempty"`
	Reference string `json:"reference"`
	Date      string `json:"date"`
	Kind      string `json:"kind"`
	Buyer     string `json:"buyer"`
	Gross     string `json:"gross"`
	Pending   string `json:"pending,omitempty"`
	Conflict  bool   `json:"conflict"`
	Rejection string `json:"rejection,omitempty"`
	Damaged   bool   `json:"damaged,omitempty"`
}

// errDamaged says that what the file holds of some invoices is not shown.
func errDamaged(what string) error {
	return &books.Error{Code: "row_damaged", Text: what, Hint: "cfoil selfcheck names what is damaged; restore the last backup, or connect and sync again", Err: books.ErrDamaged}
}

// whole looks at a list for what the file lost: damaged rows and, where the list
// is complete, rows that are not there at all. counted is how many the file
// counted before they were listed.
func (c *call) whole(ctx context.Context, d *desk.Desk, f books.Filter, out []listed, complete bool, counted int) error {
	bad := 0
	for _, r := range out {
		if r.Damaged {
			bad++
		}
	}
	if bad > 0 {
		return errDamaged(fmt.Sprintf("%d of the invoices listed are damaged in the data file", bad))
	}
	if err := d.Store.CheckOutbox(ctx); err != nil {
		return err
	}
	if !complete || f.Search != "" {
		return nil
	}
	n, err := d.Store.Counts(ctx, f)
	if err == nil && n.All == counted && n.All != len(out) { // else another program changed it meanwhile
		err = errDamaged(fmt.Sprintf("the data file counts %d invoices and %d can be listed", n.All, len(out)))
	}
	return err
}

func list(ctx context.Context, c *call) error {
	if err := c.take(); err != nil {
		return err
	}
	limit := 100
	if s, ok := c.opts["limit"]; ok {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return usage{fmt.Sprintf("--limit is a number from 1, not %q", s)}
		}
		limit = n
	}
	t, err := c.typeOf()
	if err != nil {
		return err
	}
	if t != invoice.Type {
		return c.listed(ctx, t, c.opts["search"])
	}
	f := books.Filter{Search: c.opts["search"]}
	if s, ok := c.opts["state"]; ok {
		if err := known("--state", s, "draft", "waiting", "issued", "rejected", "reversed", "conflict", "red"); err != nil {
			return err
		}
		switch s {
		case "conflict":
			f.Conflict = true
		case "red":
			f.Red = true
		default:
			f.State = invoice.State(s)
		}
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	var before books.Counts
	if f.Search == "" {
		if before, err = d.Store.Counts(ctx, f); err != nil {
			return err
		}
	}
	out := []listed{}
	complete := false
	for after := ""; len(out) < limit; {
		p, err := d.Store.List(ctx, f, books.Order{By: "created", Desc: true}, after, min(limit-len(out), 500))
		if err != nil {
			return err
		}
		for _, r := range p.Rows {
			if r.Damaged {
				out = append(out, listed{ID: r.ID, Reference: r.Reference, State: "damaged", Damaged: true})
				continue
			}
			out = append(out, listed{
				ID: r.ID, State: string(r.State), Number: r.Number, Reference: r.Reference, Date: r.Date,
				Kind: string(r.Kind), Buyer: r.BuyerName, Gross: r.Gross.StringFixed(2),
				Pending: string(r.Pending), Conflict: r.Conflict, Rejection: r.RejectionCode,
			})
		}
		if after = p.Next; after == "" {
			complete = true
			break
		}
	}
	if err := c.print(out); err != nil {
		return err
	}
	return c.whole(ctx, d, f, out, complete, before.All)
}

func outbox(ctx context.Context, c *call) error {
	if err := c.take(); err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	ops, bad := d.Store.Outbox(ctx, 100000)
	if bad != nil && !errors.Is(bad, books.ErrDamaged) {
		return bad
	}
	type row struct {
		ID       int64  `json:"id"`
		Invoice  string `json:"document_id"`
		Type     string `json:"document_type"`
		Kind     string `json:"kind"`
		State    string `json:"state"`
		Seq      int64  `json:"device_seq,omitempty"`
		Base     int64  `json:"base_revision"`
		Attempts int    `json:"attempts"`
		Error    string `json:"last_error,omitempty"`
		Created  string `json:"created_at"`
	}
	out := []row{}
	for _, o := range ops {
		out = append(out, row{o.ID, o.DocumentID, string(o.DocumentType), string(o.Kind), string(o.State), o.Seq, o.BaseRevision, o.Attempts, o.LastError, o.CreatedAt.UTC().Format("2006-01-02T15:04:05Z")})
	}
	if err := c.print(out); err != nil {
		return err
	}
	return bad
}
