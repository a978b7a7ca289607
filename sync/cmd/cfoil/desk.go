package main

import (
	"context"

	"counterfoil/sync/desk"
	"counterfoil/sync/trust"
)

// Version of the program, set by the build.
var version = "0.1.0"

// open opens the desk of --data for drafting, once a call.
func (c *call) open(ctx context.Context) (*desk.Desk, error) { return c.openTo(ctx, desk.Draft) }

func (c *call) openTo(ctx context.Context, use desk.Use) (*desk.Desk, error) {
	if c.desk != nil {
		return c.desk, nil
	}
	var err error
	c.desk, err = desk.Open(ctx, desk.Config{Dir: c.data, Use: use, Version: version, Keys: trust.Of(c.data, c.keyring)})
	return c.desk, err
}

func (c *call) close() error {
	if c.desk == nil {
		return nil
	}
	return c.desk.Close()
}
