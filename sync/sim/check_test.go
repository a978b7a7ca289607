package sim

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// check holds what must be true once all is at rest.
func (w *world) check() {
	final := w.server()
	w.checkDocuments(final)
	w.checkNumbers(final)
	w.checkTexts(final)
	for _, i := range w.model.intents {
		if !w.model.done(i) {
			w.errorf("the %s of %s by desk %d on revision %d came to nothing, unsaid", i.kind, i.doc, i.by.n, i.rev)
		}
	}
	for _, d := range w.desks {
		d.checkSame(final)
	}
	w.checkFiles()
}

// checkFiles holds that every data file is whole.
func (w *world) checkFiles() {
	for _, d := range w.desks {
		if err := d.db.IntegrityCheck(ctx); err != nil {
			w.errorf("desk %d: %v", d.n, err)
		}
	}
	db, err := sql.Open("sqlite", w.backend.path)
	if err != nil {
		w.fatalf("%v", err)
	}
	defer db.Close()
	var word string
	if err := db.QueryRow("PRAGMA integrity_check(1)").Scan(&word); err != nil || word != "ok" {
		w.errorf("server: integrity %q %v", word, err)
	}
}

// server returns the documents the server holds, without the deleted ones.
func (w *world) server() map[string]document.Document {
	out := map[string]document.Document{}
	for _, c := range w.backend.page().Changes {
		if c.Deleted {
			continue
		}
		doc, err := document.Decode(document.Type(c.Type), c.Body)
		if err != nil {
			w.fatalf("%v", err)
		}
		m := doc.Meta()
		if _, twice := out[c.ID]; twice || m.ID != c.ID || m.Revision != c.Revision || string(m.State) != c.State || m.Number != c.Number {
			w.errorf("the server holds %s as %+v", c.ID, c)
		}
		out[c.ID] = doc
	}
	return out
}

// Every document that was made is on the server once, or was deleted by a clerk.
func (w *world) checkDocuments(final map[string]document.Document) {
	for id := range w.model.drafts {
		all := w.backend.states[id]
		_, there := final[id]
		if !there && !w.model.deleted[id] {
			w.errorf("%s is not on the server, and nobody deleted it: %v", id, all)
		}
		if there && len(all) > 0 && all[len(all)-1].deleted {
			w.errorf("%s rose from its tombstone", id)
		}
	}
	for id := range final {
		if w.model.drafts[id] == "" {
			w.errorf("%s is on the server and nobody made it", id)
		}
	}
}

// Numbers are 1..n without a gap or a double.
func (w *world) checkNumbers(final map[string]document.Document) {
	seen := map[string]bool{}
	for id, doc := range final {
		inv := doc.Meta()
		if (inv.State == invoice.Issued || inv.State == invoice.Reversed) != (inv.Number != "") {
			w.errorf("%s is %s with number %q", id, inv.State, inv.Number)
		}
		if inv.Number != "" && seen[inv.Number] {
			w.errorf("number %s is there twice", inv.Number)
		}
		if inv.Number != "" {
			seen[inv.Number] = true
		}
		if inv.State == invoice.Waiting {
			w.errorf("%s still waits", id)
		}
	}
	if w.restored {
		return // a number that was lost before anybody saw it is not given again
	}
	for n := 1; n <= len(seen); n++ {
		if !seen[fmt.Sprintf("%08d", n)] {
			w.errorf("number %d of %d is missing", n, len(seen))
		}
	}
}

// told reports whether a desk showed that something is wrong with an invoice.
func (w *world) told(id string) bool {
	for _, d := range w.desks {
		for _, h := range d.history(id) {
			if h.Event == "conflict" {
				return true
			}
		}
		for _, o := range d.outbox() {
			if o.DocumentID == id && o.State == books.Parked {
				return true
			}
		}
	}
	return false
}

// checkPrinted holds that a number which was seen on a desk is that invoice's for
// ever. Only where nobody who knew had spoken yet when the server gave another may
// there be two, and then a person was told.
func (w *world) checkPrinted(final map[string]document.Document) {
	for id, number := range w.model.numbers {
		doc, there := final[id]
		inv := document.Meta{}
		if there {
			inv = doc.Meta()
		}
		if another := w.model.second[id]; another != "" && there && (inv.Number == number || inv.Number == another) && w.told(id) {
			continue
		}
		if (!there || inv.Number != number) && !(w.unaware && w.told(id)) {
			w.errorf("%s was printed as %s, the server has %q (%v)", id, number, inv.Number, there)
		}
	}
}

