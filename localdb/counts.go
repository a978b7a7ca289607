package localdb

import (
	"context"
	"database/sql"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// Counts implements books.Store. The whole filter applies to the numbers by
// state and to Gross; the Unsynced ones always speak of the whole device.
func (d *DB) Counts(ctx context.Context, f books.Filter) (books.Counts, error) {
	var c books.Counts
	var err error
	if words := searchWords(f.Search); len(words) > 0 {
		err = d.countSearch(ctx, &c, f, words)
	} else {
		err = d.countTally(ctx, &c, f)
	}
	if err == nil {
		err = d.countOutbox(ctx, &c)
	}
	return c, wrap("counts", err)
}

// group is a number of invoices that are alike.
type group struct {
	state         invoice.State
	red, conflict bool
	count         int
	fen           int64
}

func addGroup(c *books.Counts, g group) {
	c.All += g.count
	switch g.state {
	case invoice.Draft:
		c.Draft += g.count
	case invoice.Waiting:
		c.Waiting += g.count
	case invoice.Issued:
		c.Issued += g.count
	case invoice.Rejected:
		c.Rejected += g.count
	}
	if g.red {
		c.Red += g.count
	}
	if g.conflict {
		c.Conflict += g.count
	}
	c.Gross = c.Gross.Add(decimal.New(g.fen, -2))
}

func (d *DB) groups(ctx context.Context, c *books.Counts, query string, args []any) error {
	return d.each(ctx, query, args, func(r *sql.Rows) error {
		var g group
		if err := r.Scan(&g.state, &g.red, &g.conflict, &g.count, &g.fen); err != nil {
			return err
		}
		addGroup(c, g)
		return nil
	})
}

func (d *DB) countTally(ctx context.Context, c *books.Counts, f books.Filter) error {
	w := filterWhere(f)
	if err := d.groups(ctx, c, `SELECT state, red, conflict, sum(count), sum(gross) FROM tally`+w.String()+` GROUP BY 1, 2, 3`, w.args); err != nil {
		return err
	}
	w.add("gross <> ''")
	huge, err := d.sumHuge(ctx, `SELECT gross FROM invoice INDEXED BY invoice_huge`+w.String(), w.args)
	c.Gross = c.Gross.Add(huge)
	return err
}

// countBound is how many candidates of a search are counted: more would read the
// disk for seconds where there are a million invoices.
var countBound = 20_000

func (d *DB) countSearch(ctx context.Context, c *books.Counts, f books.Filter, words []string) error {
	candidates, cargs := candidatesOf(words)
	var picked int
	if err := d.one(ctx, `SELECT count(*) FROM (`+candidates+` LIMIT ?)`, join(cargs, []any{countBound + 1}), &picked); err != nil {
		return err
	}
	c.AtLeast = picked > countBound
	w := filterWhere(f)
	from := ` FROM (` + candidates + ` LIMIT ?) c CROSS JOIN invoice i ON i.n = c.n`
	args := join(cargs, []any{countBound})
	if !exact(words) {
		holds, hargs := holdsAll(words)
		w.add(holds, hargs...)
		from += ` CROSS JOIN search s ON s.n = i.n`
	}
	from += w.String()
	args = append(args, w.args...)
	if err := d.groups(ctx, c, `SELECT state, red, conflict, count(*), sum(iif(gross = '', gross_fen, 0))`+from+` GROUP BY 1, 2, 3`, args); err != nil {
		return err
	}
	and := ` WHERE `
	if len(w.conditions) > 0 {
		and = ` AND `
	}
	huge, err := d.sumHuge(ctx, `SELECT gross`+from+and+`gross <> ''`, args)
	c.Gross = c.Gross.Add(huge)
	return err
}

// sumHuge adds the amounts that do not fit the counters.
func (d *DB) sumHuge(ctx context.Context, query string, args []any) (decimal.Decimal, error) {
	var sum decimal.Decimal
	err := d.each(ctx, query, args, func(r *sql.Rows) error {
		var exact string
		if err := r.Scan(&exact); err != nil {
			return err
		}
		v, err := decimal.NewFromString(exact)
		sum = sum.Add(v)
		return err
	})
	return sum, err
}

func (d *DB) countOutbox(ctx context.Context, c *books.Counts) error {
	var oldest, fen int64
	err := d.one(ctx, `SELECT (SELECT count(*) FROM outbox), (SELECT count(DISTINCT document_id) FROM outbox), coalesce((SELECT created FROM outbox ORDER BY id LIMIT 1), 0),
		coalesce((SELECT sum(gross) FROM tally WHERE state = 'waiting'), 0)`, nil, &c.Unsynced, &c.UnsyncedInvoices, &oldest, &fen)
	if err != nil {
		return err
	}
	c.OldestUnsynced = fromNanos(oldest)
	huge, err := d.sumHuge(ctx, `SELECT gross FROM invoice INDEXED BY invoice_huge WHERE gross <> '' AND state = 'waiting'`, nil)
	c.UnsyncedGross = decimal.New(fen, -2).Add(huge)
	return err
}
