package books

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"counterfoil/app/invoice"
)

// Typed is what a clerk typed into an invoice and what the invoice cannot hold:
// no number, too long, a discount of nothing, or a cell that is still being
// typed. It maps a field to its text. It stays on this device and is never sent.
//
// A field is named like "buyer.name" or "date"; in a line it is
// "line/<id>/price". A line that the invoice does not hold has a "line/<id>/order"
// with its place.
type Typed map[string]string

// LineField names a field of a line.
func LineField(id, field string) string { return "line/" + id + "/" + field }

// Line returns the id of the line and the field that a key names, both empty when
// it names none.
func (Typed) Line(key string) (id, field string) {
	rest, ok := strings.CutPrefix(key, "line/")
	if !ok {
		return "", ""
	}
	id, field, _ = strings.Cut(rest, "/")
	return id, field
}

// columns are the fields of a line from left to right.
var columns = []string{"name", "spec", "unit", "qty", "price", "discount", "rate"}

// First names the first field that is typed and not in the invoice, as issues
// name fields ("buyer.name", "lines[2].price"): the head before the lines. It is
// empty when nothing is. What was typed into a line that is gone does not count.
func (t Typed) First(inv invoice.Invoice) string {
	type place struct {
		line, column int
		field        string
	}
	var first *place
	for key := range t {
		id, field := t.Line(key)
		p := place{field: key}
		if id != "" {
			at := slices.IndexFunc(inv.Lines, func(l invoice.Line) bool { return l.ID == id })
			if _, apart := t[LineField(id, "order")]; at < 0 && !apart {
				continue
			}
			if at < 0 {
				at = len(inv.Lines)
			}
			p.line, p.column = at+1, slices.Index(columns, field)
			if p.column < 0 {
				p.column = len(columns)
			}
			p.field = fmt.Sprintf("lines[%d].%s", p.line, field)
			if field == "order" {
				p.field = fmt.Sprintf("lines[%d]", p.line)
			}
		}
		if first == nil || cmp.Or(cmp.Compare(p.line, first.line), cmp.Compare(p.column, first.column), cmp.Compare(p.field, first.field)) < 0 {
			first = &p
		}
	}
	if first == nil {
		return ""
	}
	return first.field
}

// String is for a history: every field with its text.
func (t Typed) String() string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(t)) {
		out = append(out, key+"="+t[key])
	}
	return strings.Join(out, "; ")
}

// moved names the lines anew: those at the same place in to.
func (t Typed) moved(from, to []invoice.Line) Typed {
	ids := map[string]string{}
	for i, l := range from {
		ids[l.ID] = to[i].ID
	}
	out := Typed{}
	for key, text := range t {
		if id, field := t.Line(key); ids[id] != "" {
			key = LineField(ids[id], field)
		}
		out[key] = text
	}
	return out
}

// Keep stores an invoice as a clerk is typing it: inv as far as it can be read
// and, beside it, what cannot. It is Draft for an invoice without an id and Edit
// for one with, with their errors.
func (d *Desk) Keep(ctx context.Context, version int64, inv invoice.Invoice, typed Typed) (Stored, invoice.Sheet, error) {
	if typed == nil {
		typed = Typed{}
	}
	if inv.ID == "" {
		return d.draft(ctx, inv, typed)
	}
	return d.edit(ctx, inv.ID, version, inv, typed)
}

// KeepTyped stores only what was typed beside an invoice, whatever state the
// invoice is in. *Error "not_found" when it is gone.
func (d *Desk) KeepTyped(ctx context.Context, id string, typed Typed) error {
	return notFound(id, d.Store.PutTyped(ctx, id, typed))
}
