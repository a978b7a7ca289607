package desk

import (
	"context"
	"maps"
	"strings"

	"counterfoil/sync/cure"
)

// deeds are all cures that are no route, as they are at hand here.
func (c *Connection) deeds() map[cure.Name]cure.Act {
	out := map[cure.Name]cure.Act{
		cure.FocusWindow: {Do: func(ctx context.Context, _ cure.Offer) error { return BringToFront(ctx, c.cfg.Dir) }},
		cure.SplitKeyring: {Do: func(ctx context.Context, _ cure.Offer) error {
			defer c.Reset()
			return c.cfg.Keys.Split(ctx)
		}},
	}
	if megabytes(c.spare().bytes) != "" {
		out[cure.FreeSpace] = cure.Act{Do: c.freeSpace}
	}
	if c.cfg.Keys.CanUnlock() {
		out[cure.UnlockKeyring] = cure.Act{Do: func(ctx context.Context, _ cure.Offer) error {
			defer c.Reset()
			return c.cfg.Keys.Unlock(ctx)
		}}
	}
	if c.store != nil {
		out[cure.HTTPS] = cure.Act{
			Before: func(context.Context, cure.Offer) (string, error) { return c.URL(), nil },
			Do:     func(ctx context.Context, _ cure.Offer) error { return c.secure(ctx) },
			Undo:   c.move,
		}
	}
	maps.Copy(out, c.acts())
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.Copy(out, c.provided)
	return out
}

// secure changes the address from http to https; the port is kept unless it is that of
// http.
func (c *Connection) secure(ctx context.Context) error {
	const plain = "http://"
	was := c.URL()
	if len(was) < len(plain) || !strings.EqualFold(was[:len(plain)], plain) {
		return cure.ErrNone
	}
	host, path, _ := strings.Cut(was[len(plain):], "/")
	address, err := CleanURL("https://" + strings.TrimSuffix(host, ":80") + "/" + path)
	if err != nil {
		return err
	}
	return c.move(ctx, address)
}

// handsOver reports whether the window does a cure by showing something to a person.
func (c *Connection) handsOver(n cure.Name) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.provided[n]
	return ok
}

// Provide adds a cure that hands over to a person and needs the window to: what do shows.
// It replaces the one of that name.
func (c *Connection) Provide(n cure.Name, do func(context.Context, cure.Offer) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.provided == nil {
		c.provided = map[cure.Name]cure.Act{}
	}
	c.provided[n] = cure.Act{Do: do}
}
