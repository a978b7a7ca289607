package main

import (
	"counterfoil/sync/desk"
	"counterfoil/sync/mask"
	"counterfoil/sync/probe"
)

// masked returns what takes hosts, addresses and users out of texts that are made
// to be handed on, unless --full asks for them.
func (c *call) masked(servers ...string) func(string) string {
	if c.opts["full"] != "" {
		return func(text string) string { return text }
	}
	return mask.New(mask.English, desk.Personal(c.data, servers...)...).Text
}

// report prints the outcome of a self-check.
func (c *call) report(r probe.Report, masked func(string) string) error {
	if !c.json {
		c.say("\n%s", masked(r.Text("en")))
		return nil
	}
	return c.print(probe.SelfcheckJSON(r, masked))
}
