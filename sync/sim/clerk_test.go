package sim

import (
	"errors"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/tax"
)

// choose returns an invoice of the desk, or nothing.
func (d *desk) choose() (books.Stored, bool) {
	rows := d.rows()
	if len(rows) == 0 {
		return books.Stored{}, false
	}
	// Mostly the newest ones, so that clerks meet in the same documents.
	n := len(rows) - 1 - d.w.rnd.Intn(min(len(rows), 6))
	if d.w.rnd.Intn(5) == 0 {
		n = d.w.rnd.Intn(len(rows))
	}
	return d.stored(rows[n].ID)
}

func (d *desk) line(order string) invoice.Line {
	q, p := decimal.New(int64(1+d.w.rnd.Intn(20)), 0), decimal.New(int64(1+d.w.rnd.Intn(99_999)), -2)
	l := invoice.Line{Name: d.w.model.token(), Order: order, Qty: &q, Price: &p, Rate: tax.Rate{Value: decimal.New(13, -2)}}
	if d.w.rnd.Intn(3) == 0 {
		l.Spec = d.w.model.token()
	}
	return l
}

func (d *desk) draft() {
	inv := invoice.Invoice{Kind: invoice.Ordinary, Basis: invoice.Exclusive, Buyer: party.Party{Name: d.w.model.token()}}
	for range 1 + d.w.rnd.Intn(3) {
		inv.Lines = append(inv.Lines, d.line(""))
	}
	st, _, err := d.books.Draft(ctx, inv)
	if err != nil {
		d.w.errorf("desk %d drafts: %v", d.n, err)
		return
	}
	d.w.note("desk %d drafts %s: %v", d.n, short(st.Invoice.ID), tokens(st.Invoice))
	d.w.model.drafted(d, st.Invoice)
}

// change writes new text into one or two places of an invoice.
func (d *desk) change(inv *invoice.Invoice) {
	inv.Lines = slices.Clone(inv.Lines)
	for range 1 + d.w.rnd.Intn(2) {
		tok := d.w.model.token
		n := 0
		if len(inv.Lines) > 0 {
			n = d.w.rnd.Intn(len(inv.Lines))
		}
		switch what := d.w.rnd.Intn(12); {
		case what == 0:
			inv.Remark = tok()
		case what == 1:
			inv.Payee = tok()
		case what == 2:
			inv.Email = tok()
		case what == 3:
			inv.Buyer.Name = tok()
		case what == 4:
			inv.Drawer, inv.Reviewer = tok(), tok()
		case what <= 6 && len(inv.Lines) < 8:
			at := d.w.rnd.Intn(len(inv.Lines) + 1)
			inv.Lines = slices.Insert(inv.Lines, at, d.line(""))
		case what == 7 && len(inv.Lines) > 1:
			inv.Lines = slices.Delete(inv.Lines, n, n+1)
		case what <= 9 && len(inv.Lines) > 0:
			inv.Lines[n].Spec = tok()
		case len(inv.Lines) > 0:
			l := d.line(inv.Lines[n].Order)
			l.ID, l.Spec = inv.Lines[n].ID, inv.Lines[n].Spec
			inv.Lines[n] = l
		}
	}
}

func (d *desk) edit() {
	e := d.editor
	d.editor = nil
	if e == nil {
		if e = d.form(); e == nil {
			return
		}
	}
	d.change(&e.inv)
	st, _, err := d.books.Edit(ctx, e.id, e.version, e.inv)
	d.w.note("desk %d edits %s: %s, now %v", d.n, short(e.id), outcome(err), tokens(e.inv))
	if err != nil {
		d.expect(err, "stale", "not_editable", "in_conflict", "not_found")
		return
	}
	d.w.model.saved(d, e.before, st.Invoice)
}

// form opens an invoice for editing; nil when there is none to edit.
func (d *desk) form() *editor {
	st, found := d.choose()
	if !found {
		return nil
	}
	return &editor{id: st.Invoice.ID, version: st.Version, before: st.Invoice, inv: st.Invoice}
}

// openEditor leaves a form open that is saved later, when more has happened.
func (d *desk) openEditor() { d.editor = d.form() }

func (d *desk) submit() {
	st, found := d.choose()
	if !found {
		return
	}
	_, err := d.books.Submit(ctx, st.Invoice.ID)
	d.w.note("desk %d submits %s rev %d: %s", d.n, short(st.Invoice.ID), st.Invoice.Revision, outcome(err))
	if err != nil {
		d.expect(err, "not_editable", "in_conflict", "review_needed")
		return
	}
	if st.Invoice.State != invoice.Waiting {
		d.w.model.intend(d, st.Invoice, "submit")
	}
}

