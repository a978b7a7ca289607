package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"counterfoil/app/attention"
	"counterfoil/app/books"
	"counterfoil/app/locale"
	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
	"counterfoil/sync/trust"
)

func connect(ctx context.Context, c *call) error {
	if err := c.take("URL"); err != nil {
		return err
	}
	if _, err := desk.CleanURL(c.args[0]); err != nil {
		return usage{err.Error()}
	}
	token, err := c.token()
	if err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	forgets := token == "" && d.Forgets(ctx, c.args[0])
	if err := d.Connect(ctx, c.args[0], token); err != nil {
		return err
	}
	if forgets {
		fmt.Fprintln(c.err, "cfoil: the token was given for the old address and is forgotten; give the new server's with --token-file FILE")
	}
	return c.print(map[string]string{"server": d.URL()})
}

func syncCommand(ctx context.Context, c *call) error {
	if err := c.take(); err != nil {
		return err
	}
	if c.opts["once"] != "" && c.opts["watch"] != "" {
		return usage{"--once and --watch exclude each other"}
	}
	d, err := c.openTo(ctx, desk.Sync)
	if err != nil {
		return err
	}
	if c.opts["watch"] != "" {
		fmt.Fprintln(c.err, "syncing; Ctrl+C stops")
		d.Start() // with what the program does by itself against faults
		<-ctx.Done()
		return nil
	}
	sum, err := d.Engine().Once(ctx)
	if err != nil && len(d.Cures()) > 0 {
		// A cure that outlived its fault may be what is in the way.
		if ended, _ := d.EndCures(ctx); len(ended) > 0 {
			sum, err = d.Engine().Once(ctx)
		}
	}
	if err != nil {
		if !c.json {
			fmt.Fprintln(c.err, "cfoil selfcheck finds out what is wrong; nothing is lost, the outbox waits")
		}
		return err
	}
	if err := d.BackUpDue(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintln(c.err, "no backup was made:", err)
	}
	return c.print(sum)
}

func status(ctx context.Context, c *call) error {
	if err := c.take(); err != nil {
		return err
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	n, err := d.Store.Counts(ctx, books.Filter{})
	if err != nil {
		return err
	}
	cur, err := d.Store.Cursor(ctx)
	if err != nil {
		return err
	}
	set, err := d.Store.Asides(ctx, 100_000)
	if err != nil {
		return err
	}
	d.Counted(n)
	d.ReadBackups()
	_ = d.ReadTrust(ctx) // a keyring that is locked tells nothing here
	line, alive, err := d.Kept(ctx)
	if err != nil {
		return err
	}
	kind := cmp.Or(line.Kind, link.Unknown)
	if !alive {
		kind = link.Unknown // how it was when the last program that synced ended
	}
	out := map[string]any{
		"server": d.URL(), "connection": string(kind), "fault": string(line.Fault.Fault),
		"outbox": n.Unsynced, "invoices": n.All, "draft": n.Draft, "waiting": n.Waiting, "issued": n.Issued,
		"rejected": n.Rejected, "conflicts": n.Conflict, "cursor": cur.Seq, "epoch": cur.Epoch,
		"aside": len(set),
	}
	if row, ok := fault.Lookup(line.Fault.Fault); ok {
		masked := c.masked(d.URL())
		out["fault_title"], out["fault_says"], out["fault_who"] = row.Title.EN, masked(row.Say("en", line.Fault.Values)), string(row.Who)
	}
	list := d.Attention().List()
	out["attention"] = len(list)
	if worst, ok := attention.Worst(list); ok {
		texts, err := locale.New("en")
		if err != nil {
			return err
		}
		out["attention_worst"] = c.masked(d.URL())(worst.Say(texts, "en"))
	}
	if last := d.Monitor().State().LastOK; !last.IsZero() {
		out["last_ok"] = last.UTC().Format(time.RFC3339)
	}
	if !n.OldestUnsynced.IsZero() {
		out["oldest_waiting"] = n.OldestUnsynced.UTC().Format(time.RFC3339)
	}
	return c.print(out)
}

// timeout is that of a self-check.
func (c *call) timeout() (time.Duration, error) {
	s, ok := c.opts["timeout"]
	if !ok {
		return 10 * time.Second, nil
	}
	t, err := time.ParseDuration(s)
	if err != nil || t <= 0 || t > 10*time.Minute {
		return 0, usage{fmt.Sprintf("--timeout is a duration like 10s, not %q", s)}
	}
	return t, nil
}

// line is the connection of the folder. Where its data are at fault, that is a finding
// too, beside what the line has.
func (c *call) line(ctx context.Context) *desk.Connection {
	d, err := c.open(ctx)
	if err != nil {
		return desk.Beside(desk.Config{Dir: c.data, Version: version, Keys: trust.Of(c.data, c.keyring)}, err)
	}
	return d.Connection
}

func selfcheck(ctx context.Context, c *call) error {
	if err := c.take(); err != nil {
		return err
	}
	timeout, err := c.timeout()
	if err != nil {
		return err
	}
	line := c.line(ctx)
	ctx, cancel := context.WithTimeout(ctx, timeout+2*time.Second)
	defer cancel()
	masked := c.masked(c.opts["server"], line.URL())
	report := line.SelfCheck(ctx, c.opts["server"], timeout, func(ch probe.Check) {
		if ch.State == probe.Good || ch.State == probe.Bad {
			c.say("%-4s %-28s %6d ms  %s", ch.State, ch.Title.EN, ch.MS, masked(ch.Result))
		}
	})
	if c.opts["server"] == "" {
		line.Found(report)
		line.Leave(ctx)
	}
	if file := c.opts["report"]; file != "" {
		if err := c.writeReport(file, report, line.URL()); err != nil {
			return err
		}
	}
	if err := c.report(report, masked); err != nil {
		return err
	}
	if report.Finding.Fault != fault.OK {
		return errFound
	}
	return nil
}
