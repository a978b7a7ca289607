package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/localdb"
	"counterfoil/sync/engine"
	"counterfoil/sync/merge"
	"counterfoil/sync/remote"
)

// A desk is one data file with its engine and the clerk who uses it. After a
// crash it lives on with the file as it lay on the disk.
type desk struct {
	w       *world
	n       int
	life    int
	version string
	path    string
	skew    time.Duration // of its clock
	db      *localdb.DB
	books   *books.Desk
	eng     *engine.Engine
	busy    bool // a round runs
	editor  *editor
}

// An editor is a form that a clerk opened and did not save yet.
type editor struct {
	id      string
	version int64
	before  invoice.Invoice
	inv     invoice.Invoice
}

func newDesk(w *world, n int) *desk {
	d := &desk{w: w, n: n, path: w.dataFile(n, 0), skew: time.Duration(w.rnd.Intn(61)-30) * 24 * time.Hour}
	d.open()
	return d
}

func (d *desk) clock() time.Time { return d.w.now.Add(d.skew) }

func (d *desk) open() {
	var err error
	if d.db, err = localdb.Open(ctx, d.path, localdb.Options{Now: d.clock, NewID: d.w.id}); err != nil {
		d.w.fatalf("desk %d: %v", d.n, err)
	}
	d.books = &books.Desk{Store: d.db, Now: d.clock, NewID: d.w.id, Merge: merge.Three}
	db := d.db
	rem, err := remote.New(remote.Config{
		BaseURL: "https://server.invalid", Token: func() string { return fmt.Sprint("desk", d.n) }, Transport: line{d},
		Device: func() string {
			v, err := db.Device(ctx)
			if err != nil {
				return "gone"
			}
			return v.ID
		},
		Version: "sim", Now: d.clock,
	})
	if err != nil {
		d.w.fatalf("%v", err)
	}
	d.eng = engine.New(engine.Config{Store: fragile{db, d}, Remote: rem, Now: d.clock, NewID: d.w.id, Rand: d.w.rnd.Float64, Version: d.version, Go: func(f func()) { f() }})
}

// crash ends this life at once: the next one starts from the files as they lie.
func (d *desk) crash(when string) {
	d.w.note("desk %d crashes %s", d.n, when)
	d.life++
	next := d.w.dataFile(d.n, d.life)
	copyFiles(d.w, d.path, next)
	d.carryBackups(next)
	_ = d.db.Close()
	d.path, d.editor = next, nil
	d.open()
}

// clone makes one more desk of a copy of this one's data folder, once.
func (d *desk) clone() {
	if d.w.model.cloned || d.busy {
		return
	}
	d.w.note("desk %d is cloned", d.n)
	d.w.model.cloned = true
	n := len(d.w.desks)
	c := &desk{w: d.w, n: n, path: d.w.dataFile(n, 0), skew: -d.skew}
	copyFiles(d.w, d.path, c.path)
	c.open()
	d.w.desks = append(d.w.desks, c)
}

// fragile is the desk's store, at which the program may die or the disk be full.
type fragile struct {
	*localdb.DB
	d *desk
}

var errFull = errors.New("the disk is full")

func (f fragile) Update(ctx context.Context, fn func(books.SyncTx) error) error {
	if f.d.db != f.DB || !f.d.w.chance(4) {
		return f.DB.Update(ctx, fn)
	}
	undone := func(why error) error {
		return f.DB.Update(ctx, func(tx books.SyncTx) error {
			if err := fn(tx); err != nil {
				return err
			}
			return why
		})
	}
	switch f.d.w.rnd.Intn(3) {
	case 0:
		err := undone(errCrash)
		f.d.crash("before a commit")
		return err
	case 1:
		err := f.DB.Update(ctx, fn)
		f.d.crash("after a commit")
		return errors.Join(errCrash, err)
	default:
		f.d.w.note("desk %d: disk full", f.d.n)
		return undone(errFull)
	}
}

// sync runs one round of the engine; a round within a round does not happen.
func (d *desk) sync() {
	if d.busy {
		return
	}
	d.busy = true
	life := d.life
	d.w.note("desk %d syncs", d.n)
	d.w.depth++
	sum, err := d.eng.Once(ctx)
	d.w.depth--
	d.busy = false
	var re *remote.Error
	behind := errors.As(err, &re) && re.Problem.Code == "behind" // it waits before it asks who is right
	if err != nil && d.w.calm && !behind {
		d.w.errorf("desk %d: a round without faults: %v", d.n, err)
	}
	d.w.note("desk %d synced: %+v, error %v", d.n, sum, err != nil)
	if why := unexpected(err); why != nil && life == d.life {
		d.w.errorf("desk %d: %v", d.n, why)
	}
	d.see()
}

// unexpected returns an error that none of the faults explains.
func unexpected(err error) error {
	var re *remote.Error
	switch {
	case err == nil, errors.Is(err, errCrash), errors.Is(err, errFull), errors.As(err, &re), code(err) == "answers_foreign":
		return nil
	}
	return err
}

func (d *desk) rows() []books.Row {
	p, err := d.db.List(ctx, books.Filter{}, books.Order{By: "created"}, "", 100_000)
	if err != nil {
		d.w.fatalf("desk %d: %v", d.n, err)
	}
	return p.Rows
}

func (d *desk) stored(id string) (books.Stored, bool) {
	st, err := d.db.Invoice(ctx, id)
	if errors.Is(err, books.ErrNotFound) {
		return st, false
	}
	if err != nil {
		d.w.fatalf("desk %d: %v", d.n, err)
	}
	return st, true
}

// document is a document of any type; false when the desk does not have it.
func (d *desk) document(k document.Key) (books.Record, bool) {
	r, err := d.db.Document(ctx, k)
	if errors.Is(err, books.ErrNotFound) {
		return r, false
	}
	if err != nil {
		d.w.fatalf("desk %d: %v", d.n, err)
	}
	return r, true
}

func (d *desk) outbox() []books.Operation {
	all, err := d.db.Outbox(ctx, 100_000)
	if err != nil {
		d.w.fatalf("desk %d: %v", d.n, err)
	}
	return all
}

func (d *desk) conflicts() []books.Conflict {
	all, err := d.db.Conflicts(ctx)
	if err != nil {
		d.w.fatalf("desk %d: %v", d.n, err)
	}
	return all
}

func (d *desk) history(id string) []books.HistoryEntry {
	all, err := d.db.History(ctx, d.w.model.key(id))
	if err != nil {
		d.w.fatalf("desk %d: %v", d.n, err)
	}
	return all
}

func (d *desk) rejected() bool {
	for _, r := range d.rows() {
		if r.State == invoice.Rejected {
			return true
		}
	}
	return false
}

// see holds that a number once shown is never shown otherwise.
func (d *desk) see() {
	for _, r := range d.rows() {
		if r.State == invoice.Issued {
			d.w.model.number(d, r)
		}
	}
}
