package desk

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"counterfoil/app/attention"
	"counterfoil/app/books"
	"counterfoil/localdb"
	"counterfoil/sync/fault"
	"counterfoil/sync/trust"
	"counterfoil/sync/wire"
)

// settingOldest keeps the oldest version of this program that the server takes.
const settingOldest = "min_client"

// Attention is the list of everything that wants a person.
func (c *Connection) Attention() *attention.Register { return c.register }

// openRegister plugs the sources in.
func (c *Connection) openRegister(ctx context.Context, store attention.Store) {
	c.register = attention.Open(ctx, store, c.cfg.Now,
		c.faults,
		attention.Terms(c.terms),
		attention.Waiting(c.waiting),
		attention.Version(c.cfg.Version, func() string { c.mu.Lock(); defer c.mu.Unlock(); return c.oldest }),
		attention.Clock(c.drift),
		attention.Backup(c.copies),
		attention.Quotas(c.quotas),
		c.inForce,
	)
}

// faults are what is known to be wrong with the line.
func (c *Connection) faults(time.Time) (out []attention.Item) {
	d := c.Diagnosis()
	for _, f := range append([]fault.Finding{d.Finding}, d.Also...) {
		row, ok := fault.Lookup(f.Fault)
		if !ok {
			continue
		}
		out = append(out, attention.Item{
			Key: "fault." + string(row.ID), Severity: attention.Severity(row.Severity), Who: string(row.Who), Page: "connection",
			Text: attention.Text(row.Title),
		})
	}
	return out
}

// terms are the certificates that end. One that a fault speaks of is not named twice.
func (c *Connection) terms() []attention.Term {
	c.mu.Lock()
	authority := c.authorityEnds
	c.mu.Unlock()
	out := []attention.Term{attention.Authority(authority)}
	if d := c.Diagnosis(); !d.Known() || d.Row.Layer != fault.Secure {
		out = append(out, attention.Certificate(c.monitor.CertificateEnd()))
	}
	return out
}

// drift is how far the server's clock is ahead, as far as its answers tell.
func (c *Connection) drift() time.Duration { return c.monitor.Offset() }

// inForce are the cures that are: what they go round is not mended yet.
func (c *Connection) inForce(time.Time) (out []attention.Item) {
	for _, a := range c.Cures() {
		row, _ := fault.Lookup(a.Fault)
		out = append(out, attention.Item{
			Key: "cure." + string(a.Name), Severity: attention.Notice, Who: string(row.Who), Page: "connection",
			Text: attention.Text{ZH: row.Title.ZH + "（程序已绕开）", EN: row.Title.EN + " (worked around)"},
		})
	}
	return out
}

// Counted tells the register what waits for a decision.
func (c *Connection) Counted(n books.Counts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conflicts, c.refused = n.Conflict, n.Rejected
}

func (c *Connection) waiting() (conflicts, refused int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conflicts, c.refused
}

// AddQuotas plugs in who knows of limits and deadlines; f must be quick.
func (c *Connection) AddQuotas(f func() []attention.Quota) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.quotaLists = append(c.quotaLists, f)
}

func (c *Connection) quotas() (out []attention.Quota) {
	c.mu.Lock()
	lists := c.quotaLists
	c.mu.Unlock()
	for _, f := range lists {
		out = append(out, f()...)
	}
	return out
}

// copies are when the last good copy of the data was made, and since when there are
// data. Practice is not worth a copy, and what was not looked at is not missed.
func (c *Connection) copies() (made, since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.copied, c.begun
}

// ReadBackups looks when the newest backup was made. What cannot be read is as it was.
func (c *Connection) ReadBackups() {
	mark, err := os.Stat(filepath.Join(c.cfg.Dir, localdb.FileName+".mark"))
	if err != nil || c.cfg.Practice || c.Environment() == "practice" {
		return
	}
	all, err := Shelf(c.cfg).List()
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.begun = mark.ModTime(); len(all) > 0 {
		c.copied = all[0].Made
	}
}

// trusts notes when the first of the certificates trusted ends.
func (c *Connection) trusts(b *trust.Bundle) {
	var ends time.Time
	for _, s := range b.Summary() {
		if ends.IsZero() || s.NotAfter.Before(ends) {
			ends = s.NotAfter
		}
	}
	c.authorityEnds = ends
}

// ReadTrust looks into the keyring when the certificates that are trusted end. It is
// for programs that do not connect.
func (c *Connection) ReadTrust(ctx context.Context) error {
	b, err := c.cfg.Keys.Load(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trusts(b)
	return nil
}

// heard takes from a health answer of the folder's server what outlasts it.
func (c *Connection) heard(ctx context.Context, h wire.Health) {
	c.mu.Lock()
	same := c.oldest == h.MinClient
	c.oldest = h.MinClient
	c.mu.Unlock()
	if !same && c.store != nil {
		// What cannot be kept is heard again at the next start.
		_ = c.store.SetSetting(ctx, settingOldest, h.MinClient)
	}
}
