package desk

import (
	"context"
	"maps"

	"counterfoil/sync/cure"
)

// acts are the cures that are no route; where the store does not open, those that
// make it open.
func (c *Connection) acts() map[cure.Name]cure.Act {
	data := map[cure.Name]cure.Act{
		cure.RepairData:   {Do: func(ctx context.Context, _ cure.Offer) error { return c.restoreHere(ctx) }},
		cure.RebuildCache: {Do: func(ctx context.Context, _ cure.Offer) error { return c.rebuild(ctx) }},
		cure.MoveData:     {Do: func(ctx context.Context, _ cure.Offer) error { return c.moveHere(ctx, MoveData) }},
	}
	if Shelf(c.cfg).Any() {
		data[cure.RestoreBackup] = cure.Act{Do: func(ctx context.Context, _ cure.Offer) error { return c.restoreHere(ctx) }}
	}
	if c.store == nil {
		return data
	}
	acts := map[cure.Name]cure.Act{
		cure.RestoreURL: {
			Before: func(context.Context, cure.Offer) (string, error) { return c.URL(), nil },
			Do:     func(ctx context.Context, _ cure.Offer) error { return c.move(ctx, c.registered()) },
			Undo:   c.move,
		},
		cure.Reconnect: {Do: func(context.Context, cure.Offer) error {
			c.Reset()
			c.wake()
			return nil
		}},
	}
	maps.Copy(acts, data)
	return acts
}

// unkept are the settings of a folder whose store does not open.
type unkept map[string]string

func (u unkept) Setting(_ context.Context, name string) (string, error) { return u[name], nil }

func (u unkept) SetSetting(_ context.Context, name, value string) error {
	u[name] = value
	return nil
}

// permanent reports whether a cure that helped is simply how things are from now on.
func (c *Connection) permanent(n cure.Name) bool {
	switch n {
	case cure.RestoreURL, cure.HTTPS, cure.RestoreBackup, cure.RepairData, cure.RebuildCache, cure.MoveData:
		return true
	}
	return false
}

// move changes the address alone; what it was registered as, and the token for that,
// stay.
func (c *Connection) move(ctx context.Context, address string) error {
	if err := c.store.SetSetting(ctx, settingURL, address); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.url = address
	c.forget()
	return nil
}