// Each text that was saved is in the end on the server, or a person who saw it
// replaced it or chose against it; and its desk's history holds it anyway.
func (w *world) checkTexts(final map[string]document.Document) {
	have := map[string]bool{}
	for _, inv := range final {
		for _, s := range tokens(inv) {
			have[s] = true
		}
	}
	kept := map[*desk]map[string]bool{}
	for _, d := range w.desks {
		kept[d] = map[string]bool{}
		for id := range w.model.drafts {
			for _, h := range d.history(id) {
				for _, s := range tokens(h.Before) {
					kept[d][s] = true
				}
			}
			if st, found := d.document(w.model.key(id)); found {
				for _, s := range tokens(st.Document) {
					kept[d][s] = true
				}
			}
		}
	}
	for n := 1; n <= w.model.next; n++ {
		s := fmt.Sprintf("t%d", n)
		d := w.model.by[s]
		if d == nil {
			continue // never saved
		}
		if !have[s] && !w.model.gone[s] {
			w.errorf("%s, saved by desk %d, is lost and nobody decided so", s, d.n)
		}
		if !kept[d][s] {
			w.errorf("%s is not in the history of desk %d, which saved it", s, d.n)
		}
	}
	for _, x := range w.model.cuts {
		if inv, there := final[x.doc]; there && slices.Contains(lineIDs(inv), x.line) {
			w.errorf("line %s of %s, deleted by desk %d, is back and nobody decided so", x.line, x.doc, x.by.n)
		}
	}
}

// checkSame holds that the desk has exactly what the server has.
func (d *desk) checkSame(final map[string]document.Document) {
	rows := d.rows()
	d.checkRecords(final)
	for _, r := range rows {
		st, _ := d.stored(r.ID)
		doc, there := final[r.ID]
		want, _ := doc.(invoice.Invoice)
		if !there && st.Pending == books.Parked && d.w.unaware {
			continue
		}
		if !there {
			d.w.errorf("desk %d has %s (%s rev %d), the server has not", d.n, r.ID, st.Invoice.State, st.Invoice.Revision)
			continue
		}
		if st.Pending == books.Parked && d.w.unaware {
			continue // its number went to another before anybody knew; a person was told
		}
		if st.Base == nil || st.Pending != "" || st.Conflict {
			d.w.errorf("desk %d: %s is not at rest: %+v", d.n, r.ID, st)
			continue
		}
		for name, inv := range map[string]invoice.Invoice{"document": st.Invoice, "base": *st.Base} {
			if got, want := d.bytes(inv), d.bytes(want); got != want {
				d.w.errorf("desk %d has another %s\n%s\nthan the server\n%s", d.n, name, got, want)
			}
		}
		sheet, err := invoice.Compute(want)
		if err != nil || !sheet.Gross.Equal(r.Gross) {
			d.w.errorf("desk %d shows %s with %s, it comes to %s (%v)", d.n, r.ID, r.Gross, sheet.Gross, err)
		}
	}
	invoices := 0
	for _, doc := range final {
		if doc.DocumentType() == invoice.Type {
			invoices++
		}
	}
	if len(rows) != invoices && !d.w.unaware {
		d.w.errorf("desk %d has %d invoices, the server %d", d.n, len(rows), invoices)
	}
	if out := d.outbox(); d.waits() {
		b, _ := json.Marshal(out)
		d.w.errorf("desk %d: outbox %s", d.n, b)
	}
}

// waits reports whether something is in the outbox that is to go by itself.
func (d *desk) waits() bool {
	return slices.ContainsFunc(d.outbox(), func(o books.Operation) bool { return o.State != books.Parked || !d.w.unaware })
}

func (d *desk) bytes(doc document.Document) string {
	b, err := document.Encode(doc)
	if err != nil {
		d.w.fatalf("%v", err)
	}
	return string(b)
}
