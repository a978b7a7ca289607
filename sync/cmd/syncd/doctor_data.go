package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"counterfoil/sync/disk"
	"counterfoil/sync/server"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/server/vitals"
)

const (
	longest = 3 * time.Second // that a question to the database may take
	drift   = 5 * time.Minute // between two clocks
	roomy   = 1 << 30         // bytes that should be left on the disk
)

// lookAtData looks at the files of a server.
func (d *doctor) lookAtData(ctx context.Context) {
	if free, total, err := disk.Free(d.data); err != nil {
		d.say("disk", unknown, "%v", err)
	} else {
		d.room(free, total)
	}
	if d.db == "" {
		d.db = filepath.Join(d.data, "server.db")
	}
	info, err := os.Stat(d.db)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.say("database", trouble, "there is no %s: put a backup there, or start the server if it is new", d.db)
		return
	case err != nil:
		d.say("database", trouble, "%v", err)
		return
	case info.Size() == 0:
		d.say("database", trouble, "%s is empty: put a backup there", d.db)
		return
	}
	c, err := sqlite.Check(ctx, d.db)
	d.condition(c, err)
}

func (d *doctor) room(free, total uint64) {
	state := well
	switch {
	case free < vitals.NoRoom:
		state = trouble
	case free < roomy || free < total/20:
		state = odd
	}
	d.say("disk", state, "%d MB of %d MB are left", free>>20, total>>20)
}

func (d *doctor) condition(c sqlite.Condition, err error) {
	switch {
	case c.Locked || errors.Is(err, server.ErrLocked):
		d.say("database", trouble, "another program holds it: a backup tool, or a transaction that never ends")
	case err != nil:
		d.say("database", trouble, "%v", err)
		return
	case c.Damage != "":
		d.say("database", trouble, "it is damaged: %s", c.Damage)
		return
	case c.Took > longest:
		d.say("database", trouble, "one small question took %.1f s", c.Took.Seconds())
	default:
		d.say("database", well, "%.0f ms for one small question", float64(c.Took.Microseconds())/1000)
	}
	switch {
	case c.Schema > c.Known:
		d.say("schema", trouble, "it is %d, this program knows %d: use the newer program", c.Schema, c.Known)
	case c.Schema < c.Known:
		d.say("schema", odd, "it is %d; the server brings it to %d when it starts", c.Schema, c.Known)
	default:
		d.say("schema", well, "%d", c.Schema)
	}
	if ahead := c.Newest.Sub(d.now()); ahead > drift {
		d.say("clock", trouble, "the newest entry of the ledger is %s ahead of this computer's clock: it was set back, or was wrong then", ahead.Round(time.Second))
	} else {
		d.say("clock", well, "the ledger does not contradict it")
	}
	if c.Waiting > 0 {
		d.say("queue", odd, "%d invoices wait to be issued", c.Waiting)
	}
	d.say("replication", well, "none: it is one database file")
}

// lookAtFile looks at the certificate in a file.
func (d *doctor) lookAtFile() {
	raw, err := disk.Read(d.cert, 1<<20)
	if err != nil {
		d.say("certificate", trouble, "%v", err)
		return
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		d.say("certificate", trouble, "%s holds none", d.cert)
		return
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		d.say("certificate", trouble, "%v", err)
		return
	}
	d.certificate(leaf)
}

func (d *doctor) certificate(leaf *x509.Certificate) {
	left := leaf.NotAfter.Sub(d.now())
	days, end := int(left/(24*time.Hour)), leaf.NotAfter.Format("2006-01-02")
	switch {
	case left <= 0:
		d.say("certificate", trouble, "it ran out on %s", end)
	case d.now().Before(leaf.NotBefore):
		d.say("certificate", trouble, "it counts from %s only", leaf.NotBefore.Format("2006-01-02"))
	case days < d.certificateWrongDays:
		d.say("certificate", trouble, "%d days are left, until %s", days, end)
	case days < d.certificateWarnDays:
		d.say("certificate", odd, "%d days are left, until %s", days, end)
	default:
		d.say("certificate", well, "%d days are left, until %s", days, end)
	}
}

// metricsOf is where the server of a data folder says what it does, empty when none runs.
func metricsOf(data string) string {
	raw, err := os.ReadFile(filepath.Join(data, opsFile))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}
