package desk

import (
	"context"
	"path/filepath"

	"counterfoil/localdb"
)

// HideCA takes the trusted certificates out of the keyring, or puts something in
// their place that is none, as a switch of a practice wants it. back undoes it.
func (d *Desk) HideCA(ctx context.Context, damaged bool) (back func(context.Context) error, err error) {
	undo, err := d.Keys.Misplace(ctx, damaged)
	if err != nil {
		return nil, err
	}
	d.Reset()
	return func(ctx context.Context) error {
		defer d.Reset()
		return undo(ctx)
	}, nil
}

// Database is the file of the desk's data.
func (d *Desk) Database() string { return filepath.Join(d.Dir, localdb.FileName) }
