package desk

import (
	"context"
	"path/filepath"
	"strings"

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

// Mistype changes the server's address as a slip of the hand does: one text in it
// becomes another, as a switch of a practice wants it. back undoes it, unless somebody
// did before.
func (d *Desk) Mistype(ctx context.Context, from, to string) (back func(context.Context) error, err error) {
	was := d.URL()
	wrong := strings.Replace(was, from, to, 1)
	if err := d.setURL(ctx, wrong); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		if d.URL() != wrong {
			return nil
		}
		return d.setURL(ctx, was)
	}, nil
}

// setURL keeps an address as it is.
func (c *Connection) setURL(ctx context.Context, address string) error {
	if err := c.store.SetSetting(ctx, settingURL, address); err != nil {
		return err
	}
	c.mu.Lock()
	c.url = address
	c.mu.Unlock()
	c.Reset()
	return nil
}

// Database is the file of the desk's data.
func (d *Desk) Database() string { return filepath.Join(d.Dir, localdb.FileName) }
