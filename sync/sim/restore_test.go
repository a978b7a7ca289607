package sim

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"counterfoil/localdb/backup"
)

// shelf is where the backups of a desk lie.
func (d *desk) shelf() backup.Shelf {
	return backup.Shelf{Data: filepath.Dir(d.path), Version: "sim", Now: d.clock, Free: func(string) (uint64, error) { return math.MaxInt64, nil }}
}

// carryBackups brings the backups along into the next life.
func (d *desk) carryBackups(next string) {
	old := d.shelf().Dir()
	if err := os.Rename(old, filepath.Join(filepath.Dir(next), filepath.Base(old))); err != nil && !errors.Is(err, os.ErrNotExist) {
		d.w.fatalf("%v", err)
	}
}

// backUp makes a backup, also in the middle of a round.
func (d *desk) backUp() {
	b, err := d.shelf().Make(ctx, d.db, backup.ByClock)
	if err != nil {
		d.w.errorf("desk %d: %v", d.n, err)
	}
	d.w.note("desk %d is backed up: %d documents, %d unsent", d.n, b.Contents.Invoices+b.Contents.Records, b.Contents.Unsent)
}

// How a desk comes to be restored.
const (
	sound   = iota // nothing is wrong, somebody restores anyway
	headed         // the first page of its file is noise
	emptied        // its file has nothing any more; what was never sent is gone
)

// restore puts the newest backup in the place of the data, with what of them is whole.
func (d *desk) restore(why int) {
	if d.busy {
		return
	}
	all, err := d.shelf().List()
	if err != nil {
		d.w.fatalf("desk %d: %v", d.n, err)
	}
	if why != sound && len(all) == 0 {
		return
	}
	gone := d.deleted()
	if err := d.db.Close(); err != nil {
		d.w.fatalf("desk %d: %v", d.n, err)
	}
	d.editor = nil
	d.spoil(why)
	out, err := backup.Restore(ctx, backup.Plan{Shelf: d.shelf(), NewID: d.w.id})
	if err != nil {
		d.w.fatalf("desk %d is not restored (%d, %d backups): %v; %+v", d.n, why, len(all), err, out)
	}
	d.open()
	d.w.note("desk %d is restored (%d, %d backups): %+v", d.n, why, len(all), out.Salvaged)
	for _, id := range gone {
		// Who restores data that are whole wants back what was deleted since the backup.
		if _, back := d.document(d.w.model.key(id)); back && why == sound {
			d.w.model.wanted(d, id)
		}
	}
	if why != emptied && !out.Salvaged.Whole {
		d.w.errorf("desk %d: something of its data was not read: %+v", d.n, out)
	}
}

// deleted are documents that the clerk of this desk deleted and that are gone here.
func (d *desk) deleted() (out []string) {
	for _, i := range d.w.model.intents {
		if _, there := d.document(d.w.model.key(i.doc)); i.by == d && i.kind == "delete" && !there {
			out = append(out, i.doc)
		}
	}
	return out
}

func (d *desk) spoil(why int) {
	var err error
	switch why {
	case headed:
		var raw []byte
		if raw, err = os.ReadFile(d.path); err == nil {
			clear(raw[:4096])
			err = os.WriteFile(d.path, raw, 0o600)
		}
	case emptied:
		err = errors.Join(os.Truncate(d.path, 0), os.RemoveAll(d.path+"-wal"))
	}
	if err != nil {
		d.w.fatalf("%v", err)
	}
}

// TestDeskRestored lets desks make backups and be restored from them at any moment,
// with a file that is whole or whose head is noise. Nothing may be lost, doubled or
// changed by that.
func TestDeskRestored(t *testing.T) {
	first, n := number(t, "COUNTERFOIL_SEED", 1), number(t, "COUNTERFOIL_SEEDS", 20)/2
	for seed := first; seed < first+n; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed)
			w.more = []deed{{6, (*desk).backUp}, {3, func(d *desk) { d.restore(sound) }}, {3, func(d *desk) { d.restore(headed) }}}
			w.run(steps(seed))
		})
	}
}

// TestDeskEmptied lets a desk lose its whole file, so that what it had not sent since
// its backup is gone. All must still come to rest, every desk with what the server has,
// and no number twice.
func TestDeskEmptied(t *testing.T) {
	first, n := number(t, "COUNTERFOIL_SEED", 1), number(t, "COUNTERFOIL_SEEDS", 20)/2
	for seed := first; seed < first+n; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed)
			w.more = []deed{{6, (*desk).backUp}, {4, func(d *desk) { d.restore(emptied) }}, {1, func(d *desk) { d.restore(sound) }}}
			for range steps(seed) {
				w.step()
			}
			w.rest()
			final := w.server()
			w.checkNumbers(final)
			w.checkPrinted(final)
			for _, d := range w.desks {
				d.checkSame(final)
			}
			w.checkFiles()
		})
	}
}
