package desk

import (
	"context"

	"counterfoil/sync/cure"
)

// acts are the cures that are no route.
func (c *Connection) acts() map[cure.Name]cure.Act {
	return map[cure.Name]cure.Act{
		cure.RestoreURL: {
			Before: func(context.Context, cure.Offer) (string, error) { return c.URL(), nil },
			Do:     func(ctx context.Context, _ cure.Offer) error { return c.move(ctx, c.registered()) },
			Undo:   c.move,
		},
		cure.Reconnect: {Do: func(context.Context, cure.Offer) error {
			c.Reset()
			c.engine.Wake()
			return nil
		}},
	}
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
