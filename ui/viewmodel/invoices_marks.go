package viewmodel

import (
	"context"
	"io"
	"maps"
	"slices"

	"counterfoil/app/books"
)

// InvoiceDesk is what the list does to marked invoices.
type InvoiceDesk interface {
	Submit(ctx context.Context, id string) (books.Stored, error)
}

// Marked reports whether a row is marked for what is done to many at once.
func (v *Invoices) Marked(id string) bool { return v.marks[id] }

// Marks is the number of marked invoices, seen or not.
func (v *Invoices) Marks() int { return len(v.marks) }

// Mark turns the mark of a row round.
func (v *Invoices) Mark(id string) {
	if v.marks[id] {
		delete(v.marks, id)
	} else {
		v.marks[id] = true
	}
	v.tell()
}

// MarkAll marks every row that is loaded, or none when all are marked.
func (v *Invoices) MarkAll() {
	all := len(v.rows) > 0
	for _, r := range v.rows {
		all = all && v.marks[r.ID]
	}
	clear(v.marks)
	for _, r := range v.rows {
		if !all {
			v.marks[r.ID] = true
		}
	}
	v.tell()
}

// Chosen are the ids of the marked invoices in the order they were drafted, or
// of the selected one when none is marked.
func (v *Invoices) Chosen() []string {
	ids := slices.Sorted(maps.Keys(v.marks))
	if len(ids) == 0 && v.selected != "" {
		ids = []string{v.selected}
	}
	return ids
}

// SubmitMarked hands in every marked invoice. Those that cannot go keep their
// mark; the message says how many went and why the first of the others did not.
func (v *Invoices) SubmitMarked(desk InvoiceDesk, done func()) {
	if v.submitting {
		return
	}
	v.submitting = true
	ids := slices.Sorted(maps.Keys(v.marks)) // in the order they were drafted
	type outcome struct {
		went  []string
		first error
	}
	away(v.setup, context.Background(), func(ctx context.Context) (outcome, error) {
		var o outcome
		for _, id := range ids {
			if _, err := desk.Submit(ctx, id); err == nil {
				o.went = append(o.went, id)
			} else if o.first == nil {
				o.first = err
			}
		}
		return o, nil
	}, func(o outcome, _ error) {
		v.submitting = false
		for _, id := range o.went {
			delete(v.marks, id)
		}
		v.notice = v.setup.Words.T("invoices.submitted", len(o.went))
		if o.first != nil {
			v.notice = v.setup.Words.T("invoices.submitted.some", len(o.went), len(ids)-len(o.went), Sentence(v.setup.Words, o.first))
		}
		done()
		v.Load()
	})
}

// Notice is what the last action on many did; empty when there was none.
func (v *Invoices) Notice() string { return v.notice }

// Export writes the marked invoices, or all that the filter finds, as CSV that
// spreadsheets open, and closes w. done gets the error on the window's goroutine.
func (v *Invoices) Export(w io.WriteCloser, done func(error)) {
	f, o := v.filter(), v.order
	marks := map[string]bool{}
	for id := range v.marks {
		marks[id] = true
	}
	words := v.setup.Words
	head := []string{}
	for _, c := range []string{"number", "ref", "date", "buyer", "kind", "gross", "state"} {
		head = append(head, words.T("invoices.col."+c))
	}
	away(v.setup, context.Background(), func(ctx context.Context) (int, error) {
		out, err := newSheet(w)
		if err == nil {
			err = out.Write(head)
		}
		n := 0
		for after, more := "", true; more && err == nil; {
			var p books.Page
			if p, err = v.store.List(ctx, f, o, after, 500); err != nil {
				break
			}
			for _, r := range p.Rows {
				if len(marks) > 0 && !marks[r.ID] {
					continue
				}
				n++
				if r.Damaged { // nothing is said of it
					err = out.Write([]string{"", r.Reference, "", "", "", "", words.T("invoices.damaged")})
					continue
				}
				err = out.Write([]string{r.Number, r.Reference, r.Date, r.BuyerName, words.T("kind." + string(r.Kind)), r.Gross.StringFixed(2), words.T("invoices." + string(r.State))})
			}
			after = p.Next
			more = after != ""
		}
		out.Flush()
		if err == nil {
			err = out.Error()
		}
		if cerr := w.Close(); err == nil {
			err = cerr
		}
		return n, err
	}, func(n int, err error) {
		v.notice = words.T("invoices.exported", n)
		if err != nil {
			v.notice = Sentence(words, err)
		}
		done(err)
		v.tell()
	})
}
