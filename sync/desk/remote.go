package desk

import (
	"context"

	"counterfoil/sync/wire"
)

// Push, Pull and Health are engine.Remote over the client made on first use, so
// that a keyring that was locked at the start is tried again.

// Push sends operations to the server that the data folder belongs to.
func (c *Connection) Push(ctx context.Context, req wire.PushRequest) (wire.PushAnswer, error) {
	r, err := c.bind(ctx)
	if err != nil {
		return wire.PushAnswer{}, err
	}
	return r.Push(ctx, req)
}

// Pull reads changes after the cursor from the server that the data folder belongs to.
func (c *Connection) Pull(ctx context.Context, q wire.PullQuery) (wire.PullAnswer, error) {
	r, err := c.bind(ctx)
	if err != nil {
		return wire.PullAnswer{}, err
	}
	return r.Pull(ctx, q)
}

// Health asks the server how it is.
func (c *Connection) Health(ctx context.Context) (wire.Health, error) {
	r, err := c.Remote(ctx)
	if err != nil {
		return wire.Health{}, err
	}
	return r.Health(ctx)
}
