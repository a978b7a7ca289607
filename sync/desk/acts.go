package desk

import (
	"context"

	"counterfoil/sync/cure"
)

// acts are the cures that are no route; none where the store does not open.
func (c *Connection) acts() map[cure.Name]cure.Act {
	if c.store == nil {
		return nil
	}
	return map[cure.Name]cure.Act{
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
}

// unkept are the settings of a folder whose store does not open.
type unkept map[string]string

func (u unkept) Setting(_ context.Context, name string) (string, error) { return u[name], nil }

func (u unkept) SetSetting(_ context.Context, name, value string) error {
	u[name] = value
	return nil
}

// permanent reports whether a cure that helped is simply how things are from now on.
func (c *Connection) permanent(n cure.Name) bool { return n == cure.RestoreURL || n == cure.HTTPS }

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
