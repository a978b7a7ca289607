package sim

import (
	"fmt"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/item"
)

// Customers and items, which every clerk of the simulation may change, go the same
// ways as invoices.

var recordTypes = []document.Type{customer.Type, item.Type}

func (d *desk) records(t document.Type) []books.Record {
	all, err := d.db.Find(ctx, t, "", 100_000)
	if err != nil {
		d.w.fatalf("desk %d: %v", d.n, err)
	}
	return all
}

// changed writes new text into one or two fields of a record.
func (d *desk) changed(doc document.Document) document.Document {
	tok := d.w.model.token
	for range 1 + d.w.rnd.Intn(2) {
		what := d.w.rnd.Intn(5)
		switch x := doc.(type) {
		case customer.Customer:
			*[]*string{&x.Name, &x.Address, &x.Phone, &x.Bank, &x.Email}[what] = tok()
			doc = x
		case item.Item:
			*[]*string{&x.Name, &x.Spec, &x.Unit, &x.Spec, &x.Unit}[what] = tok()
			doc = x
		}
	}
	return doc
}

// addRecord makes a customer or an item; there are few, so that clerks meet in them.
func (d *desk) addRecord() {
	if len(d.records(customer.Type))+len(d.records(item.Type)) > 3 {
		d.editRecord()
		return
	}
	name := d.w.model.token()
	var doc document.Document = item.Item{Name: name}
	if d.w.rnd.Intn(2) == 0 {
		c := customer.Customer{}
		c.Name = name
		doc = c
	}
	r, err := d.books.SaveDocument(ctx, d.changed(doc), 0)
	if err != nil {
		d.w.errorf("desk %d adds a %s: %v", d.n, doc.DocumentType(), err)
		return
	}
	d.w.note("desk %d adds %s %s: %v", d.n, doc.DocumentType(), short(r.Document.Meta().ID), tokens(r.Document))
	d.w.model.drafted(d, r.Document)
}

// record chooses one.
func (d *desk) record() (books.Record, bool) {
	all := d.records(recordTypes[d.w.rnd.Intn(len(recordTypes))])
	if len(all) == 0 {
		return books.Record{}, false
	}
	return all[d.w.rnd.Intn(len(all))], true
}

func (d *desk) editRecord() {
	r, found := d.record()
	if !found {
		return
	}
	id := r.Document.Meta().ID
	out, err := d.books.SaveDocument(ctx, d.changed(r.Document), r.Version)
	d.w.note("desk %d edits %s %s: %s", d.n, r.Document.DocumentType(), short(id), outcome(err))
	if err != nil {
		d.expect(err, "in_conflict")
		return
	}
	d.w.model.saved(d, r.Document, out.Document)
}

func (d *desk) deleteRecord() {
	r, found := d.record()
	if !found || r.Conflict {
		return
	}
	k := document.KeyOf(r.Document)
	err := d.books.RemoveDocument(ctx, k)
	d.w.note("desk %d deletes %s %s rev %d: %s", d.n, k.Type, short(k.ID), r.Document.Meta().Revision, outcome(err))
	if err != nil {
		d.w.errorf("desk %d deletes: %v", d.n, err)
		return
	}
	d.w.model.intend(d, r.Document, "delete")
	d.w.model.given(r.Document)
}

// checkRecords holds that the desk has the customers and items that the server has.
func (d *desk) checkRecords(final map[string]document.Document) {
	have := map[string]bool{}
	for _, t := range recordTypes {
		for _, r := range d.records(t) {
			id := r.Document.Meta().ID
			have[id] = true
			want, there := final[id]
			switch {
			case !there:
				d.w.errorf("desk %d has %s %s rev %d, the server has not", d.n, t, id, r.Document.Meta().Revision)
			case r.Base == nil || r.Pending != "" || r.Conflict:
				d.w.errorf("desk %d: %s %s is not at rest: %+v", d.n, t, id, r)
			case d.bytes(r.Document) != d.bytes(want) || d.bytes(r.Base) != d.bytes(want):
				d.w.errorf("desk %d has another %s\n%s\nthan the server\n%s", d.n, t, d.bytes(r.Document), d.bytes(want))
			}
		}
	}
	for id, doc := range final {
		if t := doc.DocumentType(); (t == customer.Type || t == item.Type) && !have[id] {
			d.w.errorf("desk %d lacks %s %s", d.n, t, fmt.Sprint(id))
		}
	}
}
