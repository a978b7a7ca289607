package main

import (
	"context"
	"errors"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/draftjson"
	"counterfoil/app/invoice"
	"counterfoil/sync/desk"
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

// version3 is one of the three versions of a document, as it is printed.
func version3(d document.Document) any {
	inv, ok := d.(invoice.Invoice)
	if !ok {
		return printed(d)
	}
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
			"id": x.DocumentID, "type": x.Type, "conflict_id": x.ID, "opened_at": x.OpenedAt.UTC(),
			"revision": x.Theirs.Meta().Revision, "deleted": x.Deleted, "branch": x.Theirs.Meta().Branch,
			"diffs": diffs(x.Diffs), "merged": diffs(x.Merged),
			"mine": version3(x.Mine), "theirs": version3(x.Theirs),
		}
		if x.Base != nil {
			row["base"] = version3(x.Base)
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
	var file *draftjson.Draft
	if choice != "mine" && choice != "theirs" {
		in, err := c.decode(choice)
		if err != nil {
			return err
		}
		file = &in
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	k, err := keyOf(ctx, d, c.args[0])
	if err != nil {
		return err
	}
	x, err := d.Store.Conflict(ctx, k)
	if errors.Is(err, books.ErrNotFound) {
		return &books.Error{Code: "no_conflict", Text: string(k.Type) + " " + k.ID + " has no open conflict", Hint: "cfoil conflicts lists them", Err: err}
	}
	if err != nil {
		return err
	}
	var st books.Record
	mine, isInvoice := x.Mine.(invoice.Invoice)
	switch {
	case file == nil:
		st, err = d.Books.ResolveSide(ctx, k, books.Side(choice))
	case !isInvoice:
		return usage{"resolve --choose FILE is for invoices; choose mine or theirs"}
	default:
		// The file's lines continue the lines of both sides.
		both := mine
		both.Lines = append(append([]invoice.Line{}, mine.Lines...), x.Theirs.(invoice.Invoice).Lines...)
		result, err2 := file.Onto(both)
		if err2 != nil {
			return err2
		}
		if !file.Lists() {
			result.Lines = mine.Lines
		}
		st, err = d.Books.ResolveWith(ctx, k, result)
	}
	if err != nil {
		return err
	}
	// Mine against a deletion became a new draft; theirs took the invoice away.
	if st.Document != nil {
		k = document.KeyOf(st.Document)
	}
	if _, err := d.Store.Document(ctx, k); errors.Is(err, books.ErrNotFound) {
		return c.print(map[string]any{"id": k.ID, "deleted": true})
	}
	return c.record(ctx, d, k)
}

// keyOf is the document with this id: an invoice, else one of another type.
func keyOf(ctx context.Context, d *desk.Desk, id string) (document.Key, error) {
	k := document.Key{Type: invoice.Type, ID: id}
	if _, err := d.Store.Document(ctx, k); !errors.Is(err, books.ErrNotFound) {
		return k, err
	}
	for _, kind := range document.Kinds() {
		other := document.Key{Type: kind.Type, ID: id}
		if _, err := d.Store.Document(ctx, other); !errors.Is(err, books.ErrNotFound) {
			return other, err
		}
	}
	return k, nil
}
