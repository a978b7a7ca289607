package server

import (
	"context"
	"errors"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/sync/server/access"
)

// issue gives a waiting invoice the next number of a series. The number comes from
// a counter row of the same commit, so a rollback gives it back: unique, gapless,
// never reused. What can be refused is refused before.
func (d *decider) issue(inv *invoice.Invoice, series Series) error {
	if inv.Reverses != "" {
		if err := d.reverse(*inv); err != nil {
			return err
		}
	}
	n, err := d.tx.NextNumber(series)
	if err != nil {
		return err
	}
	inv.State, inv.Number, inv.IssuedAt = invoice.Issued, d.s.format(series, n), d.now.UTC().Truncate(time.Millisecond)
	return nil
}

// totals are sums that a red-letter invoice takes from its blue one.
type totals struct{ qty, net, tax decimal.Decimal }

func (t totals) add(o totals) totals {
	return totals{t.qty.Add(o.qty), t.net.Add(o.net), t.tax.Add(o.tax)}
}

// over reports that taking t away from blue takes more than there is.
func (t totals) over(blue totals) bool {
	return blue.qty.Add(t.qty).IsNegative() || blue.net.Add(t.net).IsNegative() || blue.tax.Add(t.tax).IsNegative()
}

// perLine sums the rows of an invoice by "line:"+id; "" is the whole invoice.
func perLine(inv invoice.Invoice) (map[string]totals, error) {
	sheet, err := invoice.Compute(inv)
	if err != nil {
		return nil, err
	}
	rows := sheet.Rows
	if inv.Reverses != "" {
		rows = inv.RedRows
	}
	out := map[string]totals{}
	for _, r := range rows {
		t := totals{net: r.Net, tax: r.Tax}
		if r.Qty != nil && r.Type != invoice.DiscountRow {
			t.qty = *r.Qty
		}
		id := "line:" + r.LineID
		out[id] = out[id].add(t)
		whole := t
		whole.qty = decimal.Zero
		out[""] = out[""].add(whole)
	}
	return out, nil
}

// reversed sums what the red-letter invoices of blue have taken, except skip:
// those that are issued, or also those that wait to be.
func (d *decider) reversed(blue, skip string, issued bool) (map[string]totals, error) {
	docs, err := d.tx.Reds(blue)
	if err != nil {
		return nil, err
	}
	out := map[string]totals{}
	for _, doc := range docs {
		if doc.ID == skip || issued && doc.State != string(invoice.Issued) {
			continue
		}
		red, err := invoice.Decode(doc.Body)
		var lines map[string]totals
		if err == nil {
			lines, err = perLine(red)
		}
		if err != nil {
			return nil, damaged(doc)
		}
		for id, t := range lines {
			out[id] = out[id].add(t)
		}
	}
	return out, nil
}

func (d *decider) blue(id string) (invoice.Invoice, error) {
	doc, found, err := d.tx.Document(string(invoice.Type), id)
	if err != nil {
		return invoice.Invoice{}, err
	}
	if !found || !d.sees(doc) || doc.State != string(invoice.Issued) || doc.Reverses != "" {
		return invoice.Invoice{}, &refusal{code: "nothing_to_reverse", fields: map[string]string{"reverses": "nothing_to_reverse"}}
	}
	inv, err := invoice.Decode(doc.Body)
	if err != nil {
		return inv, damaged(doc)
	}
	return inv, nil
}

// damaged refuses what rests on a document that this server cannot read.
func damaged(doc Document) *refusal {
	return &refusal{code: "server_document_damaged", fields: map[string]string{"document_id": doc.ID}}
}

// checkRed caps all reversals of a blue invoice at what it was, line by line.
func (d *decider) checkRed(red invoice.Invoice) error {
	blue, err := d.blue(red.Reverses)
	if err != nil {
		return err
	}
	have, err := perLine(blue)
	if err != nil {
		return err
	}
	taken, err := d.reversed(blue.ID, red.ID, false)
	if err != nil {
		return err
	}
	mine, err := perLine(red)
	if err != nil {
		return &refusal{code: "red_malformed", fields: map[string]string{"red_rows": "red_malformed"}}
	}
	for _, r := range red.RedRows {
		if !r.Gross.Equal(r.Net.Add(r.Tax)) || r.Qty != nil && r.Type != invoice.DiscountRow && r.Qty.IsPositive() {
			return &refusal{code: "red_malformed", fields: map[string]string{"red_rows": "red_malformed"}}
		}
	}
	for id, t := range mine {
		b, known := have[id]
		if !known || t.net.IsPositive() || t.tax.IsPositive() || taken[id].add(t).over(b) {
			return &refusal{code: "red_too_much", fields: map[string]string{"red_rows": "red_too_much"}}
		}
	}
	if len(red.RedRows) == 0 || mine[""].net.IsZero() {
		return &refusal{code: "red_malformed", fields: map[string]string{"red_rows": "required"}}
	}
	return nil
}

// reverse marks the blue invoice reversed once nothing of it is left. red itself
// is not written yet.
func (d *decider) reverse(red invoice.Invoice) error {
	blue, err := d.blue(red.Reverses)
	if err != nil {
		return err
	}
	have, err := perLine(blue)
	if err != nil {
		return err
	}
	taken, err := d.reversed(blue.ID, red.ID, true)
	if err != nil {
		return err
	}
	mine, err := perLine(red)
	if err != nil {
		return err
	}
	left := have[""].add(taken[""]).add(mine[""])
	if !left.net.IsZero() || !left.tax.IsZero() {
		return nil
	}
	blue.State, blue.Revision = invoice.Reversed, blue.Revision+1
	doc, _, err := d.tx.Document(string(invoice.Type), blue.ID)
	if err != nil {
		return err
	}
	_, err = d.writeInvoice(blue, Document{Branch: doc.Branch, Series: doc.Series})
	return err
}

// IssueWaiting issues what waits for the tax service, oldest first. What cannot be
// issued is rejected, or stays when it cannot be read; it holds up no other.
func (s *Server) IssueWaiting(ctx context.Context) error {
	if !s.cfg.TaxUp() {
		return nil
	}
	key, err := s.key(ctx)
	if err != nil {
		return err
	}
	after := int64(0)
	for {
		docs, err := Do(ctx, s.cfg.Store, func(tx Tx) ([]Document, error) {
			docs, err := tx.Waiting(after, 64)
			d := &decider{s: s, tx: tx, key: key, who: access.Principal{Whole: true}, now: s.cfg.Now(), taxUp: true}
			for _, doc := range docs {
				if h := handlers[document.Type(doc.Type)]; err == nil && h.issueLater != nil {
					err = h.issueLater(d, doc)
				}
			}
			return docs, err
		})
		if err != nil {
			return err
		}
		if len(docs) == 0 {
			return nil
		}
		after = docs[len(docs)-1].Seq
		s.hintHead(ctx)
	}
}

// issueLater issues or rejects one waiting invoice.
func (d *decider) issueLater(row Document) error {
	inv, err := invoice.Decode(row.Body)
	if err != nil {
		return nil // it waits for someone who repairs it
	}
	inv.Revision = row.Revision + 1
	out := Document{Branch: row.Branch}
	series, err := d.seriesOf(inv)
	if err == nil {
		err = d.issue(&inv, series)
		out.Series = series
	}
	if no := (*refusal)(nil); errors.As(err, &no) {
		out.Series = Series{}
		inv.State, inv.Rejection = invoice.Rejected, &invoice.Rejection{Code: no.code, Fields: no.fields}
	} else if err != nil {
		return err
	}
	_, err = d.writeInvoice(inv, out)
	return err
}
