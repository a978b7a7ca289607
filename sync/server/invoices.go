package server

import (
	"cmp"
	"time"

	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/seller"
	"counterfoil/sync/wire"
)

// acceptInvoice writes an invoice as draft or waiting, and issues it when it can.
func (d *decider) acceptInvoice(doc document.Document, row Document) (wire.Answer, error) {
	inv := doc.(invoice.Invoice)
	if inv.State != invoice.Waiting {
		return d.writeInvoice(inv, row)
	}
	if err := d.inTime(inv); err != nil {
		return wire.Answer{}, err
	}
	if inv.Reverses != "" {
		if err := d.checkRed(inv); err != nil {
			return wire.Answer{}, err
		}
		blue, _, err := d.tx.Document(string(invoice.Type), inv.Reverses)
		if err != nil {
			return wire.Answer{}, err
		}
		row.Branch = blue.Branch // whoever reverses it, its branch sees that
	}
	series, err := d.seriesOf(inv)
	if err != nil {
		return wire.Answer{}, err
	}
	if d.taxUp {
		if err := d.issue(&inv, series); err != nil {
			return wire.Answer{}, err
		}
		row.Series = series
	}
	return d.writeInvoice(inv, row)
}

// seriesOf is the series that an invoice takes its number from: the one of its
// seller, which must be one that the server hands out; of a red-letter invoice that
// of its original; of an invoice without a seller the company's first.
func (d *decider) seriesOf(inv invoice.Invoice) (Series, error) {
	first := d.s.series(wire.DefaultSeries)
	if inv.Reverses != "" {
		blue, _, err := d.tx.Document(string(invoice.Type), inv.Reverses)
		return cmp.Or(blue.Series, first), err
	}
	if inv.Seller.Name == "" && inv.Seller.TaxNo == "" {
		return first, nil
	}
	rows, err := d.tx.List(string(seller.Type))
	if err != nil {
		return first, err
	}
	for _, row := range rows {
		s, err := document.DecodeAs[seller.Seller](row.Body)
		if err == nil && s.Name == inv.Seller.Name && s.TaxNo == inv.Seller.TaxNo {
			return d.s.series(cmp.Or(s.Series, wire.DefaultSeries)), nil
		}
	}
	return first, &refusal{code: "seller_unknown", fields: map[string]string{"seller": "seller_unknown"}}
}

// inTime refuses an invoice that is dated outside the server's window, or drawn
// by another than the token's person.
func (d *decider) inTime(inv invoice.Invoice) error {
	if p := d.who.Person; p != "" && inv.Drawer != "" && inv.Drawer != p {
		return &refusal{code: "drawer_foreign", fields: map[string]string{"drawer": "drawer_foreign"}}
	}
	if d.s.cfg.DateBack == 0 {
		return nil
	}
	day, err := time.Parse(time.DateOnly, inv.Date)
	today := d.now.Truncate(24 * time.Hour)
	// A day more on both sides: the branch's zone is not the server's.
	if err != nil || day.Before(today.AddDate(0, 0, -d.s.cfg.DateBack-1)) || day.After(today.AddDate(0, 0, d.s.cfg.DateAhead+1)) {
		return &refusal{code: "date_out_of_window", fields: map[string]string{"date": "date_out_of_window"}}
	}
	return nil
}

// writeInvoice stores an invoice; row has the series of its number. What is issued
// has its receipt written here, unless row comes with one.
func (d *decider) writeInvoice(inv invoice.Invoice, row Document) (wire.Answer, error) {
	var err error
	row.Reverses = inv.Reverses
	if inv.State == invoice.Issued && row.Receipt == nil {
		if row.Seq, err = d.tx.NextSeq(); err != nil {
			return wire.Answer{}, err
		}
		if row.Receipt, err = d.receipt(inv, row); err != nil {
			return wire.Answer{}, err
		}
	}
	return d.write(inv, row)
}

// receipt signs that an invoice was issued.
func (d *decider) receipt(inv invoice.Invoice, doc Document) ([]byte, error) {
	hash, err := wire.ReceiptHash(inv)
	if err != nil {
		return nil, err
	}
	r, err := wire.Receipt{
		Company: d.s.cfg.Company, Branch: doc.Branch, Series: doc.Series.Name, Number: inv.Number,
		DocumentID: inv.ID, Hash: hash, Seq: doc.Seq, Time: inv.IssuedAt,
	}.Sign(d.key)
	if err != nil {
		return nil, err
	}
	return wire.Marshal(r)
}
