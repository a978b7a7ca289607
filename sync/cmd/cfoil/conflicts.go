package main

import (
	"cmp"
	"context"
	"errors"

	"counterfoil/app/books"
	"counterfoil/app/draftjson"
	"counterfoil/app/invoice"
)

type diff struct {
	Path   string `json:"path"`
	Line   int    `json:"line,omitempty"`
	Base   string `json:"base"`
	Mine   string `json:"mine"`
	Theirs string `json:"theirs"`
	Side   string `json:"side,omitempty"`
}

func diffs(in []books.FieldDiff) []diff {
	out := []diff{}
	for _, d := range in {
		out = append(out, diff{d.Path, d.Line, d.Base, d.Mine, d.Theirs, string(d.Side)})
	}
	return out
}

func version3(inv invoice.Invoice) any {
	sheet, err := invoice.Compute(inv)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return draftjson.Computed(inv, sheet)
}

func conflicts(ctx context.Context, c *call) error {
	if err := c.take(); err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	all, bad := d.Store.Conflicts(ctx)
	if bad != nil && !errors.Is(bad, books.ErrDamaged) {
		return bad
	}
	out := []any{}
	for _, x := range all {
		row := map[string]any{
			"id": x.InvoiceID, "conflict_id": x.ID, "opened_at": x.OpenedAt.UTC(),
			"revision": x.Theirs.Revision, "deleted": x.Deleted, "branch": x.Theirs.Branch,
			"diffs": diffs(x.Diffs), "merged": diffs(x.Merged),
			"mine": version3(x.Mine), "theirs": version3(x.Theirs),
		}
		if x.Base != nil {
			row["base"] = version3(*x.Base)
		}
		out = append(out, row)
	}
	if err := c.print(out); err != nil {
		return err
	}
	return bad
}

func resolve(ctx context.Context, c *call) error {
	if err := c.take("ID"); err != nil {
		return err
	}
	choice := c.opts["choose"]
	if choice == "" {
		return usage{"resolve needs --choose mine, theirs or FILE"}
	}
	var result *invoice.Invoice
	if choice != "mine" && choice != "theirs" {
		in, err := c.decode(choice)
		if err != nil {
			return err
		}
		result = &in
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	x, err := d.Store.Conflict(ctx, c.args[0])
	if errors.Is(err, books.ErrNotFound) {
		return &books.Error{Code: "no_conflict", Text: "invoice " + c.args[0] + " has no open conflict", Hint: "cfoil conflicts lists them", Err: err}
	}
	if err != nil {
		return err
	}
	var st books.Stored
	if result != nil {
		// The file's lines continue the lines of both sides.
		merged := overlay(x.Mine, *result)
		merged.Lines = invoice.AdoptLines(append(append([]invoice.Line{}, x.Mine.Lines...), x.Theirs.Lines...), result.Lines)
		st, err = d.Books.ResolveWith(ctx, c.args[0], merged)
	} else {
		st, err = d.Books.ResolveSide(ctx, c.args[0], books.Side(choice))
	}
	if err != nil {
		return err
	}
	// Mine against a deletion became a new draft; theirs took the invoice away.
	id := cmp.Or(st.Invoice.ID, c.args[0])
	if _, err := d.Store.Invoice(ctx, id); errors.Is(err, books.ErrNotFound) {
		return c.print(map[string]any{"id": id, "deleted": true})
	}
	return c.stored(ctx, d, id)
}
