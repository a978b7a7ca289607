package main

import (
	"context"
	"path/filepath"
	"time"

	"counterfoil/sync/desk"
	"counterfoil/sync/trust"
)

// backupOut is a backup for scripts.
type backupOut struct {
	File     string    `json:"file"`
	Made     time.Time `json:"made"`
	Why      string    `json:"why"`
	Size     int64     `json:"size"`
	Invoices int64     `json:"invoices"`
	Records  int64     `json:"records"`
	Unsent   int64     `json:"unsent"`
	SHA256   string    `json:"sha256"`
}

func backupRow(b desk.Backup) backupOut {
	return backupOut{b.Path, b.Made, b.Why, b.Size, b.Contents.Invoices, b.Contents.Records, b.Contents.Unsent, b.SHA256}
}

func (c *call) sayBackup(b desk.Backup) {
	c.say("%s  %s  %6.1f MB  %d invoices, %d not sent yet", b.Made.Local().Format("2006-01-02 15:04:05"), filepath.Base(b.Path), float64(b.Size)/(1<<20), b.Contents.Invoices, b.Contents.Unsent)
}

// backupCommand makes a backup, or lists them; that works with damaged data too.
func backupCommand(ctx context.Context, c *call) error {
	if err := c.take(); err != nil {
		return err
	}
	if c.opts["list"] != "" {
		all, err := desk.Shelf(c.config()).List()
		if err != nil {
			return err
		}
		out := []backupOut{}
		for _, b := range all {
			out = append(out, backupRow(b))
			c.sayBackup(b)
		}
		if !c.json {
			return nil
		}
		return c.print(map[string]any{"backups": out})
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	b, err := d.BackUp(ctx, c.opts["to"])
	if err != nil {
		return err
	}
	c.sayBackup(b)
	if !c.json {
		return nil
	}
	return c.print(backupRow(b))
}

func (c *call) config() desk.Config {
	return desk.Config{Dir: c.data, Version: version, Keys: trust.Of(c.data, c.keyring)}
}

// restored is the outcome for scripts.
type restored struct {
	Backup    *backupOut        `json:"backup"` // null: there was none
	Passed    map[string]string `json:"passed"` // backups that were not whole, and why
	Damage    string            `json:"damage"`
	Documents int               `json:"salvaged"` // taken from the damaged data
	Unsent    int64             `json:"unsent"`
	Invoices  int64             `json:"invoices"`
	Aside     string            `json:"aside"`
	DryRun    bool              `json:"dry_run"`
}

func restoreCommand(ctx context.Context, c *call) error {
	if err := c.take(); err != nil {
		return err
	}
	p := desk.Plan{From: c.opts["from"], Anew: c.opts["anew"] != "", DryRun: c.opts["dry-run"] != ""}
	if p.From == "newest" {
		p.From = ""
	}
	r, err := desk.RestoreData(ctx, c.config(), p)
	if err != nil {
		return err
	}
	out := restored{Passed: map[string]string{}, Damage: r.Damage, Documents: r.Salvaged.Documents, Unsent: r.Contents.Unsent, Invoices: r.Contents.Invoices, Aside: r.Aside, DryRun: p.DryRun}
	for _, x := range r.Passed {
		out.Passed[x.Path] = x.Why.Error()
	}
	if r.Backup != nil {
		row := backupRow(*r.Backup)
		out.Backup = &row
	}
	if c.json {
		return c.print(out)
	}
	if p.DryRun {
		c.say("This would come of it; nothing was changed.")
	}
	if r.Damage == "" {
		c.say("The data are whole; what they hold stays, and what was deleted since the backup comes back.")
	} else {
		c.say("Damage: %s", r.Damage)
	}
	for path, why := range out.Passed {
		c.say("Passed over: %s: %s", filepath.Base(path), why)
	}
	if r.Backup == nil {
		c.say("There is no backup that is whole.")
	} else {
		c.say("Backup:  %s of %s", filepath.Base(r.Backup.Path), r.Backup.Made.Local().Format("2006-01-02 15:04:05"))
	}
	c.say("Taken from the data that were here: %d documents, newer than the backup", r.Salvaged.Documents)
	c.say("Now: %d invoices, %d operations to be sent; sync brings the rest from the server", r.Contents.Invoices, r.Contents.Unsent)
	if r.Aside != "" {
		c.say("What was here lies in %s", r.Aside)
	}
	return nil
}