func (d *desk) recall() {
	st, found := d.choose()
	if !found {
		return
	}
	_, err := d.books.Recall(ctx, st.Invoice.ID)
	if err != nil {
		d.expect(err, "not_waiting", "in_conflict")
		return
	}
	d.w.note("desk %d recalls %s rev %d", d.n, short(st.Invoice.ID), st.Invoice.Revision)
	d.w.model.intend(d, st.Invoice, "recall")
}

// delete asks for a draft to go.
func (d *desk) delete() {
	st, found := d.choose()
	if !found || st.Conflict || !st.Invoice.State.Editable() {
		return
	}
	_, err := invoice.Compute(st.Invoice)
	if err == nil {
		_, err = d.db.SaveInvoice(ctx, st.Invoice, st.Version, books.Delete, books.HistoryEntry{Event: "deleted"})
	}
	d.w.note("desk %d deletes %s rev %d: %s", d.n, short(st.Invoice.ID), st.Invoice.Revision, outcome(err))
	if err != nil {
		d.w.errorf("desk %d deletes: %v", d.n, err)
		return
	}
	d.w.model.intend(d, st.Invoice, "delete")
	d.w.model.given(st.Invoice)
}

func (d *desk) review() {
	for _, r := range d.rows() {
		if st, found := d.stored(r.ID); found && st.Invoice.ReviewNeeded && !st.Conflict && st.Invoice.State.Editable() {
			_, err := d.books.Reviewed(ctx, r.ID)
			d.w.note("desk %d reviews %s: %s", d.n, short(r.ID), outcome(err))
			if err != nil {
				d.w.errorf("desk %d reviews: %v", d.n, err)
			}
			d.w.model.wanted(d, r.ID)
			d.w.model.kept(r.ID, st.Invoice)
			return
		}
	}
}

// resolve settles one open conflict in one of the ways there are.
func (d *desk) resolve() {
	all := d.conflicts()
	if len(all) == 0 {
		return
	}
	c := all[d.w.rnd.Intn(len(all))]
	var err error
	var st books.Record
	how := d.w.rnd.Intn(4)
	switch how {
	case 0:
		st, err = d.books.ResolveSide(ctx, c.Key(), books.Mine)
	case 1:
		st, err = d.books.ResolveSide(ctx, c.Key(), books.Theirs)
	case 2:
		choices := map[string]books.Side{}
		for _, f := range c.Diffs {
			choices[f.Path] = []books.Side{books.Mine, books.Theirs}[d.w.rnd.Intn(2)]
		}
		st, err = d.books.Resolve(ctx, c.Key(), choices)
	default:
		st, err = d.books.KeepBoth(ctx, c.Key())
	}
	d.w.note("desk %d resolves %s by %d (deleted %v, mine %s, theirs %s rev %d): %s", d.n, short(c.DocumentID), how, c.Deleted, c.Mine.Meta().State, c.Theirs.Meta().State, c.Theirs.Meta().Revision, outcome(err))
	if err != nil {
		d.expect(err, "theirs_is_final", "one_side_only")
		return
	}
	now, _ := d.document(c.Key())
	if now.Deleting { // he still wants it gone
		d.w.model.intend(d, now.Document, "delete")
		d.w.model.given(c.Mine)
		d.w.model.given(c.Theirs)
		return
	}
	var copied document.Document
	if st.Document != nil && st.Document.Meta().ID != c.DocumentID {
		copied = st.Document
		d.w.model.drafted(d, copied)
	}
	d.w.model.resolved(d, c, now.Document, copied, how == 1)
}

// settle does what is left to a person once nothing else happens.
func (d *desk) settle() {
	d.again()
	for range 200 {
		if len(d.conflicts()) == 0 {
			break
		}
		d.resolve()
	}
	for _, r := range d.rows() {
		if r.State != invoice.Rejected {
			continue
		}
		st, _ := d.stored(r.ID)
		_, _, err := d.books.Edit(ctx, r.ID, st.Version, st.Invoice)
		d.w.note("desk %d takes back the rejected %s: %s", d.n, short(r.ID), outcome(err))
		if err != nil {
			d.w.errorf("desk %d reworks a rejected invoice: %v", d.n, err)
		}
	}
}

func code(err error) string {
	var e *books.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	return code(err)
}

// expect holds that a refusal is one of those.
func (d *desk) expect(err error, codes ...string) {
	if !slices.Contains(codes, code(err)) {
		d.w.errorf("desk %d: %v", d.n, err)
	}
}
