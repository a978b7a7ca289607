package main

import "context"

// aside lists the documents of the server that this version cannot read.
func aside(ctx context.Context, c *call) error {
	if err := c.take(); err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	all, err := d.Store.Asides(ctx, 100_000)
	if err != nil {
		return err
	}
	type row struct {
		Type     string `json:"document_type"`
		ID       string `json:"document_id"`
		Revision int64  `json:"revision"`
		Seq      int64  `json:"seq"`
		Reason   string `json:"reason"`
		Program  string `json:"program"`
		At       string `json:"at"`
	}
	out := []row{}
	for _, a := range all {
		out = append(out, row{string(a.Type), a.ID, a.Revision, a.Seq, a.Reason, a.Program, a.At.UTC().Format("2006-01-02T15:04:05Z")})
	}
	return c.print(out)
}
