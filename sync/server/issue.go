package server

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/sync/wire"
)

// issue numbers a waiting invoice. The number comes from a counter row of the
// same commit, so a rollback gives it back: unique, gapless, never reused. What
// can be refused is refused before.
func (d *decider) issue(inv *invoice.Invoice) error {
	if inv.Reverses != "" {
		if err := d.reverse(*inv); err != nil {
			return err
		}
	}
	n, err := d.tx.NextNumber()
	if err != nil {
		return err
	}
	inv.State, inv.Number, inv.IssuedAt = invoice.Issued, fmt.Sprintf("%08d", n), d.now.UTC().Truncate(time.Millisecond)
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

// reversed sums what the red-letter invoices of blue have taken, except skip.
func (d *decider) reversed(blue, skip string) (map[string]totals, error) {
	docs, err := d.tx.Reds(blue)
	if err != nil {
		return nil, err
	}
	out := map[string]totals{}
	for _, doc := range docs {
		if doc.ID == skip {
			continue
		}
		red, err := wire.DecodeInvoice(doc.Body)
		if err != nil {
			return nil, err
		}
		lines, err := perLine(red)
		if err != nil {
			return nil, err
		}
		for id, t := range lines {
			out[id] = out[id].add(t)
		}
	}
	return out, nil
}

func (d *decider) blue(id string) (invoice.Invoice, error) {
	doc, found, err := d.tx.Document(string(books.InvoiceDocument), id)
	if err != nil {
		return invoice.Invoice{}, err
	}
	if !found || doc.State != string(invoice.Issued) || doc.Reverses != "" {
		return invoice.Invoice{}, &refusal{code: "nothing_to_reverse", fields: map[string]string{"reverses": "nothing_to_reverse"}}
	}
	return wire.DecodeInvoice(doc.Body)
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
	taken, err := d.reversed(blue.ID, red.ID)
	if err != nil {
		return err
	}
	mine, err := perLine(red)
	if err != nil {
		return err
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
	taken, err := d.reversed(blue.ID, red.ID)
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
	_, err = d.write(blue, "")
	return err
}

// IssueWaiting issues what waits for the tax service, oldest first.
func (s *Server) IssueWaiting(ctx context.Context) error {
	if !s.taxUp() {
		return nil
	}
	for {
		n := 0
		err := s.cfg.Store.Update(ctx, func(tx Tx) error {
			docs, err := tx.Waiting(200)
			if err != nil {
				return err
			}
			n = len(docs)
			d := &decider{tx: tx, now: s.cfg.Now(), taxUp: true}
			for _, doc := range docs {
				inv, err := wire.DecodeInvoice(doc.Body)
				if err != nil {
					return err
				}
				inv.Revision = doc.Revision + 1
				if err := d.issue(&inv); err != nil {
					return err
				}
				if _, err := d.write(inv, ""); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		s.hint(ctx)
	}
}
