package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/trust"
)

func trustCommand(ctx context.Context, c *call) error {
	if len(c.args) == 0 {
		return usage{"trust needs import FILE or show"}
	}
	sub := c.args[0]
	c.args = c.args[1:]
	switch sub {
	case "import":
		return trustImport(ctx, c)
	case "show":
		return trustShow(ctx, c)
	}
	return usage{fmt.Sprintf("trust takes import or show, not %q", sub)}
}

func trustImport(ctx context.Context, c *call) error {
	if err := c.take("FILE"); err != nil {
		return err
	}
	fingerprint := c.opts["fingerprint"]
	if fingerprint == "" {
		return usage{"trust import needs --fingerprint SHA256HEX, as the invoice team told you by another way than this file"}
	}
	read := func() ([]byte, error) { return trust.ReadFile(c.args[0]) }
	if c.args[0] == "-" {
		read = func() ([]byte, error) { return trust.ReadAll(c.in) }
	}
	pem, err := read()
	if err != nil {
		return err
	}
	bundle, err := trust.Import(pem, time.Now())
	if err != nil {
		return err
	}
	if err := bundle.Confirm(fingerprint); err != nil {
		return err
	}
	for _, s := range bundle.Summary() {
		fmt.Fprintf(c.err, "subject      %s\nissuer       %s\nvalid        %s – %s\nSHA-256      %s\n\n",
			s.Subject, s.Issuer, s.NotBefore.Format("2006-01-02"), s.NotAfter.Format("2006-01-02"), s.Fingerprint)
	}
	if c.opts["yes"] == "" {
		fmt.Fprint(c.err, "Compare the fingerprint with the invoice team. Trust it? [yes/no] ")
		line, _ := bufio.NewReader(c.in).ReadString('\n')
		if a := strings.ToLower(strings.TrimSpace(line)); a != "yes" && a != "y" && a != "是" {
			return &books.Error{Code: "not_trusted", Text: "nothing was trusted", Hint: "answer yes, or give --yes"}
		}
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	if err := d.Trust(ctx, bundle); err != nil {
		return err
	}
	return c.print(map[string]any{"trusted": summaries(bundle)})
}

func trustShow(ctx context.Context, c *call) error {
	if err := c.take(); err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	bundle, err := d.Keys.Load(ctx)
	if err != nil {
		return err
	}
	return c.print(map[string]any{"trusted": summaries(bundle)})
}

func summaries(b *trust.Bundle) []map[string]string {
	out := []map[string]string{}
	for _, s := range b.Summary() {
		out = append(out, map[string]string{
			"subject": s.Subject, "issuer": s.Issuer, "fingerprint": s.Fingerprint,
			"not_before": s.NotBefore.UTC().Format("2006-01-02T15:04:05Z"),
			"not_after":  s.NotAfter.UTC().Format("2006-01-02T15:04:05Z"),
		})
	}
	return out
}
