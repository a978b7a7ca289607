package main

import (
	"context"
	"errors"
	"fmt"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/draftjson"
	"counterfoil/app/invoice"
	"counterfoil/sync/desk"
)

// printed is a document that is no invoice: its fields by their keys, and how it
// stands.
func printed(d document.Document) map[string]any {
	m := d.Meta()
	out := draftjson.Fields(d)
	out["id"], out["type"], out["revision"] = m.ID, d.DocumentType(), m.Revision
	if m.Branch != "" {
		out["branch"] = m.Branch
	}
	return out
}

// record prints a document as the store has it now.
func (c *call) record(ctx context.Context, d *desk.Desk, k document.Key) error {
	if k.Type == invoice.Type {
		return c.stored(ctx, d, k.ID)
	}
	r, err := d.Store.Document(ctx, k)
	if errors.Is(err, books.ErrNotFound) {
		return &books.Error{Code: "document_not_found", Text: fmt.Sprintf("there is no %s %s", k.Type, k.ID), Hint: "cfoil list --type " + string(k.Type) + " shows the ids", Err: err}
	}
	if err != nil {
		return err
	}
	return c.print(standing(r))
}

func standing(r books.Record) map[string]any {
	out := printed(r.Document)
	out["version"] = r.Version
	for name, value := range map[string]string{"pending": string(r.Pending), "refused": r.Refusal} {
		if value != "" {
			out[name] = value
		}
	}
	if r.Deleting {
		out["deleting"] = true
	}
	if r.Conflict {
		out["conflict"] = true
	}
	return out
}

// typeOf reads --type; without one it is the type of invoices.
func (c *call) typeOf() (document.Type, error) {
	name := document.Type(c.opts["type"])
	if name == "" {
		return invoice.Type, nil
	}
	if _, known := document.Lookup(name); !known {
		return name, usage{fmt.Sprintf("--type %s is none of %v", name, typeNames())}
	}
	return name, nil
}

func typeNames() []document.Type {
	var out []document.Type
	for _, k := range document.Kinds() {
		out = append(out, k.Type)
	}
	return out
}

// put drafts a document of another type than invoice, or edits the one that ID names.
func (c *call) put(ctx context.Context, t document.Type, id, file string) error {
	f, err := c.file(file)
	if err != nil {
		return err
	}
	defer f.Close()
	kind, _ := document.Lookup(t)
	named, err := draftjson.Read(f, kind.Fields)
	if err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	old, version := kind.Zero(), int64(0)
	if id != "" {
		r, err := d.Store.Document(ctx, document.Key{Type: t, ID: id})
		if errors.Is(err, books.ErrNotFound) {
			return c.record(ctx, d, document.Key{Type: t, ID: id})
		}
		if err != nil {
			return err
		}
		old, version = r.Document, r.Version
	}
	doc, err := named.Onto(old)
	if err != nil {
		return err
	}
	r, err := d.Books.SaveDocument(ctx, doc, version)
	if err != nil {
		return err
	}
	return c.record(ctx, d, document.KeyOf(r.Document))
}

// listed prints the documents of a type that hold every word of a search.
func (c *call) listed(ctx context.Context, t document.Type, search string) error {
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	all, err := d.Store.Find(ctx, t, search, 10_000)
	if err != nil {
		return err
	}
	out := []any{}
	for _, r := range all {
		out = append(out, standing(r))
	}
	return c.print(out)
}
