package server

import (
	"cmp"
	"crypto/ed25519"
	"errors"

	"counterfoil/app/invoice"
	"counterfoil/sync/wire"
)

// present takes an issued invoice back that was lost with the data: exactly as it
// was printed, under its number, and the counter goes past it.
func (d *decider) present(op wire.Operation, cur Document, found bool) (wire.Answer, error) {
	var p wire.Presented
	if wire.Unmarshal(op.Body, &p) != nil {
		return wire.Answer{}, &refusal{code: "malformed"}
	}
	inv, err := invoice.Decode(p.Invoice)
	series := d.s.series(p.Receipt.Series)
	n, ours := d.s.counted(series, p.Receipt.Number)
	if err != nil || inv.ID != op.DocumentID || !ours ||
		p.Receipt.Verify(d.key.Public().(ed25519.PublicKey), inv) != nil {
		return wire.Answer{}, &refusal{code: "receipt_invalid"}
	}
	if err := d.tx.LiftNumber(series, n); err != nil {
		return wire.Answer{}, err
	}
	final := cur.State == string(invoice.Issued) || cur.State == string(invoice.Reversed)
	if found && final {
		have, err := invoice.Decode(cur.Body)
		if err != nil || cur.Number != p.Receipt.Number || cur.Series != series {
			return wire.Answer{}, &refusal{code: "number_differs", doc: &cur}
		}
		a := applied(cur, have.Meta())
		a.Body = cur.Body
		return a, nil
	}
	holder, err := d.tx.ByNumber(series, p.Receipt.Number)
	if err != nil {
		return wire.Answer{}, err
	}
	if holder != "" && holder != op.DocumentID {
		return wire.Answer{}, &refusal{code: "number_taken", fields: map[string]string{"number": p.Receipt.Number}}
	}
	inv.State, inv.Rejection, inv.Revision = invoice.Issued, nil, max(cur.Revision+1, inv.Revision)
	if inv.Reverses == "" {
		if inv.State, err = d.leftOf(inv); err != nil {
			return wire.Answer{}, err
		}
	} else if err := d.reverse(inv); err != nil && !errors.As(err, new(*refusal)) {
		return wire.Answer{}, err // a blue one that is not back yet is marked when it comes
	}
	receipt, err := wire.Marshal(p.Receipt)
	if err != nil {
		return wire.Answer{}, err
	}
	return d.writeInvoice(inv, Document{Device: d.device, Branch: cmp.Or(cur.Branch, p.Receipt.Branch), Series: series, Receipt: receipt})
}

// leftOf is the state of a blue invoice whose red-letter ones may be there already.
func (d *decider) leftOf(blue invoice.Invoice) (invoice.State, error) {
	have, err := perLine(blue)
	if err != nil {
		return "", &refusal{code: "malformed"}
	}
	taken, err := d.reversed(blue.ID, "", true)
	if err != nil {
		return "", err
	}
	if left := have[""].add(taken[""]); len(taken) > 0 && left.net.IsZero() && left.tax.IsZero() {
		return invoice.Reversed, nil
	}
	return invoice.Issued, nil
}
