package window

import (
	"context"
	"time"

	"counterfoil/sync/desk"
	"counterfoil/sync/trust"
	"counterfoil/ui/viewmodel"
)

// keeper leads a CA file into the keyring.
type keeper struct{ d *desk.Desk }

// Parse returns what a file holds.
func (k keeper) Parse(pem []byte) ([]viewmodel.CASummary, error) {
	b, err := trust.Import(pem, time.Now())
	if err != nil {
		return nil, err
	}
	var out []viewmodel.CASummary
	for _, s := range b.Summary() {
		out = append(out, viewmodel.CASummary(s))
	}
	return out, nil
}

// Trust keeps the file when the fingerprint is its.
func (k keeper) Trust(ctx context.Context, pem []byte, fingerprint string) error {
	b, err := trust.Import(pem, time.Now())
	if err != nil {
		return err
	}
	if err := b.Confirm(fingerprint); err != nil {
		return err
	}
	if err := k.d.Trust(ctx, b); err != nil {
		return err
	}
	k.d.Engine().Kick()
	return nil
}
