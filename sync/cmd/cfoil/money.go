package main

import (
	"context"
	"strings"

	"counterfoil/app/draftjson"
	"counterfoil/app/invoice"
	"counterfoil/app/money"
	"counterfoil/app/party"
)

func moneyCommand(_ context.Context, c *call) error {
	if err := c.take("FILE or -"); err != nil {
		return err
	}
	in, err := c.decode(c.args[0])
	if err != nil {
		return err
	}
	inv, err := in.Invoice()
	if err != nil {
		return err
	}
	sheet, err := invoice.Compute(inv)
	if err != nil {
		return err
	}
	return c.print(draftjson.Computed(inv, sheet))
}

func checkTaxNo(_ context.Context, c *call) error {
	if len(c.args) == 0 {
		return usage{"check-tax-no needs NO"}
	}
	ok, warning := party.CheckTaxNo(strings.Join(c.args, ""))
	out := map[string]any{"ok": ok}
	if warning != "" {
		out["warning"] = warning
	}
	if err := c.print(out); err != nil {
		return err
	}
	if !ok {
		return errFound
	}
	return nil
}

func words(_ context.Context, c *call) error {
	if err := c.take("AMOUNT"); err != nil {
		return err
	}
	d, err := money.Parse(c.args[0], 13, 32)
	if err != nil {
		return err
	}
	w, err := money.Words(d)
	if err != nil {
		return err
	}
	return c.print(map[string]string{"words": w})
}
