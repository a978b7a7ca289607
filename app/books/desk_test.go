package books

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/tax"
)

// A raced store is changed by sync between each reading and writing, times times.
type raced struct {
	Store
	st    Stored
	times int
}

func (r *raced) Invoice(context.Context, string) (Stored, error) { return r.st, nil }

func (r *raced) SaveInvoice(_ context.Context, inv invoice.Invoice, version int64, _ OperationKind, _ HistoryEntry) (Saved, error) {
	if r.times > 0 {
		r.times--
		r.st.Version++
	}
	if version != r.st.Version {
		return Saved{}, ErrStale
	}
	r.st.Invoice, r.st.Version = inv, version+1
	return Saved{Version: r.st.Version, Reference: inv.Reference}, nil
}

// An answer of the server that comes while a clerk hands in, takes back or deletes
// is not the clerk's trouble; one that never ends is told.
func TestAStepMeetsSync(t *testing.T) {
	inv := func(s invoice.State) invoice.Invoice {
		amount := decimal.New(100, 0)
		l := invoice.Line{ID: "l", Name: "法兰", Amount: &amount, Rate: tax.Rate{Value: decimal.New(13, -2)}}
		return invoice.Invoice{ID: "i", Kind: invoice.Ordinary, Basis: invoice.Exclusive, Buyer: party.Party{Name: "甲"}, State: s, Lines: []invoice.Line{l}}
	}
	ctx := context.Background()
	for name, step := range map[string]struct {
		from invoice.State
		do   func(*Desk) (Stored, error)
	}{
		"submit": {invoice.Draft, func(d *Desk) (Stored, error) { return d.Submit(ctx, "i") }},
		"recall": {invoice.Waiting, func(d *Desk) (Stored, error) { return d.Recall(ctx, "i") }},
		"delete": {invoice.Draft, func(d *Desk) (Stored, error) { return d.Delete(ctx, "i") }},
	} {
		for times, works := range map[int]bool{0: true, 1: true, 3: true, 100: false} {
			r := &raced{st: Stored{Invoice: inv(step.from), Status: Status{Version: 4}}, times: times}
			_, err := step.do(&Desk{Store: r, Now: time.Now, NewID: func() string { return "n" }})
			if works != (err == nil) || err != nil && !errors.Is(err, ErrStale) {
				t.Errorf("%s, changed %d times: %v", name, times, err)
			}
		}
	}
}
